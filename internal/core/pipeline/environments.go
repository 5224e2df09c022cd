package pipeline

import (
	"fmt"
	"slices"
	"strings"

	"github.com/dc-release/dc-release/internal/core/policy"
	"github.com/dc-release/dc-release/internal/core/workflow"
)

// environment fixes where a job runs and what it may prove.
func (e *expander) environment(j *Job, k known) {
	t := j.Body.Environment
	name, written := "", ""
	if t.Source != "" {
		v, ok, err := k.text(t)
		switch {
		case err != nil:
			e.report(t.At, "expression-failed", "", "environment of job %q cannot be evaluated: %v", j.Key, err)
		case !ok:
			e.report(t.At, "environment-not-static", "use only github, vars and inputs that do not depend on a result",
				"environment of job %q is not known before the run", j.Key)
		default:
			written = strings.TrimSpace(v.Text())
			name = strings.ToLower(written)
		}
	}
	place, isPlace := e.place(name)
	switch {
	case name == "":
	case isPlace:
		j.Environment, j.Kind = place, Place
	case slices.Contains(Gates, name):
		j.Environment, j.Kind = name, Gate
	default:
		severity, effect := workflow.Warning, "it is treated as no environment"
		if e.req.Profile == string(policy.GxP) {
			severity, effect = workflow.Error, "the profile gxp refuses it"
		}
		e.find(severity, t.At, "unknown-environment", fmt.Sprintf("want one of %s, or map the name to one of them under environments",
			strings.Join(append(slices.Clone(Places), Gates...), ", ")),
			"environment %q of job %q is neither a place nor a gate: %s", name, j.Key, effect)
	}
	if j.Environment != written {
		j.EnvironmentName = written
	}
	j.Proves = proofs(*j)
}

// place is the place that a name stands for.
func (e *expander) place(name string) (string, bool) {
	for from, to := range e.req.Environments {
		if to = strings.ToLower(to); strings.EqualFold(from, name) && slices.Contains(Places, to) {
			return to, true
		}
	}
	return name, slices.Contains(Places, name)
}

// proofs are the verifications that a job's results may count as: unit and
// document tests without an environment, operational ones in dev, tst and val,
// the non-destructive ones in prd. A gate proves nothing, and acceptance (AV) is
// never proven by a job.
func proofs(j Job) []Proof {
	switch {
	case j.Kind == Gate || j.IsCall():
		return nil
	case j.Kind == NoEnvironment:
		return []Proof{{Verification: "UT"}, {Verification: "DT"}}
	case j.Environment == "prd":
		return []Proof{{Verification: "pOV", Environment: "prd"}}
	default:
		return []Proof{{Verification: "OV", Environment: j.Environment}}
	}
}

// checkouts refuses a checkout of anything but the commit of the run.
func (e *expander) checkouts(j Job, k known) {
	t := e.req.Trigger
	for _, s := range j.Body.Steps {
		action, ok := workflow.LookupNative(s.Uses)
		if !ok || action.Name != "actions/checkout" {
			continue
		}
		for _, b := range s.With {
			var allowed []string
			switch strings.ToLower(b.Name) {
			case "repository":
				allowed = []string{"", strings.ToLower(t.Repository)}
			case "ref":
				allowed = []string{"", strings.ToLower(t.SHA), strings.ToLower(t.Ref), strings.ToLower(shortRef(t.Ref))}
			default:
				continue
			}
			v, ok, err := k.text(b.Value)
			if err != nil || !ok || !slices.Contains(allowed, strings.ToLower(v.Text())) {
				e.report(b.Value.At, "unsupported-value", "remove it: the commit of the run is checked out",
					"input %q of checkout in job %q is not what the run is for", b.Name, j.Key)
			}
		}
	}
}

func shortRef(ref string) string {
	for _, prefix := range []string{"refs/heads/", "refs/tags/"} {
		if short, ok := strings.CutPrefix(ref, prefix); ok {
			return short
		}
	}
	return ref
}
