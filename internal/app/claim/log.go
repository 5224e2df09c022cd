package claim

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"

	"github.com/dc-release/dc-release/internal/core/pipeline"
)

// Logs keeps what executions print while they run. A log is removed when all of
// it is a blob, or when its execution was given up.
type Logs interface {
	// Append takes bytes that stand at an offset and gives how much is there.
	// What is there is dropped; beyond a gap nothing is taken.
	Append(execution string, offset int64, data []byte) (have int64, err error)
	// OpenAt reads from an offset; fs.ErrNotExist says that there is no log.
	OpenAt(execution string, offset int64) (io.ReadCloser, error)
	Remove(execution string) error
	// Retain removes the logs of all other executions.
	Retain(executions []string) error
}

// AppendLog takes what an execution has printed, for those who look on, and
// says how much of its log is here. The result brings the whole log: a worker
// that cannot send goes on without.
func (s *Server) AppendLog(ctx context.Context, execution string, fence, offset int64, data []byte) (have int64, err error) {
	if _, err := s.Current(ctx, execution, fence); err != nil {
		return 0, err
	}
	if have, err = s.Logs.Append(execution, offset, data); err != nil {
		return have, err
	}
	// The execution may have ended meanwhile, and its log been removed before.
	if _, err := s.Current(ctx, execution, fence); err != nil {
		return have, errors.Join(err, s.Logs.Remove(execution))
	}
	return have, nil
}

// keepLive makes a blob of what the worker of an execution without a result has
// sent; nil when that is nothing.
func (s *Server) keepLive(ctx context.Context, execution string) (*pipeline.LogKept, error) {
	r, err := s.Logs.OpenAt(execution, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("keep the log of %s: %w", execution, err)
	}
	defer r.Close()
	digest, size, err := s.Blobs.Put(ctx, r)
	if err != nil || size == 0 {
		return nil, err
	}
	return &pipeline.LogKept{Execution: execution, Log: digest, Size: size}, nil
}

// SweepLogs removes the live logs of executions that have ended, which an owner
// that died in between has left.
func (s *Server) SweepLogs(ctx context.Context) error {
	slots, err := s.Queue.Claimed(ctx)
	if err != nil {
		return err
	}
	claimed := make([]string, len(slots))
	for i, slot := range slots {
		claimed[i] = slot.Execution
	}
	return s.Logs.Retain(claimed)
}
