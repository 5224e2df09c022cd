package component

import (
	"slices"
	"strings"
)

// readOSV reads what osv-scanner writes with --format json
// (google.github.io/osv-scanner/output): of each package its vulnerabilities, and
// groups of those that are one weakness under several ids.
func readOSV(n node) Report {
	out := Report{Format: "OSV-Scanner", Tool: "osv-scanner"}
	for _, source := range n.at("results").list() {
		for _, p := range source.at("packages").list() {
			out.Findings = append(out.Findings, packaged(p, clip(source.at("source").object().at("path").text(), maxText))...)
		}
	}
	return out
}

// packaged are the findings of one package: its groups, and what no group has.
func packaged(n node, where string) []Finding {
	about := n.at("package").object()
	c := Component{Type: "library", Version: about.at("version").text(), PURL: about.at("purl").text()}
	if c.Name = about.at("commit").text(); c.Name == "" || about.at("name").text() != "" { // a commit has no name
		c.Name = about.at("name").name()
	}
	if c.PURL == "" {
		c.PURL = purl(about.at("ecosystem").text(), c.Name, c.Version)
	}
	known := map[string]node{}
	var order []string
	for _, v := range n.at("vulnerabilities").list() {
		id := v.at("id").id()
		if known[id].there() {
			v.at("id").wrong("%q stands twice in a package", id)
		}
		known[id] = v
		order = append(order, id)
	}
	var out []Finding
	grouped := map[string]bool{}
	for _, g := range n.at("groups").list() {
		ids := g.at("ids").texts()
		if len(ids) == 0 {
			g.at("ids").wrong("is empty: want the ids of a weakness")
			continue
		}
		f := weakness(append(ids, g.at("aliases").texts()...), known)
		if f.ID == "" {
			g.at("ids").wrong("want the ids of a weakness")
			continue
		}
		if score, ok := g.at("max_severity").score(); ok && score > 0 {
			f.Severity = worst(f.Severity, ofScore(score))
		}
		for _, id := range ids {
			grouped[id] = true
		}
		f.Package, f.Where = c, where
		out = append(out, f)
	}
	for _, id := range order {
		if !grouped[id] {
			f := weakness(append([]string{id}, known[id].at("aliases").texts()...), known)
			f.Package, f.Where = c, where
			out = append(out, f)
		}
	}
	return out
}

// weakness is one weakness under all its ids; it is called by its CVE where it
// has one. Its severity is the worst that a database says, else unknown.
func weakness(ids []string, known map[string]node) Finding {
	f := Finding{Severity: Unknown}
	for _, id := range ids {
		if v, ok := known[id]; ok {
			ids = append(ids, v.at("aliases").texts()...)
			f.Severity = worst(f.Severity, ofWord(v.at("database_specific").object().at("severity")))
		}
	}
	var names []string
	for _, id := range ids {
		if id = clip(id, maxID); id != "" && !slices.Contains(names, id) {
			names = append(names, id)
		}
	}
	slices.SortStableFunc(names, func(a, b string) int { return rank(a) - rank(b) })
	if len(names) > 0 {
		f.ID, f.Aliases = names[0], names[1:]
	}
	return f
}

func rank(id string) int {
	if strings.HasPrefix(id, "CVE-") {
		return 0
	}
	return 1
}

// worst is the worst of what several databases say; Unknown only when none says
// anything.
func worst(a, b Severity) Severity {
	order := []Severity{Critical, High, Medium, Low, Unknown}
	return order[min(slices.Index(order, a), slices.Index(order, b))]
}

// ofWord is a severity that a database gives as a word.
func ofWord(n node) Severity {
	if _, ok := n.value.(string); !ok {
		return Unknown // the databases are free in what they write
	}
	switch strings.ToUpper(n.text()) {
	case "CRITICAL":
		return Critical
	case "HIGH":
		return High
	case "MODERATE", "MEDIUM":
		return Medium
	case "LOW":
		return Low
	}
	return Unknown
}

// types are the purl types of OSV's ecosystems (ossf.github.io/osv-schema,
// defined ecosystems).
var types = map[string]string{
	"PyPI": "pypi", "npm": "npm", "Go": "golang", "Maven": "maven", "crates.io": "cargo", "NuGet": "nuget", "RubyGems": "gem", "Packagist": "composer",
	"Hex": "hex", "Pub": "pub",
}

// purl is the purl of a package, "" where its form is not known.
func purl(ecosystem, name, version string) string {
	kind := types[ecosystem]
	switch kind {
	case "":
		return ""
	case "pypi":
		name = strings.ReplaceAll(strings.ToLower(name), "_", "-")
	case "maven":
		name = strings.ReplaceAll(name, ":", "/")
	case "npm":
		name = strings.Replace(name, "@", "%40", 1)
	case "golang": // OSV leaves out the v of a module's version
		if name != "stdlib" && version != "" && !strings.HasPrefix(version, "v") {
			version = "v" + version
		}
	}
	out := "pkg:" + kind + "/" + name
	if version != "" {
		out += "@" + version
	}
	return out
}
