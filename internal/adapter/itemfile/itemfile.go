// Package itemfile reads requirements, specifications, risks and tests out of
// the files of a repository: one file of the package for each format.
package itemfile

import (
	"fmt"
	"strings"

	"github.com/dc-release/dc-release/internal/app/traceability"
	"github.com/dc-release/dc-release/internal/core/document"
	"github.com/dc-release/dc-release/internal/core/trace"
)

// format is one kind of source.
type format struct {
	name string
	// holds reports whether a path of a repository may be such a file.
	holds func(r traceability.Repository, path string) bool
	// read gives the items of a file.
	read func(name string, data []byte) ([]trace.Item, []document.Finding)
}

// formats is the catalog. To add one: a file with its reader, a line here, and
// a folder under testdata. The first that holds a path reads it.
var formats = []format{
	{name: "markdown", holds: isMarkdown, read: trace.Scan},
}

// Sources implements traceability.Sources.
type Sources struct{}

// Holds reports whether a format of the catalog reads the path.
func (Sources) Holds(r traceability.Repository, path string) bool {
	_, ok := formatOf(r, path)
	return ok
}

// Read gives the items of a file with the format that holds its name.
func (Sources) Read(name string, data []byte) ([]trace.Item, []document.Finding) {
	r, path := traceability.Code, name
	if rest, ok := strings.CutPrefix(name, string(traceability.Requirements)+":"); ok {
		r, path = traceability.Requirements, rest
	}
	f, ok := formatOf(r, path)
	if !ok {
		at := document.Position{File: name, Line: 1, Column: 1}
		return nil, []document.Finding{{ID: "DOC-S01", Severity: "error", At: at, Message: fmt.Sprintf("%s is no source of items", path)}}
	}
	return f.read(name, data)
}

func formatOf(r traceability.Repository, path string) (format, bool) {
	for _, f := range formats {
		if f.holds(r, path) {
			return f, true
		}
	}
	return format{}, false
}

// isMarkdown takes every page of the requirements, and the documentation of
// the code but for its release notes.
func isMarkdown(r traceability.Repository, path string) bool {
	if !strings.HasSuffix(path, ".md") {
		return false
	}
	return r == traceability.Requirements || strings.HasPrefix(path, "documentation/") && !strings.HasPrefix(path, "documentation/releases/")
}
