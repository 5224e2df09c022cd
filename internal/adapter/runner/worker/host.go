package worker

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/dc-release/dc-release/internal/adapter/runner"
	"github.com/dc-release/dc-release/internal/app/claim"
	"github.com/dc-release/dc-release/internal/app/work"
	"github.com/dc-release/dc-release/internal/core/fault"
	"github.com/dc-release/dc-release/internal/core/pipeline"
	"github.com/dc-release/dc-release/internal/core/workflow"
)

// host is the server's side of one execution for the runner and for the job's
// own calls.
type host struct {
	server work.Server
	id     work.Execution
	url    string
	token  string
	// identity says that the job may ask for tokens that prove its identity.
	identity bool

	log       *logFile
	mu        sync.Mutex
	mask      func(secret string)
	files     []claim.File
	artifacts []pipeline.Artifact
	taskCalls int // of dc-release deploy run
}

var _ runner.Host = (*host)(nil)

// Limits of what a result may list. Artifacts are in one event, a row for each;
// evidence in several.
const (
	maxArtifactNames = 40 << 10
	artifactRow      = 120
	maxFiles         = 5000
	maxFileName      = 1 << 10
)

func newHost(server work.Server, a pipeline.Assignment, spool, url string, api *jobAPI) (*host, error) {
	id := work.Execution{Execution: a.Execution, Fence: a.Fence}
	t, err := token()
	if err != nil {
		return nil, err
	}
	log, err := newLogFile(spool, id.Execution)
	if err != nil {
		return nil, err
	}
	h := &host{server: server, id: id, url: url, token: t, log: log}
	h.identity = a.Job.Permissions.Allows(workflow.IDToken, workflow.Write)
	api.remember(t, h)
	return h, nil
}

// result gives what is handed in beside the log.
func (h *host) result(o pipeline.Outcome) claim.Result {
	h.mu.Lock()
	defer h.mu.Unlock()
	if err := h.log.flush(); err != nil {
		o.Reason = strings.TrimSpace(o.Reason + " (the log is not whole: " + err.Error() + ")")
	}
	slices.SortFunc(h.artifacts, func(a, b pipeline.Artifact) int { return strings.Compare(a.Name, b.Name) })
	return claim.Result{Execution: h.id.Execution, Fence: h.id.Fence, Outcome: o, Artifacts: h.artifacts, Files: h.files}
}

// JobAPI implements runner.Host.
func (h *host) JobAPI() (string, string) { return h.url, h.token }

// Masks implements runner.Host.
func (h *host) Masks(add func(secret string)) {
	h.mu.Lock()
	h.mask = add
	h.mu.Unlock()
	add(h.token)
}

// Secret implements runner.Host.
func (h *host) Secret(ctx context.Context, name string) (string, error) {
	v, err := h.server.Secret(ctx, work.SecretRequest{Execution: h.id, Name: name})
	return v.Value, err
}

// Log implements runner.Host.
func (h *host) Log(l runner.Line) { h.log.add(l) }

// Checkout implements runner.Host.
func (h *host) Checkout(ctx context.Context, dir string) error {
	r, err := h.server.Source(ctx, h.id)
	if err != nil {
		return err
	}
	defer r.Close()
	return untar(r, dir)
}

// Action implements runner.Host.
func (h *host) Action(ctx context.Context, a pipeline.Action, dir string) error {
	r, err := h.server.Action(ctx, work.ActionRequest{Execution: h.id, Repository: a.Repository, Commit: a.Commit})
	if err != nil {
		return err
	}
	defer r.Close()
	return untar(r, dir)
}

// UploadArtifact implements runner.Host.
func (h *host) UploadArtifact(ctx context.Context, a runner.Artifact) (runner.Receipt, error) {
	h.mu.Lock()
	names := len(a.Name)
	for _, k := range h.artifacts {
		names += len(k.Name) + artifactRow
	}
	own := slices.IndexFunc(h.artifacts, func(k pipeline.Artifact) bool { return k.Name == a.Name })
	h.mu.Unlock()
	if own >= 0 && !a.Overwrite {
		return runner.Receipt{}, fault.New(fault.Conflict, "artifact %q is there: want another name, or overwrite", a.Name)
	}
	if names > maxArtifactNames {
		return runner.Receipt{}, fault.New(fault.Invalid, "artifact %q: the job has uploaded %d already: put more files into one", a.Name, len(h.artifacts))
	}
	if err := h.server.NameArtifact(ctx, work.ArtifactName{Execution: h.id, Name: a.Name, Overwrite: a.Overwrite}); err != nil {
		return runner.Receipt{}, err
	}
	digest, size, err := h.server.PutBlob(ctx, packed(a.Files))
	if err == nil {
		err = h.server.NameArtifact(ctx, work.ArtifactName{Execution: h.id, Name: a.Name, SHA256: digest})
	}
	if err != nil {
		return runner.Receipt{}, err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if own >= 0 {
		h.artifacts = slices.Delete(h.artifacts, own, own+1)
	}
	h.artifacts = append(h.artifacts, pipeline.Artifact{Name: a.Name, SHA256: digest, Size: size})
	return runner.Receipt{ID: digest[:16], Digest: digest, Size: size}, nil
}

func (h *host) all(ctx context.Context) ([]pipeline.Artifact, error) {
	known, err := h.server.Artifacts(ctx, h.id)
	if err != nil {
		return nil, err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	return append(known, h.artifacts...), nil
}

// Artifacts implements runner.Host.
func (h *host) Artifacts(ctx context.Context) ([]string, error) {
	all, err := h.all(ctx)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, a := range all {
		names = append(names, a.Name)
	}
	slices.Sort(names)
	return slices.Compact(names), nil
}

// DownloadArtifact implements runner.Host; the newest of a name counts.
func (h *host) DownloadArtifact(ctx context.Context, name, dir string) error {
	all, err := h.all(ctx)
	if err != nil {
		return err
	}
	for _, a := range slices.Backward(all) {
		if a.Name == name {
			r, err := h.server.Blob(ctx, h.id, a.SHA256)
			if err != nil {
				return err
			}
			defer r.Close()
			return untar(r, dir)
		}
	}
	return fault.New(fault.NotFound, "artifact %q was not uploaded in this run", name)
}

// StepEvidence implements runner.Host.
func (h *host) StepEvidence(ctx context.Context, step int, files []runner.File) error {
	for _, f := range files {
		if err := h.keep(ctx, fmt.Sprintf("step-%d/%s", step, f.Path), &repeatable{open: f.Open}); err != nil {
			return err
		}
	}
	return nil
}

// keep stores a result file as evidence of this execution.
func (h *host) keep(ctx context.Context, name string, r io.Reader) error {
	h.mu.Lock()
	full := len(h.files) >= maxFiles
	h.mu.Unlock()
	if full || len(name) > maxFileName {
		return fault.New(fault.Invalid, "evidence %.100q: want at most %d files of a job, with names of at most %d bytes", name, maxFiles, maxFileName)
	}
	digest, _, err := h.server.PutBlob(ctx, r)
	if err != nil {
		return err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.files = append(h.files, claim.File{Path: name, SHA256: digest})
	return nil
}

// untar unpacks regular files, links and folders below dir; a name that would
// leave it is refused.
func untar(r io.Reader, dir string) error {
	return untarWith(r, dir, func(*os.Root, *tar.Header) error { return nil })
}

// untarWith does something to each entry after it was unpacked.
func untarWith(r io.Reader, dir string, then func(*os.Root, *tar.Header) error) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	tr := tar.NewReader(r)
	for {
		hdr, err := tr.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("unpack: %w", err)
		}
		err = extract(root, tr, hdr)
		if err == nil {
			err = then(root, hdr)
		}
		if err != nil {
			return fmt.Errorf("unpack %q: %w", hdr.Name, err)
		}
	}
}

// keepTime gives a file the time that it was packed with, as caches are used by
// tools that look at it.
func keepTime(root *os.Root, hdr *tar.Header) error {
	if hdr.Typeflag != tar.TypeReg {
		return nil
	}
	return root.Chtimes(filepath.Clean(hdr.Name), hdr.ModTime, hdr.ModTime)
}

func extract(root *os.Root, r io.Reader, hdr *tar.Header) error {
	name := path.Clean(hdr.Name)
	if !filepath.IsLocal(name) {
		return errors.New("name leaves the folder")
	}
	if parent := path.Dir(name); parent != "." {
		if err := root.MkdirAll(parent, 0o755); err != nil {
			return err
		}
	}
	switch hdr.Typeflag {
	case tar.TypeDir:
		return root.MkdirAll(name, 0o755)
	case tar.TypeSymlink:
		return root.Symlink(hdr.Linkname, name)
	case tar.TypeReg:
		f, err := root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, os.FileMode(hdr.Mode)&0o777)
		if err != nil {
			return err
		}
		_, err = io.Copy(f, r)
		return errors.Join(err, f.Close())
	}
	return nil
}
