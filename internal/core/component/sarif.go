package component

import (
	"encoding/json"
	"fmt"
	"strings"
)

// readScan tells the two formats apart by what only one of them has.
func readScan(n node) Report {
	switch {
	case n.at("runs").there():
		return readSARIF(n)
	case n.has("results"): // null where nothing was found
		return readOSV(n)
	case n.at("bomFormat").there():
		n.wrong("is CycloneDX: hand components in as sbom, assessments as vex")
	default:
		n.wrong("has neither runs (SARIF) nor results (OSV-Scanner)")
	}
	return Report{}
}

// readSARIF reads a log (OASIS SARIF 2.1.0). A finding's severity is its rule's
// or its own security-severity, in the bands of GitHub's documentation, else the
// level: error is high, warning is medium, note is low.
func readSARIF(n node) Report {
	out := Report{Format: "SARIF 2.1.0"}
	if v := n.at("version").text(); v != "2.1.0" {
		n.at("version").wrong("%q: want 2.1.0", clip(v, maxID))
		return out
	}
	var tools []string
	for _, run := range n.at("runs").list() {
		rules := rulesOf(run.at("tool").object())
		driver := run.at("tool").at("driver").object()
		tools = append(tools, strings.TrimSpace(driver.at("name").name()+" "+driver.at("version").text()))
		for _, i := range run.at("invocations").list() {
			if i.at("executionSuccessful").value == false {
				i.wrong("the scan failed, its tool says: scan again")
			}
		}
		if !run.at("results").there() {
			run.at("results").wrong("is not there: the run has no results, not even none (SARIF 3.14.23)")
		}
		for _, r := range run.at("results").list() {
			if f, ok := result(r, rules); ok {
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

// rules are those of a run's tool: by component (-1 is the driver) and index, and by id.
type rules struct {
	listed map[int64][]node
	byID   map[string]node
}

func rulesOf(tool node) rules {
	out := rules{listed: map[int64][]node{}, byID: map[string]node{}}
	for i, t := range append([]node{tool.at("driver")}, tool.at("extensions").list()...) {
		list := t.at("rules").list()
		out.listed[int64(i)-1] = list
		for _, r := range list {
			if id := r.at("id").name(); !out.byID[id].there() {
				out.byID[id] = r
			}
		}
	}
	return out
}

// find is the rule of a result (SARIF 3.27.5 to 3.27.7, 3.52.4): by index in its
// tool's component, else by id or the id that it is a part of.
func (r rules) find(n node) (rule node, id string) {
	ref := n.at("rule").object()
	id = n.at("ruleId").text()
	if id == "" {
		id = ref.at("id").text()
	}
	index, ok := integer(n.at("ruleIndex"))
	if !ok || index < 0 {
		index, ok = integer(ref.at("index"))
	}
	if ok && index >= 0 {
		from := int64(-1)
		if at, ok := integer(ref.at("toolComponent").object().at("index")); ok {
			from = at
		}
		if list := r.listed[from]; index < int64(len(list)) {
			rule = list[index]
		}
	}
	if id == "" {
		id = rule.at("id").text()
	}
	for whole := id; !rule.there() && whole != ""; {
		rule = r.byID[whole]
		cut := strings.LastIndex(whole, "/")
		whole = whole[:max(cut, 0)]
	}
	if !rule.there() {
		rule = node{found: n.found}
	}
	return rule, id
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
// is there.
func result(n node, all rules) (f Finding, ok bool) {
	rule, id := all.find(n)
	f = Finding{ID: clip(id, maxID), Where: location(n)}
	if id == "" || id != f.ID {
		n.at("ruleId").wrong("want the id of a rule, one line of at most %d bytes", maxID)
	}
	switch kind := n.at("kind").text(); kind {
	case "", "fail":
		f.Severity = severity(n, rule)
	case "open", "review": // somebody has to look at it
		f.Severity = Unknown
	case "pass", "notApplicable", "informational":
		return f, false
	default:
		n.at("kind").wrong("%q is no kind of a result", clip(kind, maxID))
	}
	if n.at("baselineState").text() == "absent" {
		return f, false
	}
	f.Assessed = suppressed(n.at("suppressions"))
	return f, true
}

func severity(n, rule node) Severity {
	for _, at := range []node{n, rule} {
		if score, ok := at.at("properties").at("security-severity").score(); ok {
			return ofScore(score)
		}
	}
	level := n.at("level").text()
	if level == "" {
		level = rule.at("defaultConfiguration").object().at("level").text()
	}
	switch level {
	case "error":
		return High
	case "warning", "":
		return Medium
	case "note":
		return Low
	case "none":
		return None
	}
	n.at("level").wrong("%q: want error, warning, note or none", clip(level, maxID))
	return Unknown
}

// location is the first place of a result.
func location(n node) string {
	list := n.at("locations").list()
	if len(list) == 0 {
		return ""
	}
	at := list[0].at("physicalLocation").object()
	where := at.at("artifactLocation").object().at("uri").text()
	if line, ok := integer(at.at("region").object().at("startLine")); ok {
		where = fmt.Sprintf("%s:%d", where, line)
	}
	return where
}

// suppressed says why a result does not count (SARIF 3.27.23, 3.35): every
// suppression is accepted and one gives a reason.
func suppressed(n node) string {
	why := ""
	for _, s := range n.list() {
		if status := s.at("status").text(); status != "" && status != "accepted" {
			return ""
		}
		if j := strings.TrimSpace(s.at("justification").text()); j != "" {
			why = "suppressed: " + clip(j, maxText)
		}
	}
	return why
}
