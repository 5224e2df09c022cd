package traceability

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/dc-release/dc-release/internal/core/document"
	"github.com/dc-release/dc-release/internal/core/fault"
	"github.com/dc-release/dc-release/internal/core/gate"
	"github.com/dc-release/dc-release/internal/core/release"
	"github.com/dc-release/dc-release/internal/core/trace"
)

// DiffQuery asks for the difference of two releases of a solution.
type DiffQuery struct {
	Solution string `json:"solution"`
	From     string `json:"from"`
	To       string `json:"to"`
}

// Difference is what is not the same in two states of a product.
type Difference struct {
	From  Side         `json:"from"`
	To    Side         `json:"to"`
	Files []FileChange `json:"files"` // of the code
	// Documents are the pages of the repositories and, of releases, the documents
	// of the last gate that opened.
	Documents []DocumentChange `json:"documents"`
	Items     []ItemChange     `json:"items"`
	Results   []ResultChange   `json:"results"`
	// SameResults is how many results of a test in a place are the same.
	SameResults int `json:"same_results"`
	// Left says what was not compared, and why.
	Left []string `json:"left,omitempty"`
}

// Side is one of the two states.
type Side struct {
	Name         string `json:"name"` // version, tag or commit
	Code         string `json:"code"` // commit
	Requirements string `json:"requirements,omitempty"`
}

// FileChange is a file of the code that differs.
type FileChange struct {
	Path   string `json:"path"`
	Change string `json:"change"` // added, changed, removed
}

// DocumentChange is a document that differs, with its sections that do.
type DocumentChange struct {
	Kind     string                   `json:"kind"` // of the catalog of documents, or page, release-note
	Name     string                   `json:"name"` // path, or name of a rendered document
	Change   string                   `json:"change"`
	Sections []document.SectionChange `json:"sections,omitempty"`
}

// ItemChange is an item that differs.
type ItemChange struct {
	ID     string        `json:"id"`
	Kind   trace.Kind    `json:"kind"`
	Title  string        `json:"title,omitempty"`
	Change trace.Changed `json:"change"`
}

// ResultChange is a test whose state in a place differs; "" for none.
type ResultChange struct {
	Test  string `json:"test"`
	Place string `json:"place"` // OV in tst
	From  string `json:"from"`
	To    string `json:"to"`
}

// state is one side with what is compared.
type side struct {
	Side
	code, requirements source
	items              []trace.Item
	results            map[[2]string]string // test, place -> state
	rendered           map[string]document.Tree
}

// Diff compares two registered releases as they stand at a time (UTC).
func (t *Tracer) Diff(ctx context.Context, q DiffQuery, now string) (Difference, error) {
	from, err := t.released(ctx, q.Solution, q.From, now)
	if err != nil {
		return Difference{}, err
	}
	to, err := t.released(ctx, q.Solution, q.To, now)
	if err != nil {
		return Difference{}, err
	}
	return t.difference(ctx, from, to)
}

func (t *Tracer) released(ctx context.Context, solution, version, now string) (s side, err error) {
	v, err := release.ParseVersion(version)
	if err != nil {
		return s, fault.New(fault.Invalid, "%v", err)
	}
	standing, err := t.Releases.Release(ctx, solution, v.String())
	if err != nil {
		return s, err
	}
	if standing.Registered == nil {
		return s, fault.New(fault.NotFound, "release %q of %q is not known", version, solution)
	}
	pin := PinOf(standing)
	s.Side = Side{Name: v.String(), Code: pin.Code, Requirements: pin.Requirements}
	known, err := t.subject(ctx, pin, "", "")
	if err != nil {
		return s, err
	}
	s.code, s.requirements = known.code, known.requirements
	run, err := t.Releases.Run(ctx, standing.Registered.Run)
	if err != nil {
		return s, err
	}
	traced, err := t.Trace(ctx, run, standing, reached(standing), now)
	if err != nil {
		return s, err
	}
	s.items, s.results = traced.Items, resultsOf(traced.Matrix.Document())
	s.rendered, err = t.rendered(ctx, standing)
	return s, err
}

// resultsOf are the states of tests by place.
func resultsOf(m document.Matrix) map[[2]string]string {
	out := map[[2]string]string{}
	for _, r := range m.Rows {
		name := r.Test.ID
		if name == "" {
			name = r.Test.Title
		}
		for i, c := range r.Cells {
			if name != "" && c.State != "" {
				out[[2]string{name, m.Columns[i].Title()}] = c.State
			}
		}
	}
	return out
}

// rendered are the documents of the last gate that opened.
func (t *Tracer) rendered(ctx context.Context, s gate.Standing) (map[string]document.Tree, error) {
	out := map[string]document.Tree{}
	for _, name := range slices.Backward([]string{gate.PreVal, gate.ApproveToPrd, gate.ApproveForUse}) {
		opened := s.Gate(name).Opened
		if opened == nil {
			continue
		}
		for _, d := range opened.Documents {
			digest, ok := d.Files["json"]
			if !ok {
				continue
			}
			raw, err := t.Blobs.Bytes(ctx, digest)
			if err != nil {
				return nil, err
			}
			if out[d.Name], err = document.ParseTree(raw); err != nil {
				return nil, err
			}
		}
		return out, nil
	}
	return out, nil
}

// DiffLocal compares two commits of a working copy; names are what they are
// called.
func (t *Tracer) DiffLocal(ctx context.Context, repository Tree, project string, from, to Side) (Difference, error) {
	local := func(s Side) (side, error) {
		code := source{tree: repository, commit: s.Code, name: Code}
		items, _, err := t.gather(ctx, repository, nil, Pin{Code: s.Code}, project)
		return side{Side: s, code: code, items: items}, err
	}
	a, err := local(from)
	if err != nil {
		return Difference{}, err
	}
	b, err := local(to)
	if err != nil {
		return Difference{}, err
	}
	d, err := t.difference(ctx, a, b)
	d.Left = append(d.Left, "requirements of another repository and results: a working copy has neither")
	return d, err
}

func (t *Tracer) difference(ctx context.Context, from, to side) (Difference, error) {
	d := Difference{From: from.Side, To: to.Side, Files: []FileChange{}, Documents: []DocumentChange{}, Items: []ItemChange{}, Results: []ResultChange{}}
	for _, pair := range [][2]source{{from.code, to.code}, {from.requirements, to.requirements}} {
		if pair[0].tree == nil && pair[1].tree == nil {
			continue
		}
		if err := t.pages(ctx, &d, pair[0], pair[1]); err != nil {
			return d, err
		}
	}
	d.rendered(from.rendered, to.rendered)
	d.items(from.items, to.items)
	d.compare(from.results, to.results)
	return d, nil
}

// pages compares the files of one repository, and the sections of its pages.
func (t *Tracer) pages(ctx context.Context, d *Difference, a, b source) error {
	read := func(s source) (survey, error) {
		if s.tree == nil {
			return survey{}, nil
		}
		return t.survey(ctx, s.tree, s.commit, s.name)
	}
	was, err := read(a)
	if err != nil {
		return err
	}
	is, err := read(b)
	if err != nil {
		return err
	}
	name := cmp.Or(a.name, b.name)
	for _, f := range filesChanged(was.files, is.files) {
		if name == Code {
			d.Files = append(d.Files, f)
		}
		if strings.HasSuffix(f.Path, ".md") {
			d.Documents = append(d.Documents, DocumentChange{
				Kind: kindOfPage(f.Path), Name: name.Name(f.Path), Change: f.Change,
				Sections: document.CompareSections(was.pages[f.Path].Passages, is.pages[f.Path].Passages),
			})
		}
	}
	return nil
}

func filesChanged(was, is []release.File) []FileChange {
	then, now := map[string]release.File{}, map[string]bool{}
	for _, f := range was {
		then[f.Path] = f
	}
	for _, f := range is {
		now[f.Path] = true
	}
	var out []FileChange
	for _, p := range differing(was, is) {
		change := document.WasChanged
		switch _, before := then[p]; {
		case !before:
			change = document.WasAdded
		case !now[p]:
			change = document.WasRemoved
		}
		out = append(out, FileChange{p, change})
	}
	return out
}

func kindOfPage(path string) string {
	if strings.HasPrefix(path, release.NotesFolder) {
		return "release-note"
	}
	for _, f := range document.PageFiles {
		if f.Path == path && f.Section == "" {
			return f.Name
		}
		if f.Path == path {
			return "functional-specification"
		}
	}
	return "page"
}

// rendered compares the documents that gates were shown.
func (d *Difference) rendered(from, to map[string]document.Tree) {
	all := maps.Clone(from)
	if all == nil {
		all = map[string]document.Tree{}
	}
	maps.Copy(all, to)
	for _, name := range slices.Sorted(maps.Keys(all)) {
		was, before := from[name]
		is, after := to[name]
		c := DocumentChange{Kind: all[name].Meta.Kind, Name: name, Change: document.WasChanged}
		switch {
		case !before:
			c.Change = document.WasAdded
		case !after:
			c.Change = document.WasRemoved
		default:
			if c.Sections = document.CompareSections(was.Passages(), is.Passages()); len(c.Sections) == 0 {
				continue
			}
		}
		d.Documents = append(d.Documents, c)
	}
}

func (d *Difference) items(before, after []trace.Item) {
	titles := map[string]trace.Item{}
	for _, i := range slices.Concat(after, before) {
		if _, known := titles[i.ID]; !known {
			titles[i.ID] = i
		}
	}
	for _, c := range trace.Compare(before, after) {
		d.Items = append(d.Items, ItemChange{ID: c.ID, Kind: titles[c.ID].Kind, Title: titles[c.ID].Title, Change: c.What})
	}
}

func (d *Difference) compare(from, to map[[2]string]string) {
	all := map[[2]string]bool{}
	for _, m := range []map[[2]string]string{from, to} {
		for k := range m {
			all[k] = true
		}
	}
	for k := range all {
		if from[k] == to[k] {
			d.SameResults++
			continue
		}
		d.Results = append(d.Results, ResultChange{Test: k[0], Place: k[1], From: from[k], To: to[k]})
	}
	slices.SortFunc(d.Results, func(a, b ResultChange) int { return cmp.Or(cmp.Compare(a.Test, b.Test), cmp.Compare(a.Place, b.Place)) })
}
