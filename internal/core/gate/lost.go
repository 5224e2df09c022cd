package gate

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/dc-release/dc-release/internal/core/policy"
	"github.com/dc-release/dc-release/internal/core/release"
	"github.com/dc-release/dc-release/internal/core/signature"
)

// Lost names every control that a new baseline takes away: gates, checks and
// signatures of the profile, what deploys to a place, and the protection of places.
func Lost(from, to policy.Baseline) []string {
	var out []string
	for _, d := range Definitions(from.Profile, release.Normal) {
		left, ok := Find(to.Profile, release.Normal, d.Name)
		if !ok {
			out = append(out, fmt.Sprintf("gate %s", d.Name))
			continue
		}
		for _, c := range d.Checks {
			if !slices.ContainsFunc(left.Checks, func(x Check) bool { return x.Name == c.Name }) {
				out = append(out, fmt.Sprintf("check %s at gate %s: %s", c.Name, d.Name, c.About))
			}
		}
		for _, m := range d.Signatures {
			if !slices.Contains(left.Signatures, m) {
				def, _ := signature.Find(m)
				out = append(out, fmt.Sprintf("signature %s at gate %s: %s", m, d.Name, def.Text))
			}
		}
	}
	for _, place := range policy.Places {
		if change := otherTarget(from.Environments[place], to.Environments[place]); change != "" {
			out = append(out, "what deploys to "+place+": "+change)
		}
		a, b := from.Environments[place].Protection, to.Environments[place].Protection
		if len(a.Branches)+len(a.Tags) > 0 && (!slices.Equal(a.Branches, b.Branches) || !slices.Equal(a.Tags, b.Tags)) {
			out = append(out, fmt.Sprintf("protection of %s: branches %v, tags %v become %v, %v", place, a.Branches, a.Tags, b.Branches, b.Tags))
		}
		if b.WaitMinutes < a.WaitMinutes {
			out = append(out, fmt.Sprintf("wait timer of %s: %d minutes become %d", place, a.WaitMinutes, b.WaitMinutes))
		}
	}
	if from.Rebuilds == "" && to.Rebuilds != "" {
		out = append(out, "prevention of rebuilt artifacts: they are detected only")
	}
	if !from.Rollback.Automatic && to.Rollback.Automatic {
		out = append(out, "signatures at gate "+ApproveRollback+" when the installation verification of PRD fails: PRD goes back by itself")
	}
	out = append(out, lostScans(from.Scans, to.Scans)...)
	if !from.Evaluation && to.Evaluation {
		out = append(out, "isolation of steps: the solution is for EVALUATION")
	}
	return out
}

// lostScans names what is demanded no more of an artifact.
func lostScans(from, to policy.Scans) []string {
	var out []string
	for _, severity := range policy.Severities {
		if from.Bars(severity) && !to.Bars(severity) {
			out = append(out, "scan without findings of severity "+severity)
		}
	}
	if from.SBOM && !to.SBOM {
		out = append(out, "list of the artifact's components")
	}
	if from.Provenance && !to.Provenance {
		out = append(out, "signed statement of the artifact's build")
	}
	return append(out, lostBuilders(from.Builders, to.Builders)...)
}

// otherTarget says what is another way of deploying to a place that had one.
func otherTarget(from, to policy.Environment) string {
	if from.Target == "" {
		return ""
	}
	if from.Target != to.Target {
		return fmt.Sprintf("target %s becomes %s", from.Target, cmp.Or(to.Target, "none"))
	}
	keys := map[string]string{}
	maps.Copy(keys, from.Config)
	maps.Copy(keys, to.Config)
	var other []string
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		if from.Config[key] != to.Config[key] {
			other = append(other, key)
		}
	}
	if len(other) == 0 {
		return ""
	}
	return "another " + strings.Join(other, ", ")
}
