// Package itemfile reads requirements, specifications, risks and tests out of
// the files of a repository: one file of the package for each format.
package itemfile

import (
	"github.com/dc-release/dc-release/internal/app/traceability"
	"github.com/dc-release/dc-release/internal/core/document"
	"github.com/dc-release/dc-release/internal/core/release"
	"github.com/dc-release/dc-release/internal/core/trace"
)

// Limits of what is read. A file beyond one of them is a finding and holds no
// items.
const (
	maxText     = 8 << 20  // bytes of a file that people write
	maxExport   = 64 << 20 // bytes of a file that a tool exports
	maxDepth    = 100      // nested values
	maxNodes    = 1 << 20  // values of a file, those of an alias each time it is used
	maxItems    = 100_000  // of a file
	maxFindings = 500      // of a file; the rest is counted
)

// format is one kind of source.
type format struct {
	name string
	// holds reports whether a path of the opened repository is such a file, and
	// what beside the file decides how it is read.
	holds func(o *opened, path string) (setting string, ok bool)
	// read gives the items of a file.
	read func(o *opened, f *file, path string, data []byte)
	size int // bytes, at most
}

// formats is the catalog. To add one: a file with its reader, a line here, and
// a folder under testdata. The first that holds a path reads it: what the
// requirements map comes before what is read by its name.
var formats = []format{
	{name: "doorstop", holds: isDoorstop, read: readDoorstop, size: maxText},
	{name: "needs", holds: mappedTo("needs"), read: readNeeds, size: maxExport},
	{name: "jira", holds: mappedTo("jira"), read: readJira, size: maxExport},
	{name: "bundle", holds: isBundle, read: readBundle, size: maxText},
	{name: "workflow", holds: isWorkflow, read: readWorkflow, size: maxText},
	{name: "test-map", holds: isTestMap, read: readTestMap, size: maxText},
	{name: "gherkin", holds: isFeature, read: readFeature, size: maxText},
	{name: "markdown", holds: isMarkdown, read: readMarkdown, size: maxText},
	{name: "list", holds: isList, read: readList, size: maxText},
}

// Formats is the names of the formats that are read.
func Formats() []string {
	var names []string
	for _, f := range formats {
		names = append(names, f.name)
	}
	return names
}

// Sources implements traceability.Sources.
type Sources struct{}

// opened is a repository at a commit with what it says of its files. It
// implements traceability.Reader.
type opened struct {
	repository traceability.Repository
	bundle     bundle
	imports    imports
}

// Open reads the name of the bundle, the mapping of foreign ids and the
// documents of Doorstop.
func (Sources) Open(r traceability.Repository, files []release.File, read func(path string) ([]byte, bool, error)) (traceability.Reader, []document.Finding, error) {
	o := &opened{repository: r}
	var findings []document.Finding
	var err error
	if r == traceability.Code {
		err = o.bundle.open(read)
	} else {
		findings, err = o.imports.open(r, files, read)
	}
	return o, findings, err
}

// TestMap implements traceability.Sources.
func (Sources) TestMap(data []byte) trace.TestMap {
	return mappings(newFile(trace.TestMapFile), data)
}

// Holds implements traceability.Reader.
func (o *opened) Holds(path string) (string, bool) {
	_, setting, ok := o.formatOf(path)
	return setting, ok
}

// Read implements traceability.Reader.
func (o *opened) Read(path string, data []byte) ([]trace.Item, []document.Finding) {
	out := newFile(o.repository.Name(path))
	f, _, ok := o.formatOf(path)
	switch {
	case !ok:
		out.report("DOC-S12", start, "", "%s is no source of items", path)
	case len(data) > f.size:
		out.report("DOC-S12", start, "split the file", "the file has %d bytes, want at most %d", len(data), f.size)
	default:
		f.read(o, out, path, data)
	}
	return out.done()
}

func (o *opened) formatOf(path string) (f format, setting string, ok bool) {
	for _, f := range formats {
		if setting, ok := f.holds(o, path); ok {
			return f, setting, true
		}
	}
	return format{}, "", false
}
