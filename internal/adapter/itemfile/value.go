package itemfile

import "strings"

// kind of a value.
type kind uint8

const (
	null kind = iota
	boolean
	number
	text
	sequence
	mapping
)

func (k kind) String() string {
	return [...]string{"empty", "true or false", "a number", "a text", "a list", "a mapping"}[k]
}

// value is one value of a YAML or JSON file with its place.
type value struct {
	kind  kind
	text  string // of a scalar, as it is written
	place place
	items []*value // of a sequence
	pairs []pair   // of a mapping, in their order
}

type pair struct {
	key   string
	place place
	value *value
}

var nothing = &value{place: start}

// get is the value of a key, an empty one when it is not there.
func (v *value) get(key string) *value {
	for _, p := range v.pairs {
		if p.key == key {
			return p.value
		}
	}
	return nothing
}

func (v *value) has(key string) bool { return v.get(key) != nothing }

// scalar reports whether a value is one; an empty one is.
func (v *value) scalar() bool { return v.kind < sequence }

// words are the texts of a scalar or of a list of scalars.
func (v *value) words() []*value {
	switch {
	case v.kind == null || v.kind == mapping:
		return nil
	case v.kind != sequence:
		return []*value{v}
	}
	var out []*value
	for _, i := range v.items {
		if i.scalar() && i.kind != null {
			out = append(out, i)
		}
	}
	return out
}

// plain is any value as one text: lists with commas, mappings by the name that
// they carry, else key by key.
func (v *value) plain() string {
	switch v.kind {
	case sequence:
		var out []string
		for _, i := range v.items {
			if s := i.plain(); s != "" {
				out = append(out, s)
			}
		}
		return strings.Join(out, ", ")
	case mapping:
		for _, name := range []string{"name", "value", "displayName"} {
			if s := v.get(name); s.kind == text {
				return s.text
			}
		}
		var out []string
		for _, p := range v.pairs {
			out = append(out, p.key+": "+p.value.plain())
		}
		return strings.Join(out, ", ")
	}
	return v.text
}

// keys calls what reads each key of a mapping; a key that none reads is a
// finding. False is a value that is no mapping.
func (f *file) keys(v *value, what string, read map[string]func(*value)) bool {
	if v.kind != mapping {
		f.report("DOC-S12", v.place, "write key: value lines", "%s is %s, want a mapping", what, v.kind)
		return false
	}
	for _, p := range v.pairs {
		r, known := read[p.key]
		if !known {
			f.report("DOC-S12", p.place, "the keys are "+names(read), "unknown key %q of %s", p.key, what)
			continue
		}
		if r != nil {
			r(p.value)
		}
	}
	return true
}

// list is the values of a sequence; anything else is a finding.
func (f *file) list(v *value, what string) []*value {
	if v.kind != sequence {
		if v.kind != null {
			f.report("DOC-S12", v.place, "write - before each entry", "%s is %s, want a list", what, v.kind)
		}
		return nil
	}
	return v.items
}

// str reads a scalar into a text.
func (f *file) str(to *string, what string) func(*value) {
	return func(v *value) {
		if !v.scalar() {
			f.report("DOC-S12", v.place, "write a text", "%s is %s, want a text", what, v.kind)
			return
		}
		*to = v.text
	}
}

// strs reads a scalar or a list of scalars.
func (f *file) strs(to *[]string, what string) func(*value) {
	return func(v *value) {
		if v.kind == mapping || v.kind == sequence && len(v.words()) != len(v.items) {
			f.report("DOC-S12", v.place, "write [a, b]", "%s is no list of texts", what)
		}
		for _, w := range v.words() {
			*to = append(*to, w.text)
		}
	}
}
