package report

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/dc-release/dc-release/internal/app/traceability"
	"github.com/dc-release/dc-release/internal/core/document"
	"github.com/dc-release/dc-release/internal/core/policy"
)

// templates are those of the release's commit by kind. wrong names what keeps
// them from being used: what is wrong in a file, and under GxP a template whose
// bytes the baseline does not approve.
func (r *Reporter) templates(ctx context.Context, m *moment) (templates map[string]document.Template, wrong []string, err error) {
	templates, findings, err := r.Tracer.Templates(ctx, traceability.PinOf(m.standing))
	if err != nil {
		return nil, nil, fmt.Errorf("templates: %w", err)
	}
	for _, f := range findings {
		wrong = append(wrong, "documents: "+f.String())
	}
	if m.run.Run.Profile != string(policy.GxP) {
		return templates, wrong, nil
	}
	for _, kind := range slices.Sorted(maps.Keys(templates)) {
		t := templates[kind]
		if approved := m.baseline.Templates[kind]; approved != t.SHA256 {
			wrong = append(wrong, fmt.Sprintf("documents: template %s (%s, SHA-256 %s) is not approved: ask for it with dc-release solution revise --template %s=%s", t.Printed(), t.File, t.SHA256, kind, t.SHA256))
		}
	}
	return templates, wrong, nil
}
