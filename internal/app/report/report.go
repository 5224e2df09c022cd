// Package report turns what the ledger holds of a release into documents: it
// gathers their facts at one position of the ledger, lets core/document build
// the trees, and stores every tree in every format. The same ledger gives the
// same bytes.
package report

import (
	"context"
	"fmt"
	"slices"

	"github.com/dc-release/dc-release/internal/app/state"
	"github.com/dc-release/dc-release/internal/app/traceability"
	"github.com/dc-release/dc-release/internal/core/document"
	"github.com/dc-release/dc-release/internal/core/evidence"
	"github.com/dc-release/dc-release/internal/core/gate"
	"github.com/dc-release/dc-release/internal/core/ledger"
	"github.com/dc-release/dc-release/internal/core/policy"
	"github.com/dc-release/dc-release/internal/core/release"
)

// Blobs reads what events point to and keeps documents.
type Blobs interface {
	PutBytes(ctx context.Context, data []byte) (digest string, err error)
	Bytes(ctx context.Context, digest string) ([]byte, error)
}

// Tracer joins requirements with results and reads recorded evidence again.
type Tracer interface {
	Trace(ctx context.Context, run state.Run, s gate.Standing, gateName, at string) (traceability.Traced, error)
	Pages(ctx context.Context, p traceability.Pin) ([]document.Page, error)
	Configuration(ctx context.Context, p traceability.Pin) ([]document.File, error)
	Templates(ctx context.Context, p traceability.Pin) (map[string]document.Template, []document.Finding, error)
	Commits(ctx context.Context, p traceability.Pin, previous string) ([]release.Commit, error)
	Judged(ctx context.Context, run state.Run, rec state.Recorded, item evidence.Item) (evidence.Report, evidence.Judged, error)
}

// Renderer writes a tree in one format.
type Renderer struct {
	Extension string // without dot: md, html
	Render    func(document.Tree) ([]byte, error)
}

// Reporter writes the documents of releases.
type Reporter struct {
	State  *state.Reader // whose Log holds every stream that facts are read from
	Blobs  Blobs
	Tracer Tracer
	// Names gives the printed name of a person. It is asked for authors and
	// testers; signatures print the name that was signed.
	Names func(ctx context.Context, person string) (string, error)
	// People are the ids of everybody in the installation.
	People func(ctx context.Context) ([]string, error)
	// Versions are the registered versions of a solution.
	Versions func(ctx context.Context, solution string) ([]string, error)
	// RootAt is the head of the ledger as it was at a size; nil leaves the root
	// out of the facts.
	RootAt func(ctx context.Context, size int64) (ledger.Head, error)
	// Renderers are the formats besides JSON, which every document has.
	Renderers []Renderer
	Tool      document.Tool
}

// jsonExtension names the canonical form among a document's files.
const jsonExtension = "json"

// Render builds and stores the documents that a gate demands when it opens:
// drafts before PRD, candidates at the last gate, none at gates that demand
// none. What keeps them from being complete is a *gate.Incomplete that names all
// of it. It implements promote.Documents.
func (r *Reporter) Render(ctx context.Context, run state.Run, s gate.Standing, name string, opening int) ([]gate.RenderedDocument, error) {
	if len(document.Set(document.Selection{Gate: name})) == 0 {
		return nil, nil
	}
	m, err := r.of(ctx, run, s)
	if err != nil {
		return nil, fmt.Errorf("documents for gate %s: %w", name, err)
	}
	f, err := r.facts(ctx, m, name)
	if err != nil {
		return nil, fmt.Errorf("documents for gate %s: %w", name, err)
	}
	def, demanded := s.Definition(policy.Profile(f.Policy.Profile), name)
	m.opens(&f, def)
	templates, wrong, err := r.templates(ctx, m)
	if err != nil {
		return nil, fmt.Errorf("documents for gate %s: %w", name, err)
	}
	if missing := append(incomplete(f, def, demanded), wrong...); len(missing) > 0 {
		return nil, &gate.Incomplete{Missing: missing}
	}
	out := []gate.RenderedDocument{}
	for _, request := range document.Set(f.Selection(name, opening)) {
		if t, ok := templates[request.Kind.Name]; ok {
			request.Template = &t
		}
		if request.Last, err = r.lastOf(ctx, f, request); err != nil {
			return nil, err
		}
		tree, err := build(request, f)
		if err != nil {
			return nil, err
		}
		d, err := r.store(ctx, request.FileName(), tree)
		if err != nil {
			return nil, err
		}
		out = append(out, d)
	}
	return out, nil
}

// build makes the draft, or at the last gate the candidate.
func build(request document.Request, f document.Facts) (document.Tree, error) {
	if request.Gate == gate.ApproveForUse {
		c, err := document.MakeCandidate(request, f)
		return c.Tree(), err
	}
	d, err := document.MakeDraft(request, f)
	return d.Tree(), err
}

// store keeps a tree in every format.
func (r *Reporter) store(ctx context.Context, name string, t document.Tree) (gate.RenderedDocument, error) {
	d := gate.RenderedDocument{Kind: t.Meta.Kind, Number: t.Meta.Number, Name: name, Files: map[string]string{}}
	formats := append([]Renderer{{jsonExtension, document.Tree.JSON}}, r.Renderers...)
	for _, f := range formats {
		if _, ok := d.Files[f.Extension]; ok {
			continue // JSON stands first and is always the canonical form
		}
		data, err := f.Render(t)
		if err != nil {
			return d, fmt.Errorf("render document %q as %s: %w", t.Meta.Number, f.Extension, err)
		}
		if d.Files[f.Extension], err = r.Blobs.PutBytes(ctx, data); err != nil {
			return d, fmt.Errorf("store document %q as %s: %w", t.Meta.Number, f.Extension, err)
		}
	}
	return d, nil
}

// opens shows a gate as it is at the moment that its documents are made for:
// nothing is missing, and nobody has signed this opening.
func (m *moment) opens(f *document.Facts, def gate.Definition) {
	for i := range f.Gates {
		g := &f.Gates[i]
		if g.Name != def.Name {
			continue
		}
		g.State, g.Missing = document.GateOpen, nil
		g.Checks = m.checks(def, m.size)
	}
}

// incomplete names what the documents of a gate lack.
func incomplete(f document.Facts, def gate.Definition, demanded bool) []string {
	var out []string
	add := func(format string, args ...any) {
		out = append(out, "documents: "+fmt.Sprintf(format, args...))
	}
	for _, problem := range problems(f.Check()) {
		add("%s", problem)
	}
	if f.Note.Text == "" {
		add("the release note %s is empty", f.Note.Path)
	}
	if len(f.Sources) == 0 {
		add("the plan names no workflow file")
	}
	if demanded && !slices.Contains(names(f.Environments), def.After) {
		add("nothing is recorded of environment %s", def.After)
	}
	return out
}

// problems splits what errors.Join joined.
func problems(err error) []error {
	if err == nil {
		return nil
	}
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		return joined.Unwrap()
	}
	return []error{err}
}

func names(environments []document.Environment) []string {
	var out []string
	for _, e := range environments {
		out = append(out, e.Name)
	}
	return out
}
