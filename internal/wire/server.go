package wire

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"github.com/dc-release/dc-release/internal/adapter/git"
	"github.com/dc-release/dc-release/internal/app/claim"
	"github.com/dc-release/dc-release/internal/app/deploy"
	"github.com/dc-release/dc-release/internal/app/traceability"
	"github.com/dc-release/dc-release/internal/app/work"
	"github.com/dc-release/dc-release/internal/core/component"
	"github.com/dc-release/dc-release/internal/core/fault"
	"github.com/dc-release/dc-release/internal/core/pipeline"
)

// server answers workers with the owner's use cases.
type server struct{ o *Owner }

var _ work.Server = server{}

// Claim implements work.Server.
func (s server) Claim(ctx context.Context, w claim.Worker) (*pipeline.Assignment, error) {
	return s.o.App.Claims.Claim(ctx, w)
}

// Renew implements work.Server.
func (s server) Renew(ctx context.Context, e work.Execution) (work.Renewed, error) {
	cancel, err := s.o.App.Claims.Renew(ctx, e.Execution, e.Fence)
	return work.Renewed{Cancel: cancel}, err
}

// Secret implements work.Server.
func (s server) Secret(ctx context.Context, r work.SecretRequest) (work.SecretValue, error) {
	v, known, err := s.o.App.Claims.Secret(ctx, r.Execution.Execution, r.Fence, r.Name)
	return work.SecretValue{Value: v, Known: known}, err
}

// AppendLog implements work.Server.
func (s server) AppendLog(ctx context.Context, c work.LogChunk, data []byte) (work.Logged, error) {
	have, err := s.o.App.Claims.AppendLog(ctx, c.Execution.Execution, c.Fence, c.Offset, data)
	return work.Logged{Have: have}, err
}

// Finish implements work.Server.
func (s server) Finish(ctx context.Context, r claim.Result) error {
	return s.o.App.Claims.Finish(ctx, r)
}

// Deploy implements work.Server. A rehearsal only reports.
func (s server) Deploy(ctx context.Context, r deploy.Request) (deploy.Receipt, error) {
	if s.o.Config.Rehearsal {
		slot, err := s.o.App.Claims.Current(ctx, r.Execution, r.Fence)
		return deploy.Receipt{Environment: slot.Environment, Version: "rehearsal", Files: len(r.Files), Changes: "rehearsed, nothing is changed"}, err
	}
	return s.o.App.Deployer.Deploy(ctx, r)
}

// RunTasks implements work.Server. A rehearsal only reports.
func (s server) RunTasks(ctx context.Context, r deploy.TasksRequest) (deploy.TasksReceipt, error) {
	if s.o.Config.Rehearsal {
		slot, err := s.o.App.Claims.Current(ctx, r.Execution, r.Fence)
		return deploy.TasksReceipt{Environment: slot.Environment}, err
	}
	return s.o.App.Deployer.RunTasks(ctx, r)
}

// Describe implements work.Server. A rehearsal only reports.
func (s server) Describe(ctx context.Context, r deploy.DescribeRequest) (component.Described, error) {
	if s.o.Config.Rehearsal {
		_, err := s.o.App.Claims.Current(ctx, r.Execution, r.Fence)
		return component.Described{Execution: r.Execution}, err
	}
	return s.o.App.Deployer.Describe(ctx, r)
}

// Publish implements work.Server. A rehearsal only reports.
func (s server) Publish(ctx context.Context, r work.PublishRequest) (work.Published, error) {
	if _, err := s.o.App.Claims.Current(ctx, r.Execution.Execution, r.Fence); err != nil {
		return work.Published{}, err
	}
	if s.o.Config.Rehearsal {
		return work.Published{Note: "rehearsal: nothing is published"}, nil
	}
	publication, commit, err := s.o.publisher.Publish(ctx, r.Execution.Execution, r.Fence, r.Gate)
	return work.Published{Publication: publication, Commit: commit}, err
}

// TestDocuments implements work.Server: the checks run on the run's commit.
func (s server) TestDocuments(ctx context.Context, e work.Execution) (work.TestedDocuments, error) {
	slot, err := s.o.App.Claims.Current(ctx, e.Execution, e.Fence)
	if err != nil {
		return work.TestedDocuments{}, err
	}
	run, err := s.o.state.Run(ctx, slot.Run)
	if err != nil {
		return work.TestedDocuments{}, err
	}
	requirements, err := s.o.requirements(ctx, run.Run)
	if err != nil {
		return work.TestedDocuments{}, err
	}
	var out work.TestedDocuments
	pin := traceability.Pin{Solution: slot.Solution, Code: run.Run.Trigger.SHA, Requirements: requirements}
	if out.Tested, err = s.o.tracer.TestRun(ctx, pin, run.Run.Version, run.Run.Profile); err != nil {
		return work.TestedDocuments{}, err
	}
	out.Report, err = traceability.JUnit(out.Tested)
	return out, err
}

// requirements is the pinned commit of a release's requirements, else the
// present one.
func (o *Owner) requirements(ctx context.Context, run pipeline.RunStarted) (string, error) {
	standing, err := o.state.Release(ctx, run.Solution, run.Version)
	if err != nil {
		return "", err
	}
	if standing.Registered != nil {
		return standing.Registered.RequirementsCommit, nil
	}
	solution, err := o.App.Solutions.Solution(ctx, run.Solution)
	if err != nil {
		return "", err
	}
	return o.mirrors.Requirements(ctx, solution.Baseline)
}

// NameArtifact implements work.Server.
func (s server) NameArtifact(ctx context.Context, r work.ArtifactName) error {
	slot, err := s.o.App.Claims.Current(ctx, r.Execution.Execution, r.Execution.Fence)
	if err != nil {
		return err
	}
	run, err := s.o.state.Run(ctx, slot.Run)
	if err != nil {
		return err
	}
	if r.SHA256 != "" {
		return s.o.names.Uploaded(ctx, run.State, r.Execution.Execution, r.Name, r.SHA256)
	}
	return s.o.names.Take(ctx, run.State, r.Execution.Execution, r.Name, r.Overwrite)
}

// Artifacts implements work.Server.
func (s server) Artifacts(ctx context.Context, e work.Execution) ([]pipeline.Artifact, error) {
	slot, err := s.o.App.Claims.Current(ctx, e.Execution, e.Fence)
	if err != nil {
		return nil, err
	}
	run, err := s.o.state.Run(ctx, slot.Run)
	if err != nil {
		return nil, err
	}
	return s.o.names.Current(ctx, run.State)
}

// PutBlob implements work.Server.
func (s server) PutBlob(ctx context.Context, r io.Reader) (string, int64, error) {
	return s.o.Blobs.Put(ctx, r)
}

// Blob implements work.Server: a job reads the artifacts of its own run only.
func (s server) Blob(ctx context.Context, e work.Execution, digest string) (io.ReadCloser, error) {
	slot, err := s.o.App.Claims.Current(ctx, e.Execution, e.Fence)
	if err != nil {
		return nil, err
	}
	run, err := s.o.state.Run(ctx, slot.Run)
	if err != nil {
		return nil, err
	}
	readable, err := s.o.names.Readable(ctx, run.State, e.Execution, digest)
	if err != nil {
		return nil, err
	}
	if !readable {
		return nil, fault.New(fault.Forbidden, "blob %.12s is no artifact of this run's finished jobs or of this one", digest)
	}
	return s.o.Blobs.Open(ctx, digest)
}

// Source implements work.Server: a tar of a clone at the execution's commit,
// made once for a commit.
func (s server) Source(ctx context.Context, e work.Execution) (io.ReadCloser, error) {
	slot, err := s.o.App.Claims.Current(ctx, e.Execution, e.Fence)
	if err != nil {
		return nil, err
	}
	run, err := s.o.state.Run(ctx, slot.Run)
	if err != nil {
		return nil, err
	}
	return s.o.sources.open(ctx, s.o.mirrors.dir(slot.Solution, "code"), run.Run.Trigger.SHA)
}

// Action implements work.Server: the files of an action that the run's plan
// pins.
func (s server) Action(ctx context.Context, r work.ActionRequest) (io.ReadCloser, error) {
	slot, err := s.o.App.Claims.Current(ctx, r.Execution.Execution, r.Fence)
	if err != nil {
		return nil, err
	}
	run, err := s.o.state.Run(ctx, slot.Run)
	if err != nil {
		return nil, err
	}
	if !slices.ContainsFunc(run.Plan.Actions, func(a pipeline.Action) bool {
		return a.Repository == r.Repository && a.Commit == r.Commit && r.Commit != ""
	}) {
		return nil, fault.New(fault.Forbidden, "%s at %s is no action of this run's plan", r.Repository, r.Commit)
	}
	repository, err := git.Open(ctx, s.o.pins.Dir(r.Repository))
	if err != nil {
		return nil, err
	}
	return repository.Archive(ctx, r.Commit)
}

// IdentityToken implements work.Server.
func (s server) IdentityToken(ctx context.Context, r work.IdentityTokenRequest) (work.IdentityToken, error) {
	v, err := s.o.identifier.Token(ctx, r.Execution.Execution, r.Fence, r.Audience)
	return work.IdentityToken{Value: v}, err
}

// clones keeps a tar of a clone for each commit, made once.
type clones struct {
	dir string
	mu  sync.Mutex
}

func (c *clones) open(ctx context.Context, mirror, commit string) (io.ReadCloser, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	path := filepath.Join(c.dir, commit+".tar")
	f, err := os.Open(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return f, err
	}
	if err := c.make(ctx, mirror, commit, path); err != nil {
		return nil, fmt.Errorf("clone %s: %w", commit, err)
	}
	return os.Open(path)
}

func (c *clones) make(ctx context.Context, mirror, commit, path string) error {
	if err := os.MkdirAll(c.dir, 0o700); err != nil {
		return err
	}
	tmp, err := os.MkdirTemp(c.dir, "clone-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(tmp)
	repo, err := git.OpenBare(mirror)
	if err != nil {
		return err
	}
	if err := repo.Checkout(ctx, commit, tmp); err != nil {
		return err
	}
	out, err := os.OpenFile(path+".tmp", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	// Synced: a file that a crash left empty would be taken for a commit without files.
	if err := errors.Join(pack(out, tmp), out.Sync(), out.Close()); err != nil {
		return err
	}
	return os.Rename(path+".tmp", path)
}

// pack writes a directory with its links and execute bits.
func pack(w io.Writer, dir string) error {
	tw := tar.NewWriter(w)
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || path == dir {
			return err
		}
		rel, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		link := ""
		if d.Type()&fs.ModeSymlink != 0 {
			if link, err = os.Readlink(path); err != nil {
				return err
			}
		}
		hdr, err := tar.FileInfoHeader(info, link)
		if err != nil {
			return err
		}
		hdr.Name, hdr.Uid, hdr.Gid, hdr.Uname, hdr.Gname = filepath.ToSlash(rel), 0, 0, "", ""
		if err := tw.WriteHeader(hdr); err != nil || !d.Type().IsRegular() {
			return err
		}
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		_, err = io.Copy(tw, f)
		return errors.Join(err, f.Close())
	})
	return errors.Join(err, tw.Close())
}
