package release

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/dc-release/dc-release/internal/core/document"
	"github.com/dc-release/dc-release/internal/core/workflow"
)

// Checks is the list of the rules of this package.
var Checks = []document.Check{
	{ID: "DOC-R01", Severity: workflow.Error, Basic: true, Rule: "the tagged commit holds documentation/releases/X.Y.Z.md"},
	{ID: "DOC-R02", Severity: workflow.Error, Basic: true, Rule: "the file name is a version without v and without leading zeros"},
	{ID: "DOC-R03", Severity: workflow.Error, Basic: true, Rule: "the version is higher than every released one; a hotfix, than those of its minor version"},
	{ID: "DOC-R04", Severity: workflow.Error, Basic: true, Rule: "tag and file name are the same version"},
	{ID: "DOC-R05", Severity: workflow.Error, Basic: true, Rule: "H1 Release note, then H2 Impact assessment, then H2 Risk assessment, each once"},
	{ID: "DOC-R06", Severity: workflow.Error, Basic: true, Rule: "at least one change, or the words No functional change"},
	{ID: "DOC-R07", Severity: workflow.Error, Basic: true, Rule: "each change is [#N - title](link) and N is the number in the link, each once"},
	{ID: "DOC-R08", Severity: workflow.Error, Basic: true, Rule: "each link is a pull request of the code repository"},
	{ID: "DOC-R09", Severity: workflow.Error, Rule: "every pull request that was merged since the release before is listed, but for those that change release notes only"},
	{ID: "DOC-R10", Severity: workflow.Error, Rule: "no listed pull request is outside of what was merged since the release before"},
	{ID: "DOC-R11", Severity: workflow.Warning, Rule: "the title of each change is that of its pull request"},
	{ID: "DOC-R12", Severity: workflow.Error, Basic: true, Rule: "the impact assessment is not empty, and no text of a template is left"},
	{ID: "DOC-R13", Severity: workflow.Error, Rule: "exactly one risk level, every required category, each with a text and once"},
	{ID: "DOC-R14", Severity: workflow.Warning, Rule: "the version rises as much as the types of the changes ask for"},
	{ID: "DOC-R15", Severity: workflow.Error, Rule: "the note is the one that was tagged, until and in the publication"},
	{ID: "DOC-R16", Severity: workflow.Error, Rule: "documentation/releases holds README.md and a TEMPLATE_RELEASE_NOTE.md with the sections of a note"},
	{ID: "DOC-S10", Severity: workflow.Error, Rule: "every document is the one that was approved last, or was changed since by a commit of the release"},
}

func finding(id string, at document.Position, hint, format string, args ...any) document.Finding {
	severity := workflow.Error
	for _, c := range Checks {
		if c.ID == id {
			severity = c.Severity
		}
	}
	return document.Finding{ID: id, Severity: severity, At: at, Message: fmt.Sprintf(format, args...), Hint: hint}
}

func sorted(findings []document.Finding) []document.Finding {
	slices.SortStableFunc(findings, func(a, b document.Finding) int {
		return cmp.Or(cmp.Compare(a.At.Line, b.At.Line), cmp.Compare(a.At.Column, b.At.Column), cmp.Compare(a.ID, b.ID))
	})
	return findings
}
