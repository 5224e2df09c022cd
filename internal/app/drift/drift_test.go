package drift_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/dc-release/dc-release/internal/app/drift"
	"github.com/dc-release/dc-release/internal/core/policy"
)

type places map[string][]string // differences by place

func (p places) Drifted(_ context.Context, solution, environment string) (string, []string, error) {
	if environment == "tst" {
		return "1.0.0", nil, errors.New("nobody answers")
	}
	if environment == "dev" {
		return "", p[environment], nil
	}
	return "1.0.0", p[environment], nil
}

type opened []string

func (o *opened) Drifted(_ context.Context, solution, version, environment string, differences []string) error {
	*o = append(*o, strings.Join(append([]string{solution, version, environment}, differences...), " "))
	return nil
}

func TestEveryPlaceIsLookedAtAndWhatDiffersIsOpened(t *testing.T) {
	var got opened
	w := drift.Watch{
		Solutions: func(context.Context) ([]policy.Solution, error) {
			return []policy.Solution{{Baseline: policy.Baseline{Solution: "corp"}}}, nil
		},
		Deployer:   places{"prd": {"a.py: changed"}, "dev": {"of no release"}},
		Deviations: &got,
	}
	now := time.Date(2026, 3, 4, 8, 0, 0, 0, time.UTC)
	w.Start(now)
	if w.Due(now) || !w.Due(now.Add(drift.Every)) {
		t.Error("the first period is not over at its beginning")
	}
	err := w.Round(t.Context(), now)
	if err == nil || !strings.Contains(err.Error(), "read tst of corp back: nobody answers") {
		t.Errorf("got %v", err)
	}
	if len(got) != 1 || got[0] != "corp 1.0.0 prd a.py: changed" {
		t.Errorf("opened %q", got)
	}
}
