// Package workflowfile reads GitHub workflow files into the workflow
// representation. Whatever the engine does not execute is an error finding with
// its place in the file; nothing is skipped silently.
package workflowfile

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/dc-release/dc-release/internal/core/workflow"
)

const (
	maxBytes = 1 << 20 // of a workflow file
	maxNodes = 100_000 // visited, aliases counted each time they are used
)

// reader collects findings while it walks one file.
type reader struct {
	file     string
	lines    []string
	findings []workflow.Finding
	nodes    int
	reads    []read                     // of contexts, in the whole file
	scope    scope                      // where the walk is
	needs    map[string][]workflow.Text // items of needs as written, by job id
}

// Read reads one workflow file; path names it in findings. The workflow is nil
// when the file is no YAML mapping. It may be run only when no finding is an
// error. Findings are sorted by their place.
func Read(path string, data []byte) (*workflow.Workflow, []workflow.Finding) {
	r := newReader(path, data)
	root := r.decode(data)
	if root == nil {
		return nil, r.findings
	}
	w := r.workflow(root)
	return w, r.sorted()
}

func newReader(path string, data []byte) *reader {
	return &reader{file: path, lines: strings.Split(string(data), "\n"), scope: outside, needs: map[string][]workflow.Text{}}
}

// sorted are the findings by their place, each once.
func (r *reader) sorted() []workflow.Finding {
	slices.SortStableFunc(r.findings, func(a, b workflow.Finding) int {
		return cmp.Or(cmp.Compare(a.At.Line, b.At.Line), cmp.Compare(a.At.Column, b.At.Column))
	})
	return slices.Compact(r.findings)
}

// decode parses the YAML and gives its root mapping, nil when there is none.
func (r *reader) decode(data []byte) (root *yaml.Node) {
	start := workflow.Position{File: r.file, Line: 1, Column: 1}
	if len(data) > maxBytes {
		r.report(start, "file-too-large", "", "file has %d bytes: want at most %d", len(data), maxBytes)
		return nil
	}
	defer func() { // the YAML library must not take the process down
		if p := recover(); p != nil {
			r.report(start, "yaml-syntax", "", "read YAML: %v", p)
			root = nil
		}
	}()
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	var document, more yaml.Node
	switch err := decoder.Decode(&document); {
	case errors.Is(err, io.EOF):
		r.report(start, "empty-workflow", "", "file is empty: want a workflow")
		return nil
	case err != nil:
		r.syntaxError(err)
		return nil
	}
	if err := decoder.Decode(&more); err == nil {
		r.report(r.at(&more), "yaml-documents", "keep one document in the file", "file has more than one YAML document")
		return nil
	} else if !errors.Is(err, io.EOF) {
		r.syntaxError(err)
		return nil
	}
	root = resolve(document.Content[0])
	if root.Kind != yaml.MappingNode {
		r.report(r.at(root), "wrong-type", "", "workflow is %s: want a mapping with on and jobs", kindName(root))
		return nil
	}
	return root
}

var yamlLine = regexp.MustCompile(`line (\d+): `)

func (r *reader) syntaxError(err error) {
	message, line := strings.TrimPrefix(err.Error(), "yaml: "), 1
	if m := yamlLine.FindStringSubmatch(message); m != nil {
		line, _ = strconv.Atoi(m[1])
		message = strings.Replace(message, m[0], "", 1)
	}
	at := workflow.Position{File: r.file, Line: max(line, 1), Column: 1}
	r.report(at, "yaml-syntax", "", "read YAML: %s", message)
}

func (r *reader) report(at workflow.Position, rule, hint, format string, args ...any) {
	r.add(workflow.Error, at, rule, hint, format, args...)
}

func (r *reader) warn(at workflow.Position, rule, hint, format string, args ...any) {
	r.add(workflow.Warning, at, rule, hint, format, args...)
}

func (r *reader) add(severity workflow.Severity, at workflow.Position, rule, hint, format string, args ...any) {
	r.findings = append(r.findings, workflow.Finding{
		At: at, Severity: severity, Rule: rule, Hint: hint, Message: fmt.Sprintf(format, args...),
	})
}

func (r *reader) workflow(root *yaml.Node) *workflow.Workflow {
	w := &workflow.Workflow{File: r.file}
	var on, jobs *yaml.Node
	for _, e := range r.section(root, workflowSection) {
		switch e.name {
		case "name":
			w.Name = r.text(e.value, workflow.KeyNone).Source
		case "description":
			r.text(e.value, workflow.KeyNone)
		case "run-name":
			w.RunName = r.text(e.value, workflow.KeyRunName)
		case "on":
			on = e.value
		case "permissions":
			w.Permissions = r.permissions(e.value)
		case "concurrency":
			w.Concurrency = r.concurrency(e.value, workflow.KeyConcurrency)
		case "env":
			w.Env = r.bindings(e.value, "env", workflow.KeyEnv)
		case "defaults":
			w.Defaults = r.defaults(e.value, workflow.KeyNone)
		case "jobs":
			jobs = e.value
		}
	}
	if on == nil {
		r.report(r.at(root), "missing-key", "add on: with the events that start the workflow", "workflow has no on")
	} else {
		w.On, w.Call = r.triggers(on)
	}
	if jobs == nil {
		r.report(r.at(root), "missing-key", "add jobs: with at least one job", "workflow has no jobs")
	} else {
		w.Jobs = r.jobs(jobs)
	}
	r.checkNeeds(w)
	r.checkReads(w)
	return w
}
