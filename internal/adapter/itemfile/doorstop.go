package itemfile

import (
	"crypto/sha256"
	"encoding/base64"
	"path"
	"slices"
	"strings"

	"github.com/dc-release/dc-release/internal/core/evidence"
	"github.com/dc-release/dc-release/internal/core/trace"
)

// doorstopSettings is the file that makes a folder a document of Doorstop.
const doorstopSettings = ".doorstop.yml"

// doorstopDocument is a folder of items, one file each.
type doorstopDocument struct {
	folder, prefix string
	from           *mappedFiles
	reviewed       []string // own attributes that its stamps cover
}

// document reads the settings of one.
func (m *imports) document(f *file, file string, data []byte) {
	d := doorstopDocument{folder: path.Dir(file), from: m.of("doorstop", file)}
	if d.from == nil {
		f.warn("DOC-S12", start, "write an import with format: doorstop and path: "+d.folder+" in "+settingsFile, "the document of Doorstop in %q is not imported", d.folder)
		return
	}
	root := f.yaml(data, followed)
	if root == nil {
		root = nothing
	}
	settings := root.get("settings")
	if d.prefix = settings.get("prefix").text; d.prefix == "" {
		f.report("DOC-S12", root.place, "write settings: with prefix:", "the document has no prefix")
	}
	if as := settings.get("itemformat"); as.text != "" && as.text != "yaml" {
		f.report("DOC-S12", as.place, "keep the items as YAML", "items in the format %q of Doorstop are not read", as.text)
	}
	for _, w := range root.get("attributes").get("reviewed").words() {
		d.reviewed = append(d.reviewed, w.text)
	}
	m.documents = append(m.documents, d)
}

// holding is the document that a file is an item of: that of the nearest folder.
func (m *imports) holding(file string) *doorstopDocument {
	var out *doorstopDocument
	for i := range m.documents {
		d := &m.documents[i]
		if (d.folder == "." || strings.HasPrefix(file, d.folder+"/")) && (out == nil || len(d.folder) > len(out.folder)) {
			out = d
		}
	}
	return out
}

// byPrefix is the document that an id belongs to.
func (m *imports) byPrefix(uid string) *doorstopDocument {
	var out *doorstopDocument
	for i := range m.documents {
		d := &m.documents[i]
		if d.prefix != "" && len(uid) > len(d.prefix) && strings.EqualFold(uid[:len(d.prefix)], d.prefix) && (out == nil || len(d.prefix) > len(out.prefix)) {
			out = d
		}
	}
	return out
}

// isDoorstop takes every YAML file below the path of an import but for the
// settings of documents.
func isDoorstop(o *opened, file string) (string, bool) {
	return o.imports.digest, isYAML(file) && !isHidden(file) && file != settingsFile && o.imports.of("doorstop", file) != nil
}

// readDoorstop reads one item. Its name is its id. Text that is not normative is
// no item, as in Doorstop.
func readDoorstop(o *opened, f *file, file string, data []byte) {
	d := o.imports.holding(file)
	root := f.yaml(data, refused)
	switch {
	case d == nil:
		f.report("DOC-S12", start, "run doorstop create, or correct the path of the import", "no folder above the file has %s", doorstopSettings)
		return
	case root == nil:
		return
	case root.kind != mapping:
		f.report("DOC-S12", root.place, "", "the file is %s, want an item of Doorstop", root.kind)
		return
	case root.has("normative") && !isTrue(root.get("normative")):
		return
	}
	x := foreign{id: strings.TrimSuffix(path.Base(file), path.Ext(file)), place: start, kind: d.prefix}
	x.text = trimmedLines(root.get("text").text)
	x.title = trimmedLines(root.get("header").text)
	if x.title == "" {
		x.title, _, _ = strings.Cut(x.text, "\n")
	}
	x.retired = root.has("active") && !isTrue(root.get("active"))
	for _, p := range root.pairs {
		said := strings.TrimSpace(p.value.plain())
		switch {
		case slices.Contains([]string{"text", "header", "links", "active", "normative", "reviewed"}, p.key):
		case p.key == "derived" && !isTrue(p.value) || said == "":
		default:
			x.attributes = append(x.attributes, trace.Attribute{Key: p.key, Value: said})
		}
	}
	for _, l := range root.get("links").items {
		x.links = append(x.links, o.imports.doorstopLink(f, l))
	}
	x.stamp = d.stamp(x, root)
	f.adopt(d.from, x)
}

func isTrue(v *value) bool {
	return strings.EqualFold(v.text, "true") || strings.EqualFold(v.text, "yes")
}

// stamp is the fingerprint that Doorstop computes for the content of an item,
// without its links: SHA-256 of id, text and reference in base64 of RFC 4648, section 5.
// It is "" where it would cover what Doorstop writes in the notation of Python:
// a list of references, and attributes that are reviewed.
func (d *doorstopDocument) stamp(x foreign, root *value) string {
	if len(root.get("references").items) > 0 || slices.ContainsFunc(d.reviewed, root.has) {
		return ""
	}
	sum := sha256.Sum256([]byte(x.id + x.text + strings.TrimSpace(root.get("ref").text)))
	return base64.URLEncoding.EncodeToString(sum[:])
}

// stampLength is that of SHA-256 in base64; older versions wrote other stamps.
const stampLength = 44

// doorstopLink reads "SYS001" or "SYS001: stamp".
func (m *imports) doorstopLink(f *file, v *value) foreignLink {
	l := foreignLink{to: v.text, name: "parent", place: v.place}
	if len(v.pairs) > 0 {
		p := v.pairs[0]
		l.to, l.place = p.key, p.place
		switch seen := p.value; {
		case seen.kind != text:
		case len(seen.text) == stampLength:
			l.seen = seen.text
		default:
			f.warn("DOC-S12", seen.place, "run doorstop clear", "the stamp of the link to %s is of another version of Doorstop and is not compared", l.to)
		}
	}
	if evidence.IsID(l.to) {
		l.id = l.to
		return l
	}
	d := m.byPrefix(l.to)
	if d == nil {
		f.report("DOC-T03", l.place, "import the document that holds it", "no imported document holds %q", l.to)
		return l
	}
	id, err := d.from.id(l.to, d.prefix)
	if err != nil {
		f.report("DOC-T03", l.place, "give the item a number", "%v", err)
	}
	l.id = id
	return l
}
