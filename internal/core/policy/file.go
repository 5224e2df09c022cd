package policy

import (
	"fmt"
	"strconv"
	"strings"
)

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
	Category     int64
	Environments map[string]Environment
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
	if f.Category != 0 {
		differ("category", strconv.FormatInt(f.Category, 10), strconv.FormatInt(b.Category, 10))
	}
	for _, place := range Places {
		file, baseline := f.Environments[place], b.Environments[place]
		key := "environments." + place
		differ(key+".target", file.Target, baseline.Target)
		differ(key+".names", strings.Join(file.Names, ", "), strings.Join(baseline.Names, ", "))
		differ(key+".branches", strings.Join(file.Protection.Branches, ", "), strings.Join(baseline.Protection.Branches, ", "))
		differ(key+".tags", strings.Join(file.Protection.Tags, ", "), strings.Join(baseline.Protection.Tags, ", "))
		if wait := file.Protection.WaitMinutes; wait != 0 {
			differ(key+".wait-minutes", strconv.Itoa(wait), strconv.Itoa(baseline.Protection.WaitMinutes))
		}
	}
	return out
}

// Named maps the further names of places, in lower case, to the places.
func (f File) Named() map[string]string { return Baseline{Environments: f.Environments}.Named() }
