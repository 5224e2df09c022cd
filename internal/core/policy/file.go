package policy

import "fmt"

// FileName is the solution's own configuration in the code repository.
const FileName = "dc-release.yaml"

// File is what dc-release.yaml says; "" is silence. It is held against the
// baseline: what it says must be the same.
type File struct {
	Solution     string
	Profile      Profile
	Branch       string
	Workflow     string
	Requirements string
	ReleaseLog   string
	Rebuilds     string
	Environments map[string]string // name -> target
}

// Differences names every value in which the file is not the baseline, with
// both values.
func (b Baseline) Differences(f File) []string {
	var out []string
	differ := func(key, file, baseline string) {
		if file != "" && file != baseline {
			out = append(out, fmt.Sprintf("%s: the commit says %q, the baseline %q", key, file, baseline))
		}
	}
	differ("solution", f.Solution, b.Solution)
	differ("profile", string(f.Profile), string(b.Profile))
	differ("branch", f.Branch, b.Branch)
	differ("workflow", f.Workflow, b.Workflow)
	differ("repositories.requirements", f.Requirements, b.Requirements)
	differ("repositories.release-log", f.ReleaseLog, b.ReleaseLog)
	differ("rebuilds", f.Rebuilds, b.Rebuilds)
	for _, place := range Places {
		differ("environments."+place+".target", f.Environments[place], b.Environments[place].Target)
	}
	return out
}
