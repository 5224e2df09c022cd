// Package livelog keeps what executions print while they run: one growing file
// for each, which is removed when the log is a blob. It is no record: nothing
// here is synced to disk, and nothing waits for it.
package livelog

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/dc-release/dc-release/internal/core/canonical"
	"github.com/dc-release/dc-release/internal/core/joblog"
)

// Store is a directory of live logs. It has one owner.
type Store struct {
	dir string

	mu      sync.Mutex
	logs    map[string]*growing // by file name, those that this process opened
	changed chan struct{}       // closed and replaced when a log grows
}

type growing struct {
	file *os.File
	size int64
	joblog.Follower
}

// Open makes the directory when it is not there.
func Open(dir string) (*Store, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("open live logs: %w", err)
	}
	return &Store{dir: dir, logs: map[string]*growing{}, changed: make(chan struct{})}, nil
}

const ending = ".log"

func name(execution string) string { return canonical.SHA256([]byte(execution)) + ending }

// Append takes bytes that stand at an offset of an execution's log and gives
// how much of the log is here. What is here already is dropped; where bytes in
// between are missing nothing is taken, and the answer says from where to send.
func (s *Store) Append(execution string, offset int64, data []byte) (have int64, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	g, err := s.open(name(execution), os.O_CREATE)
	if err != nil {
		return 0, fmt.Errorf("append to the log of %s: %w", execution, err)
	}
	if offset < 0 || offset > g.size || offset+int64(len(data)) <= g.size {
		return g.size, nil
	}
	fresh := data[g.size-offset:]
	n, err := g.file.WriteAt(fresh, g.size)
	g.size += int64(n)
	_, _ = g.Write(fresh[:n]) // never fails
	if n > 0 {
		close(s.changed)
		s.changed = make(chan struct{})
	}
	if err != nil {
		return g.size, fmt.Errorf("append to the log of %s: %w", execution, err)
	}
	return g.size, nil
}

// open gives a log that is there, or makes it with os.O_CREATE. One that an
// earlier process left is read for the step that it is at.
func (s *Store) open(file string, create int) (*growing, error) {
	if g, ok := s.logs[file]; ok {
		return g, nil
	}
	f, err := os.OpenFile(filepath.Join(s.dir, file), os.O_RDWR|create, 0o600)
	if err != nil {
		return nil, err
	}
	g := &growing{file: f}
	if g.size, err = io.Copy(&g.Follower, f); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	s.logs[file] = g
	return g, nil
}

// OpenAt reads what there is of an execution's log, from an offset; without one
// the error is fs.ErrNotExist.
func (s *Store) OpenAt(execution string, offset int64) (io.ReadCloser, error) {
	f, err := os.Open(filepath.Join(s.dir, name(execution)))
	if err != nil {
		return nil, err
	}
	if _, err := f.Seek(offset, io.SeekStart); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// State gives the length of an execution's log and the step that it has come
// to; without a log both are zero.
func (s *Store) State(execution string) (size int64, step joblog.Step, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	g, err := s.open(name(execution), 0)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, joblog.Step{}, nil
	}
	if err != nil {
		return 0, joblog.Step{}, fmt.Errorf("read the log of %s: %w", execution, err)
	}
	return g.size, g.Step, nil
}

// Changed is closed when a log grows next.
func (s *Store) Changed() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.changed
}

// Remove deletes the log of an execution; who reads it at the moment reads on.
func (s *Store) Remove(execution string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.remove(name(execution))
}

func (s *Store) remove(file string) error {
	var closed error
	if g, ok := s.logs[file]; ok {
		closed = g.file.Close()
		delete(s.logs, file)
	}
	err := os.Remove(filepath.Join(s.dir, file))
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	return errors.Join(closed, err)
}

// Retain removes the logs of all other executions: a process that died between
// an event and the removal that follows it left them.
func (s *Store) Retain(executions []string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	keep := map[string]bool{}
	for _, e := range executions {
		keep[name(e)] = true
	}
	entries, err := os.ReadDir(s.dir)
	if err != nil {
		return fmt.Errorf("sweep live logs: %w", err)
	}
	var errs []error
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), ending) && !keep[e.Name()] {
			errs = append(errs, s.remove(e.Name()))
		}
	}
	return errors.Join(errs...)
}

// Close closes every file; the logs stay for the next owner.
func (s *Store) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var errs []error
	for file, g := range s.logs {
		errs = append(errs, g.file.Close())
		delete(s.logs, file)
	}
	return errors.Join(errs...)
}
