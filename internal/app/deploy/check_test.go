package deploy_test

import (
	"slices"
	"testing"

	"github.com/dc-release/dc-release/internal/app/deploy"
	"github.com/dc-release/dc-release/internal/app/publish/publishtest"
	"github.com/dc-release/dc-release/internal/core/policy"
)

func TestACheckKnowsTheOtherPlacesOfItsKind(t *testing.T) {
	w := begin(t)
	w.Revise(func(b *policy.Baseline) { b.Environments["dev"] = policy.Environment{Target: "localdir"} })
	beside := func(place string) (names []string) {
		t.Helper()
		found, err := w.Check(t.Context(), publishtest.Solution, place)
		must(t, err)
		for _, f := range found {
			names = append(names, f.Where)
		}
		return names
	}
	w.Targets["localdir"] = deploy.Target(w.shelf)
	if got := beside("prd"); !slices.Equal(got, []string{"tst", "val"}) {
		t.Errorf("beside prd: %v", got)
	}
	if got := beside("dev"); got != nil {
		t.Errorf("beside dev: %v", got)
	}
}
