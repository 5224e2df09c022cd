package wire

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/dc-release/dc-release/internal/adapter/git"
	"github.com/dc-release/dc-release/internal/adapter/itemfile"
	"github.com/dc-release/dc-release/internal/app/draft"
	"github.com/dc-release/dc-release/internal/app/traceability"
	"github.com/dc-release/dc-release/internal/core/fault"
	"github.com/dc-release/dc-release/internal/face/cli/records"
)

// DraftNote writes the draft of a release note into a working copy, or gives it
// back. A note that is there is never touched.
func DraftNote(ctx context.Context, q records.DraftRequest) (records.Drafted, error) {
	repo, err := git.Open(ctx, q.Dir)
	if err != nil {
		return records.Drafted{}, err
	}
	version, note, err := draft.Note(ctx, repo, draft.Request{Version: q.Version, Repository: q.Repository})
	if err != nil {
		return records.Drafted{}, err
	}
	out := records.Drafted{Version: version.String(), Drafted: note}
	if q.Print {
		return out, nil
	}
	out.Path = filepath.Join(q.Dir, filepath.FromSlash(version.NotePath()))
	if err := os.MkdirAll(filepath.Dir(out.Path), 0o755); err != nil {
		return out, fault.New(fault.Invalid, "write the note: %v", err)
	}
	f, err := os.OpenFile(out.Path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if errors.Is(err, fs.ErrExist) {
		return out, fault.New(fault.Conflict, "%s is there, and a note is never overwritten", out.Path).WithHint("print the draft with --print, or move the note away")
	}
	if err != nil {
		return out, fault.New(fault.Invalid, "write the note: %v", err)
	}
	_, err = f.Write(note.Text)
	return out, errors.Join(err, f.Close())
}

// DiffLocal compares two commits of a working copy.
func DiffLocal(ctx context.Context, q records.DiffRequest) (traceability.Difference, error) {
	repo, err := git.Open(ctx, q.Dir)
	if err != nil {
		return traceability.Difference{}, err
	}
	repo, reader, err := repo.Batched(ctx) // many files are read
	if err != nil {
		return traceability.Difference{}, err
	}
	defer reader.Close()
	var sides [2]traceability.Side
	for i, name := range []string{q.From, q.To} {
		commit, err := commitOf(ctx, repo, name)
		if err != nil {
			return traceability.Difference{}, err
		}
		sides[i] = traceability.Side{Name: name, Code: commit}
	}
	tracer := &traceability.Tracer{Sources: itemfile.Sources{}, Readers: readers}
	return tracer.DiffLocal(ctx, repo, q.Project, sides[0], sides[1])
}

// commitOf finds what a person calls a commit: a tag with or without v, a branch,
// an id, HEAD.
func commitOf(ctx context.Context, repo *git.Repository, name string) (string, error) {
	if name == "HEAD" {
		ref, ok, err := repo.Head(ctx)
		if err != nil || ok {
			return ref.Commit, err
		}
	}
	for _, full := range []string{"refs/tags/" + name, "refs/tags/v" + name, "refs/heads/" + name, name} {
		ref, ok, err := repo.Resolve(ctx, full)
		if err != nil && fault.KindOf(err) != fault.Invalid {
			return "", err
		}
		if ok {
			return ref.Commit, nil
		}
	}
	return "", fault.New(fault.NotFound, "%q is no tag, version, branch or whole commit id of the working copy", name)
}
