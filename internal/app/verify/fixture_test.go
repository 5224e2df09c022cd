package verify_test

import (
	"bytes"
	"context"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/oklog/ulid/v2"

	"github.com/dc-release/dc-release/internal/adapter/blob/dir"
	"github.com/dc-release/dc-release/internal/adapter/git"
	"github.com/dc-release/dc-release/internal/adapter/store/sqlite"
	"github.com/dc-release/dc-release/internal/adapter/store/sqlstore"
	"github.com/dc-release/dc-release/internal/adapter/testresult"
	"github.com/dc-release/dc-release/internal/app/publish"
	"github.com/dc-release/dc-release/internal/app/publish/publishtest"
	"github.com/dc-release/dc-release/internal/app/verify"
	"github.com/dc-release/dc-release/internal/core/deployment"
	"github.com/dc-release/dc-release/internal/core/evidence"
	"github.com/dc-release/dc-release/internal/core/gate"
	"github.com/dc-release/dc-release/internal/core/ledger"
	"github.com/dc-release/dc-release/internal/core/policy"
	"github.com/dc-release/dc-release/internal/core/release"
)

func read(name string, data []byte) evidence.Report {
	report, err := testresult.Read(name, bytes.NewReader(data))
	if err != nil {
		report.Problems = append(report.Problems, evidence.Problem{Message: err.Error(), Fatal: true})
	}
	return report
}

func command(t *testing.T, args ...string) {
	t.Helper()
	if out, err := exec.Command("git", args...).CombinedOutput(); err != nil {
		t.Fatalf("git %v: %v\n%s", args, err, out)
	}
}

// world is a release log as somebody else gets it: a clone, in memory.
type world struct {
	log   fstest.MapFS // 1.0.0 final, 1.1.0 final, 1.2.0 after its first gate, rollbacks/prd-1
	draft fstest.MapFS // as it was after the first gate of 1.0.0
}

var (
	once  sync.Once
	built world
)

// published builds the world once: real store, blobs and git.
func published(t *testing.T) world {
	t.Helper()
	once.Do(func() { built = build(t) })
	if built.log == nil {
		t.Fatal("the release log was not built")
	}
	return built
}

// installation is a scenario on real adapters.
type installation struct {
	*publishtest.Scenario
	t       *testing.T
	source  string
	store   *sqlstore.Store
	path    string // of the database
	effects func() [][]byte
}

func start(t *testing.T) *installation {
	t.Helper()
	root := t.TempDir()
	source := filepath.Join(root, "release-log")
	command(t, "-c", "init.defaultBranch=main", "init", "--quiet", "--bare", source)
	engine, err := sqlite.Open(t.Context(), filepath.Join(root, "ledger.db"))
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 3, 4, 13, 22, 5, 0, time.UTC)
	var n uint64
	store, err := sqlstore.Open(t.Context(), engine, sqlstore.Config{
		Now:     func() time.Time { now = now.Add(time.Second); return now },
		NewID:   func() string { n++; return ulid.MustNew(n, bytes.NewReader(make([]byte, 10))).String() },
		NewSalt: func() ([]byte, error) { return bytes.Repeat([]byte{7}, ledger.SaltSize), nil }, Build: "test",
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	var mu sync.Mutex
	var pending [][]byte
	store.OnEffects(func(_ context.Context, _ sqlstore.Tx, list []ledger.Effect) error {
		mu.Lock()
		defer mu.Unlock()
		for _, f := range list {
			pending = append(pending, f.Args)
		}
		return nil
	})
	effects := func() [][]byte {
		mu.Lock()
		defer mu.Unlock()
		out := pending
		pending = nil
		return out
	}
	blobs, err := dir.Open(filepath.Join(root, "blobs"))
	if err != nil {
		t.Fatal(err)
	}
	mirror, err := git.OpenReleaseLog(t.Context(), source, filepath.Join(root, "mirror.git"))
	if err != nil {
		t.Fatal(err)
	}
	s := publishtest.New(t, store, blobs, func(context.Context, policy.Solution) (publish.ReleaseLog, error) { return mirror, nil }, read)
	return &installation{Scenario: s, t: t, source: source, store: store, path: filepath.Join(root, "ledger.db"), effects: effects}
}

func build(t *testing.T) (w world) {
	t.Helper()
	s := start(t)
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	one := s.Register("1.0.0", "")
	_, _, err := one.Publish(t.Context(), gate.PreVal, s.effects)
	must(err)
	w.draft = clone(t, s.source)
	for _, name := range []string{gate.ApproveToPrd, gate.ApproveForUse} {
		_, _, err = one.Publish(t.Context(), name, s.effects)
		must(err)
	}
	must(s.Register("1.1.0", "1.0.0").Road(t.Context(), s.effects))
	solution, err := s.Solution(t.Context(), publishtest.Solution)
	must(err)
	q := one.Rollback("1.1.0")
	commit, err := s.Publisher.PublishRollback(t.Context(), solution, "prd", q)
	must(err)
	s.Append(
		ledger.Draft{Stream: ledger.EnvironmentStream(publishtest.Solution, "prd"), Data: &deployment.RolledBack{Rollback: q.Rollback, To: q.To, Commit: commit}},
		ledger.Draft{Stream: ledger.ReleaseStream(publishtest.Solution, q.From), Data: &release.Superseded{By: q.To}},
		ledger.Draft{Stream: ledger.ReleaseStream(publishtest.Solution, q.To), Data: &release.Reinstated{Rollback: q.Rollback}},
	)
	_, _, err = s.Register("1.2.0", "1.1.0").Publish(t.Context(), gate.PreVal, s.effects)
	must(err)
	w.log = clone(t, s.source)
	return w
}

func clone(t *testing.T, source string) fstest.MapFS {
	t.Helper()
	return cloneOf(t, source, "main")
}

func cloneOf(t *testing.T, source, branch string) fstest.MapFS {
	t.Helper()
	dir := t.TempDir()
	command(t, "clone", "--quiet", "--branch", branch, source, dir)
	out := fstest.MapFS{}
	err := fs.WalkDir(os.DirFS(dir), ".", func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			if d != nil && d.Name() == ".git" {
				return fs.SkipDir
			}
			return err
		}
		data, err := os.ReadFile(filepath.Join(dir, p))
		out[p] = &fstest.MapFile{Data: data, Mode: 0o644}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// with is a copy with one file replaced; nil removes it.
func with(log fstest.MapFS, path string, data []byte) fstest.MapFS {
	out := maps.Clone(log)
	if data == nil {
		delete(out, path)
	} else {
		out[path] = &fstest.MapFile{Data: data, Mode: 0o644}
	}
	return out
}

func options() verify.Options { return verify.Options{Results: read} }
