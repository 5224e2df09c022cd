package itemfile

import (
	"strings"

	"github.com/dc-release/dc-release/internal/app/traceability"
	"github.com/dc-release/dc-release/internal/core/trace"
)

// isMarkdown takes every page of the requirements, and the documentation of
// the code but for its release notes.
func isMarkdown(o *opened, path string) (string, bool) {
	if !strings.HasSuffix(path, ".md") {
		return "", false
	}
	return "", o.repository == traceability.Requirements || strings.HasPrefix(path, "documentation/") && !strings.HasPrefix(path, "documentation/releases/") && !strings.HasPrefix(path, traceability.TemplateFolder+"/")
}

func readMarkdown(_ *opened, f *file, _ string, data []byte) {
	f.items, f.findings = trace.Scan(f.name, data)
}
