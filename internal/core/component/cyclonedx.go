package component

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
)

// cyclonedx reads what every CycloneDX document begins with
// (cyclonedx.org/docs/1.6/json).
func cyclonedx(n node) Report {
	if got := n.at("bomFormat").text(); got != "CycloneDX" {
		switch {
		case n.at("spdxVersion").there():
			n.wrong("is SPDX: write it as CycloneDX")
		default:
			n.at("bomFormat").wrong("want CycloneDX")
		}
		return Report{}
	}
	version := n.at("specVersion").text()
	if !slices.Contains([]string{"1.4", "1.5", "1.6", "1.7"}, version) {
		n.at("specVersion").wrong("%q: want 1.4, 1.5, 1.6 or 1.7", clip(version, maxName))
		return Report{}
	}
	about := n.at("metadata").object()
	return Report{Format: "CycloneDX " + version, Tool: madeBy(about.at("tools")), Link: link(n), Subjects: subjects(about.at("component").object())}
}

// link is the BOM-Link of a document, "" without a serial number (CycloneDX,
// BOM-Link: urn:cdx:UUID/VERSION).
func link(n node) string {
	uuid, ok := strings.CutPrefix(lower(n.at("serialNumber").text()), "urn:uuid:")
	version, numbered := integer(n.at("version"))
	if !numbered {
		version = 1
	}
	if !ok || uuid == "" {
		return ""
	}
	return fmt.Sprintf("urn:cdx:%s/%d", uuid, version)
}

// subjects are the SHA-256 of what a document describes.
func subjects(n node) []string {
	var out []string
	for _, h := range n.at("hashes").list() {
		if h.at("alg").text() != "SHA-256" {
			continue
		}
		d := digest(h.at("content").text())
		if d == "" {
			h.at("content").wrong("want a SHA-256 in hexadecimal")
			continue
		}
		out = append(out, d)
	}
	return out
}

// madeBy names the tools: a list until 1.4, an object with components since 1.5.
func madeBy(n node) string {
	list := n
	if _, object := n.value.(map[string]any); object {
		list = n.at("components")
	}
	var out []string
	for _, t := range list.list() {
		out = append(out, strings.TrimSpace(t.at("name").text()+" "+t.at("version").text()))
	}
	return clip(strings.Join(out, ", "), maxText)
}

func readSBOM(n node) Report {
	out := cyclonedx(n)
	if out.Format == "" {
		return out
	}
	out.Components = out.listed(n)
	if len(out.Components) == 0 {
		n.at("components").wrong("lists nothing: want every component of the artifact")
	}
	return out
}

// listed are the components of a document, those of what it describes too.
func (r Report) listed(n node) []Component {
	about := n.at("metadata").at("component")
	refs := map[string]bool{about.at("bom-ref").text(): true}
	list := append(components(n.at("components"), refs), components(about.at("components"), refs)...)
	for i := range list {
		list[i].Document = r.Link
	}
	return list
}

// components reads a list and what is inside of its components; a bom-ref is
// there once.
func components(n node, refs map[string]bool) []Component {
	var out []Component
	for _, c := range n.list() {
		one := component(c)
		if one.Ref != "" && refs[one.Ref] {
			c.at("bom-ref").wrong("%q stands twice", clip(one.Ref, maxText))
		}
		refs[one.Ref] = true
		out = append(append(out, one), components(c.at("components"), refs)...)
	}
	return out
}

func component(n node) Component {
	c := Component{
		Ref: n.at("bom-ref").text(), Type: n.at("type").name(), Name: n.at("name").name(), Version: n.at("version").text(), PURL: n.at("purl").text(),
	}
	if group := n.at("group").text(); group != "" {
		c.Name = group + "/" + c.Name
	}
	for _, l := range n.at("licenses").list() {
		one := l.at("license").object()
		for _, name := range []string{l.at("expression").text(), one.at("id").text(), one.at("name").text()} {
			if name != "" {
				c.Licences = append(c.Licences, name)
				break
			}
		}
	}
	for _, h := range n.at("hashes").list() {
		c.Hashes = append(c.Hashes, h.at("alg").name()+" "+h.at("content").name())
	}
	return c
}

// settled are the states of an analysis that end it. exploitable and in_triage
// do not: the finding stays.
var settled = []string{"not_affected", "false_positive", "resolved", "resolved_with_pedigree"}

// justifications are why not_affected may be said.
var justifications = []string{
	"code_not_present", "code_not_reachable", "requires_configuration", "requires_dependency", "requires_environment",
	"protected_by_compiler", "protected_at_runtime", "protected_at_perimeter", "protected_by_mitigating_control",
}

func readVEX(n node) Report {
	out := cyclonedx(n)
	if out.Format == "" {
		return out
	}
	by := author(n.at("metadata"))
	known := map[string]Component{}
	for _, c := range out.listed(n) {
		known[c.Ref] = c
	}
	whole := n.at("metadata").at("component").at("bom-ref").text()
	list := n.at("vulnerabilities").list()
	if len(list) == 0 {
		n.at("vulnerabilities").wrong("says nothing: want one at least")
	}
	for _, v := range list {
		id := v.at("id").id()
		if !v.at("analysis").object().at("state").there() {
			continue // Dependency-Track and Trivy name what nobody has looked at too
		}
		a := Assessment{IDs: []string{id}, By: by, State: state(v.at("analysis")), Why: why(v.at("analysis"))}
		for _, r := range v.at("references").list() {
			if id := r.at("id").text(); id != "" {
				a.IDs = append(a.IDs, id)
			}
		}
		affects := v.at("affects").list()
		a.Whole = len(affects) == 0
		for _, at := range affects {
			p := named(at.at("ref").name(), out.Link)
			c, ok := known[p.Ref]
			switch {
			case p.Document == "" && p.Ref == whole && whole != "":
				a.Whole = true
			case p.Document == "" && ok && p.Ref != "":
				a.Packages = append(a.Packages, c)
			default:
				a.Packages = append(a.Packages, p)
			}
		}
		if !slices.Contains(settled, a.State) {
			continue
		}
		if by == "" {
			n.at("metadata").wrong("does not say whose assessment this is: want authors, manufacturer or supplier with a name")
			return out
		}
		out.Assessments = append(out.Assessments, a)
	}
	return out
}

// named is what a reference says alone: the purl that it is, or a BOM-Link
// (urn:cdx:UUID/VERSION#REF), whose document has to be here: what was said of a
// package inside of another product says nothing of this one. A link to the
// document itself is a plain reference.
func named(ref, own string) Component {
	if strings.HasPrefix(lower(ref), "urn:cdx:") {
		document, inside, _ := strings.Cut(ref, "#")
		if plain, err := url.PathUnescape(inside); err == nil {
			inside = plain
		}
		if document = lower(document); document == own {
			document = ""
		}
		return Component{Document: document, Ref: inside}
	}
	c := Component{Ref: ref}
	if strings.HasPrefix(lower(ref), "pkg:") {
		c.PURL = ref
	}
	return c
}

func state(n node) string {
	s := n.object().at("state").name()
	if s != "" && s != "exploitable" && s != "in_triage" && !slices.Contains(settled, s) {
		n.at("state").wrong("%q: want exploitable, in_triage or one of %v", clip(s, maxName), settled)
	}
	return s
}

// why wants a reason of what ends an analysis: not_affected a justification, the
// others a justification or a detail.
func why(n node) string {
	state, justification, detail := n.at("state").text(), n.at("justification").text(), strings.TrimSpace(n.at("detail").text())
	switch {
	case justification != "" && !slices.Contains(justifications, justification):
		n.at("justification").wrong("%q: want one of %v", clip(justification, maxName), justifications)
	case state == "not_affected" && justification == "":
		n.at("justification").wrong("is not there: want why the artifact is not affected, one of %v", justifications)
	case slices.Contains(settled, state) && justification == "" && detail == "":
		n.at("detail").wrong("is not there: want why it is %s", state)
	}
	if justification != "" && detail != "" {
		return justification + ": " + clip(detail, maxText)
	}
	return clip(justification+detail, maxText)
}

// author is who made the document.
func author(n node) string {
	var out []string
	for _, a := range n.object().at("authors").list() {
		out = append(out, strings.TrimSpace(a.at("name").text()+" "+a.at("email").text()))
	}
	for _, name := range []string{"manufacturer", "manufacture", "supplier"} {
		out = append(out, strings.TrimSpace(n.at(name).object().at("name").text()))
	}
	return clip(strings.Join(slices.DeleteFunc(out, func(s string) bool { return s == "" }), ", "), maxText)
}
