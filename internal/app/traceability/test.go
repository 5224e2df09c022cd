package traceability

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/dc-release/dc-release/internal/app/verify"
	"github.com/dc-release/dc-release/internal/core/document"
	"github.com/dc-release/dc-release/internal/core/release"
	"github.com/dc-release/dc-release/internal/core/trace"
	"github.com/dc-release/dc-release/internal/core/workflow"
)

// Checks are the document tests, in the order of their ids: release note,
// specification, risk, test and trace, publication.
func Checks() []document.Check {
	all := slices.Concat(release.Checks, trace.Checks, document.PageChecks, verify.Checks)
	group := func(c document.Check) int { return strings.Index("RSKTP", strings.TrimPrefix(c.ID, "DOC-")[:1]) }
	slices.SortFunc(all, func(a, b document.Check) int { return cmp.Or(cmp.Compare(group(a), group(b)), cmp.Compare(a.ID, b.ID)) })
	return all
}

// Reasons for checks that are left out.
const (
	noFolder  = "no published folder at this stage; see --release-log"
	noResults = "no results at this stage; see --results"
	noVersion = "no version is tested"
	noBefore  = "there is no release before to compare with"
)

// source is one repository at a commit; a nil tree is none.
type source struct {
	tree   Tree
	commit string
	name   Repository
}

// subject is what the document tests look at.
type subject struct {
	project, profile   string
	code, requirements source
	// version whose note is tested, zero for none; untested says why not.
	version  release.Version
	untested string
	note     release.Context
	// before is the release before, nil for none; unknown says why not.
	before  *before
	unknown string
	// results gives the matrix with its circumstances; nil leaves its checks out.
	results func(items, before []trace.Item) ([]document.Finding, document.Left, error)
	left    document.Left // that nothing here could answer
}

// before is the release before with what was committed since.
type before struct {
	code, requirements source
	commits            map[Repository][]release.Commit // with their paths
	// head is the code as it was committed, where code is a working directory.
	head source
}

// tests collects findings and what was left out.
type tests struct {
	*Tracer
	of       subject
	findings []document.Finding
	left     document.Left
	items    []trace.Item
	surveys  map[Repository]survey
}

// run is the document tests of a subject.
func (t *Tracer) test(ctx context.Context, s subject) (document.Tested, error) {
	x := tests{Tracer: t, of: s, left: document.Left{}, surveys: map[Repository]survey{}}
	for _, step := range []func(context.Context) error{x.readItems, x.testPages, x.testNote, x.testChange} {
		if err := step(ctx); err != nil {
			return document.Tested{}, err
		}
	}
	x.left.Add(s.left)
	for _, c := range verify.Checks {
		x.left.Because(noFolder, c.ID)
	}
	slices.SortStableFunc(x.findings, func(a, b document.Finding) int {
		return cmp.Or(cmp.Compare(a.At.File, b.At.File), cmp.Compare(a.At.Line, b.At.Line), cmp.Compare(a.At.Column, b.At.Column), cmp.Compare(a.ID, b.ID))
	})
	return document.Judge(Checks(), s.profile, x.findings, x.left), nil
}

// JudgeFolder is the answer for a published folder: the checks of what is in the
// repositories are not run.
func JudgeFolder(profile string, findings []document.Finding, left document.Left) document.Tested {
	published := map[string]bool{"DOC-R15": true, "DOC-P11": true}
	for _, c := range verify.Checks {
		published[c.ID] = true
	}
	for _, c := range Checks() {
		if !published[c.ID] {
			left.Because("a published folder is tested, and not its sources; see --version without --release-log", c.ID)
		}
	}
	return document.Judge(Checks(), profile, findings, left)
}

func (x *tests) add(findings ...document.Finding) { x.findings = append(x.findings, findings...) }

func (x *tests) sources() []source {
	out := []source{x.of.code}
	if x.of.requirements.tree != nil {
		out = append(out, x.of.requirements)
	}
	return out
}

func (x *tests) readItems(ctx context.Context) error {
	items, findings, err := x.gather(ctx, x.of.code.tree, x.of.requirements.tree, Pin{Code: x.of.code.commit, Requirements: x.of.requirements.commit}, x.of.project)
	x.items = items
	x.add(findings...)
	return err
}

// testPages tests what stands in the repositories beside the items.
func (x *tests) testPages(ctx context.Context) error {
	for _, s := range x.sources() {
		found, err := x.survey(ctx, s.tree, s.commit, s.name)
		if err != nil {
			return err
		}
		x.surveys[s.name] = found
		x.add(document.CheckLinks(found.pages, found.holds())...)
	}
	x.add(document.CheckPages(x.surveys[Code].pages)...)
	return nil
}

// testNote tests the release note and the files beside it.
func (x *tests) testNote(ctx context.Context) error {
	read := func(path string) ([]byte, error) {
		data, ok, err := x.of.code.tree.ReadFile(ctx, x.of.code.commit, path)
		if ok && data == nil {
			data = []byte{}
		}
		return data, err
	}
	template, err := read(release.TemplatePath)
	if err != nil {
		return err
	}
	readme, err := read(release.ReadmePath)
	if err != nil {
		return err
	}
	x.add(release.CheckFolder(template, readme)...)
	paths := make([]string, 0, len(x.surveys[Code].files))
	for _, f := range x.surveys[Code].files {
		paths = append(paths, f.Path)
	}
	x.add(release.CheckNames(paths)...)
	if x.of.version.IsZero() {
		for _, c := range release.Checks {
			if strings.HasPrefix(c.ID, "DOC-R") && c.ID != "DOC-R16" && c.ID != "DOC-R02" {
				x.left.Because(x.of.untested, c.ID)
			}
		}
		return nil
	}
	file := x.of.version.NotePath()
	note, err := read(file)
	if err != nil {
		return err
	}
	if note == nil {
		x.add(release.MissingNote(x.of.version))
		for _, c := range release.Checks {
			if strings.HasPrefix(c.ID, "DOC-R") && c.ID != "DOC-R16" && c.ID != "DOC-R02" && c.ID != "DOC-R01" {
				x.left.Because("there is no release note", c.ID)
			}
		}
		return nil
	}
	if template != nil {
		x.of.note.Categories = release.CategoriesOf(template)
	}
	_, findings := release.CheckNote(file, note, x.of.note)
	x.left.Add(x.of.note.Left())
	x.add(findings...)
	return nil
}

// testChange tests what changed since the release before, and the results.
func (x *tests) testChange(ctx context.Context) error {
	var was []trace.Item
	if x.of.before == nil {
		x.left.Because(x.of.unknown, "DOC-S03", "DOC-S10", "DOC-S11")
	} else {
		var err error
		b := x.of.before
		if was, _, err = x.gather(ctx, b.code.tree, b.requirements.tree, Pin{Code: b.code.commit, Requirements: b.requirements.commit}, x.of.project); err != nil {
			return err
		}
		x.add(trace.CheckChange(was, x.items)...)
		x.add(trace.CheckReferences(was, x.items, b.touched())...)
		if err := x.testApproved(ctx, b); err != nil {
			return err
		}
	}
	if x.of.results == nil {
		x.left.Because(noResults, trace.ResultChecks...)
		return nil
	}
	findings, left, err := x.of.results(x.items, was)
	x.add(findings...)
	x.left.Add(left)
	return err
}

// testApproved tests the documents against those of the release before.
func (x *tests) testApproved(ctx context.Context, b *before) error {
	for _, s := range []source{b.code, b.requirements} {
		if s.tree == nil {
			continue
		}
		was, err := s.tree.Files(ctx, s.commit, "")
		if err != nil {
			return err
		}
		is := x.surveys[s.name].files
		if s.name == Code && b.head.tree != nil {
			if is, err = b.head.tree.Files(ctx, b.head.commit, ""); err != nil {
				return err
			}
		}
		x.add(release.CheckApproved(documents(was, s.name), documents(is, s.name), b.commits[s.name], s.name.Name)...)
	}
	return nil
}

// touched says whether a commit since changed a file, and how many pull requests
// did.
func (b *before) touched() func(file string) (bool, int) {
	changed, requested := map[string]bool{}, map[string]int{}
	for _, r := range []Repository{Code, Requirements} {
		list, alone := release.History{Commits: b.commits[r]}.Changes()
		add := func(c release.Commit, requests int) {
			for _, p := range c.Paths {
				changed[r.Name(p)] = true
				requested[r.Name(p)] += requests
			}
		}
		for _, q := range list {
			for _, c := range q.Commits {
				add(c, 1)
			}
		}
		for _, c := range alone {
			add(c, 0)
		}
	}
	return func(file string) (bool, int) { return changed[file], requested[file] }
}

// NoteErrors are the errors of a release note by itself.
func NoteErrors(version string, note []byte) []string {
	v, err := release.ParseVersion(version)
	if err != nil {
		return []string{err.Error()}
	}
	_, findings := release.CheckNote(v.NotePath(), note, release.Context{Version: v})
	var out []string
	for _, f := range findings {
		if f.Severity == workflow.Error {
			out = append(out, f.String())
		}
	}
	return out
}
