package external_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/dc-release/dc-release/internal/adapter/deploy/contract"
	"github.com/dc-release/dc-release/internal/adapter/deploy/external"
	"github.com/dc-release/dc-release/internal/adapter/deploy/files"
	"github.com/dc-release/dc-release/internal/core/deployment"
)

// example is an external target: it copies an artifact into the directory of its
// place. The test binary is its program.
func example(in io.Reader, out io.Writer) error {
	var q external.Request
	if err := json.NewDecoder(in).Decode(&q); err != nil {
		return err
	}
	if odd := q.Place.Config["odd"]; odd != "" {
		_, err := fmt.Fprint(out, odd)
		return err
	}
	result, err := answer(q)
	if err != nil {
		return json.NewEncoder(out).Encode(map[string]any{"error": external.Failure{Kind: "run-failed", Message: err.Error(), Fix: "look at the directory"}})
	}
	fmt.Fprintln(os.Stderr, "answered", q.Call)
	return json.NewEncoder(out).Encode(map[string]any{"result": result})
}

func answer(q external.Request) (any, error) {
	dir := q.Place.Config["directory"]
	switch q.Call {
	case "describe":
		return external.Description{Name: "copy", Can: []deployment.Capability{deployment.CanPlan, deployment.CanObserve, deployment.CanRun, deployment.CanDestroy}}, nil
	case "check":
		return contract.Found{}, nil
	case "plan":
		now, errNow := files.Read(dir)
		to, errTo := files.Read(q.Artifact.Folder)
		return contract.Plan{Changes: deployment.Changes(now, to), Expected: to, Own: q.Artifact.Tree}, errors.Join(errNow, errTo)
	case "apply":
		if q.Plan.Own != q.Artifact.Tree {
			return nil, errors.New("the plan is for another artifact")
		}
		return external.Nothing{}, errors.Join(empty(dir), os.CopyFS(dir, os.DirFS(q.Artifact.Folder)))
	case "observe":
		now, err := files.Read(dir)
		return contract.State{Facts: now}, err
	case "run":
		var tasks []contract.Task
		for _, what := range q.What {
			tasks = append(tasks, contract.Task{Job: what, Outcome: "passed"})
		}
		return contract.Runs{Tasks: tasks}, nil
	case "destroy":
		return external.Nothing{}, empty(dir)
	}
	return nil, fmt.Errorf("unknown call %q", q.Call)
}

// empty removes what is in a directory.
func empty(dir string) error {
	entries, err := os.ReadDir(dir)
	bad := []error{err}
	for _, e := range entries {
		bad = append(bad, os.RemoveAll(filepath.Join(dir, e.Name())))
	}
	return errors.Join(bad...)
}
