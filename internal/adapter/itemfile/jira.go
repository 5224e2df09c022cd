package itemfile

import (
	"slices"
	"strconv"

	"github.com/dc-release/dc-release/internal/core/trace"
)

// readJira reads the answer of Jira's search (REST API 2 and 3): an object with
// issues, or the list of issues alone.
func readJira(o *opened, f *file, path string, data []byte) {
	root := f.json(data)
	if root == nil {
		return
	}
	issues := root
	if root.kind == mapping {
		issues = root.get("issues")
		f.whole(root, issues)
	}
	if issues.kind != sequence {
		f.report("DOC-S12", root.place, "export the answer of a search", "the file has no issues")
		return
	}
	r := jiraReader{file: f, from: o.imports.of("jira", path), names: root.get("names"), kinds: map[string]string{}}
	for _, i := range issues.items {
		r.kinds[i.get("key").text] = i.get("fields").get("issuetype").plain()
	}
	for _, i := range issues.items {
		r.issue(i)
	}
}

// whole finds an answer that is one page of several.
func (f *file) whole(root, issues *value) {
	first, _ := strconv.Atoi(root.get("startAt").text)
	total, err := strconv.Atoi(root.get("total").text)
	if err == nil && (first > 0 || total > len(issues.items)) {
		f.report("DOC-S12", root.get("total").place, "export all pages into one list of issues", "the file holds %d of %d issues, from %d", len(issues.items), total, first)
	}
	if last := root.get("isLast"); last.text == "false" || root.get("nextPageToken").kind == text {
		f.report("DOC-S12", last.place, "export all pages into one list of issues", "the file is one page of several")
	}
}

type jiraReader struct {
	file  *file
	from  *mappedFiles
	names *value            // what people call the fields, where the export says it
	kinds map[string]string // the type of each issue
}

// jiraKept are the fields that are kept beside those that the import maps.
var jiraKept = []string{"status", "priority", "labels", "components"}

func (r *jiraReader) issue(i *value) {
	key, fields := i.get("key"), i.get("fields")
	if key.kind != text || fields.kind != mapping {
		r.file.report("DOC-S12", i.place, "export key and fields of every issue", "an issue has no key or no fields")
		return
	}
	x := foreign{
		id: key.text, kind: r.kinds[key.text], title: fields.get("summary").plain(), place: key.place,
		state: fields.get("status").plain(), text: r.file.adf(fields.get("description")),
	}
	for _, field := range fields.pairs {
		name := field.key
		if _, ours := r.from.attributes[name]; !ours {
			if said := r.names.get(field.key).text; said != "" {
				name = said
			}
		}
		if _, ours := r.from.attributes[name]; !ours && !slices.Contains(jiraKept, field.key) {
			continue
		}
		if said := r.said(field.value); said != "" {
			x.attributes = append(x.attributes, trace.Attribute{Key: name, Value: said})
		}
	}
	for _, l := range fields.get("issuelinks").items {
		if link, ok := r.link(l); ok {
			x.links = append(x.links, link)
		}
	}
	if parent := fields.get("parent"); parent != nothing && parent.kind == mapping {
		x.links = append(x.links, r.target(foreignLink{name: "parent"}, parent, slices.Contains(r.from.links, "parent")))
	}
	r.file.adopt(r.from, x)
}

// said is the value of a field as a text.
func (r *jiraReader) said(v *value) string {
	if v.kind == mapping && v.get("type").text == "doc" {
		return oneLine(r.file.adf(v))
	}
	return v.plain()
}

// link reads one of the links of an issue. One of a type that does not trace is
// kept as an attribute.
func (r *jiraReader) link(v *value) (foreignLink, bool) {
	as := v.get("type")
	l := foreignLink{name: as.get("outward").text}
	other := v.get("outwardIssue")
	if other == nothing {
		l.name, other = as.get("inward").text, v.get("inwardIssue")
	}
	if other.kind != mapping {
		r.file.report("DOC-S12", v.place, "export the links of every issue", "a link has no other issue")
		return l, false
	}
	traces := slices.Contains(r.from.links, as.get("name").text) || slices.Contains(r.from.links, l.name)
	return r.target(l, other, traces), true
}

// target finds what a link leads to; Jira says its type beside it.
func (r *jiraReader) target(l foreignLink, other *value, traces bool) foreignLink {
	key := other.get("key")
	l.to, l.place = key.text, key.place
	of, here := r.kinds[l.to]
	if !here {
		of = other.get("fields").get("issuetype").plain()
	}
	if !traces || slices.Contains(r.from.leaveOut, of) {
		return l
	}
	id, err := r.from.id(l.to, of)
	if err != nil {
		r.file.report("DOC-T03", l.place, "write the type under kinds or leave-out in "+settingsFile, "%v", err)
		return l
	}
	l.id = id
	return l
}
