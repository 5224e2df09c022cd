package bundle

import (
	"cmp"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// Check says what of a bundle cannot be released, with every reason at once.
// targets are the names of the bundle's targets by environment (dev, tst, val,
// prd); given are the variables that the deployer sets itself (BUNDLE_VAR_name).
// fsys is what is deployed: what is built must be there already.
//
// Whether a condition is what its comment promises no program can read; a task
// that runs after a failure it depends on is a warning.
func Check(fsys fs.FS, targets map[string]string, given ...string) []Finding {
	var found findings
	b := load(fsys, &found)
	if b == nil {
		return found.sorted()
	}
	c := checker{findings: &found, Bundle: b, targets: targets, given: given}
	c.environments()
	c.defaults()
	c.variables()
	c.build()
	seen := map[Finding][]string{}
	for _, t := range c.looked {
		var of findings
		c.target(&of, t)
		for _, f := range of {
			seen[f] = append(seen[f], t)
		}
	}
	for f, in := range seen {
		if len(in) < len(c.looked) {
			f.What += " in target " + strings.Join(in, ", ")
		}
		found = append(found, f)
	}
	return found.sorted()
}

// checker goes through one bundle.
type checker struct {
	*findings
	*Bundle
	targets map[string]string
	given   []string
	looked  []string // the targets that are looked at: those of environments, else all
}

// environments finds environments without a target, without a mode, and with
// the mode of one person.
func (c *checker) environments() {
	all := c.Targets()
	for _, e := range slices.Sorted(keysOf(c.targets)) {
		name := c.targets[e]
		if !slices.Contains(all, name) {
			c.add(RuleTarget, Error, c.Place(""), fmt.Sprintf("define targets.%s, or map %s to one of them", name, e),
				"environment %s: %s: no such target; available targets: %s", e, name, cmp.Or(strings.Join(all, ", "), "none"))
			c.add(RuleMode, Error, c.Place(""), fmt.Sprintf("write mode: production in targets.%s", name),
				"environment %s: no target says its mode", e)
			continue
		}
		if !slices.Contains(c.looked, name) {
			c.looked = append(c.looked, name)
		}
		switch mode := c.config.At("targets", name, "mode"); mode.String() {
		case "production":
		case "":
			c.add(RuleMode, Error, c.Place(name), "write mode: production", "environment %s: target %s has no mode", e, name)
		default:
			c.add(RuleMode, Error, mode.Place, "write mode: production, and keep development for the targets of one person",
				"environment %s: target %s has mode %s: names get a prefix, schedules are paused, nothing is locked", e, name, mode.Text)
		}
	}
	if len(c.looked) == 0 {
		c.looked = all
	}
}

// defaults finds what a forgotten --target would deploy to.
func (c *checker) defaults() {
	for _, name := range c.Targets() {
		t := c.config.At("targets", name)
		if t.Get("default").String() == "true" && t.Get("mode").String() != "development" {
			c.add(RuleDefault, Error, t.keyPlace("default"), "set default: true on the target with mode development",
				"a deploy without --target goes to %s, which is no target of mode development", name)
		}
	}
}

// environmentNames are what variables are called that hold the name of the
// environment.
var environmentNames = []string{"environment", "env", "stage"}

// variables finds those without a value, and names of environments that do not
// follow from the target.
func (c *checker) variables() {
	values := map[string]map[string]*Value{}
	for _, t := range c.looked {
		var ignored findings
		values[t] = map[string]*Value{}
		for _, p := range emptied(c.merged(&ignored, t).Get("variables")).pairs {
			if v := p.value.Get("default"); v != nil {
				values[t][p.key] = v
			} else if v := p.value.Get("lookup"); v != nil {
				values[t][p.key] = v
			}
		}
	}
	declared := c.config.Get("variables")
	for _, name := range declared.Keys() {
		missing := slices.DeleteFunc(slices.Clone(c.looked), func(t string) bool { return values[t][name] != nil })
		if len(missing) > 0 && !slices.Contains(c.given, name) {
			c.add(RuleVariable, Error, declared.keyPlace(name), "give it a value in the targets, or let the deployer set BUNDLE_VAR_"+name,
				"no value assigned to required variable %s in target %s", name, strings.Join(missing, ", "))
		}
		if slices.Contains(environmentNames, strings.ToLower(name)) {
			c.follows(name, declared.keyPlace(name), values)
		}
	}
}

// follows: each target fixes the name, and none has that of another environment.
func (c *checker) follows(name string, at Place, values map[string]map[string]*Value) {
	var free []string
	for _, t := range c.looked {
		v := values[t][name]
		fixed := c.config.At("targets", t, "variables", name) != nil ||
			strings.Contains(v.String(), "${bundle.target}") || strings.Contains(v.String(), "${bundle.environment}")
		if !fixed {
			free = append(free, t)
			continue
		}
		for other := range c.targets {
			if v.String() == other && c.targets[other] != t {
				c.add(RuleEnvironment, Error, v.Place, "write the environment of the target",
					"variable %s is %s in target %s, which is not the target of %s", name, v.Text, t, other)
			}
		}
	}
	if len(free) > 0 {
		c.add(RuleEnvironment, Error, at, "write its value in each target and nowhere else",
			"variable %s does not follow from the target: %s can be deployed as any environment", name, strings.Join(free, ", "))
	}
}

// hooks are the sections whose commands the command line runs.
var hooks = []struct{ section, what string }{
	{"scripts", "commands"},
	{"python", "code"},
	{"experimental.scripts", "commands"},
	{"experimental.python", "code"},
	{"experimental.pydabs", "code"},
}

// build finds what would be built or run while deploying, in any target.
func (c *checker) build() {
	const fix = "build before, and deploy what was built: name the wheel by its path"
	for _, config := range append([]*Value{c.config}, c.targetValues()...) {
		artifacts := config.Get("artifacts")
		for _, name := range artifacts.Keys() {
			a := artifacts.Get(name)
			if build := a.Get("build"); !build.Null() {
				c.add(RuleBuild, Error, a.keyPlace("build"), fix, "artifact %s is built again at deploy by %q", name, build.Text)
			} else if a.Get("type").String() == "whl" && c.config.At("artifacts", name, "build").Null() {
				c.add(RuleBuild, Error, artifacts.keyPlace(name), fix, "artifact %s has type whl, which is built again at deploy", name)
			}
		}
		for _, h := range hooks {
			head, key, inner := strings.Cut(h.section, ".")
			at, v := config, config.Get(head)
			if inner {
				at, v = v, v.Get(key)
			} else {
				key = head
			}
			if !v.Null() {
				c.add(RuleBuild, Error, at.keyPlace(key), "run it in a step before", "%s runs %s at deploy", h.section, h.what)
			}
		}
	}
}

func (c *checker) targetValues() []*Value {
	var out []*Value
	for _, t := range c.Targets() {
		out = append(out, c.config.At("targets", t))
	}
	return out
}

// target finds what is wrong with one target.
func (c *checker) target(found *findings, name string) {
	var ignored findings
	config := c.merged(&ignored, name)
	if config.At("bundle", "mode").String() != "development" {
		root(found, config)
	}
	jobs := config.At("resources", "jobs")
	for _, key := range jobs.Keys() {
		for _, t := range jobs.At(key, "tasks").Items() {
			if t.Get("run_if").String() == "ALL_DONE" && len(t.Get("depends_on").Items()) > 0 {
				found.add(RuleRunIf, Warning, t.keyPlace("run_if"), "write run_if: ALL_SUCCESS where the task needs what it depends on",
					"task %s of job %s runs after a failure of what it depends on", t.Get("task_key").String(), key)
			}
		}
		for _, e := range jobs.At(key, "environments").Items() {
			if client := e.At("spec", "client"); client != nil {
				found.add(RuleClient, Warning, e.Get("spec").keyPlace("client"), "write environment_version: \""+client.Text+"\"",
					"client is deprecated")
			}
		}
	}
	var of findings
	c.uploaded(found, config)
	if r := c.resolve(&of, Options{Target: name, Environ: c.placeholders()}); r != nil {
		c.schedules(found, name, r)
		names(found, r)
	}
	for _, f := range of {
		if f.Rule == RuleRead || f.Rule == RuleFiles {
			*found = append(*found, f)
		}
	}
}

// triggers are the sections of a job by which it runs by itself.
var triggers = []string{"schedule", "trigger", "continuous"}

// schedules: what is paused in prd never runs, and what runs by itself elsewhere
// runs beside the verifications. Mode development pauses all.
func (c *checker) schedules(found *findings, target string, r *Resolved) {
	environments := slices.DeleteFunc(slices.Sorted(keysOf(c.targets)), func(e string) bool { return c.targets[e] != target })
	jobs := r.Jobs()
	for _, key := range slices.Sorted(keysOf(jobs)) {
		for _, section := range triggers {
			v := jobs[key].Get(section)
			if v.Null() {
				continue
			}
			paused := v.Get("pause_status").String() == "PAUSED"
			for _, e := range environments {
				switch {
				case e == "prd" && paused:
					found.add(RuleSchedule, Warning, v.Place, "write pause_status: UNPAUSED in targets."+target, "environment prd: %s of job %s is paused: it does not run", section, key)
				case e != "prd" && !paused:
					found.add(RuleSchedule, Warning, v.Place, "write pause_status: PAUSED in targets."+target,
						"environment %s: %s of job %s runs it by itself, also while a deployment or a verification is under way", e, section, key)
				}
			}
		}
	}
}

// names: a job is known by its name, so that of two nobody can say which was verified.
func names(found *findings, r *Resolved) {
	first := map[string]string{}
	jobs := r.Jobs()
	for _, key := range slices.Sorted(keysOf(jobs)) {
		name := jobs[key].Get("name")
		if other, twice := first[name.String()]; twice {
			found.add(RuleName, Error, name.place(), "give one of them another name", "jobs %s and %s are both named %q", other, key, name.String())
		}
		first[name.String()] = key
	}
}

// placeholders stand for values that only the deployer knows.
func (c *checker) placeholders() []string {
	var out []string
	for _, name := range c.given {
		if c.config.At("variables", name, "type").String() != "complex" {
			out = append(out, "BUNDLE_VAR_"+name+"=given")
		}
	}
	return out
}

// root: the same place whoever deploys.
func root(found *findings, config *Value) {
	v := config.At("workspace", "root_path")
	const fix = "write workspace.root_path with the name of a service principal or a restricted folder"
	switch {
	case v.Null():
		found.add(RuleRoot, Error, config.keyPlace("workspace"), fix, "no root_path: it would be the folder of who deploys")
	case strings.HasPrefix(v.Text, "~") || strings.Contains(v.Text, "${workspace.current_user"):
		found.add(RuleRoot, Error, v.Place, fix, "root_path %s follows from who deploys: another identity makes a second deployment", v.Text)
	}
}

// uploaded: what sync and requirements name is there and is uploaded.
func (c *checker) uploaded(found *findings, config *Value) {
	files := c.files(found, config.Get("sync"))
	jobs := config.At("resources", "jobs")
	for _, key := range jobs.Keys() {
		for _, e := range jobs.At(key, "environments").Items() {
			for _, d := range e.At("spec", "dependencies").Items() {
				name, ok := requirements(d.String())
				if !ok || slices.Contains(files, name) {
					continue
				}
				what, fix := "is not there", "build it before, or write it to the repository"
				if _, err := fs.Stat(c.fsys, name); err == nil {
					what, fix = "is not uploaded", "name it in sync.include"
				}
				found.add(RuleFiles, Warning, d.Place, fix, "requirements file %s %s", name, what)
			}
		}
	}
}

// requirements is the file below the root of the bundle that a dependency names.
func requirements(dependency string) (string, bool) {
	for _, flag := range []string{"--requirement ", "--requirement=", "-r "} {
		if rest, ok := strings.CutPrefix(dependency, flag); ok {
			rest = strings.TrimSpace(rest)
			below, deployed := strings.CutPrefix(rest, "${workspace.file_path}/")
			if !deployed && (path.IsAbs(rest) || strings.Contains(rest, "${")) {
				return "", false
			}
			clean := path.Clean(below)
			return clean, fs.ValidPath(clean)
		}
	}
	return "", false
}
