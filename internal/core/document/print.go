package document

import (
	"fmt"
	"strings"
	"unicode"
)

// What renderers print besides the blocks; it is here so that every renderer
// says the same.

// Mark is the word on every page of a document that is not final, "" for one
// that is.
func (s Stage) Mark() string {
	switch s {
	case StageDraft:
		return "DRAFT"
	case StageCandidate:
		return "CANDIDATE"
	case StageFinal:
		return ""
	}
	return strings.ToUpper(string(s))
}

// Explanation is the sentence beside the mark.
func (s Stage) Explanation() string {
	switch s {
	case StageDraft:
		return "For review before the gate. Not a document of record."
	case StageCandidate:
		return "Complete text for signature. It becomes final with its signature page."
	case StageFinal:
		return "Document of record."
	}
	return ""
}

// Subject is the line below the title: product, version and environment.
func (m Meta) Subject() string {
	s := m.Product + " " + m.Version
	if m.Environment != "" {
		s += ", environment " + strings.ToUpper(m.Environment)
	}
	return s
}

// Control is the document's control data, in the order of the head of its
// first page.
func (m Meta) Control() []Field {
	items := []Field{field("Product", text(m.Product)), field("Version", text(m.Version))}
	if m.Number == "" {
		return items // a page that is no document of a release
	}
	items = append([]Field{field("Document", code(m.Number)), field("Status", status(string(m.Stage), m.Stage.tone()))}, items...)
	if m.Environment != "" {
		items = append(items, field("Environment", text(strings.ToUpper(m.Environment))))
	}
	if m.Gate != "" {
		items = append(items, field("Made for gate", text(gateTitle(m.Gate))))
	}
	return append(items, field("Facts frozen", text(stamp(m.FrozenAt))), field("Commit", code(short(m.Commit))))
}

// Provenance is the last lines of a document: what it was made of and by what.
func (m Meta) Provenance() []Field {
	items := []Field{
		field("Facts, SHA-256", code(m.FactsSHA256)),
		field("Ledger", text(fmt.Sprintf("size %d, root ", m.LedgerSize)), code(orDash(m.LedgerRoot))),
		field("Made by", text(m.Tool)),
		field("Template", m.template()...),
	}
	if m.CandidateSHA != "" {
		items = append(items, field("Candidate, SHA-256", code(m.CandidateSHA)))
	}
	return items
}

func (m Meta) template() []Run {
	if m.Template == "" {
		return plain("built in, as of the tool")
	}
	return cell(text(m.Template+", SHA-256 "), code(m.TemplateSHA256))
}

func (s Stage) tone() Tone {
	if s == StageFinal {
		return Positive
	}
	return Caution
}

// Name is the printed name with the person that is acted for.
func (s Signature) Name() string {
	if s.OnBehalfOf != "" {
		return s.Signer.Name + " for " + s.OnBehalfOf
	}
	return s.Signer.Name
}

// When is date and time with zone: "2026-03-04 13:22:05 UTC (14:22:05
// Europe/Copenhagen)".
func (s Signature) When() string {
	if s.LocalTime == "" {
		return stamp(s.At)
	}
	return stamp(s.At) + " (" + s.LocalTime + ")"
}

// Bound says how the signature was made and what that proves.
func (s Signature) Bound() string {
	kind := "server-attested"
	if s.Binding == BindingUserKey {
		kind = "user-key bound"
	}
	return s.Method + ", " + kind
}

// Manifestation is what every form prints of a signature (21 CFR 11.50): the
// same words in documents, on the command line, in the browser and in the audit
// trail.
type Manifestation struct {
	ID       string `json:"signature"`
	Name     string `json:"name"` // printed name, with the person that is acted for
	Role     string `json:"role"`
	Meaning  string `json:"meaning"` // code
	Text     string `json:"text"`    // the sentence that was signed
	Decision string `json:"decision"`
	Reason   string `json:"reason,omitempty"`
	Time     string `json:"time"`   // as it was signed
	When     string `json:"when"`   // as it is printed, with its zone
	Method   string `json:"method"` // with what it proves
}

// Printed is the signature as every form prints it.
func (s Signature) Printed() Manifestation {
	return Manifestation{
		ID: s.ID, Name: s.Name(), Role: s.Role, Meaning: s.Meaning, Text: s.MeaningText, Decision: s.Verb(), Reason: s.Reason,
		Time: s.At, When: s.When(), Method: s.Bound(),
	}
}

// Lines are everything that is printed of a signature beside its name.
func (m Manifestation) Lines() []string {
	out := []string{m.Role, m.Decision + ": " + m.Text + " (" + m.Meaning + ")", m.When, m.Method, "signature " + m.ID}
	if m.Reason != "" {
		out = append(out, "reason: "+m.Reason)
	}
	return out
}

// Verb is what the signature decided.
func (s Signature) Verb() string {
	switch s.Decision {
	case "approve":
		return "Approved"
	case "reject":
		return "Rejected"
	case "withdraw":
		return "Withdrawn"
	case "execute":
		return "Executed"
	case "review":
		return "Reviewed"
	case "delegate":
		return "Delegated"
	}
	return s.Decision
}

// Digest is the short digest of the signed payload.
func (s Signature) Digest() string { return short(s.PayloadSHA256) }

// Printed is the roles and the meaning of a signature that is still open.
func (r RequiredSignature) Printed() string { return r.printed() }

// Title is the head of a matrix column.
func (c MatrixColumn) Title() string {
	return strings.TrimSpace(c.Verification + " " + strings.ToUpper(c.Environment))
}

// StateRun is the state of a matrix cell, row or gap as a run.
func StateRun(state string) Run {
	runs := outcome(state)
	return runs[0]
}

// Visible shows characters that a reader cannot see or that reorder text, as
// [U+202E]: controls, and the marks for direction and zero width. New line and
// tab stay, a Windows line end becomes a new line; bytes that are not UTF-8 become
// U+FFFD.
func Visible(s string) string {
	s = strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\r\n", "\n")
	if !strings.ContainsFunc(s, hidden) {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		if hidden(r) {
			fmt.Fprintf(&b, "[U+%04X]", r)
			continue
		}
		b.WriteRune(r)
	}
	return b.String()
}

func hidden(r rune) bool {
	switch {
	case r == '\n' || r == '\t' || r == '\u200c' || r == '\u200d': // joiners are part of words
		return false
	case r < ' ' || r >= 0x7f && r < 0xa0 || r == '\u2028' || r == '\u2029' || r == '\u00ad':
		return true
	case r >= 0xe0000 && r < 0xe1000: // tags
		return true
	}
	return r > 0x7f && unicode.Is(unicode.Cf, r)
}

// Harmless is a cell of CSV: it puts an apostrophe before what a spreadsheet would take for a
// formula (OWASP, CSV injection), also behind blanks.
func Harmless(cell string) string {
	if t := strings.TrimLeft(cell, " \t\r\n\u00a0"); t != "" && strings.ContainsAny(t[:1], "=+-@|%") || strings.ContainsAny(cell[:min(1, len(cell))], "\t\r\n") {
		return "'" + cell
	}
	for _, wide := range []string{"＝", "＋", "－", "＠"} { // full-width forms are taken for the same by some
		if strings.HasPrefix(strings.TrimLeft(cell, " \t\r\n\u00a0"), wide) {
			return "'" + cell
		}
	}
	return cell
}
