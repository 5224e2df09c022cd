// Package work is the protocol of workers: what a worker asks the server that
// gives it executions. Every call about an execution carries its fence and is
// refused when that is stale.
package work

import (
	"context"
	"errors"
	"io"

	"github.com/dc-release/dc-release/internal/app/claim"
	"github.com/dc-release/dc-release/internal/app/deploy"
	"github.com/dc-release/dc-release/internal/core/component"
	"github.com/dc-release/dc-release/internal/core/document"
	"github.com/dc-release/dc-release/internal/core/pipeline"
)

// ErrUnreachable says that the server gave no answer; nothing is known about
// what it did. Every call may be made again.
var ErrUnreachable = errors.New("the server cannot be reached")

// Execution is who asks: an execution with its fence.
type Execution struct {
	Execution string `json:"execution"`
	Fence     int64  `json:"fence"`
}

// Renewed answers a renewal.
type Renewed struct {
	Cancel bool `json:"cancel"`
}

// SecretRequest asks for one value.
type SecretRequest struct {
	Execution
	Name string `json:"name"`
}

// SecretValue answers it.
type SecretValue struct {
	Value string `json:"value"`
	Known bool   `json:"known"`
}

// LogChunk says where bytes of an execution's log stand.
type LogChunk struct {
	Execution
	Offset int64 `json:"offset"`
}

// MaxChunk bounds the bytes of one chunk.
const MaxChunk = 1 << 20

// Logged answers a chunk with how much of the log the server has: what follows
// is to be sent next. Bytes beyond a gap are not taken.
type Logged struct {
	Have int64 `json:"have"`
}

// ActionRequest asks for the repository of an action that the execution's steps
// use.
type ActionRequest struct {
	Execution
	Repository string `json:"repository"` // owner/name
	Commit     string `json:"commit"`
}

// IdentityTokenRequest asks for a token that proves the identity of an execution
// to somebody else, its audience. "" is the audience that the server gives to
// those who name none.
type IdentityTokenRequest struct {
	Execution
	Audience string `json:"audience"`
}

// IdentityToken answers it.
type IdentityToken struct {
	Value string `json:"value"` // a JWT
}

// MaxRequest bounds every other request, in bytes; what is larger travels as
// blobs.
const MaxRequest = 16 << 20

// ArtifactName asks for the name of an artifact that is to be uploaded, or with
// its digest says that it was.
type ArtifactName struct {
	Execution Execution `json:"execution"`
	Name      string    `json:"name"`
	Overwrite bool      `json:"overwrite"`
	SHA256    string    `json:"sha256,omitempty"`
}

// CacheQuery asks for what earlier executions kept under one of several keys.
type CacheQuery struct {
	Execution
	Keys    []string `json:"keys"`
	Version string   `json:"version"`
}

// CacheEntry names what was kept; Found is false for nothing.
type CacheEntry struct {
	Found bool   `json:"found"`
	Scope string `json:"scope"` // the ref that it is kept for
	Key   string `json:"key"`
}

// CacheRead asks for the bytes of an entry that was found.
type CacheRead struct {
	Execution
	Scope   string `json:"scope"`
	Key     string `json:"key"`
	Version string `json:"version"`
}

// CacheSave keeps bytes for the execution's own ref.
type CacheSave struct {
	Execution
	Key     string `json:"key"`
	Version string `json:"version"`
}

// CacheSaved answers it; Saved is false where the key is taken.
type CacheSaved struct {
	Saved bool `json:"saved"`
}

// PublishRequest is a gate job's call of "dc-release publish".
type PublishRequest struct {
	Execution
	Gate string `json:"gate"`
}

// Published answers it.
type Published struct {
	Publication string `json:"publication"`
	Commit      string `json:"commit"`
	Note        string `json:"note"` // what happened instead in a rehearsal
}

// TestedDocuments answers "dc-release document test".
type TestedDocuments struct {
	document.Tested
	Report []byte `json:"report"` // JUnit
}

// Server is what a worker can ask for.
type Server interface {
	Claim(ctx context.Context, w claim.Worker) (*pipeline.Assignment, error)
	Renew(ctx context.Context, e Execution) (Renewed, error)
	Secret(ctx context.Context, r SecretRequest) (SecretValue, error)
	// AppendLog takes bytes of the log of an execution that runs. It is
	// idempotent by offset; the whole log is handed in with the result.
	AppendLog(ctx context.Context, c LogChunk, data []byte) (Logged, error)
	Finish(ctx context.Context, r claim.Result) error
	Deploy(ctx context.Context, r deploy.Request) (deploy.Receipt, error)
	RunTasks(ctx context.Context, r deploy.TasksRequest) (deploy.TasksReceipt, error)
	// Describe keeps reports about the artifact that the execution's run keeps.
	Describe(ctx context.Context, r deploy.DescribeRequest) (component.Described, error)
	Publish(ctx context.Context, r PublishRequest) (Published, error)
	TestDocuments(ctx context.Context, e Execution) (TestedDocuments, error)
	// IdentityToken is refused to a job without id-token: write.
	IdentityToken(ctx context.Context, r IdentityTokenRequest) (IdentityToken, error)
	// NameArtifact comes before the upload of an artifact, whose name may be taken,
	// and after it with the digest, so that the execution can read it again.
	NameArtifact(ctx context.Context, r ArtifactName) error
	// Artifacts are those of the run's finished jobs.
	Artifacts(ctx context.Context, e Execution) ([]pipeline.Artifact, error)
	PutBlob(ctx context.Context, r io.Reader) (digest string, size int64, err error)
	Blob(ctx context.Context, e Execution, digest string) (io.ReadCloser, error)
	FindCache(ctx context.Context, q CacheQuery) (CacheEntry, error)
	ReadCache(ctx context.Context, r CacheRead) (io.ReadCloser, error)
	SaveCache(ctx context.Context, q CacheSave, r io.Reader) (CacheSaved, error)
	// Source is a tar of a clone at exactly the execution's commit.
	Source(ctx context.Context, e Execution) (io.ReadCloser, error)
	// Action is a tar of a repository at a commit that the run's plan names.
	Action(ctx context.Context, r ActionRequest) (io.ReadCloser, error)
}
