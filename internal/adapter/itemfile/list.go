package itemfile

import (
	"path"
	"strings"

	"github.com/dc-release/dc-release/internal/app/traceability"
	"github.com/dc-release/dc-release/internal/core/trace"
)

// isList takes the YAML files of the requirements that are not hidden, and those
// of the documentation of the code.
func isList(o *opened, name string) (string, bool) {
	if !isYAML(name) || isHidden(name) || name == settingsFile {
		return "", false
	}
	return "", o.repository == traceability.Requirements || strings.HasPrefix(name, "documentation/")
}

func isYAML(name string) bool {
	extension := path.Ext(name)
	return extension == ".yaml" || extension == ".yml"
}

func isHidden(name string) bool { return strings.HasPrefix(name, ".") || strings.Contains(name, "/.") }

// readList reads a list of items. A file that is no list, or a list of other
// things, holds none.
func readList(_ *opened, f *file, _ string, data []byte) {
	root := f.yaml(data, refused)
	switch {
	case root == nil:
	case root.kind == mapping && trace.LooksLikeID(root.get("id").text):
		f.report("DOC-S12", root.place, "write - before id:", "%s stands alone, want a list of items", root.get("id").text)
	case root.kind == sequence && naming(root):
		f.items = make([]trace.Item, 0, min(len(root.items), maxItems))
		for _, v := range root.items {
			if f.full(v.place) {
				return
			}
			f.entry(v)
		}
	}
}

// naming reports whether one entry has an id that is meant as one of ours.
func naming(list *value) bool {
	for _, v := range list.items {
		if trace.LooksLikeID(v.get("id").text) {
			return true
		}
	}
	return false
}

// entry reads one item of a list.
func (f *file) entry(v *value) {
	if v.kind != mapping {
		f.report("DOC-S12", v.place, "write - id: FS-...", "an entry is %s, want an item", v.kind)
		return
	}
	id := v.get("id")
	if id == nothing {
		f.report("DOC-S01", v.place, "write - id: FS-...", "an entry has no id")
		return
	}
	item, ok := f.newItem(id.text, id.place)
	if !ok {
		return
	}
	f.keys(v, item.ID, map[string]func(*value){
		"id": nil, "title": f.str(&item.Title, "title"), "text": f.str(&item.Text, "text"),
		"status":     func(v *value) { f.attribute(&item, "Status", v) },
		"attributes": func(v *value) { f.attributes(&item, v) },
		"links":      func(v *value) { f.links(&item, v) },
		"steps":      func(v *value) { f.steps(&item, v) },
	})
	f.add(item)
}

func (f *file) attributes(i *trace.Item, v *value) {
	if v.kind != mapping {
		f.report("DOC-S12", v.place, "write key: value lines", "attributes are %s, want a mapping", v.kind)
	}
	for _, p := range v.pairs {
		f.attribute(i, p.key, p.value)
	}
}

// attribute gives the item a text, or a list of texts with commas between them.
func (f *file) attribute(i *trace.Item, key string, v *value) {
	if !v.scalar() && (v.kind == mapping || len(v.words()) != len(v.items)) {
		f.report("DOC-S12", v.place, "write a text or [a, b]", "attribute %q of %s is no text and no list of texts", key, i.ID)
		return
	}
	f.set(i, key, v.plain(), v.place)
}

// linkKeys are the keys of links that say what they mean.
var linkKeys = map[string]bool{"implements": true, "verifies": true, "assesses": true, "item": true, "mitigations": true, "mitigation": true}

// links reads ids under what they mean, or a list of ids, whose meaning follows
// from the kinds of both.
func (f *file) links(i *trace.Item, v *value) {
	if v.kind != mapping {
		for _, w := range f.list(v, "links") {
			f.link(i, w)
		}
		return
	}
	for _, p := range v.pairs {
		if !linkKeys[strings.ToLower(p.key)] {
			f.report("DOC-S12", p.place, "the keys are "+names(linkKeys), "unknown kind of link %q of %s", p.key, i.ID)
			continue
		}
		for _, w := range p.value.words() {
			f.set(i, p.key, w.text, w.place)
		}
	}
}

// link reads one id whose meaning follows from its kind.
func (f *file) link(i *trace.Item, v *value) {
	r, err := trace.ParseReference(v.text, f.at(v.place))
	if err != nil {
		f.report("DOC-S01", v.place, "write an id such as URS-corp-procurement-1", "%s: %v", i.ID, err)
		return
	}
	if err := i.Link(r); err != nil {
		f.report("DOC-T03", v.place, "write the link at the other item", "%v", err)
	}
}

// steps reads texts, or mappings with action and expected.
func (f *file) steps(i *trace.Item, v *value) {
	for n, s := range f.list(v, "steps") {
		var step trace.Step
		switch {
		case n >= trace.MaxSteps:
			f.report("DOC-S12", s.place, "split the test", "%s has more than %d steps", i.ID, trace.MaxSteps)
			return
		case s.scalar():
			step.Action = s.text
		default:
			if !f.keys(s, "a step", map[string]func(*value){"action": f.str(&step.Action, "action"), "expected": f.str(&step.Expected, "expected")}) {
				continue
			}
		}
		if step == (trace.Step{}) {
			f.report("DOC-S12", s.place, "write action: and expected:", "a step of %s says nothing", i.ID)
			continue
		}
		i.Steps = append(i.Steps, step)
	}
}
