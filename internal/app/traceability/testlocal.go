package traceability

import (
	"context"
	"path"
	"slices"
	"strings"

	"github.com/dc-release/dc-release/internal/core/document"
	"github.com/dc-release/dc-release/internal/core/fault"
	"github.com/dc-release/dc-release/internal/core/release"
	"github.com/dc-release/dc-release/internal/core/trace"
)

// WorkingCopy is the repository of a working directory.
type WorkingCopy interface {
	Tree
	History
	Head(ctx context.Context) (release.Ref, bool, error)
	// VersionTags are the versions in the history of a commit with what each
	// points to.
	VersionTags(ctx context.Context, commit string) (map[release.Version]string, error)
	RemoteURL(ctx context.Context, remote string) string
}

// LocalTest asks for the document tests of files that are no release.
type LocalTest struct {
	Local
	Profile string
	Note    string // version whose note is tested, "" for the newest that is not tagged
	// Copy is the repository of the folder, nil when it is none.
	Copy WorkingCopy
}

// TestLocal runs the document tests of files. Those that read results run when
// there are any.
func (t *Tracer) TestLocal(ctx context.Context, q LocalTest) (document.Tested, error) {
	s := subject{
		project: q.Project, profile: q.Profile, code: source{tree: q.Code, name: Code}, requirements: source{tree: q.Requirements, name: Requirements},
		unknown: "the folder is no working copy of git, or has no commit",
	}
	if err := s.local(ctx, q); err != nil {
		return document.Tested{}, err
	}
	if len(q.Results) > 0 {
		results, err := t.counted(ctx, q.Local)
		if err != nil {
			return document.Tested{}, err
		}
		s.results = func(items, before []trace.Item) ([]document.Finding, document.Left, error) {
			m := trace.Link(items, results, trace.Scope{Approved: trace.Fingerprints(before)})
			findings, left := m.CheckResults(trace.Circumstance{})
			left.Because("waivers are those of a release; see --version", "DOC-T14")
			return findings, left, nil
		}
	}
	return t.test(ctx, s)
}

// local finds the note and the release before.
func (s *subject) local(ctx context.Context, q LocalTest) error {
	var head release.Ref
	tags := map[release.Version]string{}
	if q.Copy != nil {
		var ok bool
		var err error
		if head, ok, err = q.Copy.Head(ctx); err != nil {
			return err
		}
		if !ok {
			q.Copy = nil
		} else if tags, err = q.Copy.VersionTags(ctx, head.Commit); err != nil {
			return err
		}
	}
	if err := s.choose(ctx, q, tags, head.Commit); err != nil {
		return err
	}
	s.note = release.Context{Version: s.version}
	if q.Copy == nil {
		return nil
	}
	s.note.Repository, s.note.Released = release.WebAddress(q.Copy.RemoteURL(ctx, "origin")), []release.Version{}
	h := &release.History{}
	for v := range tags {
		if v == s.version {
			continue
		}
		s.note.Released = append(s.note.Released, v)
		if h.Previous.Compare(v) < 0 && (s.version.IsZero() || v.Compare(s.version) < 0) {
			h.Previous = v
		}
	}
	slices.SortFunc(s.note.Released, func(a, b release.Version) int { return b.Compare(a) })
	commits, err := q.Copy.History(ctx, tags[h.Previous], head.Commit, "documentation")
	if err != nil {
		return err
	}
	h.Commits = commits
	s.note.History = h
	if s.unknown = noBefore; h.Previous.IsZero() {
		return nil
	}
	s.before = &before{
		code: source{tree: q.Copy, commit: tags[h.Previous], name: Code}, head: source{tree: q.Copy, commit: head.Commit, name: Code},
		commits: map[Repository][]release.Commit{Code: commits},
	}
	return nil
}

// choose takes the version whose note is tested: the one that was asked for, the
// one that the head is tagged with, or the newest note that is not tagged.
func (s *subject) choose(ctx context.Context, q LocalTest, tags map[release.Version]string, head string) (err error) {
	if q.Note != "" {
		if s.version, err = release.ParseVersion(q.Note); err != nil {
			return fault.New(fault.Invalid, "%v", err)
		}
		return nil
	}
	files, err := q.Code.Files(ctx, "", "")
	if err != nil {
		return err
	}
	s.untested = "there is no release note"
	var newest release.Version
	for _, f := range files {
		name, ok := strings.CutSuffix(path.Base(f.Path), ".md")
		v, err := release.ParseVersion(name)
		if ok && err == nil && f.Path == v.NotePath() && newest.Compare(v) < 0 {
			newest = v
		}
	}
	for v, at := range tags {
		if at == head && newest.Compare(v) <= 0 {
			newest = v
		}
	}
	if at, tagged := tags[newest]; tagged && at != head {
		s.untested = "the newest note is of version " + newest.String() + ", which is tagged; see --note"
		return nil
	}
	if s.version = newest; !newest.IsZero() && tags[newest] == "" {
		s.left = document.Left{"DOC-R04": "version " + newest.String() + " is not tagged yet"}
	}
	return nil
}
