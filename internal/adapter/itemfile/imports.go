package itemfile

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/bmatcuk/doublestar/v4"

	"github.com/dc-release/dc-release/internal/app/traceability"
	"github.com/dc-release/dc-release/internal/core/document"
	"github.com/dc-release/dc-release/internal/core/evidence"
	"github.com/dc-release/dc-release/internal/core/release"
	"github.com/dc-release/dc-release/internal/core/trace"
)

// settingsFile says how the files of other tools in the requirements are read.
const settingsFile = "requirements.yaml"

// settingsSchema is the value of the key schema, which may be left out.
const settingsSchema = "dc-release/requirements/v1"

// importFormats are the formats of other tools.
var importFormats = []string{"doorstop", "needs", "jira"}

// imports is what the requirements say of files of other tools, and the
// documents of Doorstop that are there.
type imports struct {
	project   string
	from      []mappedFiles
	documents []doorstopDocument
	digest    string // of everything that was read for it
}

// mappedFiles is one entry of imports: which files of another tool are read, and
// how their ids become ours.
type mappedFiles struct {
	format, path, project, number string
	kind                          string            // of every item, "" for by type
	kinds                         map[string]string // by the type that the tool gives
	leaveOut, retired, links      []string          // types; states; kinds of link that trace
	attributes                    map[string]string // key of the tool -> ours
	place                         place
}

// open reads the settings, and the documents of Doorstop below the paths that
// they name.
func (m *imports) open(r traceability.Repository, files []release.File, read func(string) ([]byte, bool, error)) ([]document.Finding, error) {
	f := newFile(r.Name(settingsFile))
	data, ok, err := read(settingsFile)
	if err != nil {
		return nil, err
	}
	sum := sha256.New()
	switch {
	case ok && len(data) > maxText:
		f.report("DOC-S12", start, "", "the file has %d bytes, want at most %d", len(data), maxText)
	case ok:
		sum.Write(data)
		m.settings(f, data)
	}
	m.unused(f, files)
	_, findings := f.done()
	for _, file := range files {
		if path.Base(file.Path) != doorstopSettings {
			continue
		}
		data, _, err := read(file.Path)
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(sum, "%s %d ", file.Path, len(data))
		sum.Write(data)
		d := newFile(r.Name(file.Path))
		m.document(d, file.Path, data)
		findings = append(findings, d.findings...)
	}
	m.digest = hex.EncodeToString(sum.Sum(nil))
	return findings, nil
}

func (m *imports) settings(f *file, data []byte) {
	root := f.yaml(data, refused)
	if root == nil || root.kind == null {
		return
	}
	var schema string
	f.keys(root, settingsFile, map[string]func(*value){
		"schema": f.str(&schema, "schema"), "project": f.str(&m.project, "project"),
		"kinds": nil, "owners": nil, "vocabulary": nil,
		"imports": func(v *value) {
			for _, entry := range f.list(v, "imports") {
				m.entry(f, entry)
			}
		},
	})
	if schema != "" && schema != settingsSchema {
		f.report("DOC-S12", root.get("schema").place, "write "+settingsSchema, "unknown schema %q", schema)
	}
	for i := range m.from {
		x := &m.from[i]
		if x.project == "" {
			x.project = m.project
		}
		if !evidence.IsID("FS-" + x.project + "-1") {
			f.report("DOC-S12", x.place, "write project: with the key of the solution", "project %q of the import is none: ids are written KIND-project-n with a project of a-z, 0-9 and single hyphens", x.project)
		}
	}
}

// entry reads one import. One of a known format is kept even where something in
// it is wrong, so that its files are findings and not read as something else.
func (m *imports) entry(f *file, v *value) {
	x := mappedFiles{place: v.place, kinds: map[string]string{}, attributes: map[string]string{}}
	if !f.keys(v, "an import", map[string]func(*value){
		"format": f.str(&x.format, "format"), "path": f.str(&x.path, "path"), "project": f.str(&x.project, "project"),
		"number": f.str(&x.number, "number"), "kind": f.str(&x.kind, "kind"),
		"kinds": f.table(x.kinds, "kinds"), "attributes": f.table(x.attributes, "attributes"),
		"leave-out": f.strs(&x.leaveOut, "leave-out"), "retired": f.strs(&x.retired, "retired"), "links": f.strs(&x.links, "links"),
	}) {
		return
	}
	if !slices.Contains(importFormats, x.format) {
		f.report("DOC-S12", v.place, "write one of "+strings.Join(importFormats, ", "), "unknown format %q of an import", x.format)
		return
	}
	x.path = path.Clean(strings.TrimPrefix(x.path, "./"))
	if x.number != "" && x.number != "trailing-digits" {
		f.report("DOC-S12", v.get("number").place, "write trailing-digits", "unknown way %q to make a number", x.number)
	}
	for _, k := range append([]string{x.kind}, valuesOf(x.kinds)...) {
		if k != "" && !slices.Contains([]string{"URS", "FS", "RA", "TEST"}, k) {
			f.report("DOC-S12", v.place, "write URS, FS, RA or TEST", "unknown kind %q of an import", k)
		}
	}
	if x.format == "jira" && len(x.links) == 0 {
		f.report("DOC-S12", v.place, "write links: with the link types that trace, such as [Implements, Tests]", "the import does not say which links of Jira trace")
	}
	m.from = append(m.from, x)
}

func valuesOf(m map[string]string) []string {
	var out []string
	for _, v := range m {
		out = append(out, v)
	}
	slices.Sort(out)
	return out
}

// table reads a mapping of texts.
func (f *file) table(to map[string]string, what string) func(*value) {
	return func(v *value) {
		if v.kind != mapping {
			f.report("DOC-S12", v.place, "write key: value lines", "%s is %s, want a mapping", what, v.kind)
		}
		for _, p := range v.pairs {
			var s string
			f.str(&s, what)(p.value)
			to[p.key] = s
		}
	}
}

// unused finds imports that no file is of.
func (m *imports) unused(f *file, files []release.File) {
	for i := range m.from {
		x := &m.from[i]
		if !slices.ContainsFunc(files, func(file release.File) bool { return x.takes(file.Path) }) {
			f.report("DOC-S12", x.place, "correct the path", "no file is at %q", x.path)
		}
	}
}

// takes reports whether an import reads a path.
func (x *mappedFiles) takes(file string) bool {
	if x.format == "doorstop" {
		return x.path == "." || strings.HasPrefix(file, x.path+"/")
	}
	ok, err := doublestar.Match(x.path, file)
	return ok && err == nil
}

// of is the import that reads a path with a format.
func (m *imports) of(format, file string) *mappedFiles {
	for i := range m.from {
		if x := &m.from[i]; x.format == format && x.takes(file) {
			return x
		}
	}
	return nil
}

// mappedTo takes the files that the requirements map to a format.
func mappedTo(format string) func(*opened, string) (string, bool) {
	return func(o *opened, file string) (string, bool) {
		return o.imports.digest, o.imports.of(format, file) != nil
	}
}

// id makes our id of a foreign one of a type. An id of our grammar is taken as
// it is. The number is what the id ends with, without leading zeros.
func (x *mappedFiles) id(foreign, of string) (string, error) {
	if evidence.IsID(foreign) {
		return foreign, nil
	}
	k := x.kind
	if by, ok := x.kinds[of]; ok {
		k = by
	}
	if k == "" {
		return "", fmt.Errorf("type %q of %q has no kind in %s", of, foreign, settingsFile)
	}
	digits := foreign[len(strings.TrimRight(foreign, "0123456789")):]
	number := strings.TrimLeft(digits, "0")
	if number == "" {
		return "", fmt.Errorf("id %q does not end with a number from 1", foreign)
	}
	id := strings.Join([]string{k, x.project, number}, "-")
	if !evidence.IsID(id) {
		return "", fmt.Errorf("id %q becomes %q, which is no id", foreign, id)
	}
	return id, nil
}

// foreign is an item of another tool before its links are known.
type foreign struct {
	id, kind, title, text, state string
	place                        place
	retired                      bool
	attributes                   []trace.Attribute
	links                        []foreignLink
	stamp                        string
}

// foreignLink is a link to an item of another tool.
type foreignLink struct {
	to    string // its id there
	id    string // ours, "" when it has none
	name  string // what the tool calls the link
	place place
	seen  string // the stamp that it was reviewed at
}

// adopt makes an item of a foreign one. What cannot be mapped is a finding.
func (f *file) adopt(x *mappedFiles, from foreign) {
	if slices.Contains(x.leaveOut, from.kind) {
		return
	}
	id, err := x.id(from.id, from.kind)
	if err != nil {
		f.report("DOC-S12", from.place, "write the type under kinds or leave-out in "+settingsFile+", or give the item a number", "%v", err)
		return
	}
	item, ok := f.newItem(id, from.place)
	if !ok || f.full(from.place) {
		return
	}
	item.Title, item.Text, item.Stamp = from.title, from.text, from.stamp
	if id != from.id {
		item.Attributes = append(item.Attributes, trace.Attribute{Key: trace.ForeignID, Value: from.id})
	}
	for _, a := range from.attributes {
		if ours, ok := x.attributes[a.Key]; ok {
			f.set(&item, ours, a.Value, from.place)
			continue
		}
		item.Attributes = append(item.Attributes, a)
	}
	item.Retired = item.Retired || from.retired || from.state != "" && slices.Contains(x.retired, from.state)
	for _, l := range from.links {
		f.adoptLink(&item, l)
	}
	f.add(item)
}

// adoptLink traces a link, at the other item where that is the one that can hold
// it, or keeps it as an attribute.
func (f *file) adoptLink(i *trace.Item, l foreignLink) {
	keep := func() { i.Attributes = append(i.Attributes, trace.Attribute{Key: "Link " + l.name, Value: l.to}) }
	if l.id == "" {
		keep()
		return
	}
	err := i.Link(trace.Reference{ID: l.id, At: f.at(l.place), Seen: l.seen})
	if err == nil {
		return
	}
	other, ok := f.newItem(l.id, l.place)
	if ok && other.Link(trace.Reference{ID: i.ID}) == nil {
		f.turned = append(f.turned, turned{at: l.id, to: trace.Reference{ID: i.ID, At: f.at(l.place)}, place: l.place})
		return
	}
	f.warn("DOC-T03", l.place, "change the kinds in "+settingsFile, "the link %q to %s is kept and not traced: %v", l.name, l.to, err)
	keep()
}

// turned is a link that stands at the item that it leads to.
type turned struct {
	at    string
	to    trace.Reference
	place place
}

// turn puts the links that stand at the wrong end where they belong.
func (f *file) turn() {
	if len(f.turned) == 0 {
		return
	}
	by := make(map[string]*trace.Item, len(f.items))
	for i := range f.items {
		by[f.items[i].ID] = &f.items[i]
	}
	for _, t := range f.turned {
		item, here := by[t.at]
		if !here {
			f.warn("DOC-T03", t.place, "write the link at "+t.at, "the link from %s to %s belongs to an item that is not in the file, and is not traced", t.to.ID, t.at)
			continue
		}
		if err := item.Link(t.to); err != nil {
			f.report("DOC-T03", t.place, "split the item", "%v", err)
		}
	}
}
