package wire

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/dc-release/dc-release/internal/adapter/git"
	"github.com/dc-release/dc-release/internal/adapter/solutionfile"
	"github.com/dc-release/dc-release/internal/app/inspect"
	"github.com/dc-release/dc-release/internal/app/intake"
	"github.com/dc-release/dc-release/internal/app/rehearse"
	"github.com/dc-release/dc-release/internal/core/fault"
	"github.com/dc-release/dc-release/internal/core/pipeline"
	"github.com/dc-release/dc-release/internal/core/release"
	"github.com/dc-release/dc-release/internal/core/workflow"
	"github.com/dc-release/dc-release/internal/face/cli/run"
)

// Rehearse implements the rehearsal of "dc-release run": a temporary data
// directory, the same code, nothing left behind.
func Rehearse(ctx context.Context, base Config, q run.Rehearsal, progress func(inspect.RunDetail)) (run.Outcome, error) {
	dir, err := os.MkdirTemp("", "dc-release-rehearsal-")
	if err != nil {
		return run.Outcome{}, err
	}
	if !q.Keep {
		defer os.RemoveAll(dir)
	}
	base.Actions = actionsDir(base.Data)
	base.Data, base.Rehearsal, base.Secrets, base.Vars = dir, true, q.Secrets, q.Vars
	// What takes time and needs nothing of the rest is done at once.
	var ground ground
	ground.look(ctx, base, q.Repo)
	o, err := Open(ctx, base)
	if err != nil {
		return run.Outcome{}, errors.Join(err, ground.wait(), ground.close())
	}
	out, err := o.rehearse(ctx, q, &ground, progress)
	if q.Keep {
		out.Data = dir
	}
	var removing errgroup.Group
	if err == nil && !q.Keep { // the run has finished: nobody writes there any more
		removing.Go(func() error {
			return errors.Join(os.RemoveAll(filepath.Join(dir, "git")), os.RemoveAll(filepath.Join(dir, "blobs")))
		})
	}
	return out, errors.Join(err, o.Close(), removing.Wait())
}

// ground is what a rehearsal stands on besides its owner.
type ground struct {
	looking      errgroup.Group
	sandbox      string // the kind
	source, code *git.Repository
	reading      io.Closer // ends the process that reads code
	remote       string    // URL of origin
}

// look begins to look for the sandbox and the repository.
func (g *ground) look(ctx context.Context, c Config, repo string) {
	g.looking.Go(func() (err error) {
		if g.sandbox = c.Sandbox; g.sandbox == "" {
			g.sandbox, err = StrongestSandbox(ctx)
		}
		return err
	})
	g.looking.Go(func() error { return g.borrow(ctx, c.Data, repo) })
}

// wait returns when everything is there.
func (g *ground) wait() error { return g.looking.Wait() }

// borrow takes the references of a repository as they are now, and no objects: a
// rehearsal is short.
func (g *ground) borrow(ctx context.Context, data, repo string) (err error) {
	if g.source, err = git.Open(ctx, repo); err != nil {
		return err
	}
	var all errgroup.Group
	all.Go(func() error {
		g.remote = g.source.RemoteURL(ctx, "origin")
		return nil
	})
	all.Go(func() error {
		code, err := g.source.Borrow(ctx, newMirrors(data).dir(rehearse.Solution, "code"))
		if err != nil {
			return err
		}
		g.code, g.reading, err = code.Batched(ctx)
		return err
	})
	return all.Wait()
}

// close ends reading, also when it never began.
func (g *ground) close() error {
	if g.reading == nil {
		return nil
	}
	return g.reading.Close()
}

func (o *Owner) rehearse(ctx context.Context, q run.Rehearsal, g *ground, progress func(inspect.RunDetail)) (run.Outcome, error) {
	r := &rehearse.Rehearsal{
		Log: o.Store, State: o.state, Blobs: o.Blobs, Plan: o.planner.plan, Config: solutionfile.Read, Vars: q.Vars, NewID: newID,
	}
	// The worker starts while the plan is made.
	var starting, closing errgroup.Group
	starting.Go(func() error { return o.Start(ctx) })
	id, findings, err := g.start(ctx, r, q)
	closing.Go(g.close)
	out := run.Outcome{Findings: findings}
	if err = errors.Join(err, starting.Wait()); err != nil {
		return out, errors.Join(err, closing.Wait())
	}
	detail, err := o.watch(ctx, id, progress)
	if err = errors.Join(err, closing.Wait()); err != nil {
		return out, err
	}
	out.Run = detail
	out.Gates, err = r.Gates(ctx, id)
	return out, err
}

// start plans and starts the run as soon as everything is there.
func (g *ground) start(ctx context.Context, r *rehearse.Rehearsal, q run.Rehearsal) (id string, findings []workflow.Finding, err error) {
	if err := g.wait(); err != nil {
		return "", nil, err
	}
	r.Code, r.Sandbox = g.code, g.sandbox
	trigger, err := g.trigger(ctx, q)
	if err != nil {
		return "", nil, err
	}
	return r.Start(ctx, rehearse.Request{Trigger: trigger, Workflow: q.Workflow})
}

// trigger is what starts a rehearsal.
func (g *ground) trigger(ctx context.Context, q run.Rehearsal) (pipeline.Trigger, error) {
	full, ref, err := findRef(ctx, g.source, g.code, q.Event, q.Ref)
	if err != nil {
		return pipeline.Trigger{}, err
	}
	subject, err := g.code.Subject(ctx, ref.Commit)
	if err != nil {
		return pipeline.Trigger{}, err
	}
	abs, err := filepath.Abs(q.Repo)
	return intake.NewTrigger(q.Event, full, ref, repositoryName(g.remote), filepath.Base(abs), q.Actor, subject), err
}

// watch reports the run at every change until it has finished.
func (o *Owner) watch(ctx context.Context, id string, progress func(inspect.RunDetail)) (inspect.RunDetail, error) {
	for {
		changed := o.Store.Changed()
		detail, err := o.App.Inspector.Run(ctx, id)
		if err != nil {
			return detail, err
		}
		progress(detail)
		if detail.Finished {
			return detail, nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return detail, ctx.Err()
		}
	}
}

// findRef takes a full reference, or the short name of a branch or tag. A pull
// request may name its branch, or a reference that a local clone does not have:
// then it is the present commit.
func findRef(ctx context.Context, source, code *git.Repository, event, name string) (string, release.Ref, error) {
	if name == "" {
		name = "refs/heads/main"
	}
	candidates := []string{name}
	if !strings.HasPrefix(name, "refs/") {
		candidates = []string{"refs/heads/" + name, "refs/tags/" + name}
	}
	for _, full := range candidates {
		ref, ok, err := code.Resolve(ctx, full)
		if err != nil {
			return "", ref, err
		}
		if !ok {
			continue
		}
		if event == "pull_request" && !strings.HasPrefix(full, "refs/pull/") {
			full = "refs/pull/1/head"
		}
		return full, ref, nil
	}
	if event == "pull_request" && strings.HasPrefix(name, "refs/pull/") {
		head := strings.TrimSuffix(name, "/merge") + "/head"
		if ref, ok, err := code.Resolve(ctx, head); ok || err != nil {
			return name, ref, err
		}
		ref, ok, err := source.Head(ctx)
		if ok || err != nil {
			return name, ref, err
		}
	}
	return "", release.Ref{}, fault.New(fault.NotFound, "ref %q is not in the repository", name).WithHint("name a branch, a tag or a full reference like refs/tags/v1.0.0")
}

// repositoryName reads owner/name from a remote's URL, "" when it has none.
func repositoryName(url string) string {
	url = strings.TrimSuffix(strings.TrimSuffix(url, "/"), ".git")
	if !strings.Contains(url, ":") {
		return "" // a path of this machine
	}
	parts := strings.FieldsFunc(url, func(r rune) bool { return r == '/' || r == ':' })
	if len(parts) < 2 {
		return ""
	}
	return fmt.Sprintf("%s/%s", parts[len(parts)-2], parts[len(parts)-1])
}
