package verify_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/dc-release/dc-release/internal/app/publish/publishtest"
	"github.com/dc-release/dc-release/internal/app/verify"
	"github.com/dc-release/dc-release/internal/core/deployment"
	"github.com/dc-release/dc-release/internal/core/gate"
)

// TestSeveralArtifactsAreOne lets a ledger and a manifest say of the artifacts
// that a run handed in together what their files do not.
func TestSeveralArtifactsAreOne(t *testing.T) {
	other := strings.Repeat("a", 64)
	for name, c := range map[string]struct {
		kept, frozen func(*publishtest.Release) // before the event, before the manifest
		rule         string                     // "" for nothing
	}{
		"as they were handed in": {nil, nil, ""},
		"one has another digest": {func(r *publishtest.Release) { r.Parts[1].Tree = other }, nil, "statement"},
		"one has more files":     {func(r *publishtest.Release) { r.Parts[1].Files++ }, nil, "statement"},
		"one is not named":       {func(r *publishtest.Release) { r.Parts = r.Parts[:1] }, nil, "statement"},
		"one has no files": {func(r *publishtest.Release) {
			r.Parts = append(r.Parts, deployment.Part{Name: "x", Tree: deployment.Tree(nil).Digest()})
		}, nil, "statement"},
		"they are in another order":  {func(r *publishtest.Release) { slices.Reverse(r.Parts) }, nil, "statement"},
		"a name is a way out":        {func(r *publishtest.Release) { r.Parts[0].Name = ".." }, nil, "statement"},
		"what is signed has another": {nil, func(r *publishtest.Release) { r.Parts = slices.Clone(r.Parts); r.Parts[0].Tree = other }, "manifest"},
		"what is signed has none":    {nil, func(r *publishtest.Release) { r.Parts = nil }, "manifest"},
		"what is signed is not kept": {func(r *publishtest.Release) { r.Parts = nil }, func(r *publishtest.Release) {
			r.Parts, _ = r.Files.Parts([]string{"bundle", "wheels"})
		}, "manifest"},
	} {
		t.Run(name, func(t *testing.T) {
			s := start(t)
			r := s.Register("1.0.0", "")
			r.Several()
			if c.kept != nil {
				c.kept(r)
			}
			x, fence := r.Execute("tst", "tst", "")
			r.Keep(x)
			r.Deploy("tst", x)
			r.Finish(x, fence)
			if c.frozen != nil {
				c.frozen(r)
			}
			execution, fence := r.Pass(gate.PreVal)
			_, _, err := r.Await(t.Context(), execution, fence, gate.PreVal, s.effects)
			must(t, err)
			report := judged(t, clone(t, s.source), "1.0.0", options())
			if c.rule == "" && !report.OK || c.rule != "" && !slices.ContainsFunc(report.Findings, func(f verify.Finding) bool { return f.Rule == c.rule }) {
				t.Errorf("want [%s]:\n%s", c.rule, report.Text())
			}
		})
	}
}
