package wire

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"

	"github.com/dc-release/dc-release/internal/adapter/git"
	"github.com/dc-release/dc-release/internal/adapter/render/html"
	"github.com/dc-release/dc-release/internal/adapter/seal"
	"github.com/dc-release/dc-release/internal/app/inspection"
	"github.com/dc-release/dc-release/internal/app/verify"
	"github.com/dc-release/dc-release/internal/core/fault"
	"github.com/dc-release/dc-release/internal/face/cli/audit"
)

// Bundle implements "dc-release audit export --format bundle": it reads a release
// log, or the last one that the data directory fetched or published.
func Bundle(ctx context.Context, q audit.Inspected, to io.Writer) (err error) {
	if q.ReleaseLog == "" {
		dir, err := os.MkdirTemp("", "dc-release-bundle-")
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
		if err := checkedOut(ctx, filepath.Join(q.Data, "git", q.Solution, "release-log.git"), q.Branch, dir); err != nil {
			return err
		}
		q.ReleaseLog = dir
	}
	log := os.DirFS(q.ReleaseLog)
	report := verify.Folder(log, q.Version, verify.Options{Results: readWhole, Seals: seal.Reader{}})
	return inspection.Bundle{Log: log, Version: q.Version, Report: report, Render: html.Render}.Write(to)
}

// checkedOut puts the published branch of a mirror into a folder.
func checkedOut(ctx context.Context, mirror, branch, dir string) error {
	if _, err := os.Stat(mirror); err != nil {
		return fault.New(fault.NotFound, "no release log was published from here").WithHint("name a clone of it with --release-log DIR")
	}
	repo, err := git.Open(ctx, mirror)
	if err != nil {
		return err
	}
	ref, ok, err := repo.Resolve(ctx, "refs/heads/"+branch)
	if err != nil {
		return err
	}
	if !ok {
		return fault.New(fault.NotFound, "the release log has no branch %s", branch)
	}
	return repo.Checkout(ctx, ref.Commit, dir)
}
