package runner

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"syscall"

	"github.com/dc-release/dc-release/internal/core/pipeline"
)

// ErrLost, as the cause of a cancelled context, says that the execution is not
// this worker's any more: everything is killed at once, no further step runs.
var ErrLost = errors.New("execution is lost to this worker")

// Host is the server's side of one execution. Calls come from one goroutine,
// except Log.
type Host interface {
	// JobAPI is the address and the credential for this execution alone, given
	// to steps as DC_RELEASE_JOB_URL and DC_RELEASE_JOB_TOKEN; "" for none.
	JobAPI() (url, token string)
	// Masks calls add with the credential of JobAPI, and from then on with every
	// other credential that it gives to a step, before the step has it; add may be
	// called from any goroutine.
	Masks(add func(secret string))
	// Secret gives the value of a name in Assignment.SecretNames.
	Secret(ctx context.Context, name string) (string, error)
	// Log takes one masked line; calls may come from two goroutines at once.
	Log(Line)
	// Checkout fills the empty directory dir, which is the worker's own, with
	// exactly the assignment's commit. It makes no hard links.
	Checkout(ctx context.Context, dir string) error
	// Action fills the empty directory dir, which is the worker's own, with the
	// repository of an action at the commit that the plan pinned. It makes no hard
	// links.
	Action(ctx context.Context, a pipeline.Action, dir string) error
	// UploadArtifact stores files under a name that is new for the run, or
	// replaces them with Overwrite.
	UploadArtifact(ctx context.Context, a Artifact) (Receipt, error)
	// Artifacts names the run's artifacts.
	Artifacts(ctx context.Context) ([]string, error)
	// DownloadArtifact fills the empty directory dir, which is the worker's own.
	DownloadArtifact(ctx context.Context, name, dir string) error
	// RestoreCache fills the empty directory dir, which is the worker's own, with
	// what was kept under the first key that is found, and gives that key; "" when
	// there is none. With dir "" it only looks.
	RestoreCache(ctx context.Context, q CacheQuery, dir string) (key string, err error)
	// SaveCache keeps files under a key; it reports false when there is something
	// under it already, which stays.
	SaveCache(ctx context.Context, c Cache) (saved bool, err error)
	// StepEvidence takes the result files that a step left; step counts from 1.
	StepEvidence(ctx context.Context, step int, files []File) error
}

// Line is one line of a job's log, masked.
type Line struct {
	Step   int // counts from 1; 0 is the job itself
	Stream Stream
	TimeUS int64 // microseconds since the epoch, UTC
	Text   string
}

// Stream says where a line comes from.
type Stream string

// The streams.
const (
	Stdout Stream = "stdout"
	Stderr Stream = "stderr"
	System Stream = "system" // the runner itself
)

// File is a regular file of the execution. Open reads it safely, whatever the
// step has made of its name meanwhile.
type File struct {
	Path string // slash-separated, relative, clean
	Size int64
	Exec bool // the owner may execute it
	Open func() (io.ReadCloser, error)
}

// CacheQuery asks for what was kept under one of several keys, the first one
// exactly or, like all others, as the beginning of a key; the newest counts.
type CacheQuery struct {
	Keys    []string
	Version string // of what is in it: only the same is found
}

// Cache is what a step keeps for later jobs.
type Cache struct {
	Key, Version string
	Files        []CacheFile
}

// CacheFile is a file, a folder or a symbolic link of a cache.
type CacheFile struct {
	File
	Folder    bool
	Link      string // where a symbolic link leads to, "" for none
	Mode      fs.FileMode
	ChangedUS int64 // microseconds since the epoch, UTC
}

// Artifact is what a step uploads.
type Artifact struct {
	Name      string
	Overwrite bool
	Files     []File
}

// Receipt is what the server made of an artifact.
type Receipt struct {
	ID     string
	Digest string // SHA-256, hex
	Size   int64  // bytes
}

// Process is one started command. It is an alias of an interface literal, so
// that a sandbox can return the same type without importing this package.
type Process = interface {
	Wait() (code int, err error)
	Signal(syscall.Signal) error
}

// Sandbox is the place where the steps of one execution run, apart from all
// else: see internal/adapter/sandbox for what each method promises.
type Sandbox interface {
	Start(argv, env []string, dir string, stdout, stderr io.Writer) (Process, error)
	Own(path string) error
	Limit() string
	Overrun() error
	Close() error
}

// Place is what a sandbox is opened for.
type Place struct {
	Execution string
	Kind      string   // namespace, uid, none; from the assignment
	Keep      []string // this execution's directories
	Hide      []string // those of all executions
	Show      []string // directories of tools that a private /tmp would cover
	Temp      string   // to be /tmp where the kind can
}
