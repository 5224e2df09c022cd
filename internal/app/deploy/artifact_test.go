package deploy_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dc-release/dc-release/internal/app/deploy"
	"github.com/dc-release/dc-release/internal/app/publish/publishtest"
	"github.com/dc-release/dc-release/internal/core/deployment"
	"github.com/dc-release/dc-release/internal/core/fault"
)

// handIn deploys artifacts by their names in a new job of TST.
func (w *world) handIn(r *publishtest.Release, files map[string]string, names ...string) error {
	w.t.Helper()
	w.jobs++
	execution, fence := r.Execute(fmt.Sprintf("tst-%d", w.jobs), "tst", "")
	defer r.Finish(execution, fence)
	_, err := w.Deploy(w.t.Context(), deploy.Request{Execution: execution, Fence: fence, Files: w.tree(files), Names: names})
	return err
}

var pair = map[string]string{"bundle/a.py": "1", "bundle/b.py": "1", "wheels/etl.whl": "1"}

func TestSeveralArtifactsAreKeptTogether(t *testing.T) {
	w := begin(t)
	r := w.Register("1.0.0", "")
	must(t, w.handIn(r, pair, "wheels", "bundle"))
	run, err := w.Deployer.State.Run(t.Context(), r.Run)
	must(t, err)
	tree, err := w.Kept(t.Context(), *run.Kept)
	must(t, err)
	want := []deployment.Part{
		{Name: "bundle", Tree: tree.Part("bundle").Digest(), Files: 2}, {Name: "wheels", Tree: tree.Part("wheels").Digest(), Files: 1},
	}
	if diff := cmp.Diff(want, run.Kept.Parts); diff != "" {
		t.Error(diff)
	}
	if run.Kept.Tree != tree.Digest() || run.Kept.Files != 3 {
		t.Errorf("kept %+v", run.Kept)
	}
	must(t, w.handIn(r, pair, "bundle", "wheels"))
	if _, err := w.deploy(r, "dev", nil); err != nil {
		t.Errorf("what is kept: %v", err)
	}
	if got := w.shelf.holds["dev"]; len(got) != 3 {
		t.Errorf("dev holds %v", got)
	}
}

func TestWhatWasRebuiltIsNamed(t *testing.T) {
	w := begin(t)
	r := w.Register("1.0.0", "")
	must(t, w.handIn(r, pair, "bundle", "wheels"))
	for name, c := range map[string]struct {
		files map[string]string
		names []string
		want  []string
		not   string
	}{
		"one of them":     {map[string]string{"bundle/a.py": "1", "bundle/b.py": "1", "wheels/etl.whl": "2"}, []string{"bundle", "wheels"}, []string{"artifact wheels ", "it was rebuilt, not promoted"}, "artifact bundle"},
		"both":            {map[string]string{"bundle/a.py": "2", "bundle/b.py": "1", "wheels/etl.whl": "2"}, []string{"bundle", "wheels"}, []string{"artifact bundle ", "artifact wheels "}, "missing"},
		"one less":        {map[string]string{"bundle/a.py": "1", "bundle/b.py": "1"}, []string{"bundle"}, []string{"artifact wheels is missing"}, "artifact bundle"},
		"one more":        {map[string]string{"bundle/a.py": "1", "bundle/b.py": "1", "wheels/etl.whl": "1", "more/x": "1"}, []string{"bundle", "more", "wheels"}, []string{"artifact more was not handed in first"}, "artifact wheels"},
		"without a name":  {map[string]string{"a.py": "1"}, nil, []string{"that this run handed in first: it was rebuilt, not promoted"}, "wheels"},
		"under new names": {map[string]string{"code/a.py": "1", "code/b.py": "1", "wheels/etl.whl": "1"}, []string{"code", "wheels"}, []string{"artifact code was not handed in first", "artifact bundle is missing"}, "artifact wheels"},
	} {
		t.Run(name, func(t *testing.T) {
			err := w.handIn(r, c.files, c.names...)
			if fault.KindOf(err) != fault.Forbidden || strings.Contains(err.Error(), c.not) {
				t.Fatalf("got %v", err)
			}
			for _, want := range c.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("got %v, want %s", err, want)
				}
			}
		})
	}
}

func TestWhatLiesOutsideOfTheArtifactsIsNotKept(t *testing.T) {
	w := begin(t)
	r := w.Register("1.0.0", "")
	for name, c := range map[string]struct {
		files map[string]string
		names []string
	}{
		"a file beside them": {map[string]string{"bundle/a.py": "1", "b.py": "1"}, []string{"bundle"}},
		"an empty one":       {map[string]string{"bundle/a.py": "1"}, []string{"bundle", "wheels"}},
		"all are empty":      {nil, []string{"bundle"}},
		"a name of no form":  {map[string]string{"Bundle/a.py": "1"}, []string{"Bundle"}},
	} {
		if err := w.handIn(r, c.files, c.names...); fault.KindOf(err) != fault.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
	run, err := w.Deployer.State.Run(t.Context(), r.Run)
	must(t, err)
	if run.Kept != nil || len(w.shelf.holds["tst"]) > 0 {
		t.Errorf("kept %+v, tst holds %v", run.Kept, w.shelf.holds["tst"])
	}
}
