package publish

import (
	"bytes"
	"context"
	"io"

	"github.com/dc-release/dc-release/internal/core/canonical"
)

// Content is one file to be written. Open is called once for each attempt.
type Content struct {
	SHA256 string
	Size   int64
	Open   func(ctx context.Context) (io.ReadCloser, error)
}

// Bytes is content that is in memory.
func Bytes(data []byte) Content {
	return Content{SHA256: canonical.SHA256(data), Size: int64(len(data)), Open: func(context.Context) (io.ReadCloser, error) {
		return io.NopCloser(bytes.NewReader(data)), nil
	}}
}

// Base is the commit that a publication is put on; one without a commit is
// the empty release log.
type Base interface {
	// ReadFile reads a file; ok is false when it is not there.
	ReadFile(ctx context.Context, path string) (data []byte, ok bool, err error)
	// Walk reads every file below a folder, in order of path.
	Walk(ctx context.Context, folder string, each func(path string, size int64, r io.Reader) error) error
}

// Commit is one commit for the release log.
type Commit struct {
	Branch  string
	ID      string // Publication-Id, makes it idempotent
	Subject string // first line of the message
	Seconds int64  // author and commit date, since the epoch
	// Compose gives the files to write, by path from the root, for the head
	// that the commit is put on; it is asked again when somebody else pushed
	// first. No files leave the branch as it is.
	Compose func(ctx context.Context, base Base) (map[string]Content, error)
}

// ReleaseLog is the release-log repository of a solution.
type ReleaseLog interface {
	// Publish commits and pushes without force. When a commit with the same
	// Publication-Id is on the branch already, it is the answer.
	Publish(ctx context.Context, c Commit) (commit string, err error)
	// At opens a commit for reading; "" is the empty release log.
	At(commit string) Base
	// Moved tells what happened to a branch since Saw was called last.
	Moved(ctx context.Context, branch string) (Movement, error)
	// Saw remembers a commit of a branch as the one that was looked at.
	Saw(ctx context.Context, branch, commit string) error
}

// Movement is what happened to a branch since it was seen last.
type Movement struct {
	Last, Head string   // "" for none
	Gone       bool     // Last is not in the branch any more
	Foreign    []string // commits since Last that were not made by Publish
}
