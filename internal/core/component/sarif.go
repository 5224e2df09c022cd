package component

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// readScan tells the two formats apart by what only one of them has.
func readScan(n node) Report {
	switch {
	case n.has("runs") && n.has("results"):
		n.wrong("has runs (SARIF) and results (OSV-Scanner): want one of them")
	case n.at("runs").there():
		return readSARIF(n)
	case n.has("results"): // null where nothing was found
		return readOSV(n)
	case n.at("bomFormat").there():
		n.wrong("is CycloneDX: hand components in as sbom, assessments as vex")
	case n.at("matches").there():
		n.wrong("is the JSON of Grype: write it with -o sarif")
	case n.at("SchemaVersion").there() && n.at("ArtifactName").there():
		n.wrong("is the JSON of Trivy: write it with --format sarif")
	default:
		n.wrong("has neither runs (SARIF) nor results (OSV-Scanner)")
	}
	return Report{}
}

// readSARIF reads a log (OASIS SARIF 2.1.0). A finding's severity is its own or its
// rule's security-severity, in the bands of GitHub's documentation, else the level:
// error is high, warning is medium, note is low.
func readSARIF(n node) Report {
	out := Report{Format: "SARIF 2.1.0"}
	if v := n.at("version").text(); v != "2.1.0" {
		n.at("version").wrong("%q: want 2.1.0", clip(v, maxName))
		return out
	}
	whole(n, "inlineExternalProperties")
	var tools []string
	for _, run := range n.at("runs").list() {
		whole(run, "externalPropertyFileReferences")
		rules := rulesOf(run)
		driver := run.at("tool").at("driver").object()
		version := driver.at("version").text()
		if version == "" {
			version = driver.at("semanticVersion").text() // Semgrep, CodeQL
		}
		tools = append(tools, strings.TrimSpace(driver.at("name").name()+" "+version))
		if !run.at("results").there() {
			run.at("results").wrong("is not there: the run has no results, not even none (SARIF 3.14.23)")
		}
		for _, r := range run.at("results").list() {
			if f, ok := result(r, rules, run); ok {
				out.Findings = append(out.Findings, f)
			}
		}
	}
	if len(tools) == 0 {
		n.at("runs").wrong("is empty: nothing was scanned")
	}
	out.Tool = clip(strings.Join(tools, ", "), maxText)
	return out
}

// whole wants all of a log in its place (SARIF 3.13.5, 3.15).
func whole(n node, elsewhere string) {
	if n.at(elsewhere).there() {
		n.at(elsewhere).wrong("has parts of the log: write it without external properties")
	}
}

// rules are those of a run's tool, by component (-1 is the driver) and index, and by
// id, which may stand in several.
type rules struct {
	listed     map[int64][]node
	byID       map[string][]node
	overridden bool // their levels, by an invocation
}

func rulesOf(run node) rules {
	out := rules{listed: map[int64][]node{}, byID: map[string][]node{}}
	tool := run.at("tool").object()
	for i, t := range append([]node{tool.at("driver")}, tool.at("extensions").list()...) {
		list := t.at("rules").list()
		out.listed[int64(i)-1] = list
		for _, r := range list {
			id := r.at("id").name()
			out.byID[id] = append(out.byID[id], r)
		}
	}
	for _, i := range run.at("invocations").list() {
		switch ok := i.at("executionSuccessful"); {
		case ok.value == false:
			i.wrong("the scan failed, its tool says: scan again")
		case ok.there() && ok.value != true:
			ok.wrong("want true or false")
		}
		for _, o := range i.at("ruleConfigurationOverrides").list() {
			out.overridden = out.overridden || o.at("configuration").object().at("level").there()
		}
	}
	return out
}

// find gives the rules that a result may mean (SARIF 3.27.5 to 3.27.7, 3.52.4): the
// one at its index in its tool's component, else those of its id or of the id that
// it is a part of.
func (r rules) find(n node) (found []node, id string) {
	ref := n.at("rule").object()
	id = n.at("ruleId").text()
	if other := ref.at("id").text(); id == "" {
		id = other
	} else if other != "" && other != id {
		n.at("rule").at("id").wrong("%q: ruleId is %q", clip(other, maxName), clip(id, maxName))
	}
	at := n.at("ruleIndex")
	index, ok := integer(at)
	if !ok || index < 0 {
		at = ref.at("index")
		index, ok = integer(at)
	}
	component := ref.at("toolComponent").object()
	from, numbered := integer(component.at("index"))
	if !numbered {
		from = -1
	}
	switch list := r.listed[from]; {
	case !ok || index < 0 || component.there() && !numbered: // by its name or guid: the id will do
	case index >= int64(len(list)):
		at.wrong("%d: the tool has no such rule", index)
	default:
		own := list[index].at("id").text()
		if id != "" && id != own && !strings.HasPrefix(id, own+"/") {
			at.wrong("%d is rule %q, the result is of %q", index, clip(own, maxName), clip(id, maxName))
		}
		if id == "" {
			id = own
		}
		return list[index : index+1], id
	}
	for whole := id; len(found) == 0 && whole != ""; {
		found = r.byID[whole]
		whole = whole[:max(strings.LastIndex(whole, "/"), 0)]
	}
	return found, id
}

func integer(n node) (int64, bool) {
	v, ok := n.value.(json.Number)
	if !ok {
		if n.there() {
			n.wrong("want an integer")
		}
		return 0, false
	}
	i, err := v.Int64()
	if err != nil {
		n.wrong("want an integer")
	}
	return i, err == nil
}

// result gives the finding of a result; ok is false for what is no weakness that
// is there. One that passed and has a level all the same is one (SARIF 3.27.10).
func result(n node, all rules, run node) (f Finding, ok bool) {
	found, id := all.find(n)
	f = Finding{ID: clip(id, maxID), Where: location(n, run)}
	if !isID(id) {
		n.at("ruleId").wrong("want the id of a rule, one line of at most %d bytes", maxID)
	}
	level := n.at("level").text()
	switch kind := n.at("kind").text(); kind {
	case "", "fail":
		f.Severity = severity(n, found, all.overridden)
	case "open", "review": // somebody has to look at it
		f.Severity = Unknown
	case "pass", "notApplicable", "informational":
		if level == "" || level == "none" {
			return f, false
		}
		f.Severity = severity(n, found, all.overridden)
	default:
		n.at("kind").wrong("%q is no kind of a result", clip(kind, maxName))
	}
	if n.at("baselineState").text() == "absent" {
		return f, false
	}
	f.Assessed = suppressed(n)
	f.inPackage(found)
	return f, true
}

// severity is that of a result: its own score, else the worst of its rules, of each
// the score, else the level.
func severity(n node, found []node, overridden bool) Severity {
	if score, ok := n.at("properties").object().at("security-severity").score(); ok {
		return ofScore(score)
	}
	if len(found) == 0 {
		found = []node{{found: n.found}}
	}
	out := None
	for _, rule := range found {
		one := ofLevel(n, rule, overridden)
		if score, ok := rule.at("properties").object().at("security-severity").score(); ok {
			one = ofScore(score)
		}
		order := []Severity{Unknown, Critical, High, Medium, Low, None}
		out = order[min(slices.Index(order, out), slices.Index(order, one))]
	}
	return out
}

func ofLevel(n, rule node, overridden bool) Severity {
	at := n.at("level")
	own := at.text()
	if own == "" {
		at = rule.at("defaultConfiguration").object().at("level")
	}
	switch level := at.text(); {
	case overridden && own == "":
		return Unknown // what an invocation made of it is not read
	case level == "error":
		return High
	case level == "warning", level == "":
		return Medium
	case level == "note":
		return Low
	case level == "none":
		return None
	}
	at.wrong("%q: want error, warning, note or none", clip(at.text(), maxName))
	return Unknown
}

// ofPackage is a rule of Grype, one for each weakness of each package.
var ofPackage = regexp.MustCompile(`^(CVE-[0-9]{4}-[0-9]{4,}|GHSA(?:-[0-9a-z]{4}){3})-`)

// inPackage gives a finding the package that its rules say it is in, and the
// weakness that the package's name was added to.
func (f *Finding) inPackage(found []node) {
	if len(found) != 1 {
		return
	}
	list := found[0].at("properties").at("purls")
	if !list.there() {
		return
	}
	if purls := list.texts(); len(purls) == 1 {
		f.Package.PURL = purls[0]
	}
	if m := ofPackage.FindStringSubmatch(f.ID); m != nil {
		f.Aliases = []string{m[1]}
	}
}

// location is the first place of a result.
func location(n, run node) string {
	list := n.at("locations").list()
	if len(list) == 0 {
		return ""
	}
	at := list[0].at("physicalLocation").object()
	file := at.at("artifactLocation").object()
	where := file.at("uri").text()
	if i, ok := integer(file.at("index")); ok && where == "" { // SARIF 3.4.5
		if files := run.at("artifacts").list(); i >= 0 && i < int64(len(files)) {
			where = files[i].at("location").object().at("uri").text()
		}
	}
	if line, ok := integer(at.at("region").object().at("startLine")); ok {
		where = fmt.Sprintf("%s:%d", where, line)
	}
	return where
}

// suppressed says why a result does not count (SARIF 3.27.23, 3.35): every
// suppression is accepted, which one without a status is, and one gives a reason.
func suppressed(n node) string {
	why, accepted := "", true
	for _, s := range n.at("suppressions").list() {
		accepted = accepted && (s.at("status").text() == "accepted" || !s.has("status"))
		if j := strings.TrimSpace(s.at("justification").text()); j != "" {
			why = "suppressed: " + clip(j, maxText)
		}
	}
	if !accepted {
		return ""
	}
	return why
}
