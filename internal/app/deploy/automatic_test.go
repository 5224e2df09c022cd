package deploy_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"github.com/dc-release/dc-release/internal/app/deploy"
	"github.com/dc-release/dc-release/internal/app/publish/publishtest"
	"github.com/dc-release/dc-release/internal/app/rollback"
	"github.com/dc-release/dc-release/internal/core/deployment"
	"github.com/dc-release/dc-release/internal/core/ledger"
	"github.com/dc-release/dc-release/internal/core/policy"
	"github.com/dc-release/dc-release/internal/core/release"
)

// failedInPRD is a release that PRD holds otherwise than it was deployed, behind
// one in use; it gives the effect that follows, nil for none.
func failedInPRD(t *testing.T, w *world, automatic bool, files map[string]string) []byte {
	t.Helper()
	w.Revise(func(b *policy.Baseline) { b.Rollback.Automatic = automatic })
	before := w.Register("1.0.0", "")
	_, err := w.deploy(before, "tst", w.tree(one))
	must(t, err)
	_, err = w.deploy(before, "prd", nil)
	must(t, err)
	w.Append(ledger.Draft{Stream: before.Stream(), Data: &release.ForUse{}})
	r := w.Register("1.1.0", "1.0.0")
	_, err = w.deploy(r, "tst", w.tree(files))
	must(t, err)
	execution, fence := r.Execute("prd", "prd", "")
	_, err = w.Deploy(t.Context(), deploy.Request{Execution: execution, Fence: fence})
	must(t, err)
	r.Finish(execution, fence)
	w.shelf.holds["prd"] = append(deployment.State{{Path: "by-hand.py", Value: "x"}}, w.shelf.holds["prd"]...)
	args, err := json.Marshal(map[string]string{"execution": execution})
	must(t, err)
	w.mu.Lock()
	w.effects = nil
	w.mu.Unlock()
	must(t, w.Observe(t.Context(), args))
	for _, e := range w.effects {
		if e.Kind == deploy.FailedEffect {
			return e.Args
		}
	}
	return nil
}

func (w *world) automatic(raw []byte) error {
	w.t.Helper()
	r := &rollback.Rollbacks{Log: w.Log, State: w.Scenario.State, Blobs: w.Deployer.Blobs, Deployer: w.Deployer}
	return r.Automatic(w.t.Context(), raw)
}

// refusals are what the installation refused.
func (w *world) refusals(ctx context.Context) (out []string) {
	w.t.Helper()
	events, err := w.Log.Stream(ctx, ledger.Installation, 0)
	must(w.t, err)
	for _, e := range events {
		if d, ok := e.Data.(*ledger.Refused); ok {
			out = append(out, d.Message)
		}
	}
	return out
}

func TestPRDGoesBackByItselfWhereTheBaselineSaysSo(t *testing.T) {
	same := map[string]string{"a.py": "2", "b.py": "2"}
	t.Run("it does not say so", func(t *testing.T) {
		if raw := failedInPRD(t, begin(t), false, same); raw != nil {
			t.Errorf("followed by %s", raw)
		}
	})
	t.Run("it says so", func(t *testing.T) {
		w := begin(t)
		raw := failedInPRD(t, w, true, same)
		w.shelf.holds["prd"] = w.shelf.holds["prd"][1:] // nothing is in the way of going back
		w.shelf.holds["prd"][0].Value = "broken"
		must(t, w.automatic(raw))
		must(t, w.automatic(raw)) // an effect is carried out again after a crash
		there, err := w.Scenario.State.Place(t.Context(), publishtest.Solution, "prd")
		must(t, err)
		if len(there.Rollbacks) != 1 || there.Rollbacks[0].To != "1.0.0" || there.Rollbacks[0].From != "1.1.0" || !there.Automatic["prd-1"] {
			t.Errorf("asked for %+v, %v", there.Rollbacks, w.refusals(t.Context()))
		}
	})
	t.Run("something would be lost for good", func(t *testing.T) {
		w := begin(t)
		must(t, w.automatic(failedInPRD(t, w, true, two)))
		said := w.refusals(t.Context())
		if strings.Contains(w.types("prd"), "rollback.requested") || len(said) != 1 || !strings.Contains(said[0], "delete by-hand.py: its history") {
			t.Errorf("prd %s, refused %q", w.types("prd"), said)
		}
	})
	t.Run("the deployment changed nothing", func(t *testing.T) {
		w := begin(t)
		raw := failedInPRD(t, w, true, same)
		var args deploy.FailedArgs
		must(t, json.Unmarshal(raw, &args))
		before := w.Register("1.2.0", "1.0.0")
		args.Version = before.Version
		raw, err := json.Marshal(args)
		must(t, err)
		w.shelf.holds["prd"] = w.shelf.holds["prd"][1:]
		must(t, w.automatic(raw))
		if strings.Contains(w.types("prd"), "rollback.requested") || len(w.refusals(t.Context())) > 0 {
			t.Errorf("prd %s, refused %q", w.types("prd"), w.refusals(t.Context()))
		}
	})
}
