package workflowfile

import (
	"strings"

	"github.com/dc-release/dc-release/internal/core/workflow"
)

// checkNeeds finds needs that name no job or the same one twice, and cycles. It
// puts the ids as the jobs write them: ids have no case.
func (r *reader) checkNeeds(w *workflow.Workflow) {
	ids := map[string]string{}
	for _, j := range w.Jobs {
		ids[strings.ToUpper(j.ID)] = j.ID
	}
	needs := map[string][]string{}
	for i := range w.Jobs {
		j := &w.Jobs[i]
		var known []string
		seen := map[string]bool{}
		for _, need := range r.needs[j.ID] {
			at, name := need.At, need.Source
			id, ok := ids[strings.ToUpper(name)]
			switch {
			case !ok:
				r.report(at, "unknown-need", "the jobs are "+jobIDs(w), "job %q needs %q, which is no job of this workflow", j.ID, name)
			case id == j.ID:
				r.report(at, "needs-cycle", "", "job %q needs itself", j.ID)
			case seen[id]:
				r.report(at, "duplicate-need", "remove one of them", "job %q needs %q twice", j.ID, id)
			default:
				known = append(known, id)
			}
			seen[id] = true
		}
		j.Needs = known
		needs[j.ID] = known
	}
	r.checkCycles(w, needs)
}

// checkCycles reports each cycle once, at the first of its jobs.
func (r *reader) checkCycles(w *workflow.Workflow, needs map[string][]string) {
	reported := map[string]bool{}
	for _, j := range w.Jobs {
		path := cycle(j.ID, needs)
		if path == nil || reported[j.ID] {
			continue
		}
		at := j.At
		for _, need := range r.needs[j.ID] {
			if strings.EqualFold(need.Source, path[1]) {
				at = need.At
			}
		}
		r.report(at, "needs-cycle", "remove one of these needs", "needs form a cycle: %s", strings.Join(path, " -> "))
		for _, id := range path {
			reported[id] = true
		}
	}
}

// cycle is the shortest way from a job through its needs back to it.
func cycle(id string, needs map[string][]string) []string {
	from := map[string]string{}
	queue := []string{id}
	for len(queue) > 0 {
		at := queue[0]
		queue = queue[1:]
		for _, next := range needs[at] {
			if next == id {
				path := []string{id}
				for ; at != id; at = from[at] {
					path = append([]string{at}, path...)
				}
				return append([]string{id}, path...)
			}
			if _, seen := from[next]; !seen {
				from[next] = at
				queue = append(queue, next)
			}
		}
	}
	return nil
}

func jobIDs(w *workflow.Workflow) string {
	ids := make([]string, len(w.Jobs))
	for i, j := range w.Jobs {
		ids[i] = j.ID
	}
	return strings.Join(ids, ", ")
}
