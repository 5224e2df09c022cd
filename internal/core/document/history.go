package document

import (
	"cmp"
	"slices"
)

// History is what became of the documents of a release before these facts, and
// the final ones of the release before.
type History struct {
	Revisions []Revision `json:"revisions,omitempty"`
	Finals    []Last     `json:"finals,omitempty"`
}

// Revision is a document as it was made for an opening of a gate.
type Revision struct {
	Name    string `json:"name"`   // file name: test-report-tst
	Number  string `json:"number"` // CORP-PROCUREMENT-CR-1.2.0-d01
	Gate    string `json:"gate"`
	At      string `json:"at"`
	SHA256  string `json:"sha256"`            // of its canonical form
	Outcome string `json:"outcome,omitempty"` // of the gate: consumed, voided, rejected; "" while it is open
	Because string `json:"because,omitempty"` // why it was voided
}

// Last is a document of the previous release as it was signed last.
type Last struct {
	Name    string `json:"name"`
	Number  string `json:"number"`
	Version string `json:"version"`
	SHA256  string `json:"sha256"` // of its canonical form
}

// Ended says of revisions what became of the gate that they were made for.
func (h *History) Ended(at []int, outcome, because string) {
	for _, i := range at {
		h.Revisions[i].Outcome, h.Revisions[i].Because = outcome, because
	}
}

// maxChanged is how many changed lines a document prints; both of its texts are
// named with their digests.
const maxChanged = 200

// history is the last section of a document: its revisions, and for one that is
// maintained from release to release what changed since it was signed last.
func (a *author) history() {
	name := a.request.FileName()
	a.section(historyTitle)
	t := Table{
		Caption: "Revisions of this release",
		Columns: []Column{{Title: "Number", Weight: 7}, {Title: "Made for", Weight: 5}, {Title: "At", Weight: 5}, {Title: "What became of it", Weight: 7}, {Title: "SHA-256", Weight: 9}},
		Empty:   "This is the first revision.",
	}
	for _, r := range a.facts.History.Revisions {
		if r.Name != name {
			continue
		}
		became := plain(cmp.Or(r.Outcome, "open"))
		if r.Because != "" {
			became = append(became, small(r.Because))
		}
		t.Rows = append(t.Rows, row(mono(r.Number), plain(gateTitle(r.Gate)), plain(stamp(r.At)), became, mono(r.SHA256)))
	}
	a.table(t)
	at := slices.IndexFunc(a.facts.History.Finals, func(l Last) bool { return l.Name == name })
	if at < 0 {
		a.say("No earlier release has this document.")
		return
	}
	last := a.facts.History.Finals[at]
	a.paragraph(text("It was signed last as "), code(last.Number), text(" of version "+last.Version+", SHA-256 "), code(last.SHA256), text("."))
	if a.request.Kind.Maintained && a.request.Last != nil {
		a.since(last)
	}
}

// since lists what is not what it was in the last final document.
func (a *author) since(last Last) {
	a.subsection("Changes since version " + last.Version)
	t := Table{
		Caption: "Changed lines by section",
		Columns: []Column{{Title: "Section", Weight: 5}, {Title: "Change", Weight: 3}, {Title: "Line", Weight: 16}},
		Empty:   "Nothing changed but for the identification.",
	}
	n := 0
	add := func(section, change string, lines []string) {
		for _, l := range lines {
			if n++; n <= maxChanged {
				t.Rows = append(t.Rows, row(plain(section), plain(change), plain(l)))
			}
		}
	}
	now := Tree{Blocks: a.blocks}
	for _, c := range CompareSections(a.request.Last.Passages(), now.Passages()) {
		add(c.Title, WasRemoved, c.Removed)
		add(c.Title, WasAdded, c.Added)
		if len(c.Removed)+len(c.Added) == 0 {
			t.Rows = append(t.Rows, row(plain(c.Title), plain(c.Change), plain("the heading, without a text")))
		}
	}
	a.table(t)
	if n > maxChanged {
		a.say("%s more changed; compare the two documents that are named above.", Plural(int64(n-maxChanged), "line", "lines"))
	}
}
