package publish_test

import (
	"bytes"
	"context"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/oklog/ulid/v2"

	"github.com/dc-release/dc-release/internal/adapter/blob/dir"
	"github.com/dc-release/dc-release/internal/adapter/git"
	"github.com/dc-release/dc-release/internal/adapter/store/sqlite"
	"github.com/dc-release/dc-release/internal/adapter/store/sqlstore"
	"github.com/dc-release/dc-release/internal/adapter/testresult"
	"github.com/dc-release/dc-release/internal/app/publish"
	"github.com/dc-release/dc-release/internal/app/publish/publishtest"
	"github.com/dc-release/dc-release/internal/core/canonical"
	"github.com/dc-release/dc-release/internal/core/document"
	"github.com/dc-release/dc-release/internal/core/evidence"
	"github.com/dc-release/dc-release/internal/core/fault"
	"github.com/dc-release/dc-release/internal/core/gate"
	"github.com/dc-release/dc-release/internal/core/ledger"
	"github.com/dc-release/dc-release/internal/core/policy"
	"github.com/dc-release/dc-release/internal/core/release"
	"github.com/dc-release/dc-release/internal/core/releaselog"
)

// installation is a scenario on a real store, real blobs and a real git
// repository.
type installation struct {
	*publishtest.Scenario
	t      *testing.T
	source string
	mirror *git.ReleaseLog

	mu      sync.Mutex
	pending [][]byte
	stamps  [][]byte // time stamps that are asked for
}

func begin(t *testing.T) *installation {
	t.Helper()
	root := t.TempDir()
	i := &installation{t: t, source: filepath.Join(root, "release-log")}
	i.git("", "init", "--quiet", "--bare", i.source)
	engine, err := sqlite.Open(t.Context(), filepath.Join(root, "ledger.db"))
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 3, 4, 13, 22, 5, 0, time.UTC)
	store, err := sqlstore.Open(t.Context(), engine, sqlstore.Config{
		Now: func() time.Time { now = now.Add(time.Second); return now }, NewID: func() string { return ulid.Make().String() },
		NewSalt: func() ([]byte, error) { return bytes.Repeat([]byte{7}, ledger.SaltSize), nil }, Build: "test",
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	store.OnEffects(func(_ context.Context, _ sqlstore.Tx, list []ledger.Effect) error {
		i.mu.Lock()
		defer i.mu.Unlock()
		for _, f := range list {
			switch f.Kind {
			case publish.Effect:
				i.pending = append(i.pending, f.Args)
			case publish.StampEffect:
				i.stamps = append(i.stamps, f.Args)
			default:
				t.Errorf("effect %q", f.Kind)
			}
		}
		return nil
	})
	blobs, err := dir.Open(filepath.Join(root, "blobs"))
	if err != nil {
		t.Fatal(err)
	}
	if i.mirror, err = git.OpenReleaseLog(t.Context(), i.source, filepath.Join(root, "mirror.git")); err != nil {
		t.Fatal(err)
	}
	i.Scenario = publishtest.New(t, store, blobs, func(context.Context, policy.Solution) (publish.ReleaseLog, error) { return i.mirror, nil }, read)
	return i
}

func read(name string, data []byte) evidence.Report {
	report, err := testresult.Read(name, bytes.NewReader(data))
	if err != nil {
		report.Problems = append(report.Problems, evidence.Problem{Message: err.Error(), Fatal: true})
	}
	return report
}

func (i *installation) git(dir string, args ...string) string {
	i.t.Helper()
	cmd := exec.Command("git", append([]string{"-c", "user.name=mallory", "-c", "user.email=mallory@example.com", "-c", "init.defaultBranch=main"}, args...)...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if err != nil {
		i.t.Fatalf("git %v: %v\n%s", args, err, out)
	}
	return strings.TrimSpace(string(out))
}

// effects takes what is to be done.
func (i *installation) effects() [][]byte {
	i.mu.Lock()
	defer i.mu.Unlock()
	out := i.pending
	i.pending = nil
	return out
}

func (i *installation) road(r *publishtest.Release) {
	i.t.Helper()
	if err := r.Road(i.t.Context(), i.effects); err != nil {
		i.t.Fatal(err)
	}
}

func (i *installation) root() releaselog.Root {
	i.t.Helper()
	r, err := releaselog.ParseRoot([]byte(i.git(i.source, "show", "main:index.json")))
	if err != nil {
		i.t.Fatal(err)
	}
	return r
}

func (i *installation) index(folder string) releaselog.Index {
	i.t.Helper()
	x, err := releaselog.ParseIndex([]byte(i.git(i.source, "show", "main:"+folder+"/index.json")))
	if err != nil {
		i.t.Fatal(err)
	}
	return x
}

func (i *installation) state(version string) release.State {
	i.t.Helper()
	s, err := i.State.Release(i.t.Context(), publishtest.Solution, version)
	if err != nil {
		i.t.Fatal(err)
	}
	return s.State
}

func TestARoadIsPublishedAndOnlyItsIndexIsReplaced(t *testing.T) {
	i := begin(t)
	r := i.Register("1.0.0", "")
	previous := ""
	for _, name := range []string{gate.PreVal, gate.ApproveToPrd, gate.ApproveForUse} {
		publication, commit, err := r.Publish(t.Context(), name, i.effects)
		if err != nil {
			t.Fatal(err)
		}
		if want := "1.0.0-" + name + "-1"; publication != want || i.git(i.source, "rev-parse", "main") != commit {
			t.Errorf("got %s in %s, want %s", publication, commit, want)
		}
		x := i.index("1.0.0")
		if x.Previous != previous || x.Publication != publication {
			t.Errorf("%s: previous %q, want %q", publication, x.Previous, previous)
		}
		previous = canonical.SHA256([]byte(i.git(i.source, "show", "main:1.0.0/index.json")))
		if name != gate.PreVal {
			changed := i.git(i.source, "diff", "--name-only", "--diff-filter=a", "main^", "main")
			if changed != "1.0.0/index.json\n1.0.0/index.note\nINDEX.md\nindex.json\nindex.note" {
				t.Errorf("%s replaced\n%s", name, changed)
			}
		}
	}
	if got := i.state("1.0.0"); got != release.Effective {
		t.Errorf("state %s", got)
	}
	if x := i.index("1.0.0"); x.State != releaselog.StateAuthorised {
		t.Errorf("index state %s", x.State)
	}
	if e, _ := i.root().Release("1.0.0"); e.State != "effective" || e.Index != previous {
		t.Errorf("root: %+v", e)
	}
	files := i.git(i.source, "ls-tree", "-r", "--name-only", "main")
	for _, want := range []string{
		"1.0.0/release-note.md", "1.0.0/keys.json", "1.0.0/index.note", "1.0.0/manifests/pre_val.json", "1.0.0/manifests/approve_for_use.json",
		"1.0.0/draft/approve_to_prd/change-record.md", "1.0.0/final/certificate.md", "1.0.0/evidence/none/" + r.Run + "~1~unit~1/reports/unit.xml",
		"1.0.0/evidence/val/" + r.Run + "~1~val~1/installation-val.json", "1.0.0/ledger/pre_val-1/checkpoint",
		"1.0.0/ledger/approve_for_use-1/release~corp-procurement~1.0.0.json", "1.0.0/ledger/approve_to_prd-1/environment~corp-procurement~val.json",
	} {
		if !strings.Contains(files+"\n", want+"\n") {
			t.Errorf("%s is not in the release log", want)
		}
	}
	anchors := i.git(i.source, "ls-tree", "-r", "--name-only", "checkpoints")
	if n := strings.Count(anchors, "checkpoints/dc-release~"+publishtest.Installation+"~1/"); n != 6 { // three, two proofs, the keys
		t.Errorf("%d anchors:\n%s", n, anchors)
	}
	for _, path := range strings.Split(files, "\n") {
		if strings.HasPrefix(path, "1.0.0/ledger/") && strings.Contains(i.git(i.source, "show", "main:"+path), "Printed") {
			t.Errorf("a printed name is in %s", path)
		}
	}
}

// ask lets a job ask for a publication and interrupts it while it waits; it
// gives the effects.
func (i *installation) ask(execution string, fence int64, name string) [][]byte {
	i.t.Helper()
	ctx, cancel := context.WithCancel(i.t.Context())
	changed, done := i.Store.Changed(), make(chan error, 1)
	go func() {
		_, _, err := i.Publisher.Publish(ctx, execution, fence, name)
		done <- err
	}()
	select {
	case <-changed:
	case err := <-done:
		i.t.Fatalf("asking ended with %v", err)
	}
	cancel()
	if err := <-done; err == nil {
		i.t.Fatal("published before the effect ran")
	}
	return i.effects()
}

func TestTheSamePublicationTwiceChangesNothing(t *testing.T) {
	i := begin(t)
	r := i.Register("1.0.0", "")
	execution, fence := r.Step(gate.PreVal)
	args := i.ask(execution, fence, gate.PreVal)
	if len(args) != 1 {
		t.Fatalf("%d effects", len(args))
	}
	// The push succeeds and its record is lost with the store.
	lost, stop := context.WithCancel(t.Context())
	real := i.Publisher.Log
	i.Publisher.Log = failing{real, stop}
	if err := i.Publisher.Carry(lost, args[0]); err == nil {
		t.Fatal("the record was not lost")
	}
	i.Publisher.Log = real
	pushed := i.git(i.source, "rev-parse", "main")
	i.Append(ledger.Draft{Stream: "worker/w1", Data: &ledger.Refused{Operation: "something else"}})
	for range 2 {
		if err := i.Publisher.Carry(t.Context(), args[0]); err != nil {
			t.Fatal(err)
		}
	}
	publication, commit, err := i.Publisher.Publish(t.Context(), execution, fence, gate.PreVal)
	if err != nil || commit != pushed || i.git(i.source, "rev-parse", "main") != pushed {
		t.Errorf("%s in %s, %v, want %s", publication, commit, err, pushed)
	}
	if more := i.effects(); len(more) != 0 {
		t.Errorf("asked again: %d effects", len(more))
	}
	if n := i.git(i.source, "rev-list", "--count", "main"); n != "1" {
		t.Errorf("%s commits", n)
	}
}

// failing loses what is appended.
type failing struct {
	publish.Log
	stop func()
}

func (f failing) Append(context.Context, ledger.Batch) ([]ledger.Event, error) {
	f.stop()
	return nil, context.Canceled
}

func TestTheBytesAreAFunctionOfTheLedger(t *testing.T) {
	i := begin(t)
	r := i.Register("1.0.0", "")
	execution, fence := r.Step(gate.PreVal)
	args := i.ask(execution, fence, gate.PreVal)[0]
	if err := i.Publisher.Carry(t.Context(), args); err != nil {
		t.Fatal(err)
	}
	first := i.git(i.source, "rev-parse", "main")
	i.git(i.source, "update-ref", "-d", "refs/heads/main")
	i.Append(ledger.Draft{Stream: "worker/w1", Data: &ledger.Refused{Operation: "something else"}})
	i.Publisher.Log = unpublished{i.Publisher.Log}
	if err := i.Publisher.Carry(t.Context(), args); err != nil {
		t.Fatal(err)
	}
	if again := i.git(i.source, "rev-parse", "main"); again != first {
		t.Errorf("%s, then %s: %s", first, again, i.git(i.source, "diff", "--stat", first, again))
	}
}

// unpublished hides that a publication is done.
type unpublished struct{ publish.Log }

func (u unpublished) Stream(ctx context.Context, s ledger.Stream, after int64) ([]ledger.Event, error) {
	events, err := u.Log.Stream(ctx, s, after)
	var out []ledger.Event
	for _, e := range events {
		if _, ok := e.Data.(*document.Published); !ok {
			out = append(out, e)
		}
	}
	return out, err
}

func TestAnotherVersionSupersedesAndARollbackReinstates(t *testing.T) {
	i := begin(t)
	one := i.Register("1.0.0", "")
	i.road(one)
	i.road(i.Register("1.1.0", "1.0.0"))
	if a, b := i.state("1.0.0"), i.state("1.1.0"); a != release.StateSuperseded || b != release.Effective {
		t.Errorf("1.0.0 %s, 1.1.0 %s", a, b)
	}
	if files := i.git(i.source, "ls-tree", "-r", "--name-only", "main", "1.1.0/ledger/pre_val-1/"); strings.Contains(files, "~prd") {
		t.Errorf("the environments of the release before are here again:\n%s", files)
	}
	q := one.Rollback("1.1.0")
	s, err := i.Solution(t.Context(), publishtest.Solution)
	if err != nil {
		t.Fatal(err)
	}
	commit, err := i.Publisher.PublishRollback(t.Context(), s, "prd", q)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := i.Publisher.PublishRollback(t.Context(), s, "prd", q); err != nil || again != commit {
		t.Errorf("again: %s, %v", again, err)
	}
	root := i.root()
	a, _ := root.Release("1.0.0")
	b, _ := root.Release("1.1.0")
	if a.State != "re-instated" || a.By != "prd-1" || b.State != "superseded" || b.By != "1.0.0" {
		t.Errorf("root: %+v %+v", a, b)
	}
	if len(root.Rollbacks) != 1 || root.Rollbacks[0].Index != canonical.SHA256([]byte(i.git(i.source, "show", "main:rollbacks/prd-1/index.json"))) {
		t.Errorf("rollbacks: %+v", root.Rollbacks)
	}
	if x := i.index("rollbacks/prd-1"); len(x.Files) == 0 || x.Version != "1.0.0" {
		t.Errorf("index: %+v", x)
	}
}

func TestAttack12_AChangedReleaseLogIsNotPublishedOn(t *testing.T) {
	for name, change := range map[string]func(i *installation, work string){
		"a file was edited": func(i *installation, work string) {
			i.git(work, "rm", "--quiet", "--cached", "1.0.0/release-note.md")
			blob := i.git(work, "hash-object", "-w", "INDEX.md")
			i.git(work, "update-index", "--add", "--cacheinfo", "100644,"+blob+",1.0.0/release-note.md")
		},
		"a file was deleted": func(i *installation, work string) { i.git(work, "rm", "--quiet", "1.0.0/release-note.md") },
		"a file was added": func(i *installation, work string) {
			blob := i.git(work, "hash-object", "-w", "INDEX.md")
			i.git(work, "update-index", "--add", "--cacheinfo", "100644,"+blob+",1.0.0/more.md")
		},
		"the folder was deleted": func(i *installation, work string) { i.git(work, "rm", "--quiet", "-r", "1.0.0") },
	} {
		t.Run(name, func(t *testing.T) {
			i := begin(t)
			r := i.Register("1.0.0", "")
			if _, _, err := r.Publish(t.Context(), gate.PreVal, i.effects); err != nil {
				t.Fatal(err)
			}
			work := t.TempDir()
			i.git(work, "clone", "--quiet", i.source, ".")
			change(i, work)
			i.git(work, "commit", "--quiet", "-m", "tidy up")
			i.git(work, "push", "--quiet", "origin", "HEAD:main")
			if _, _, err := r.Publish(t.Context(), gate.ApproveToPrd, i.effects); fault.KindOf(err) != fault.Unverified {
				t.Errorf("got %v, want a refusal", err)
			}
			if got := i.git(i.source, "log", "-1", "--format=%s", "main"); got != "tidy up" {
				t.Errorf("published on it: %s", got)
			}
		})
	}
}

func TestAForeignCommitWithOurIdIsNotTakenForOurs(t *testing.T) {
	i := begin(t)
	work := t.TempDir()
	i.git(work, "clone", "--quiet", i.source, ".")
	i.git(work, "commit", "--quiet", "--allow-empty", "-m", "fake\n\nPublication-Id: 1.0.0-pre_val-1")
	i.git(work, "push", "--quiet", "origin", "HEAD:main")
	if _, _, err := i.Register("1.0.0", "").Publish(t.Context(), gate.PreVal, i.effects); fault.KindOf(err) != fault.Unverified {
		t.Errorf("got %v", err)
	}
}

func TestOnlyTheJobOfAConsumedGatePublishes(t *testing.T) {
	i := begin(t)
	r := i.Register("1.0.0", "")
	unit, fence := r.Execute("unit", "", "")
	if _, _, err := i.Publisher.Publish(t.Context(), unit, fence, gate.PreVal); fault.KindOf(err) != fault.Forbidden {
		t.Errorf("another job: %v", err)
	}
	early, at := r.Execute(gate.ApproveToPrd, "", gate.ApproveToPrd)
	if _, _, err := i.Publisher.Publish(t.Context(), early, at, gate.ApproveToPrd); fault.KindOf(err) != fault.Blocked {
		t.Errorf("before the gate is consumed: %v", err)
	}
	x, fence := r.Pass(gate.PreVal)
	if _, _, err := i.Publisher.Publish(t.Context(), x, fence, gate.ApproveToPrd); fault.KindOf(err) != fault.Forbidden {
		t.Errorf("another gate: %v", err)
	}
	if _, _, err := i.Publisher.Publish(t.Context(), x, fence-1, gate.PreVal); err == nil {
		t.Error("a stale fence published")
	}
	if n := len(i.effects()); n != 0 {
		t.Errorf("%d effects", n)
	}
}
