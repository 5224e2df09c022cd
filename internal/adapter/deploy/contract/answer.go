package contract

import (
	"fmt"
	"slices"
	"strings"

	"github.com/dc-release/dc-release/internal/core/deployment"
)

// Plan is what a program plans.
type Plan struct {
	Changes  []deployment.Change `json:"changes"`
	Expected []deployment.Fact   `json:"expected"`
	Kept     []string            `json:"kept"`
	Own      string              `json:"own"`
}

// State is what a program observes.
type State struct {
	Facts []deployment.Fact `json:"facts"`
}

// Runs is what a program ran.
type Runs struct {
	Tasks []Task `json:"tasks"`
}

// Task is a deployment.TaskRun without its evidence, which is what the program
// printed on stderr.
type Task struct {
	Job     string `json:"job"`
	Task    string `json:"task"`
	Run     string `json:"run"`
	Outcome string `json:"outcome"`
	Message string `json:"message"`
	Millis  int64  `json:"millis"`
}

// Found is what a program finds wrong with a place.
type Found struct {
	Findings []deployment.Finding `json:"findings"`
}

// Deployment checks the plan; at is the path of the plan in the document, "" or
// one that ends with a dot.
func (p Plan) Deployment(d *Document, at string) (deployment.Plan, error) {
	actions := []deployment.Action{deployment.Create, deployment.Update, deployment.Delete, deployment.Recreate}
	for i, c := range p.Changes {
		where := fmt.Sprintf("%schanges[%d]", at, i)
		if c.Resource == "" {
			return deployment.Plan{}, d.Wrong(where, "want a resource")
		}
		if !slices.Contains(actions, c.Action) {
			return deployment.Plan{}, d.Wrong(where+".action", "action %q: want create, update, delete or recreate", c.Action)
		}
	}
	expected, err := facts(d, at+"expected", p.Expected)
	return deployment.Plan{Changes: p.Changes, Expected: expected, Kept: p.Kept, Own: p.Own}, err
}

// Deployment checks the state; at is as for a plan.
func (s State) Deployment(d *Document, at string) (deployment.State, error) {
	return facts(d, at+"facts", s.Facts)
}

func facts(d *Document, at string, list []deployment.Fact) (deployment.State, error) {
	seen := make(map[string]bool, len(list))
	for i, f := range list {
		where := fmt.Sprintf("%s[%d]", at, i)
		if f.Path == "" {
			return nil, d.Wrong(where, "want a path")
		}
		if seen[f.Path] {
			return nil, d.Wrong(where+".path", "path %q stands twice", f.Path)
		}
		seen[f.Path] = true
	}
	if len(list) == 0 {
		return nil, nil
	}
	return deployment.NewState(list)
}

// Deployment checks the runs; at is as for a plan, evidence the blob of what the
// program printed beside its answer.
func (r Runs) Deployment(d *Document, at, evidence string) ([]deployment.TaskRun, error) {
	outcomes := []string{"passed", "failed", "skipped"}
	var out []deployment.TaskRun
	for i, t := range r.Tasks {
		where := fmt.Sprintf("%stasks[%d]", at, i)
		switch {
		case t.Job == "":
			return nil, d.Wrong(where, "want a job")
		case !slices.Contains(outcomes, t.Outcome):
			return nil, d.Wrong(where+".outcome", "outcome %q: want %s", t.Outcome, strings.Join(outcomes, ", "))
		case t.Millis < 0:
			return nil, d.Wrong(where+".millis", "want milliseconds that are not negative")
		}
		out = append(out, deployment.TaskRun{
			Job: t.Job, Task: t.Task, Run: t.Run, Outcome: t.Outcome, Message: t.Message, Millis: t.Millis, Evidence: evidence,
		})
	}
	return out, nil
}

// Deployment checks the findings; at is as for a plan.
func (f Found) Deployment(d *Document, at string) ([]deployment.Finding, error) {
	for i, x := range f.Findings {
		where := fmt.Sprintf("%sfindings[%d]", at, i)
		if x.Severity != deployment.Error && x.Severity != deployment.Warning {
			return nil, d.Wrong(where+".severity", "severity %q: want error or warning", x.Severity)
		}
		if x.What == "" {
			return nil, d.Wrong(where, "want what is wrong")
		}
	}
	return f.Findings, nil
}
