package pipeline

import (
	"fmt"
	"slices"
	"strings"

	"github.com/dc-release/dc-release/internal/core/workflow"
)

// group adds a job with a matrix, and its legs: all of them where the matrix is
// known before the run, else one as a template.
func (e *expander) group(j Job, l level) {
	matrix, ok, err := j.Body.Strategy.Matrix.EvaluateKnown(l.known.env(workflow.Status{}), l.known.has)
	if err != nil {
		e.report(j.Body.Strategy.Matrix.At, "expression-failed", "", "matrix of job %q cannot be evaluated: %v", j.Key, err)
		return
	}
	var legs []workflow.Leg
	if ok {
		if legs, err = workflow.Legs(matrix); err != nil {
			e.report(j.Body.Strategy.Matrix.At, "invalid-matrix", "", "job %q: %v", j.Key, err)
			return
		}
	}
	group := j
	group.Late = !ok
	e.add(group, l.known)
	leg := j
	leg.Group = j.Key
	if group.Late {
		before := e.late
		e.late, leg.Key = true, legKey(j.Key, 0)
		e.one(leg, l, l.known.leg(nil, true))
		e.late = before
		return
	}
	for i, values := range legs {
		leg.Key, leg.Leg = legKey(j.Key, i+1), &Leg{Leg: values, Index: i, Total: len(legs)}
		e.one(leg, l, l.known.leg(leg.Leg, true))
	}
}

// legKey is the key of a leg; they count from 1, and the template is 0.
func legKey(group string, number int) string { return fmt.Sprintf("%s#%d", group, number) }

// Legs are the legs of a group.
func (p Plan) Legs(group string) []Job {
	var list []Job
	for _, j := range p.Jobs {
		if j.Group == group {
			list = append(list, j)
		}
	}
	return list
}

// Opened is the plan with the legs of a late group made from its templates; legs
// that it had are replaced.
func (p Plan) Opened(group string, legs []workflow.Leg) Plan {
	var jobs, templates []Job
	for i, leg := range legs {
		from, to := legKey(group, 0), legKey(group, i+1)
		for _, t := range p.Templates {
			if !within(t.Key, from) {
				continue
			}
			t = t.moved(from, to)
			if t.Key == to {
				t.Leg = &Leg{Leg: leg, Index: i, Total: len(legs)}
			}
			if strings.Contains(strings.TrimPrefix(t.Key, to), "#0") {
				templates = append(templates, t)
			} else {
				jobs = append(jobs, t)
			}
		}
	}
	made := func(j Job) bool { return within(j.Key, group) && strings.HasPrefix(j.Key, group+"#") }
	p.Jobs = slices.DeleteFunc(slices.Clone(p.Jobs), made)
	at := slices.IndexFunc(p.Jobs, func(j Job) bool { return j.Key == group })
	p.Jobs = slices.Insert(p.Jobs, at+1, jobs...)
	p.Templates = slices.DeleteFunc(slices.Clone(p.Templates), func(j Job) bool {
		return made(j) && !within(j.Key, legKey(group, 0))
	})
	p.Templates = append(p.Templates, templates...)
	return p
}

// within reports whether a key is another one or stands below it: in its scope
// or among its legs.
func within(key, above string) bool {
	rest, ok := strings.CutPrefix(key, above)
	return ok && (rest == "" || rest[0] == '/' || rest[0] == '#')
}

// moved is the job with a key, and all that it refers to, below another one.
func (j Job) moved(from, to string) Job {
	move := func(key string) string {
		if rest, ok := strings.CutPrefix(key, from); ok && within(key, from) {
			return to + rest
		}
		return key
	}
	j.Key, j.Scope, j.Group = move(j.Key), move(j.Scope), move(j.Group)
	j.Needs = slices.Clone(j.Needs)
	for i, need := range j.Needs {
		j.Needs[i] = move(need)
	}
	return j
}
