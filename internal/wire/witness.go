package wire

import (
	"context"
	"encoding/base64"
	"errors"
	"io"
	"path/filepath"
	"slices"
	"time"

	"github.com/dc-release/dc-release/internal/adapter/git"
	"github.com/dc-release/dc-release/internal/adapter/witnessdir"
	"github.com/dc-release/dc-release/internal/app/witness"
	"github.com/dc-release/dc-release/internal/core/release"
	"github.com/dc-release/dc-release/internal/core/releaselog"
	"github.com/dc-release/dc-release/internal/face/cli/audit"
)

// Witness implements "dc-release audit witness": a directory of its own, a
// release log, and nothing of the installation.
func Witness(ctx context.Context, q audit.Witnessing) (a witness.Answer, err error) {
	trust, err := readTrust(q.Trust)
	if err != nil {
		return a, err
	}
	dir, err := witnessdir.Open(q.State, q.Key)
	if err != nil {
		return a, err
	}
	defer func() { err = errors.Join(err, dir.Close()) }()
	last, err := dir.Memory()
	if err != nil {
		return a, err
	}
	repository, err := git.Mirror(ctx, q.ReleaseLog, filepath.Join(dir.Path(), "release-log.git"))
	if err != nil {
		return a, err
	}
	files, err := branchFiles(ctx, repository, releaselog.AnchorBranch)
	if err != nil {
		return a, err
	}
	seen, err := witness.Follow(witness.Look{Last: last, Files: files, Trust: trust, Epoch: q.Epoch})
	if err != nil {
		return a, err
	}
	a = witness.Answer{Seen: seen, Witness: dir.Name, Public: base64.StdEncoding.EncodeToString(dir.Public())}
	a.File, err = dir.Keep(seen, time.Now().Unix())
	return a, err
}

// branchFiles reads every plain file of a branch; none when there is no branch.
func branchFiles(ctx context.Context, r *git.Repository, branch string) (map[string][]byte, error) {
	ref, ok, err := r.Resolve(ctx, "refs/heads/"+branch)
	if err != nil || !ok {
		return nil, err
	}
	list, err := r.Files(ctx, ref.Commit, "")
	if err != nil {
		return nil, err
	}
	list = slices.DeleteFunc(list, func(f release.File) bool { return f.Mode != git.PlainFile })
	files := map[string][]byte{}
	err = r.Contents(ctx, list, func(path string, _ int64, in io.Reader) (err error) {
		files[path], err = io.ReadAll(io.LimitReader(in, maxAnchor))
		return err
	})
	return files, err
}

// maxAnchor bounds what is read of one file of the branch of anchors, in bytes.
const maxAnchor = 64 << 10
