package itemfile

import (
	"slices"
	"strings"

	"github.com/dc-release/dc-release/internal/core/trace"
)

// readNeeds reads the current version of a needs.json of sphinx-needs.
func readNeeds(o *opened, f *file, path string, data []byte) {
	root := f.json(data)
	if root == nil {
		return
	}
	version, at := currentNeeds(root)
	needs := version.get("needs")
	if needs.kind != mapping {
		f.report("DOC-S12", at, "export with sphinx-build -b needs", "the file has no needs of its current version")
		return
	}
	r := needsReader{file: f, from: o.imports.of("needs", path), needs: needs, fields: version.get("needs_schema").get("properties")}
	r.kinds = make(map[string]string, len(needs.pairs))
	for _, p := range needs.pairs {
		r.kinds[p.key] = r.of(p.value, "type")
	}
	f.items = make([]trace.Item, 0, min(len(needs.pairs), maxItems))
	for _, p := range needs.pairs {
		r.need(p)
	}
}

// currentNeeds is the version that the file calls current, or the only one.
func currentNeeds(root *value) (*value, place) {
	versions := root.get("versions")
	if current := root.get("current_version"); current != nothing {
		return versions.get(current.text), current.place
	}
	if len(versions.pairs) == 1 {
		return versions.pairs[0].value, versions.pairs[0].place
	}
	return nothing, root.place
}

type needsReader struct {
	file   *file
	from   *mappedFiles
	needs  *value
	fields *value            // what newer files say of each field
	kinds  map[string]string // the type of each need
}

// of is a field as a text; a file that leaves defaults out says them in its
// schema.
func (r *needsReader) of(need *value, field string) string {
	if v := need.get(field); v != nothing {
		return v.plain()
	}
	return r.fields.get(field).get("default").plain()
}

// need reads one. One of another project is no item of this one.
func (r *needsReader) need(p pair) {
	if p.value.kind != mapping {
		r.file.report("DOC-S12", p.place, "", "need %q is %s, want a mapping", p.key, p.value.kind)
		return
	}
	if isTrue(p.value.get("is_external")) {
		r.file.warn("DOC-S12", p.place, "import it from its own project", "need %q is of another project and is left out", p.key)
		return
	}
	x := foreign{id: p.key, kind: r.kinds[p.key], title: r.of(p.value, "title"), place: p.place, state: r.of(p.value, "status")}
	if x.text = r.of(p.value, "content"); x.text == "" {
		x.text = r.of(p.value, "description")
	}
	for _, field := range p.value.pairs {
		said := field.value.plain()
		switch {
		case r.isLink(p.value, field):
			for _, l := range field.value.words() {
				x.links = append(x.links, r.link(field.key, l))
			}
		case said != "" && r.isOwn(field.key):
			x.attributes = append(x.attributes, trace.Attribute{Key: field.key, Value: said})
		}
	}
	r.file.adopt(r.from, x)
}

// isLink reports whether a field holds links to other needs: the schema says
// so, or the field of what links back is beside it.
func (r *needsReader) isLink(need *value, field pair) bool {
	if len(r.from.links) > 0 && !slices.Contains(r.from.links, field.key) {
		return false
	}
	if as := r.fields.get(field.key).get("field_type").text; as != "" {
		return as == "links"
	}
	return field.key == "links" || field.value.kind == sequence && need.has(field.key+"_back")
}

// link finds the target of a link; a part of a need is written "ID.part".
func (r *needsReader) link(name string, v *value) foreignLink {
	l := foreignLink{to: v.text, name: name, place: v.place}
	target := v.text
	if _, known := r.kinds[target]; !known {
		target, _, _ = strings.Cut(target, ".")
	}
	if slices.Contains(r.from.leaveOut, r.kinds[target]) {
		return l
	}
	_, known := r.kinds[target]
	id, err := r.from.id(target, r.kinds[target])
	switch {
	case !known && (err != nil || id != target):
		r.file.report("DOC-T03", v.place, "export the need that is linked to", "%q links to %q, which is not in the file", name, v.text)
	case err == nil:
		l.id = id
	}
	return l
}

// isOwn reports whether a field is one of the project or worth keeping, and not
// of the tool.
func (r *needsReader) isOwn(key string) bool {
	if _, mapped := r.from.attributes[key]; mapped {
		return true
	}
	switch as := r.fields.get(key).get("field_type").text; {
	case key == "tags" || key == "status" || as == "extra":
		return true
	case as != "":
		return false
	}
	return !slices.Contains(needsOfTool, key) && !strings.HasSuffix(key, "_back")
}

// needsOfTool are the fields of the tool in files that have no schema: how a need
// is shown, where it stands, and what is read elsewhere.
var needsOfTool = strings.Fields(`
	arch avatar closed_at collapse completion constraints constraints_error constraints_passed constraints_results content content_id
	content_node created_at delete description docname doctype duration external_css external_url full_title has_dead_links
	has_forbidden_dead_links hidden hide hide_status hide_tags id id_complete id_parent id_prefix is_external is_import is_modified
	is_need is_part jinja_content layout lineno lineno_content max_amount max_content_lines modifications params parent_need
	parent_needs parts post_content post_template pre_content pre_template prefix query section_name sections service signature
	specific style tags target_id template title type type_color type_name type_prefix type_style updated_at url url_postfix user`)
