package release

import (
	"slices"
	"strings"

	"github.com/dc-release/dc-release/internal/core/document"
)

// The files beside the notes that DOC-R16 asks for.
const (
	NotesFolder  = "documentation/releases/"
	TemplatePath = NotesFolder + "TEMPLATE_RELEASE_NOTE.md"
	ReadmePath   = NotesFolder + "README.md"
)

// left says which checks the history cannot answer.
func (h *History) left() document.Left {
	left := document.Left{}
	if h == nil {
		left.Because("the history of the code is not at hand", "DOC-R09", "DOC-R10", "DOC-R11", "DOC-R14")
		return left
	}
	if h.Previous.IsZero() {
		left.Because("there is no release before to compare with", "DOC-R14")
	}
	if requests, _ := h.Changes(); len(requests) == 0 {
		left.Because("no commit of the range names a pull request", "DOC-R09", "DOC-R10", "DOC-R11")
	}
	return left
}

// history holds the changes of the note against what was merged (DOC-R09 to R11,
// R14).
func (p *noteParser) history(c Context) {
	h := c.History
	if h == nil {
		return
	}
	top := document.Position{File: p.file, Line: 1, Column: 1}
	requests, _ := h.Changes()
	in := map[int64]bool{}
	for _, commit := range h.Commits {
		in[commit.PullRequest()] = true
	}
	for _, r := range requests {
		at := slices.IndexFunc(p.note.Changes, func(x Change) bool { return x.Number == r.Number })
		switch {
		case at < 0 && r.Notes:
		case at < 0:
			p.report("DOC-R09", top, "add "+changeLine(r.Number, r.Title, c.Repository), "pull request #%d (%s) is in the release and not in the note", r.Number, document.Visible(r.Title))
		case p.note.Changes[at].Title != shown(r.Title):
			p.report("DOC-R11", p.note.Changes[at].At, "write "+escaped(r.Title), "change #%d has the title %q, its pull request %q", r.Number, p.note.Changes[at].Title, r.Title)
		}
	}
	if len(requests) > 0 {
		for _, x := range p.note.Changes {
			if !in[x.Number] {
				p.report("DOC-R10", x.At, "delete the line, or merge what it names", "change #%d was not merged since %s", x.Number, since(h.Previous))
			}
		}
	}
	if !h.Previous.IsZero() && !c.Version.IsZero() {
		bump := h.Suggest()
		if least := h.Previous.Next(bump); c.Version.Compare(least) < 0 {
			p.report("DOC-R14", top, "take "+least.String()+" or higher, or correct the type of the change", "version %s after %s is less than the %s that the changes ask for", c.Version, h.Previous, bump)
		}
	}
}

func since(previous Version) string {
	if previous.IsZero() {
		return "the beginning"
	}
	return previous.String()
}

// CheckFolder judges the files beside the notes (DOC-R16); nil is a file that is
// not there. The template may hold words in place of numbers and addresses.
func CheckFolder(template, readme []byte) []document.Finding {
	var out []document.Finding
	at := func(file string) document.Position { return document.Position{File: file, Line: 1, Column: 1} }
	if len(strings.TrimSpace(string(readme))) == 0 {
		out = append(out, finding("DOC-R16", at(ReadmePath), "say how a note is written, reviewed and tagged", "%s is not there or empty", ReadmePath))
	}
	if template == nil {
		return append(out, finding("DOC-R16", at(TemplatePath), "begin with the note that dc-release release draft writes", "%s is not there", TemplatePath))
	}
	_, findings := ParseNote(TemplatePath, template)
	for _, f := range findings {
		if f.ID == "DOC-R05" || f.ID == "DOC-R13" {
			f.ID, f.Message = "DOC-R16", "the template cannot become a note: "+f.Message
			out = append(out, f)
		}
	}
	return out
}

// CheckNames judges the names of the notes (DOC-R02).
func CheckNames(paths []string) []document.Finding {
	var out []document.Finding
	for _, p := range paths {
		name, below := strings.CutPrefix(p, NotesFolder)
		if !below || p == TemplatePath || p == ReadmePath || strings.Contains(name, "/") || !strings.HasSuffix(name, ".md") {
			continue
		}
		if v, err := ParseVersion(strings.TrimSuffix(name, ".md")); err != nil || v.NotePath() != p {
			out = append(out, finding("DOC-R02", document.Position{File: p, Line: 1, Column: 1}, "name the file X.Y.Z.md", "the file name %q is no version", name))
		}
	}
	return out
}

// CategoriesOf are the risk categories of a template of notes: what it names,
// a note must have. Nil for none.
func CategoriesOf(template []byte) []string {
	n, _ := ParseNote(TemplatePath, template)
	var out []string
	for _, r := range n.Risks {
		if !slices.Contains(Levels, r.Category) {
			out = append(out, r.Category)
		}
	}
	return out
}
