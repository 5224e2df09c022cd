package pipeline

import (
	"slices"
	"strings"

	"github.com/dc-release/dc-release/internal/core/workflow"
)

// Offers is what workers have to offer.
type Offers struct {
	Labels   []string // of all that can claim; they have no case
	Programs []string // of Checked, those that are there
}

// Checked are programs without which a step cannot begin: the shell that not
// every worker has, and what runs the actions of others.
var Checked = []string{"pwsh", "node"}

// Offer reports whether every label is among those that a worker has; labels
// have no case.
func Offer(have, want []string) bool {
	return !slices.ContainsFunc(want, func(label string) bool {
		return !slices.ContainsFunc(have, func(h string) bool { return strings.EqualFold(h, label) })
	})
}

// offered refuses a job that no worker could take: it would wait for ever.
func (e *expander) offered(j Job, k known) {
	if e.req.Offers == nil {
		return
	}
	for _, t := range j.Body.RunsOn {
		v, ok, err := k.text(t)
		if err != nil || !ok || v.Kind() == workflow.KindArray || v.Kind() == workflow.KindObject {
			continue // decided when the job is queued
		}
		if !Offer(e.req.Offers.Labels, []string{v.Text()}) {
			e.report(t.At, "no-worker", "the labels are "+strings.Join(e.req.Offers.Labels, ", "),
				"job %q wants a worker with the label %q, which none has", j.Key, v.Text())
		}
	}
	for _, s := range j.Body.Steps {
		shell := s.Shell
		for _, outer := range []workflow.Text{j.Body.Defaults.Shell, j.WorkflowDefaults.Shell} {
			if shell.Source == "" {
				shell = outer
			}
		}
		if s.Run.Source != "" && shell.Source == "pwsh" {
			e.program("pwsh", shell.At, "job \""+j.Key+"\" has a step in pwsh")
		}
	}
}

func (e *expander) program(name string, at workflow.Position, why string) {
	if e.req.Offers != nil && !slices.Contains(e.req.Offers.Programs, name) {
		e.report(at, "missing-program", "install "+name+" on the worker", "%s, and %s is not on the worker's PATH", why, name)
	}
}
