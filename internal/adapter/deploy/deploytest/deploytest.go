// Package deploytest is the conformance suite of deployment targets.
package deploytest

import (
	"bytes"
	"context"
	"io"
	"testing"

	"github.com/dc-release/dc-release/internal/app/deploy"
	"github.com/dc-release/dc-release/internal/core/canonical"
	"github.com/dc-release/dc-release/internal/core/fault"
	"github.com/dc-release/dc-release/internal/core/release"
)

// Fixture is a target with a fresh place; Tamper changes one deployed file
// behind its back.
type Fixture struct {
	Target deploy.Target
	Place  deploy.Place
	Tamper func(t *testing.T, path string)
}

type files map[string]string

func (f files) tree(t *testing.T) (release.Tree, deploy.Opener) {
	t.Helper()
	var list []release.TreeFile
	blobs := map[string][]byte{}
	for path, text := range f {
		digest := canonical.SHA256([]byte(text))
		blobs[digest] = []byte(text)
		list = append(list, release.TreeFile{Path: path, Executable: path == "bin/run", SHA256: digest, Size: int64(len(text))})
	}
	tree, err := release.NewTree(list)
	if err != nil {
		t.Fatal(err)
	}
	return tree, func(_ context.Context, digest string) (io.ReadCloser, error) {
		data, ok := blobs[digest]
		if !ok {
			return nil, fault.New(fault.NotFound, "blob %s", digest)
		}
		return io.NopCloser(bytes.NewReader(data)), nil
	}
}

var (
	one = files{"bin/run": "#!/bin/sh\n", "conf/a.json": "{}"}
	two = files{"bin/run": "#!/bin/sh\necho 2\n", "new.txt": "n"}
)

// apply deploys the files and gives the digest that must then be observed.
func apply(t *testing.T, f Fixture, w files) string {
	t.Helper()
	tree, open := w.tree(t)
	if err := f.Target.Apply(t.Context(), f.Place, tree, open); err != nil {
		t.Fatal(err)
	}
	return tree.Digest()
}

// digest is what is observed, "" for nothing.
func digest(t *testing.T, f Fixture) string {
	t.Helper()
	tree, err := f.Target.Observe(t.Context(), f.Place)
	if err != nil {
		t.Fatal(err)
	}
	if len(tree) == 0 {
		return ""
	}
	return tree.Digest()
}

// Run runs the suite.
func Run(t *testing.T, fresh func(*testing.T) Fixture) {
	runRoad(t, fresh)
	runTrouble(t, fresh)
}

// runRoad is what happens when all goes well.
func runRoad(t *testing.T, fresh func(*testing.T) Fixture) {
	t.Run("nothing deployed is observed as nothing", func(t *testing.T) {
		if got := digest(t, fresh(t)); got != "" {
			t.Errorf("got %s", got)
		}
	})
	t.Run("what is applied is observed", func(t *testing.T) {
		f := fresh(t)
		if want := apply(t, f, one); digest(t, f) != want {
			t.Error("another tree is there")
		}
	})
	t.Run("applying again changes nothing", func(t *testing.T) {
		f := fresh(t)
		apply(t, f, one)
		if want := apply(t, f, one); digest(t, f) != want {
			t.Error("another tree is there")
		}
	})
	t.Run("a later release replaces and an earlier one comes back", func(t *testing.T) {
		f := fresh(t)
		first := apply(t, f, one)
		if second := apply(t, f, two); digest(t, f) != second {
			t.Error("the later one is not there")
		}
		apply(t, f, one)
		if digest(t, f) != first {
			t.Error("the earlier one is not back")
		}
	})
}

// runTrouble is what must be noticed or survived.
func runTrouble(t *testing.T, fresh func(*testing.T) Fixture) {
	t.Run("a changed file is observed as changed", func(t *testing.T) {
		f := fresh(t)
		want := apply(t, f, one)
		f.Tamper(t, "conf/a.json")
		if digest(t, f) == want {
			t.Error("not noticed")
		}
	})
	t.Run("a missing blob leaves the earlier release", func(t *testing.T) {
		f := fresh(t)
		want := apply(t, f, one)
		tree, _ := two.tree(t)
		_, none := files{"x": "x"}.tree(t)
		if err := f.Target.Apply(t.Context(), f.Place, tree, none); err == nil {
			t.Error("applied without its bytes")
		}
		if digest(t, f) != want {
			t.Error("the earlier release is gone")
		}
	})
}
