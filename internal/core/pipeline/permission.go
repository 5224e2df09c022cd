package pipeline

import (
	"cmp"
	"strings"

	"github.com/dc-release/dc-release/internal/core/workflow"
)

// explicit is what a job may do as far as it, its workflow or a caller declared
// it; nil where nobody did.
func explicit(body workflow.Job, l level) workflow.Permissions {
	switch {
	case body.Permissions != nil:
		return body.Permissions
	case l.file.Workflow.Permissions != nil:
		return l.file.Workflow.Permissions
	default:
		return l.limit
	}
}

// limits refuses a called workflow that asks for more than its caller has: they
// can only shrink (docs.github.com, "Reusing workflow configurations").
func (e *expander) limits(call Job, callee *File, l level) {
	limit := explicit(call.Body, l)
	if limit == nil {
		limit = workflow.DefaultPermissions()
	}
	refuse := func(who string, asks workflow.Permissions) {
		if more := asks.Exceeds(limit); len(more) > 0 {
			e.report(call.Body.Call.At, "permission-exceeded", "declare them under permissions of job \""+call.Body.ID+"\" or of its workflow",
				"%s of %q asks for more than job %q may pass on: %s", who, call.Body.Call.Uses, call.Key, strings.Join(more, ", "))
		}
	}
	refuse("the workflow", callee.Workflow.Permissions)
	for _, j := range callee.Workflow.Jobs {
		refuse("job "+cmp.Or(j.Name.Source, j.ID), j.Permissions)
	}
}
