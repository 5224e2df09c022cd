package bundle

import (
	"errors"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/bmatcuk/doublestar/v4"
)

// rootFiles are the names of the root file, the first that exists counts.
var rootFiles = []string{"databricks.yml", "databricks.yaml", "bundle.yml", "bundle.yaml"}

// sections are the keys of a root file and of what it includes.
var sections = []string{
	"artifacts", "bundle", "environments", "experimental", "include", "permissions", "presets", "python",
	"resources", "run_as", "scripts", "sync", "targets", "variables", "workspace",
}

// overrides are the keys of a target that stand for sections.
var overrides = []string{
	"artifacts", "bundle", "permissions", "presets", "resources", "run_as", "sync", "workspace",
}

// settings are the other keys of a target.
var settings = []string{"cluster_id", "compute_id", "default", "git", "mode", "variables"}

// Bundle is a configuration as it is written, with its includes.
type Bundle struct {
	fsys   fs.FS
	config *Value
}

// Load reads the root file of a bundle and what it includes. A bundle that
// cannot be read is nil; what is found wrong is always said.
func Load(fsys fs.FS) (*Bundle, []Finding) {
	var found findings
	b := load(fsys, &found)
	return b, found.sorted()
}

func load(fsys fs.FS, found *findings) *Bundle {
	r := &reader{findings: found, fsys: fsys}
	for _, name := range rootFiles {
		if _, err := fs.Stat(fsys, name); errors.Is(err, fs.ErrNotExist) {
			continue
		}
		config := r.read(name)
		if config == nil {
			return nil
		}
		b := &Bundle{fsys: fsys, config: config}
		known(found, config, "", sections)
		if !b.include(r) {
			return nil
		}
		if b.config.At("bundle", "name").String() == "" {
			found.refuse(b.config.keyPlace("bundle"), "write bundle: {name: NAME}", "the bundle has no name")
		}
		return b
	}
	found.refuse(Place{File: rootFiles[0]}, "name the folder that holds it", "there is no %s", strings.Join(rootFiles, ", "))
	return nil
}

// known warns of keys that mean nothing.
func known(found *findings, v *Value, of string, keys ...[]string) {
	for _, p := range v.pairs {
		if !slices.Contains(slices.Concat(keys...), p.key) {
			found.warn(p.place, "", "unknown field: %s%s", of, p.key)
		}
	}
}

// include merges the files that the patterns match, in the order of patterns
// and names.
func (b *Bundle) include(r *reader) bool {
	whole := true
	read := []string{r.file}
	for _, pattern := range b.config.Get("include").Items() {
		names, ok := b.glob(r.findings, pattern)
		if ok && len(names) == 0 {
			r.refuse(pattern.Place, "correct the pattern or remove it", "include %q matches no file", pattern.Text)
		}
		for _, name := range names {
			if slices.Contains(read, name) {
				continue
			}
			read = append(read, name)
			v := r.read(name)
			if v == nil {
				whole = false
				continue
			}
			known(r.findings, v, "", sections)
			if v.Get("include") != nil {
				r.warn(v.keyPlace("include"), "name all files in the root file", "include counts in the root file only")
				v.remove("include")
			}
			b.duplicates(r.findings, v)
			b.config = merge(b.config, v, "")
		}
	}
	return whole
}

// duplicates refuses a resource that two files define.
func (b *Bundle) duplicates(found *findings, v *Value) {
	for _, kind := range v.Get("resources").Keys() {
		for _, key := range v.At("resources", kind).Keys() {
			if first := b.config.At("resources", kind); first.Get(key) != nil {
				found.refuse(v.At("resources", kind).keyPlace(key), "give one of them another key",
					"resources.%s.%s is defined at %s too", kind, key, first.keyPlace(key))
			}
		}
	}
}

// glob are the files that a pattern below the root matches; false is a pattern
// that is refused.
func (b *Bundle) glob(found *findings, pattern *Value) ([]string, bool) {
	clean := path.Clean(pattern.String())
	if pattern.String() == "" || path.IsAbs(clean) || clean == ".." || strings.HasPrefix(clean, "../") || !doublestar.ValidatePattern(clean) {
		found.refuse(pattern.place(), "write a pattern below the root of the bundle", "%q is no pattern of files in the bundle", pattern.String())
		return nil, false
	}
	names, err := doublestar.Glob(b.fsys, clean, doublestar.WithFilesOnly(), doublestar.WithNoFollow())
	if err != nil {
		found.refuse(pattern.place(), "", "%q: %v", pattern.Text, err)
		return nil, false
	}
	slices.Sort(names)
	return names, true
}

// Targets are the names of the targets, sorted.
func (b *Bundle) Targets() []string {
	return slices.Sorted(slices.Values(b.config.Get("targets").Keys()))
}

// Place is where the target is defined, or where targets are.
func (b *Bundle) Place(target string) Place {
	if t := b.config.Get("targets"); t.Get(target) != nil {
		return t.keyPlace(target)
	}
	return b.config.keyPlace("targets")
}

// choose is the named target, or the one that is meant without a name.
func (b *Bundle) choose(found *findings, name string) (string, bool) {
	targets := b.config.Get("targets")
	all := b.Targets()
	fix := "available targets: " + strings.Join(all, ", ")
	if name != "" {
		if !slices.Contains(all, name) {
			found.refuse(b.Place(name), fix, "%s: no such target", name)
			return "", false
		}
		return name, true
	}
	if len(all) == 1 {
		return all[0], true
	}
	defaults := slices.DeleteFunc(all, func(t string) bool { return targets.At(t, "default").String() != "true" })
	switch len(defaults) {
	case 1:
		return defaults[0], true
	case 0:
		found.refuse(b.Place(""), "name one with --target; "+fix, "no target is the default")
	default:
		found.refuse(targets.keyPlace(defaults[1]), "keep one default", "%s are both the default", strings.Join(defaults, " and "))
	}
	return "", false
}

// merged is the configuration with the target's changes: without targets, with
// bundle.target and bundle.mode.
func (b *Bundle) merged(found *findings, name string) *Value {
	target := b.config.At("targets", name)
	config := b.config.clone()
	config.remove("targets")
	config.remove("environments")
	known(found, emptied(target), "targets."+name+".", overrides, settings)
	for _, key := range overrides {
		if v := target.Get(key); !v.Null() {
			config.set(key, merge(config.Get(key), v, key))
		}
	}
	of := config.child("bundle")
	of.setText("target", name)
	of.setText("environment", name)
	for _, key := range []string{"mode", "cluster_id", "compute_id", "git"} {
		if v := target.Get(key); !v.Null() {
			of.set(key, merge(of.Get(key), v, key))
		}
	}
	if mode := of.Get("mode"); mode != nil && mode.Text != "development" && mode.Text != "production" {
		found.refuse(mode.Place, "write development or production", "mode %q is unknown", mode.Text)
	}
	mergeVariables(found, config, target.Get("variables"))
	return config
}

func emptied(v *Value) *Value {
	if v == nil {
		return mapping(Place{})
	}
	return v
}

// mergeVariables gives variables the target's values: a mapping with default
// or lookup is a declaration, all else is the value.
func mergeVariables(found *findings, config, changes *Value) {
	for _, p := range emptied(changes).pairs {
		declared := config.At("variables", p.key)
		if declared == nil {
			found.refuse(p.place, "declare it in variables", "variable %s is not defined but is assigned a value", p.key)
			continue
		}
		if declared.Kind == Null {
			declared.Kind = Map // a name alone declares a variable
		}
		if declared.Kind != Map { // said when the value is looked for
			continue
		}
		if p.value.Get("default") != nil || p.value.Get("lookup") != nil {
			if p.value.Get("lookup") != nil {
				declared.remove("default")
			}
			for _, c := range p.value.pairs {
				declared.set(c.key, c.value.clone())
			}
			continue
		}
		declared.remove("lookup")
		declared.set("default", p.value.clone())
	}
}
