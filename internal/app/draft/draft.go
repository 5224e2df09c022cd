// Package draft writes the first text of a release note from the commits of a
// working copy.
package draft

import (
	"context"

	"github.com/dc-release/dc-release/internal/core/fault"
	"github.com/dc-release/dc-release/internal/core/release"
)

// Code is the repository of a working copy.
type Code interface {
	Head(ctx context.Context) (release.Ref, bool, error)
	VersionTags(ctx context.Context, commit string) (map[release.Version]string, error)
	History(ctx context.Context, from, to, folder string) ([]release.Commit, error)
	ReadFile(ctx context.Context, commit, path string) ([]byte, bool, error)
	RemoteURL(ctx context.Context, remote string) string
}

// Request asks for the note of a version.
type Request struct {
	Version    string
	Repository string // address of the code repository, "" for that of the remote origin
}

// Note drafts the note of the commits from the highest version tag in the
// history of the head, below the version, to the head. The risk categories are
// those of the template of notes.
func Note(ctx context.Context, code Code, q Request) (release.Version, release.Drafted, error) {
	none := release.Drafted{}
	v, err := release.ParseVersion(q.Version)
	if err != nil {
		return v, none, fault.New(fault.Invalid, "%v", err)
	}
	head, ok, err := code.Head(ctx)
	if err != nil {
		return v, none, err
	}
	if !ok {
		return v, none, fault.New(fault.Invalid, "the repository has no commit")
	}
	tags, err := code.VersionTags(ctx, head.Commit)
	if err != nil {
		return v, none, err
	}
	d := release.Draft{Version: v, Repository: release.WebAddress(q.Repository)}
	for tag := range tags {
		if tag.Compare(d.History.Previous) > 0 {
			d.History.Previous = tag
		}
	}
	if !d.History.Previous.IsZero() && v.Compare(d.History.Previous) <= 0 {
		return v, none, fault.New(fault.Invalid, "version %s is not higher than %s, which is tagged in the history of the head", v, d.History.Previous).WithHint("a version is used once; take a higher one")
	}
	if q.Repository == "" {
		d.Repository = release.WebAddress(code.RemoteURL(ctx, "origin"))
	} else if d.Repository == "" {
		return v, none, fault.New(fault.Invalid, "address %q of the repository: want https://HOST/ORG/REPO", q.Repository)
	}
	if d.History.Commits, err = code.History(ctx, tags[d.History.Previous], head.Commit, release.NotesFolder); err != nil {
		return v, none, err
	}
	template, there, err := code.ReadFile(ctx, head.Commit, release.TemplatePath)
	if err != nil {
		return v, none, err
	}
	if there {
		d.Categories = release.CategoriesOf(template)
	}
	out, err := d.Write()
	return v, out, err
}
