package document

import (
	"strings"

	"github.com/dc-release/dc-release/internal/core/workflow"
)

// Position is a place in a source file, line and column 1-based.
type Position = workflow.Position

// Finding is what a document check has to say about one place of a file. The
// checks live beside the thing they check: core/release holds those of the
// release note (DOC-R..), core/trace those of requirements (DOC-S.., DOC-T..).
type Finding struct {
	ID       string            `json:"id"` // stable: DOC-R01
	Severity workflow.Severity `json:"severity"`
	At       Position          `json:"at"`
	Message  string            `json:"message"`
	Hint     string            `json:"hint,omitempty"` // what to write instead
}

// String is one line: "file:line:col: error: message [DOC-R01]: hint", without a
// place where there is none.
func (f Finding) String() string {
	if f.At.File == "" {
		return strings.TrimPrefix(f.line(), f.At.String()+": ")
	}
	return f.line()
}

func (f Finding) line() string {
	return workflow.Finding{At: f.At, Severity: f.Severity, Rule: f.ID, Message: f.Message, Hint: f.Hint}.String()
}

// Refused reports whether one of the findings is an error.
func Refused(findings []Finding) bool {
	for _, f := range findings {
		if f.Severity == workflow.Error {
			return true
		}
	}
	return false
}

// Check describes one rule of the document checks. Each package that checks
// has the list of its rules, so that documentation and tests read one list.
type Check struct {
	ID       string            `json:"id"`
	Severity workflow.Severity `json:"severity"`
	Rule     string            `json:"rule"` // one sentence
	// Basic says that it counts outside of GxP as well; what the others find
	// there is a warning.
	Basic bool `json:"basic,omitempty"`
}
