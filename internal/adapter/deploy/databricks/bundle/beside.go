package bundle

import "slices"

// Beside finds what a site has in common with others of its workspace: the folder of a
// deployment, which is then one deployment, and names of jobs, by which a job is known.
func Beside(of Site, others []Site) []Finding {
	var found findings
	for _, other := range others {
		if !of.near(other) {
			continue
		}
		if of.RootPath() == other.RootPath() {
			found.add(RuleRoot, Error, of.Config.At("workspace", "root_path").place(), "let root_path hold ${bundle.target}",
				"%s and %s are both deployed below %s: each deployment replaces the other", of.Environment, other.Environment, of.RootPath())
		}
		there := map[string]bool{}
		for _, job := range other.Jobs() {
			there[job.Get("name").String()] = true
		}
		jobs := of.Jobs()
		for _, key := range slices.Sorted(keysOf(jobs)) {
			if name := jobs[key].Get("name"); there[name.String()] {
				found.add(RuleName, Error, name.place(), "let the name hold ${bundle.target}",
					"%s and %s both have a job named %q in one workspace", of.Environment, other.Environment, name.String())
			}
		}
	}
	return found.sorted()
}
