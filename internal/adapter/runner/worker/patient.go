package worker

import (
	"context"
	"errors"
	"io"
	"os"
	"sync"
	"time"

	"github.com/dc-release/dc-release/internal/app/deploy"
	"github.com/dc-release/dc-release/internal/app/work"
	"github.com/dc-release/dc-release/internal/core/component"
	"github.com/dc-release/dc-release/internal/core/pipeline"
)

// patient asks again while the server cannot be reached: a job does not fail
// because its server was killed and started again. Every call is idempotent.
type patient struct {
	work.Server
	patience time.Duration
	dir      string // for bytes that may have to be sent twice
}

func retry[R any](ctx context.Context, p patient, do func() (R, error)) (R, error) {
	deadline := time.Now().Add(p.patience)
	for wait := 50 * time.Millisecond; ; wait = min(2*wait, time.Second) {
		out, err := do()
		if !errors.Is(err, work.ErrUnreachable) || time.Now().After(deadline) {
			return out, err
		}
		if pause(ctx, wait) != nil {
			return out, err
		}
	}
}

// Secret implements work.Server.
func (p patient) Secret(ctx context.Context, r work.SecretRequest) (work.SecretValue, error) {
	return retry(ctx, p, func() (work.SecretValue, error) { return p.Server.Secret(ctx, r) })
}

// Deploy implements work.Server.
func (p patient) Deploy(ctx context.Context, r deploy.Request) (deploy.Receipt, error) {
	return retry(ctx, p, func() (deploy.Receipt, error) { return p.Server.Deploy(ctx, r) })
}

// RunTasks implements work.Server.
func (p patient) RunTasks(ctx context.Context, r deploy.TasksRequest) (deploy.TasksReceipt, error) {
	return retry(ctx, p, func() (deploy.TasksReceipt, error) { return p.Server.RunTasks(ctx, r) })
}

// Describe implements work.Server.
func (p patient) Describe(ctx context.Context, r deploy.DescribeRequest) (component.Described, error) {
	return retry(ctx, p, func() (component.Described, error) { return p.Server.Describe(ctx, r) })
}

// Publish implements work.Server.
func (p patient) Publish(ctx context.Context, r work.PublishRequest) (work.Published, error) {
	return retry(ctx, p, func() (work.Published, error) { return p.Server.Publish(ctx, r) })
}

// TestDocuments implements work.Server.
func (p patient) TestDocuments(ctx context.Context, e work.Execution) (work.TestedDocuments, error) {
	return retry(ctx, p, func() (work.TestedDocuments, error) { return p.Server.TestDocuments(ctx, e) })
}

// IdentityToken implements work.Server.
func (p patient) IdentityToken(ctx context.Context, r work.IdentityTokenRequest) (work.IdentityToken, error) {
	return retry(ctx, p, func() (work.IdentityToken, error) { return p.Server.IdentityToken(ctx, r) })
}

// NameArtifact implements work.Server.
func (p patient) NameArtifact(ctx context.Context, r work.ArtifactName) error {
	_, err := retry(ctx, p, func() (struct{}, error) { return struct{}{}, p.Server.NameArtifact(ctx, r) })
	return err
}

// Artifacts implements work.Server.
func (p patient) Artifacts(ctx context.Context, e work.Execution) ([]pipeline.Artifact, error) {
	return retry(ctx, p, func() ([]pipeline.Artifact, error) { return p.Server.Artifacts(ctx, e) })
}

// Blob implements work.Server.
func (p patient) Blob(ctx context.Context, e work.Execution, digest string) (io.ReadCloser, error) {
	return retry(ctx, p, func() (io.ReadCloser, error) { return p.Server.Blob(ctx, e, digest) })
}

// Source implements work.Server.
func (p patient) Source(ctx context.Context, e work.Execution) (io.ReadCloser, error) {
	return retry(ctx, p, func() (io.ReadCloser, error) { return p.Server.Source(ctx, e) })
}

// Action implements work.Server.
func (p patient) Action(ctx context.Context, r work.ActionRequest) (io.ReadCloser, error) {
	return retry(ctx, p, func() (io.ReadCloser, error) { return p.Server.Action(ctx, r) })
}

type put struct {
	digest string
	size   int64
}

// PutBlob implements work.Server.
func (p patient) PutBlob(ctx context.Context, r io.Reader) (digest string, size int64, err error) {
	out, err := send(ctx, p, r, func(r io.Reader) (put, error) {
		digest, size, err := p.Server.PutBlob(ctx, r)
		return put{digest, size}, err
	})
	return out.digest, out.size, err
}

// SaveCache implements work.Server.
func (p patient) SaveCache(ctx context.Context, q work.CacheSave, r io.Reader) (work.CacheSaved, error) {
	return send(ctx, p, r, func(r io.Reader) (work.CacheSaved, error) { return p.Server.SaveCache(ctx, q, r) })
}

// FindCache implements work.Server.
func (p patient) FindCache(ctx context.Context, q work.CacheQuery) (work.CacheEntry, error) {
	return retry(ctx, p, func() (work.CacheEntry, error) { return p.Server.FindCache(ctx, q) })
}

// ReadCache implements work.Server.
func (p patient) ReadCache(ctx context.Context, r work.CacheRead) (io.ReadCloser, error) {
	return retry(ctx, p, func() (io.ReadCloser, error) { return p.Server.ReadCache(ctx, r) })
}

// send gives bytes to the server, again where it cannot be reached. Those that
// cannot be read again are kept aside until they are acknowledged.
func send[R any](ctx context.Context, p patient, r io.Reader, give func(io.Reader) (R, error)) (R, error) {
	body, ok := r.(*repeatable)
	if !ok {
		f, length, err := aside(p.dir, r)
		if err != nil {
			var none R
			return none, err
		}
		defer f.Close()
		body = &repeatable{open: func() (io.ReadCloser, error) { return io.NopCloser(io.NewSectionReader(f, 0, length)), nil }}
	}
	return retry(ctx, p, func() (R, error) {
		r, err := body.open()
		if err != nil {
			var none R
			return none, err
		}
		source := &noted{r: r}
		out, err := give(source)
		if own := source.failure(); own != nil {
			err = own // asking the server again would not help
		}
		return out, errors.Join(err, r.Close())
	})
}

// noted remembers why a body could not be read; the transport may go on reading
// when the call has returned.
type noted struct {
	r io.Reader

	mu  sync.Mutex
	err error
}

func (n *noted) Read(p []byte) (int, error) {
	count, err := n.r.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		n.mu.Lock()
		n.err = err
		n.mu.Unlock()
	}
	return count, err
}

func (n *noted) failure() error {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.err
}

// aside copies bytes to a file that has no name any more: nothing is left of it
// when this process dies.
func aside(dir string, r io.Reader) (f *os.File, size int64, err error) {
	if f, err = os.CreateTemp(dir, "blob-"); err != nil {
		return nil, 0, err
	}
	if err = os.Remove(f.Name()); err == nil {
		size, err = io.Copy(f, r)
	}
	if err != nil {
		return nil, 0, errors.Join(err, f.Close())
	}
	return f, size, nil
}
