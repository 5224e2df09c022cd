package deploy_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/oklog/ulid/v2"

	"github.com/dc-release/dc-release/internal/adapter/blob/dir"
	"github.com/dc-release/dc-release/internal/adapter/store/sqlite"
	"github.com/dc-release/dc-release/internal/adapter/store/sqlstore"
	"github.com/dc-release/dc-release/internal/app/approve"
	"github.com/dc-release/dc-release/internal/app/deploy"
	"github.com/dc-release/dc-release/internal/app/deviation"
	"github.com/dc-release/dc-release/internal/app/drift"
	"github.com/dc-release/dc-release/internal/app/publish/publishtest"
	"github.com/dc-release/dc-release/internal/core/approval"
	"github.com/dc-release/dc-release/internal/core/deployment"
	"github.com/dc-release/dc-release/internal/core/evidence"
	"github.com/dc-release/dc-release/internal/core/fault"
	"github.com/dc-release/dc-release/internal/core/gate"
	"github.com/dc-release/dc-release/internal/core/ledger"
	"github.com/dc-release/dc-release/internal/core/policy"
)

// shelf is a target in memory: a place holds facts, and a fact that goes is lost
// for good.
type shelf struct {
	holds map[string]deployment.State // by environment
	dies  func(deployment.Plan) (deployment.State, bool)
	runs  func(c *deploy.Call, what []string) ([]deployment.TaskRun, error) // nil: it runs nothing
	found []string                                                          // that it runs when it is asked for none
	first func() error                                                      // before it runs anything: why it must not; nil for nothing
	mute  bool                                                              // does not say what it runs
}

func (s *shelf) Describe(context.Context, *deploy.Call) (deployment.Description, error) {
	can := []deployment.Capability{deployment.CanPlan, deployment.CanObserve}
	if s.runs != nil {
		can = append(can, deployment.CanRun)
	}
	return deployment.Description{Name: "shelf", Can: can}, nil
}

func (s *shelf) Check(_ context.Context, c *deploy.Call, _ deploy.Artifact) (found []deployment.Finding, _ error) {
	for _, other := range c.Others {
		found = append(found, deployment.Finding{Severity: deployment.Warning, Rule: "beside", Where: other.Environment})
	}
	return found, nil
}

func (s *shelf) Plan(_ context.Context, c *deploy.Call, a deploy.Artifact) (deployment.Plan, error) {
	p := deployment.Plan{Expected: a.Tree.State()}
	p.Changes = deployment.Changes(s.holds[c.Environment], p.Expected)
	for i := range p.Changes {
		if p.Changes[i].Action == deployment.Delete {
			p.Changes[i].Loses = "its history"
		}
	}
	return p, nil
}

var errKilled = errors.New("killed")

func (s *shelf) Apply(_ context.Context, c *deploy.Call, _ deploy.Artifact, p deployment.Plan) error {
	if s.dies != nil {
		if half, yes := s.dies(p); yes {
			s.holds[c.Environment] = half
			return errKilled
		}
	}
	s.holds[c.Environment] = p.Expected
	return nil
}

func (s *shelf) Observe(_ context.Context, c *deploy.Call) (deployment.State, error) {
	return s.holds[c.Environment], nil
}

func (s *shelf) Run(ctx context.Context, c *deploy.Call, _ deploy.Artifact, what []string) ([]deployment.TaskRun, error) {
	if s.first != nil {
		if err := s.first(); err != nil {
			return nil, err
		}
	}
	if len(what) == 0 {
		what = s.found
	}
	if s.mute {
		return s.runs(c, what)
	}
	if err := c.Begin(ctx, what); err != nil {
		return nil, fmt.Errorf("run on the shelf: %w", err)
	}
	return s.runs(c, what)
}

func (s *shelf) Destroy(context.Context, *deploy.Call, deploy.Artifact) error {
	return deploy.Unsupported("shelf", "destroy")
}

// world is an installation on a real store whose places are shelves.
type world struct {
	*publishtest.Scenario
	*deploy.Deployer
	t     *testing.T
	shelf *shelf
	jobs  int

	mu      sync.Mutex
	effects []ledger.Effect
}

func begin(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, shelf: &shelf{holds: map[string]deployment.State{}}}
	engine, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "ledger.db"))
	must(t, err)
	now := time.Date(2026, 3, 4, 13, 22, 5, 0, time.UTC)
	store, err := sqlstore.Open(t.Context(), engine, sqlstore.Config{
		Now: func() time.Time { now = now.Add(time.Second); return now }, NewID: func() string { return ulid.Make().String() },
		NewSalt: func() ([]byte, error) { return bytes.Repeat([]byte{7}, ledger.SaltSize), nil }, Build: "test",
	})
	must(t, err)
	t.Cleanup(func() { store.Close() })
	store.OnEffects(func(_ context.Context, _ sqlstore.Tx, list []ledger.Effect) error {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.effects = append(w.effects, list...)
		return nil
	})
	blobs, err := dir.Open(t.TempDir())
	must(t, err)
	w.Scenario = publishtest.New(t, store, blobs, nil, func(string, []byte) evidence.Report { return evidence.Report{} })
	w.Revise(func(b *policy.Baseline) {
		for _, place := range policy.Places {
			b.Environments[place] = policy.Environment{Target: "shelf"}
		}
	})
	w.Deployer = &deploy.Deployer{
		Log: store, State: w.Scenario.State, Blobs: blobs, Claims: w.Scenario, Solutions: w.Scenario, Targets: map[string]deploy.Target{"shelf": w.shelf},
	}
	return w
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// tree is an artifact whose files have the given text.
func (w *world) tree(files map[string]string) []deployment.TreeFile {
	var out []deployment.TreeFile
	for path, text := range maps.All(files) {
		out = append(out, deployment.TreeFile{Path: path, SHA256: w.Put(text), Size: int64(len(text))})
	}
	return out
}

// deploy deploys in a new job of the place.
func (w *world) deploy(r *publishtest.Release, place string, files []deployment.TreeFile) (deploy.Receipt, error) {
	w.t.Helper()
	w.jobs++
	execution, fence := r.Execute(fmt.Sprintf("%s-%d", place, w.jobs), place, "")
	defer r.Finish(execution, fence)
	return w.Deploy(w.t.Context(), deploy.Request{Execution: execution, Fence: fence, Files: files})
}

// plans carries the effects out that plan ahead.
func (w *world) plans() {
	w.t.Helper()
	w.mu.Lock()
	list := w.effects
	w.effects = nil
	w.mu.Unlock()
	for _, e := range list {
		if e.Kind == deploy.PlanEffect {
			must(w.t, w.Ahead(w.t.Context(), e.Args))
		}
	}
}

func (w *world) types(place string) string {
	w.t.Helper()
	events, err := w.Log.Stream(w.t.Context(), ledger.EnvironmentStream(publishtest.Solution, place), 0)
	must(w.t, err)
	var out []string
	for _, e := range events {
		out = append(out, e.Type)
	}
	return strings.Join(out, " ")
}

var one = map[string]string{"a.py": "1", "b.py": "1"}

func TestADeploymentIsPlannedBegunAndRecorded(t *testing.T) {
	w := begin(t)
	r := w.Register("1.0.0", "")
	got, err := w.deploy(r, "tst", w.tree(one))
	must(t, err)
	if got.Changes != "2 created" || got.Version != "1.0.0" {
		t.Errorf("receipt %+v", got)
	}
	if got, want := w.types("tst"), "environment.planned environment.deploying environment.deployed"; got != want {
		t.Errorf("tst: %s, want %s", got, want)
	}
	w.plans()
	w.plans()
	if got := w.types("val"); got != "environment.planned" {
		t.Errorf("val: %s", got)
	}
	found, err := w.Drift(t.Context(), publishtest.Solution, "tst")
	if err != nil || len(found) > 0 {
		t.Errorf("drift %v, %v", found, err)
	}
}

// gated brings a release in front of VAL with its plan in the manifest of the
// gate.
func gated(t *testing.T, w *world, version string, files map[string]string) *publishtest.Release {
	t.Helper()
	r := w.Register(version, "")
	_, err := w.deploy(r, "tst", w.tree(files))
	must(t, err)
	w.plans()
	r.Pass(gate.PreVal)
	return r
}

func TestWhatWasSignedIsCarriedOutAndNothingElse(t *testing.T) {
	w := begin(t)
	r := gated(t, w, "1.0.0", one)
	w.shelf.holds["val"] = deployment.State{{Path: "stray.py", Value: "x"}}
	_, err := w.deploy(r, "val", nil)
	if fault.KindOf(err) != fault.Conflict || !strings.Contains(err.Error(), "stale") {
		t.Fatalf("got %v", err)
	}
	if len(w.shelf.holds["val"]) != 1 || strings.Contains(w.types("val"), "environment.deploying") {
		t.Errorf("something was changed: %v, %s", w.shelf.holds["val"], w.types("val"))
	}
	delete(w.shelf.holds, "val")
	if _, err := w.deploy(r, "val", nil); err != nil {
		t.Errorf("as it was planned: %v", err)
	}
}

func TestReadingBackDecidesAfterACrash(t *testing.T) {
	for name, c := range map[string]struct {
		left deployment.State // in the place
		goes bool
	}{
		"nothing was done":     {nil, true},
		"a part was done":      {deployment.State{{Path: "a.py", Value: "x"}}, true},
		"something else is in": {deployment.State{{Path: "stray.py", Value: "x"}}, false},
	} {
		t.Run(name, func(t *testing.T) {
			w := begin(t)
			r := gated(t, w, "1.0.0", one)
			w.shelf.dies = func(deployment.Plan) (deployment.State, bool) { return c.left, true }
			if _, err := w.deploy(r, "val", nil); !errors.Is(err, errKilled) {
				t.Fatal(err)
			}
			there, err := w.Scenario.State.Place(t.Context(), publishtest.Solution, "val")
			must(t, err)
			if there.Open == nil {
				t.Error("nobody knows that a deployment was begun")
			}
			w.shelf.dies = nil
			_, err = w.deploy(r, "val", nil)
			if (err == nil) != c.goes {
				t.Errorf("again: %v", err)
			}
		})
	}
	t.Run("all was done and nothing recorded", func(t *testing.T) {
		w := begin(t)
		r := gated(t, w, "1.0.0", one)
		w.shelf.dies = func(p deployment.Plan) (deployment.State, bool) { return p.Expected, true }
		if _, err := w.deploy(r, "val", nil); !errors.Is(err, errKilled) {
			t.Fatal(err)
		}
		w.shelf.dies = nil
		if _, err := w.deploy(r, "val", nil); err != nil {
			t.Error(err)
		}
	})
}

func TestADeploymentOfACancelledJobIsRecorded(t *testing.T) {
	w := begin(t)
	r := w.Register("1.0.0", "")
	execution, fence := r.Execute("tst-1", "tst", "")
	ctx, cancel := context.WithCancel(t.Context())
	w.shelf.dies = func(deployment.Plan) (deployment.State, bool) {
		cancel()
		return deployment.State{{Path: "a.py", Value: "x"}}, true
	}
	if _, err := w.Deploy(ctx, deploy.Request{Execution: execution, Fence: fence, Files: w.tree(one)}); !errors.Is(err, errKilled) {
		t.Fatal(err)
	}
	if got, want := w.types("tst"), "environment.planned environment.deploying environment.failed"; got != want {
		t.Errorf("tst: %s, want %s", got, want)
	}
}

func TestADeletionIsApprovedByItsPlan(t *testing.T) {
	w := begin(t)
	w.shelf.holds["val"] = deployment.State{{Path: "old.py", Value: "x"}}
	r := w.Register("1.0.0", "")
	_, err := w.deploy(r, "tst", w.tree(one))
	must(t, err)
	a := &approve.Approvals{Log: w.Log, State: w.Scenario.State, Solutions: w.Scenario, Now: time.Now}
	ask := func(environment string) error {
		_, err := a.Delete(t.Context(), ledger.Actor{Kind: ledger.Person, ID: publishtest.Person("dan")}, publishtest.Solution, "1.0.0", environment, "it is replaced")
		return err
	}
	if err := ask("val"); err == nil {
		t.Error("approved what nobody planned")
	}
	w.plans()
	must(t, ask("val"))
	list, err := a.List(t.Context(), publishtest.Solution, "1.0.0")
	must(t, err)
	if len(list) != 1 || list[0].Deletion == nil || strings.Join(list[0].Deletion.Destroys, "") != "delete old.py: its history" {
		t.Fatalf("%+v", list)
	}
	plan := list[0].Deletion.Plan
	if approval.Deletable(list, plan) {
		t.Error("deletable before anybody signed")
	}
	list[0].State = approval.StateGranted
	if !approval.Deletable(list, plan) || approval.Deletable(list, strings.Repeat("0", 64)) {
		t.Error("an approval is of one plan")
	}
	if err := ask("tst"); err == nil {
		t.Error("approved a deletion where nothing is deleted")
	}
}

func TestDriftOpensOneDeviationForWhatItFinds(t *testing.T) {
	w := begin(t)
	r := w.Register("1.0.0", "")
	_, err := w.deploy(r, "tst", w.tree(one))
	must(t, err)
	watch := drift.Watch{
		Solutions: func(ctx context.Context) ([]policy.Solution, error) {
			s, err := w.Scenario.Solution(ctx, publishtest.Solution)
			return []policy.Solution{s}, err
		},
		Deployer: w.Deployer, Deviations: &deviation.Deviations{Log: w.Log, State: w.Scenario.State},
	}
	look := func() []string {
		t.Helper()
		must(t, watch.Round(t.Context(), time.Now()))
		s, err := w.Scenario.State.Release(t.Context(), publishtest.Solution, "1.0.0")
		must(t, err)
		var out []string
		for _, d := range s.Deviations {
			out = append(out, d.Text)
		}
		return out
	}
	if got := look(); len(got) > 0 {
		t.Errorf("opened %q", got)
	}
	w.shelf.holds["tst"] = append(w.shelf.holds["tst"], deployment.Fact{Path: "stray.py", Value: "x"})
	look()
	if got := look(); len(got) != 1 || got[0] != "drift in tst, 1 differences: stray.py: expected absent, is x" {
		t.Errorf("opened %q", got)
	}
	w.shelf.holds["tst"] = w.shelf.holds["tst"][:1]
	if got := look(); len(got) != 2 {
		t.Errorf("other differences open another one, got %q", got)
	}
}
