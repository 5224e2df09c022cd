// Package demo is "dc-release demo": it makes a believable product with real
// repositories and takes two releases of it from DEV to PRD, through the same
// operations that everybody uses.
package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/dc-release/dc-release/internal/app/inspect"
	"github.com/dc-release/dc-release/internal/app/operation"
	"github.com/dc-release/dc-release/internal/app/rollback"
	"github.com/dc-release/dc-release/internal/core/fault"
	"github.com/dc-release/dc-release/internal/core/policy"
	"github.com/dc-release/dc-release/internal/face/cli/console"
	"github.com/dc-release/dc-release/internal/face/cli/run"
	"github.com/dc-release/dc-release/internal/face/cli/sandbox"
)

// Solution is the demo's product.
const solution = "corp-procurement"

// Deps is what the demo needs beyond operations.
type Deps struct {
	Env *console.Env
	// Code gives the present one-time code of a seed.
	Code func(seed string, at time.Time) (string, error)
	// Sandbox serves the workspaces that the product is deployed to.
	Sandbox sandbox.Serve
}

type options struct {
	dir string
	yes bool
}

// New makes the command.
func New(d Deps) *cobra.Command {
	var o options
	cmd := &cobra.Command{
		Use: "demo", Short: "Take two releases of an example product to PRD, and one back", Args: cobra.NoArgs,
		Long: "Create the product corp-procurement with real git repositories and four workspaces that are deployed to, push a pull request, main and the tag v1.0.0, stop at each gate, then release 1.1.0 and roll PRD back to 1.0.0.\n\nWith --yes, or without a terminal, the demo's persons sign with their own password and a fresh code.",
		RunE: func(cmd *cobra.Command, _ []string) error { return start(cmd.Context(), d, o) },
	}
	cmd.PersistentFlags().StringVar(&o.dir, "dir", "", "where to make it (default: a new folder that is kept)")
	cmd.Flags().BoolVar(&o.yes, "yes", false, "let the demo's persons sign")
	cmd.AddCommand(&cobra.Command{Use: "code PERSON", Short: "Print the present one-time code of a demo person; with --json what --credentials - reads", Args: cobra.ExactArgs(1), RunE: func(_ *cobra.Command, args []string) error {
		return printCode(d, o.dir, args[0])
	}})
	return cmd
}

// show is one demo under way.
type show struct {
	Deps
	dir     string
	yes     bool
	session console.Session
	cast    *cast
	shown   map[string]map[string]string // by run
	places  map[string]policy.Environment
}

func start(ctx context.Context, d Deps, o options) error {
	dir, err := prepare(o.dir)
	if err != nil {
		return err
	}
	s := &show{Deps: d, dir: dir, yes: o.yes || !d.Env.Terminal, shown: map[string]map[string]string{}}
	if err := s.install(); err != nil {
		return err
	}
	stop, err := s.workspaces(ctx)
	if err != nil {
		return err
	}
	d.Env.Data, d.Env.Evaluation = filepath.Join(dir, "data"), true // where no sandbox works, the demo says so and goes on
	err = d.Env.With(ctx, func(session console.Session) error {
		if !session.Owner() {
			return fault.New(fault.Conflict, "another process owns %s", d.Env.Data)
		}
		s.session = session
		return s.play(ctx)
	})
	if err = errors.Join(err, stop()); err != nil {
		return fmt.Errorf("demo in %s: %w", dir, err)
	}
	return nil
}

// workspaces serves the sandbox while the demo goes on; stop ends it and keeps
// what is in the workspaces.
func (s *show) workspaces(ctx context.Context) (stop func() error, err error) {
	ctx, cancel := context.WithCancel(ctx)
	ready, ended := make(chan sandbox.Ready, 1), make(chan error, 1)
	go func() {
		ended <- s.Sandbox(ctx, sandbox.Request{Dir: s.path("sandbox"), Listen: "127.0.0.1:0"}, func(r sandbox.Ready) error {
			ready <- r
			return nil
		})
	}()
	select {
	case r := <-ready:
		s.places = r.Places(solution)
		s.say("the workspaces show what is deployed to them while the demo goes on: %s", r.Page)
		return func() error { cancel(); return <-ended }, nil
	case err := <-ended:
		cancel()
		return nil, err
	}
}

// prepare makes the folder; one with something in it is refused.
func prepare(dir string) (string, error) {
	if dir == "" {
		return os.MkdirTemp("", "dc-release-demo-")
	}
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return "", err
	}
	if len(entries) > 0 {
		return "", fault.New(fault.Invalid, "%s is not empty", dir).WithHint("name a new folder with --dir")
	}
	abs, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	return abs, os.MkdirAll(abs, 0o755)
}

// install copies this program, so that hooks and printed commands work later.
func (s *show) install() error {
	exe, err := os.Executable()
	if err != nil {
		return err
	}
	in, err := os.Open(exe)
	if err != nil {
		return err
	}
	defer in.Close()
	if err := os.MkdirAll(filepath.Dir(s.program()), 0o755); err != nil {
		return err
	}
	out, err := os.OpenFile(s.program(), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o755)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}

func (s *show) program() string { return filepath.Join(s.dir, "bin", "dc-release") }

func (s *show) say(format string, args ...any) { s.Env.Note(format, args...) }

func ask[R any](ctx context.Context, s *show, name string, request any) (R, error) {
	return operation.Ask[R](ctx, s.session, name, request)
}

// play is the whole story.
func (s *show) play(ctx context.Context) error {
	for _, act := range []struct {
		title string
		do    func(context.Context) error
	}{
		{"people", s.people},
		{"repositories and the solution " + solution, s.repositories},
		{"a pull request", s.pullRequest},
		{"merge to main", s.merge},
		{"tag v1.0.0", func(ctx context.Context) error { return s.release(ctx, "1.0.0") }},
		{"change and tag v1.1.0", s.increment},
		{"roll PRD back to 1.0.0", s.rollBack},
	} {
		s.say("\n== %s", act.title)
		if err := act.do(ctx); err != nil {
			return fmt.Errorf("%s: %w", act.title, err)
		}
	}
	return s.finish(ctx)
}

// settle waits until nothing moves without a person, showing what happens.
func (s *show) settle(ctx context.Context) error {
	done := make(chan error, 1)
	go func() { done <- s.session.WaitIdle(ctx) }()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case err := <-done:
			return errors.Join(err, s.progress(ctx))
		case <-tick.C:
			if err := s.progress(ctx); err != nil {
				return errors.Join(err, <-done)
			}
		}
	}
}

func (s *show) progress(ctx context.Context) error {
	runs, err := ask[[]inspect.Run](ctx, s, "run.list", operation.Scope{})
	if err != nil {
		return err
	}
	for _, r := range runs {
		if s.shown[r.Run] == nil {
			s.shown[r.Run] = map[string]string{}
			s.say("run %d: %s of %s", r.Number, r.Event, r.Ref)
		}
		if s.shown[r.Run][""] != "" {
			continue
		}
		d, err := ask[inspect.RunDetail](ctx, s, "run.show", operation.RunID{Run: r.Run})
		if err != nil {
			return err
		}
		run.Progress(s.Env, d, s.shown[r.Run])
		if d.Finished {
			s.shown[r.Run][""] = d.Conclusion
			s.say("run %d: %s", r.Number, d.Conclusion)
		}
	}
	return nil
}

// release pushes a tag and goes from gate to gate.
func (s *show) release(ctx context.Context, version string) error {
	if err := s.tag(version); err != nil {
		return err
	}
	if err := s.gates(ctx, func() (bool, error) { return s.ended(ctx, version) }); err != nil {
		return err
	}
	d, err := ask[inspect.ReleaseDetail](ctx, s, "release.show", operation.Version{Solution: solution, Version: version})
	if err != nil {
		return err
	}
	if d.State != "effective" {
		return fault.New(fault.RunFailed, "release %s is %s", version, d.State).WithHint("look at: %s --data %s runs show %s", s.program(), s.Env.Data, d.Run)
	}
	s.say("release %s is %s", version, d.State)
	return nil
}

func (s *show) ended(ctx context.Context, version string) (bool, error) {
	d, err := ask[inspect.ReleaseDetail](ctx, s, "release.show", operation.Version{Solution: solution, Version: version})
	if err != nil {
		return false, err
	}
	r, err := ask[inspect.RunDetail](ctx, s, "run.show", operation.RunID{Run: d.Run})
	return r.Finished, err
}

// rollBack asks for the earlier release and lets its gate be signed.
func (s *show) rollBack(ctx context.Context) error {
	r, err := ask[rollback.Requested](ctx, s, "rollback.request", operation.RequestRollback{
		ByAdministrator: operation.ByAdministrator{As: administrator, Reason: "the new rounding is questioned by procurement"},
		Request:         rollback.Request{Solution: solution, Environment: "prd", To: "1.0.0"},
	})
	if err != nil {
		return err
	}
	s.say("rollback %s from %s to %s", r.Rollback, r.From, r.To)
	return s.gates(ctx, func() (bool, error) {
		places, err := ask[[]inspect.Environment](ctx, s, "environment.list", operation.Scope{Solution: solution})
		for _, p := range places {
			if p.Environment == "prd" && p.Version == r.To {
				return true, err
			}
		}
		return false, err
	})
}

func (s *show) path(parts ...string) string {
	return filepath.Join(append([]string{s.dir}, parts...)...)
}

// finish prints where everything lies.
func (s *show) finish(ctx context.Context) error {
	runs, err := ask[[]inspect.Run](ctx, s, "run.list", operation.Scope{})
	if err != nil {
		return err
	}
	type runRow struct {
		Event      string        `json:"event"`
		Ref        string        `json:"ref"`
		Conclusion string        `json:"conclusion"`
		Jobs       []inspect.Job `json:"jobs"`
	}
	rows := []runRow{}
	for _, r := range runs {
		d, err := ask[inspect.RunDetail](ctx, s, "run.show", operation.RunID{Run: r.Run})
		if err != nil {
			return err
		}
		rows = append(rows, runRow{Event: r.Event, Ref: r.Ref, Conclusion: r.Conclusion, Jobs: d.Jobs})
	}
	releases, err := ask[[]inspect.Release](ctx, s, "release.list", operation.Scope{})
	if err != nil {
		return err
	}
	if err := s.checkOutReleaseLog(); err != nil {
		return err
	}
	if s.Env.JSON {
		return s.Env.Print("demo", map[string]any{
			"repositories": map[string]string{"code": s.bare("code"), "requirements": s.bare("requirements"), "release-log": s.bare("release-log")},
			"runs":         rows, "releases": releases, "releaseLog": s.path("release-log"), "data": s.Env.Data,
		}, nil)
	}
	out := s.Env.Out
	fmt.Fprintf(out, "\nEverything lies in %s\n\n", s.dir)
	for _, l := range [][2]string{
		{"release-log", "the published records: a folder for each version"},
		{"sandbox", "the workspaces that are deployed to: dev, tst, val, prd"},
		{"git", "the three repositories"},
		{"work", "the engineer's clone"},
		{"data", "the ledger, blobs and keys"},
		{"credentials.json", "passwords and seeds of the demo's persons"},
	} {
		fmt.Fprintf(out, "  %-18s %s\n", l[0], l[1])
	}
	fmt.Fprintf(out, "\nTry:\n  %[1]s sandbox --dir %[5]s\n  %[1]s audit verify --release-log %[2]s --version 1.0.0\n  %[1]s --data %[3]s release show 1.1.0 --solution %[4]s\n  %[1]s --data %[3]s audit list\n",
		s.program(), s.path("release-log"), s.Env.Data, solution, s.path("sandbox"))
	if states := summary(releases); states != "" {
		fmt.Fprintf(out, "\n%s\n", states)
	}
	return nil
}

func summary(releases []inspect.Release) string {
	var parts []string
	for _, r := range releases {
		parts = append(parts, fmt.Sprintf("%s is %s", r.Version, r.State))
	}
	return strings.Join(parts, ", ")
}
