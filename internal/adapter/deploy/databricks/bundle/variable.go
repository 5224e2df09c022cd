package bundle

import (
	"errors"
	"io/fs"
	"regexp"
	"slices"
	"strings"
)

// assign gives every variable its value: --var, BUNDLE_VAR_name, the overrides
// file, the target, the default. What is given from outside and not declared
// is refused on the command line and ignored in the environment, which others
// use too.
func (s *resolver) assign() {
	variables := s.config.Get("variables")
	for _, name := range slices.Sorted(keysOf(s.Variables)) {
		if variables.Get(name) == nil {
			s.refuse(s.config.keyPlace("variables"), "declare it in variables", "variable %s has not been defined", name)
		}
	}
	overrides := s.overrides()
	for _, p := range emptied(variables).pairs {
		if p.value.Kind == Null {
			p.value.Kind = Map // a name alone declares a variable
		}
		if p.value.Kind != Map {
			s.refuse(p.place, "write "+p.key+": {default: VALUE}", "variable %s is no declaration", p.key)
			continue
		}
		s.assignOne(p, overrides)
	}
}

func (s *resolver) assignOne(p pair, overrides *Value) {
	structured := p.value.Get("type").String() == "complex"
	given, ok := s.Variables[p.key]
	if !ok {
		given, ok = s.environ("BUNDLE_VAR_" + p.key)
	}
	switch {
	case ok && structured:
		s.refuse(p.place, "write it to variable-overrides.json", "variable %s is complex and cannot be given as a text", p.key)
	case ok:
		p.value.set("value", text(p.place, given))
	case overrides.Get(p.key) != nil:
		p.value.set("value", overrides.Get(p.key).clone())
	case p.value.Get("lookup") != nil:
		s.refuse(p.value.keyPlace("lookup"), "give the id itself as the value of the target",
			"variable %s is a lookup, which is answered by a workspace and not by the bundle", p.key)
	case p.value.Get("default") != nil:
		p.value.set("value", p.value.Get("default").clone())
	default:
		s.add(RuleVariable, Error, p.place, "give it a value for the target in targets, or set BUNDLE_VAR_"+p.key,
			"no value assigned to required variable %s", p.key)
	}
	if v := p.value.Get("value"); !structured && v != nil && (v.Kind == Map || v.Kind == List) {
		s.refuse(v.Place, "write type: complex", "variable %s is no text, number or bool", p.key)
	}
}

func (s *resolver) environ(key string) (string, bool) {
	for _, e := range slices.Backward(s.Environ) {
		if name, value, _ := strings.Cut(e, "="); name == key {
			return value, true
		}
	}
	return "", false
}

// overrides is the file beside the state of the command line for this target.
func (s *resolver) overrides() *Value {
	name := ".databricks/bundle/" + s.target + "/variable-overrides.json"
	if _, err := fs.Stat(s.bundle.fsys, name); errors.Is(err, fs.ErrNotExist) || !fs.ValidPath(name) {
		return nil
	}
	r := &reader{findings: s.findings, fsys: s.bundle.fsys}
	return r.read(name)
}

// reference is ${a.b-c[0]}; what does not look like it is text.
var reference = regexp.MustCompile(`\$\{([A-Za-z][\w-]*(?:\.[A-Za-z_][\w-]*|\[\d+\])*)\}`)

// nested is a reference within a reference.
var nested = regexp.MustCompile(`\$\{[^{}]*\$\{`)

// The limits of what references expand to.
const (
	maxText      = 16 << 20 // bytes, together
	maxReference = 50       // within one another
)

// expand replaces the references in v and is what v becomes. stack are the
// references that led here.
func (s *resolver) expand(v *Value, stack []string) *Value {
	if v == nil || s.spent {
		return v
	}
	switch v.Kind {
	case List:
		for i, item := range v.items {
			v.items[i] = s.expand(item, stack)
		}
	case Map:
		for i := range v.pairs {
			v.pairs[i].value = s.expand(v.pairs[i].value, stack)
		}
	case Text:
		return s.expandText(v, stack)
	case Null, Bool, Number:
	}
	return v
}

// expandText: a text that is one reference becomes the value itself, others
// hold it.
func (s *resolver) expandText(v *Value, stack []string) *Value {
	if s.done[v] {
		return v
	}
	if nested.MatchString(v.Text) {
		s.refuse(v.Place, "write a complex variable for each target", "%q holds a reference within a reference", v.Text)
		return v
	}
	if m := reference.FindStringSubmatch(v.Text); m != nil && m[0] == v.Text {
		if to := s.lookUp(m[1], v.Place, stack); to != nil {
			c := to.clone()
			s.count(c, v.Place)
			c.Place = v.Place
			return c
		}
		return v
	}
	size := len(v.Text)
	out := reference.ReplaceAllStringFunc(v.Text, func(ref string) string {
		to := s.lookUp(ref[2:len(ref)-1], v.Place, stack)
		size += len(to.String())
		switch {
		case to == nil, size > maxText: // too long is said when it is counted
			return ref
		case to.Kind == Map || to.Kind == List:
			s.refuse(v.Place, "let the reference stand alone", "%s is no text and stands within one", ref)
			return ref
		}
		return to.Text
	})
	if out == v.Text {
		return v
	}
	whole := text(v.Place, out)
	s.count(whole, v.Place)
	return whole
}

// count ends references that multiply.
func (s *resolver) count(v *Value, at Place) {
	s.nodes++
	s.bytes += len(v.Text)
	for _, i := range v.items {
		s.count(i, at)
	}
	for _, p := range v.pairs {
		s.count(p.value, at)
	}
	if (s.nodes > maxNodes || s.bytes > maxText) && !s.spent {
		s.spent = true
		s.refuse(at, "use fewer references", "the bundle is larger than %d values or %d MiB when its references are replaced", maxNodes, maxText>>20)
	}
}

// lookUp is the value behind a reference, nil when it is left as it is: for
// deploy, for another program, or with a finding.
func (s *resolver) lookUp(ref string, at Place, stack []string) *Value {
	name := ref
	if rest, ok := strings.CutPrefix(ref, "var."); ok {
		head, tail := cutStep(rest)
		name = "variables." + head + ".value" + tail
	}
	root, _ := cutStep(name)
	if !slices.Contains([]string{"bundle", "workspace", "variables", "resources", "artifacts"}, root) {
		return nil
	}
	if known, ok := s.known[name]; ok {
		return known
	}
	if i := slices.Index(stack, name); i >= 0 {
		s.refuse(at, "let one of them be a value", "the references lead in a circle: %s", strings.Join(append(slices.Clone(stack[i:]), name), " -> "))
		for _, n := range stack[i:] {
			s.known[n] = nil
		}
		return nil
	}
	if len(stack) >= maxReference {
		s.refuse(at, "use fewer references", "more than %d references lead to one another", maxReference)
		return nil
	}
	found := s.find(name)
	switch {
	case found != nil:
		found = s.expand(found.clone(), append(slices.Clip(stack), name))
		if _, circle := s.known[name]; !circle {
			s.known[name] = found
		}
		return s.known[name]
	case root == "resources" && s.deployable(name) || s.unknownUser && strings.HasPrefix(name, "workspace.current_user"):
	case strings.HasPrefix(ref, "var.") && s.declared(name):
	default:
		s.refuse(at, "declare what it refers to, or correct the name", "reference does not exist: ${%s}", ref)
	}
	return nil
}

// declared says whether a variable is there that only has no value, which is
// a finding of its own.
func (s *resolver) declared(name string) bool {
	variable, _ := cutStep(strings.TrimPrefix(name, "variables."))
	v := s.config.At("variables", variable)
	return v != nil && v.Get("value") == nil
}

// deployable says whether the bundle has the resource that a reference such as
// resources.jobs.main.id begins with.
func (s *resolver) deployable(name string) bool {
	parts := strings.Split(name, ".")
	return len(parts) > 3 && s.config.At(parts[:3]...) != nil
}

// cutStep splits a.b[0] into a and .b[0].
func cutStep(path string) (step, rest string) {
	i := strings.IndexAny(path, ".[")
	if i < 0 {
		return path, ""
	}
	return path[:i], path[i:]
}

// find follows a path such as variables.x.value[0].y.
func (s *resolver) find(path string) *Value {
	v := s.config
	for path != "" && v != nil {
		if index, rest, ok := strings.Cut(strings.TrimPrefix(path, "["), "]"); ok && path[0] == '[' {
			v, path = nth(v, index), rest
			continue
		}
		var step string
		step, path = cutStep(strings.TrimPrefix(path, "."))
		v = v.Get(step)
	}
	return v
}
