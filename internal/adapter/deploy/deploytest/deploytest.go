// Package deploytest is the conformance suite of deployment targets.
package deploytest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dc-release/dc-release/internal/app/deploy"
	"github.com/dc-release/dc-release/internal/core/canonical"
	"github.com/dc-release/dc-release/internal/core/deployment"
	"github.com/dc-release/dc-release/internal/core/fault"
)

// Files is an artifact by path; those below bin/ are executable.
type Files map[string]string

// Fixture is a target with a fresh place.
type Fixture struct {
	Target deploy.Target
	Place  deploy.Place
	// One and Two are two releases for the place; nil takes plain files.
	One, Two Files
	// Tamper changes something that One deployed, behind the target's back; nil
	// where nothing can be observed.
	Tamper func(t *testing.T)
	// What of One is run, where the target can; nil for all of it.
	What []string
}

func (f Fixture) one() Files {
	if f.One != nil {
		return f.One
	}
	return Files{"bin/run": "#!/bin/sh\n", "conf/a.json": "{}"}
}

func (f Fixture) two() Files {
	if f.Two != nil {
		return f.Two
	}
	return Files{"bin/run": "#!/bin/sh\necho 2\n", "new.txt": "n"}
}

// Blobs keeps bytes in memory.
type Blobs map[string][]byte

// PutBytes implements deploy.Blobs.
func (b Blobs) PutBytes(_ context.Context, data []byte) (string, error) {
	digest := canonical.SHA256(data)
	b[digest] = data
	return digest, nil
}

// Bytes implements deploy.Blobs.
func (b Blobs) Bytes(_ context.Context, digest string) ([]byte, error) {
	data, ok := b[digest]
	if !ok {
		return nil, fault.New(fault.NotFound, "blob %s", digest)
	}
	return data, nil
}

// Open implements deploy.Blobs.
func (b Blobs) Open(ctx context.Context, digest string) (io.ReadCloser, error) {
	data, err := b.Bytes(ctx, digest)
	return io.NopCloser(bytes.NewReader(data)), err
}

// Artifact is the files as a release of version 1.0.0.
func (w Files) Artifact(t testing.TB) deploy.Artifact {
	t.Helper()
	var list []deployment.TreeFile
	blobs := Blobs{}
	for path, text := range w {
		digest, _ := blobs.PutBytes(t.Context(), []byte(text))
		list = append(list, deployment.TreeFile{Path: path, Executable: len(path) > 4 && path[:4] == "bin/", SHA256: digest, Size: int64(len(text))})
	}
	tree, err := deployment.NewTree(list)
	if err != nil {
		t.Fatal(err)
	}
	return deploy.Artifact{Version: "1.0.0", Commit: "0123456789abcdef0123456789abcdef01234567", Tree: tree, Open: blobs.Open}
}

// Call begins a call of the target in the place.
func (f Fixture) Call() *deploy.Call { return deploy.NewCall(f.Place, Blobs{}) }

// Plan plans the artifact.
func (f Fixture) Plan(t testing.TB, a deploy.Artifact) deployment.Plan {
	t.Helper()
	p, err := f.Target.Plan(t.Context(), f.Call(), a)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// Apply plans and applies, and gives what must then be observed.
func (f Fixture) Apply(t testing.TB, w Files) deployment.State {
	t.Helper()
	a := w.Artifact(t)
	p := f.Plan(t, a)
	if err := f.Target.Apply(t.Context(), f.Call(), a, p); err != nil {
		t.Fatal(err)
	}
	return p.Expected
}

// Observe reads the place back. A target that cannot has to say so, and what it
// expects is nothing then.
func (f Fixture) Observe(t testing.TB) deployment.State {
	t.Helper()
	s, err := f.Target.Observe(t.Context(), f.Call())
	if !f.can(t, deployment.CanObserve) {
		if fault.KindOf(err) != fault.Invalid || len(s) > 0 {
			t.Fatalf("observed %v, %v, and says that it cannot", s, err)
		}
		return nil
	}
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func (f Fixture) can(t testing.TB, c deployment.Capability) bool {
	t.Helper()
	d, err := f.Target.Describe(t.Context(), f.Call())
	if err != nil {
		t.Fatal(err)
	}
	return slices.Contains(d.Can, c)
}

// same wants the place to hold exactly what is expected.
func same(t testing.TB, f Fixture, want deployment.State) {
	t.Helper()
	if d := deployment.Drifted(want, f.Observe(t)); len(d) > 0 {
		t.Errorf("the place differs: %v", d)
	}
}

// Run runs the suite.
func Run(t *testing.T, fresh func(*testing.T) Fixture) {
	runRoad(t, fresh)
	runPlan(t, fresh)
	runTrouble(t, fresh)
	runTasks(t, fresh)
	runEnd(t, fresh)
}

// runRoad is what happens when all goes well.
func runRoad(t *testing.T, fresh func(*testing.T) Fixture) {
	t.Run("a right place has no finding of severity error", func(t *testing.T) {
		f := fresh(t)
		found, err := f.Target.Check(t.Context(), f.Call(), f.one().Artifact(t))
		if err != nil {
			t.Fatal(err)
		}
		for _, x := range found {
			if x.Severity == deployment.Error {
				t.Error(x)
			}
		}
	})
	t.Run("nothing deployed is observed as nothing", func(t *testing.T) {
		if s := fresh(t).Observe(t); len(s) > 0 {
			t.Errorf("got %v", s)
		}
	})
	t.Run("what is applied is observed", func(t *testing.T) {
		f := fresh(t)
		same(t, f, f.Apply(t, f.one()))
	})
	t.Run("applying again changes nothing", func(t *testing.T) {
		f := fresh(t)
		f.Apply(t, f.one())
		same(t, f, f.Apply(t, f.one()))
	})
	t.Run("a later release replaces and an earlier one comes back", func(t *testing.T) {
		f := fresh(t)
		f.Apply(t, f.one())
		same(t, f, f.Apply(t, f.two()))
		same(t, f, f.Apply(t, f.one()))
	})
}

// runPlan is what people rely on when they sign a plan.
func runPlan(t *testing.T, fresh func(*testing.T) Fixture) {
	t.Run("planning changes nothing", func(t *testing.T) {
		f := fresh(t)
		want := f.Apply(t, f.one())
		f.Plan(t, f.two().Artifact(t))
		same(t, f, want)
	})
	t.Run("a plan is the same when nothing happens in between", func(t *testing.T) {
		f := fresh(t)
		f.Apply(t, f.one())
		a := f.two().Artifact(t)
		if d := cmp.Diff(f.Plan(t, a), f.Plan(t, a)); d != "" {
			t.Error(d)
		}
	})
	t.Run("what a plan changes covers the way", func(t *testing.T) {
		f := fresh(t)
		if !f.can(t, deployment.CanPlan) {
			if p := f.Plan(t, f.one().Artifact(t)); !p.Unknown {
				t.Error("a target that cannot plan does not say that its changes are unknown")
			}
			return
		}
		f.Apply(t, f.one())
		p := f.Plan(t, f.two().Artifact(t))
		if len(p.Changes) == 0 {
			t.Error("nothing would change")
		}
		if before := f.Observe(t); !p.Covers(before) {
			t.Errorf("changes %v do not cover %v", p.Changes, deployment.Drifted(p.Expected, before))
		}
		f.Apply(t, f.two())
		if p := f.Plan(t, f.two().Artifact(t)); len(p.Changes) > 0 {
			t.Errorf("the same again would change %v", p.Changes)
		}
	})
}

// runTrouble is what must be noticed or survived.
func runTrouble(t *testing.T, fresh func(*testing.T) Fixture) {
	t.Run("a change behind the back is observed", func(t *testing.T) {
		f := fresh(t)
		want := f.Apply(t, f.one())
		if !f.can(t, deployment.CanObserve) {
			f.Observe(t) // says so
			return
		}
		f.Tamper(t)
		if len(deployment.Drifted(want, f.Observe(t))) == 0 {
			t.Error("not noticed")
		}
	})
	t.Run("a missing blob leaves the earlier release", func(t *testing.T) {
		f := fresh(t)
		want := f.Apply(t, f.one())
		a := f.two().Artifact(t)
		p := f.Plan(t, a)
		a.Open = Blobs{}.Open
		if err := f.Target.Apply(t.Context(), f.Call(), a, p); err == nil {
			t.Error("applied without its bytes")
		}
		same(t, f, want)
	})
	t.Run("a call that is cancelled before it begins changes nothing", func(t *testing.T) {
		f := fresh(t)
		want := f.Apply(t, f.one())
		a := f.two().Artifact(t)
		p := f.Plan(t, a)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := f.Target.Apply(ctx, f.Call(), a, p); err == nil {
			t.Error("applied")
		}
		same(t, f, want)
	})
}

// runEnd is what not every target can do.
func runEnd(t *testing.T, fresh func(*testing.T) Fixture) {
	t.Run("what is destroyed is gone, and again", func(t *testing.T) {
		f := fresh(t)
		f.Apply(t, f.one())
		can := f.can(t, deployment.CanDestroy)
		for range 2 {
			if err := f.Target.Destroy(t.Context(), f.Call(), f.one().Artifact(t)); (err == nil) != can {
				t.Fatalf("can destroy: %t, and got %v", can, err)
			}
		}
		if s := f.Observe(t); can && len(s) > 0 {
			t.Errorf("still there: %v", s)
		}
	})
	t.Run("the programs that deploy are named with their digests", func(t *testing.T) {
		f := fresh(t)
		d, err := f.Target.Describe(t.Context(), f.Call())
		if err != nil {
			t.Fatal(err)
		}
		for _, tool := range d.Tools {
			if tool.Name == "" || len(tool.SHA256) != 64 {
				t.Errorf("%+v: want the name and the SHA-256 of what deploys", tool)
			}
		}
	})
}

// runTasks is what holds for a target that runs what it deployed.
func runTasks(t *testing.T, fresh func(*testing.T) Fixture) {
	t.Run("what was deployed runs and tells how it ended", func(t *testing.T) {
		f := fresh(t)
		f.Apply(t, f.one())
		var told [][]string
		call := f.Call()
		call.Announce = func(_ context.Context, jobs []string) error {
			told = append(told, jobs)
			return nil
		}
		runs, err := f.Target.Run(t.Context(), call, f.one().Artifact(t), f.What)
		if can := f.can(t, deployment.CanRun); (err == nil) != can {
			t.Fatalf("can run: %t, and got %v", can, err)
		} else if can && len(runs) == 0 {
			t.Error("nothing ran")
		} else if can != (len(told) == 1) || can && !slices.Equal(told[0], f.What) {
			t.Errorf("asked for %v, told before: %v", f.What, told)
		}
		for _, r := range runs {
			if r.Job == "" || !slices.Contains([]string{"passed", "failed", "skipped"}, r.Outcome) || r.Millis < 0 {
				t.Errorf("%+v", r)
			}
		}
	})
	t.Run("what cannot be told beforehand is not run", func(t *testing.T) {
		f := fresh(t)
		if !f.can(t, deployment.CanRun) {
			return
		}
		f.Apply(t, f.one())
		call, stop := f.Call(), errors.New("nothing can be recorded")
		call.Announce = func(context.Context, []string) error { return stop }
		runs, err := f.Target.Run(t.Context(), call, f.one().Artifact(t), f.What)
		if !errors.Is(err, stop) || len(runs) > 0 {
			t.Errorf("got %v, %v", runs, err)
		}
		for _, i := range call.Record.Invocations {
			if slices.Contains(i.Argv, "run") {
				t.Errorf("it ran %q", i.Argv)
			}
		}
	})
}
