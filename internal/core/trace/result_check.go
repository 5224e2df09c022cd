package trace

import (
	"fmt"
	"slices"
	"strings"

	"github.com/dc-release/dc-release/internal/core/document"
	"github.com/dc-release/dc-release/internal/core/evidence"
)

// Waiver is what people excepted from the matrix, or were asked to.
type Waiver struct {
	ID      string
	Item    string
	Version string
	Signed  bool   // by everybody who has to
	Expires string // UTC
}

// Circumstance is what results are checked against besides the matrix.
type Circumstance struct {
	Version string
	At      string // time of the look, UTC
	Waivers []Waiver
	// Artifacts are the digests of what results were made with, by environment.
	Artifacts map[string][]string
}

// ResultChecks are the ids of the checks that need results.
var ResultChecks = []string{"DOC-T07", "DOC-T08", "DOC-T09", "DOC-T10", "DOC-T11", "DOC-T13", "DOC-T14", "DOC-T15"}

// CheckResults judges a matrix with results (DOC-T07 to T15).
func (m Matrix) CheckResults(c Circumstance) ([]document.Finding, document.Left) {
	r := resultChecker{Matrix: m, g: m.graph}
	for i := range r.g.nodes {
		n := &r.g.nodes[i]
		switch {
		case n.item.Kind == TEST:
			r.test(n)
		case n.class == High && n.item.Kind != RA:
			r.high(n)
		}
		r.suspect(n)
	}
	r.waivers(c)
	r.artifacts(c.Artifacts)
	r.twice()
	left := document.Left{}
	if len(c.Artifacts["val"]) == 0 || len(c.Artifacts[production]) == 0 {
		left.Because("there are no results of an artifact in VAL and in PRD yet", "DOC-T09")
	}
	return r.findings, left
}

type resultChecker struct {
	Matrix
	g        *graph
	findings []document.Finding
}

func (r *resultChecker) report(id string, at document.Position, hint, format string, args ...any) {
	r.findings = append(r.findings, finding(id, at, hint, format, args...))
}

// name is the id of a test, or what results call it.
func (n *node) name() string {
	if n.direct() {
		return fmt.Sprintf("%q", n.item.Title)
	}
	return n.item.ID
}

func (r *resultChecker) test(n *node) {
	if n.state == Justified {
		return
	}
	seen := false
	for at, c := range n.cells {
		column := r.Columns[at]
		seen = seen || c.State != ""
		switch {
		case c.State == Failed:
			r.report("DOC-T10", n.item.At, "correct it and run it again", "%s did not pass: %s, attempt %d, %s", n.name(), column, c.Attempt, c.Note)
		case c.State == Missing || c.State == Stale:
			r.report("DOC-T08", n.item.At, "run it at this commit", "%s has no result that counts: %s, %s", n.name(), column, c.Note)
		case strings.HasPrefix(c.Note, "passed on attempt"):
			r.report("DOC-T11", n.item.At, "find out why it failed first", "%s %s: %s", n.name(), c.Note, column)
		}
		if c.State != "" && c.State != Missing && column.Environment == production && destructive(evidence.Verification(column.Verification)) {
			r.report("DOC-T12", n.item.At, "only pIV and pOV may run there", "%s ran as %s", n.name(), column)
		}
	}
	// Where no place is asked for, or the test plans none, any result will do.
	if !seen && (len(r.g.scope.Columns) == 0 || len(n.item.Planned) == 0) {
		r.report("DOC-T08", n.item.At, "run it at this commit", "%s has no result that counts: %s", n.name(), n.reason)
	}
	for _, i := range n.results {
		if x := r.g.results[i]; x.Retries > 0 && x.Outcome == evidence.Passed && x.Commit == r.g.scope.Commit {
			r.report("DOC-T11", n.item.At, "find out why it failed first", "%s passed after %d failed tries: %s", n.name(), x.Retries, x.Name)
		}
	}
}

// high wants a test by people for each item of class High: of a specification
// itself, of a requirement through what is below it.
func (r *resultChecker) high(n *node) {
	if len(n.down) == 0 || n.item.Kind == URS && slices.ContainsFunc(n.down, func(c int) bool { return r.g.nodes[c].item.Kind == FS }) {
		return // nothing is below it, which is said elsewhere; or its specifications are asked
	}
	for _, c := range n.down {
		if t := &r.g.nodes[c]; t.item.ByPeople() || slices.Contains(t.item.Planned, evidence.AV) ||
			slices.ContainsFunc(t.results, func(i int) bool { return evidence.Verification(r.g.results[i].Verification).ByPeople() }) {
			return
		}
	}
	if !slices.Contains(n.item.Planned, evidence.AV) {
		r.report("DOC-T07", n.item.At, "plan a test with - Verification: AV, or a scenario with @AV, that verifies it", "%s is of class High and no acceptance test verifies it", n.item.ID)
	}
}

func (r *resultChecker) suspect(n *node) {
	for _, links := range [][]Reference{n.item.Implements, n.item.Verifies, n.item.Assesses, n.item.Mitigations} {
		for _, l := range links {
			if slices.Contains(n.suspect, l.ID) {
				r.report("DOC-T13", l.At, "look at the link and write its target's fingerprint: "+l.ID+"@"+r.g.nodes[r.g.byID[l.ID]].item.Fingerprint(), "%s links to %s, which changed since the link was reviewed", n.item.ID, l.ID)
			}
		}
	}
}

// waivers judges those whose items still have a gap.
func (r *resultChecker) waivers(c Circumstance) {
	for _, w := range c.Waivers {
		at, known := r.g.byID[w.Item]
		if !known || r.g.nodes[at].state == OK {
			continue
		}
		item := r.g.nodes[at].item.At
		switch {
		case w.Version != c.Version:
			r.report("DOC-T14", item, "ask for a waiver of this version", "%s of %s is of version %s", w.ID, w.Item, w.Version)
		case !w.Signed:
			r.report("DOC-T14", item, "have it signed, or close the gap", "%s of %s is not signed by everybody who has to", w.ID, w.Item)
		case w.Expires <= c.At:
			r.report("DOC-T14", item, "close the gap, or ask for another", "%s of %s ran out at %s", w.ID, w.Item, w.Expires)
		}
	}
}

// artifacts wants the artifact of PRD to be the one that VAL was verified with.
func (r *resultChecker) artifacts(by map[string][]string) {
	for _, digest := range by[production] {
		if len(by["val"]) > 0 && !slices.Contains(by["val"], digest) {
			r.report("DOC-T09", document.Position{}, "deploy the artifact that was verified", "results in PRD are of artifact %s, those in VAL of %s", short(digest), short(by["val"][0]))
		}
	}
}

// twice wants a case to have one result in a column at each attempt.
func (r *resultChecker) twice() {
	type key struct {
		ids, name, class, commit string
		column                   Column
		attempt                  int
	}
	seen := map[key]bool{}
	for _, x := range r.g.results {
		k := key{strings.Join(x.IDs, " "), x.Name, x.Class, x.Commit, Column{x.Verification, x.Environment}, x.Attempt}
		if !seen[k] {
			seen[k] = true
			continue
		}
		var at document.Position
		if n, known := r.g.byID[x.IDs[0]]; known {
			at = r.g.nodes[n].item.At
		}
		r.report("DOC-T15", at, "give each case a name of its own, and hand in each file once", "%s has two results in %s at attempt %d: %s", strings.Join(x.IDs, ", "), k.column, x.Attempt, x.Name)
	}
}
