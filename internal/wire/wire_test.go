package wire

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/dc-release/dc-release/internal/adapter/identity/totp"
	"github.com/dc-release/dc-release/internal/adapter/sandbox"
	"github.com/dc-release/dc-release/internal/app/operation"
	"github.com/dc-release/dc-release/internal/face/cli"
	"github.com/dc-release/dc-release/internal/face/cli/console"
)

// TestMain makes the test binary do what the program does when it starts itself
// again: as a sandbox and as a worker.
func TestMain(m *testing.M) {
	if ran, code := sandbox.Init(os.Args[1:]); ran {
		os.Exit(code)
	}
	if filepath.Base(os.Args[0]) == StandinName {
		os.Exit(Standin(context.Background(), os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
	}
	if len(os.Args) > 1 && (os.Args[1] == "worker" || os.Args[1] == "--data" || os.Args[1] == "deploy" || os.Args[1] == "publish" || os.Args[1] == "document" || os.Args[1] == "evidence" || os.Args[1] == "intake") {
		os.Exit(Main(context.Background(), "test", os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
	}
	os.Exit(m.Run())
}

// dropping rebuilds every view from the ledger before each operation.
type dropping struct {
	console.Session
	t     *testing.T
	owner *Owner
	count int
	left  map[string]bool // operations that left an event of their list
}

func (d *dropping) Call(ctx context.Context, name string, request []byte) ([]byte, error) {
	d.count++
	if err := d.owner.Store.RebuildViews(ctx); err != nil {
		d.t.Errorf("rebuild before %s: %v", name, err)
	}
	before, err := d.owner.Store.Head(ctx)
	if err != nil {
		return nil, err
	}
	answer, err := d.Session.Call(ctx, name, request)
	if err == nil {
		d.look(ctx, name, before.Size)
	}
	return answer, err
}

// look notes whether an operation left events; the pipeline goes on beside it
// and leaves others.
func (d *dropping) look(ctx context.Context, name string, after int64) {
	o, _ := operation.Find(name)
	events, err := d.owner.Store.Events(ctx, after, 1000)
	if err != nil {
		d.t.Error(err)
	}
	for _, e := range events {
		if slices.Contains(o.Events, e.Type) {
			d.left[name] = true
		}
	}
}

func TestGXP008_TheDemoGoesOnWhenAllViewsAreDroppedBetweenItsSteps(t *testing.T) {
	var out, progress bytes.Buffer
	env := &console.Env{In: bytes.NewReader(nil), Out: &out, Err: &progress}
	var session *dropping
	env.Connect = func(ctx context.Context, e *console.Env) (console.Session, error) {
		s, err := connect(ctx, Config{Build: "test", Logger: slog.New(slog.NewTextHandler(io.Discard, nil)), Slots: 2}, e)
		if l, ok := s.(*local); ok {
			session = &dropping{Session: s, t: t, owner: l.owner, left: map[string]bool{}}
			return session, err
		}
		return s, err
	}
	root := cli.Root(cli.Deps{Env: env, Version: "test", Code: totp.Code, Sandbox: ServeSandbox})
	dir := filepath.Join(t.TempDir(), "demo")
	root.SetArgs([]string{"demo", "--yes", "--json", "--dir", dir})
	if err := root.ExecuteContext(t.Context()); err != nil {
		t.Fatalf("%v\n%s", err, progress.String())
	}
	var got struct {
		Releases []struct{ Version, State string } `json:"releases"`
		Runs     []struct{ Conclusion string }     `json:"runs"`
	}
	if err := json.Unmarshal(out.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	if session.count < 50 {
		t.Errorf("views were rebuilt %d times only", session.count)
	}
	for _, name := range byTheDemo {
		if !session.left[name] {
			t.Errorf("the demo did not drive %s, or it left no event", name)
		}
	}
	if len(got.Releases) != 2 || got.Releases[0].State != "effective" || got.Releases[1].State != "superseded" {
		t.Errorf("releases %+v", got.Releases)
	}
	for _, r := range got.Runs {
		if r.Conclusion != "success" {
			t.Errorf("runs %+v", got.Runs)
		}
	}
}
