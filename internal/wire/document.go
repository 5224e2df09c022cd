package wire

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"

	"github.com/dc-release/dc-release/internal/adapter/git"
	"github.com/dc-release/dc-release/internal/adapter/itemfile"
	"github.com/dc-release/dc-release/internal/adapter/render/pdf"
	"github.com/dc-release/dc-release/internal/adapter/seal"
	"github.com/dc-release/dc-release/internal/adapter/solutionfile"
	"github.com/dc-release/dc-release/internal/adapter/tsa"
	"github.com/dc-release/dc-release/internal/app/traceability"
	"github.com/dc-release/dc-release/internal/app/verify"
	"github.com/dc-release/dc-release/internal/core/document"
	"github.com/dc-release/dc-release/internal/core/fault"
	"github.com/dc-release/dc-release/internal/core/policy"
	"github.com/dc-release/dc-release/internal/core/release"
	"github.com/dc-release/dc-release/internal/core/releaselog"
	facedocument "github.com/dc-release/dc-release/internal/face/cli/document"
)

// TestDocumentsLocal tests the documents of a working directory, without a data
// directory.
func TestDocumentsLocal(ctx context.Context, q facedocument.Request) (document.Tested, error) {
	raw, err := os.ReadFile(filepath.Join(q.Dir, policy.FileName))
	if err != nil && !errors.Is(err, fs.ErrNotExist) && q.Dir != "" {
		return document.Tested{}, fault.New(fault.NotFound, "folder %q: %v", q.Dir, err)
	}
	file, _ := solutionfile.Read(raw) // intake says what is wrong with it
	if q.Project == "" {
		q.Project = file.Solution
	}
	if q.Profile == "" {
		q.Profile = string(file.Profile)
	}
	local, err := localOf(q.Request)
	if err != nil {
		return document.Tested{}, err
	}
	test := traceability.LocalTest{Local: local, Profile: q.Profile, Note: q.Note}
	if repo, ok := workingCopy(ctx, q.Dir); ok {
		test.Copy = repo
	}
	tracer := &traceability.Tracer{Sources: itemfile.Sources{}, Readers: readers}
	return tracer.TestLocal(ctx, test)
}

// workingCopy opens the repository whose work tree begins at a folder; a folder
// somewhere inside of one is none of its own.
func workingCopy(ctx context.Context, dir string) (*git.Repository, bool) {
	if _, err := os.Stat(filepath.Join(dir, ".git")); err != nil {
		return nil, false
	}
	repo, err := git.Open(ctx, dir)
	return repo, err == nil
}

// TestDocumentsFolder tests the documents of a published folder.
func TestDocumentsFolder(ctx context.Context, build string, q facedocument.FolderRequest) (document.Tested, error) {
	info, err := os.Stat(filepath.Join(q.ReleaseLog, filepath.FromSlash(q.Version)))
	if err != nil || !info.IsDir() {
		return document.Tested{}, fault.New(fault.NotFound, "%s has no folder %s", q.ReleaseLog, q.Version)
	}
	trust, err := readTrust(q.Trust)
	if err != nil {
		return document.Tested{}, err
	}
	roots, err := tsa.Roots(q.TSACA)
	if err != nil {
		return document.Tested{}, err
	}
	o := verify.DocumentOptions{
		Options: verify.Options{Trust: trust, Results: readWhole, Stamps: tsa.Verifier{Roots: roots}, Seals: seal.Reader{}, Formats: formats(build)},
		Missing: pdf.Missing,
	}
	if repo, ok := workingCopy(ctx, q.ReleaseLog); ok {
		if o.History, err = pastOf(ctx, repo, q.Version); err != nil {
			return document.Tested{}, err
		}
	}
	if q.Code != "" {
		if o.Note, err = taggedNote(ctx, q.Code, q.Version); err != nil {
			return document.Tested{}, err
		}
	}
	findings, left, profile := verify.Documents(os.DirFS(q.ReleaseLog), q.Version, o)
	return traceability.JudgeFolder(profile, findings, left), nil
}

// pastOf is what the commits of a release log did to a folder, the oldest first.
func pastOf(ctx context.Context, repo *git.Repository, folder string) ([]verify.FolderCommit, error) {
	head, ok, err := repo.Head(ctx)
	if err != nil || !ok {
		return nil, err
	}
	changes, err := repo.FolderChanges(ctx, head.Commit, folder)
	if err != nil {
		return nil, err
	}
	out := []verify.FolderCommit{}
	for _, c := range changes {
		index, _, err := repo.ReadFile(ctx, c.Commit, path.Join(folder, releaselog.IndexFile))
		if err != nil {
			return nil, err
		}
		out = append(out, verify.FolderCommit{Commit: c.Commit, Changed: c.Changed, Removed: c.Removed, Index: index})
	}
	return out, nil
}

// taggedNote is the release note of a version's tag in a working copy.
func taggedNote(ctx context.Context, dir, version string) ([]byte, error) {
	v, err := release.ParseVersion(version)
	if err != nil {
		return nil, nil // a rollback has no note
	}
	repo, err := git.Open(ctx, dir)
	if err != nil {
		return nil, err
	}
	for _, tag := range []string{"v" + v.String(), v.String()} {
		ref, ok, err := repo.Resolve(ctx, "refs/tags/"+tag)
		if err != nil {
			return nil, err
		}
		if ok {
			note, _, err := repo.ReadFile(ctx, ref.Commit, v.NotePath())
			return note, err
		}
	}
	return nil, fault.New(fault.NotFound, "%s has no tag of version %s", dir, v)
}
