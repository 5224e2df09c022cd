package sandbox

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// slot is a uid of the pool, lent to one execution for as long as its lock
// file is locked. The lock ends with the worker, however that dies; that nothing
// of the uid ran any more when it was given back is written in the file.
type slot struct {
	uid  int
	lock *os.File
}

// unused is what the lock file of a uid holds under which nothing runs.
const unused = "unused"

// takeSlot lends the first free uid of the pool. What a dead worker left running
// under it is killed.
func takeSlot(c Config) (*slot, error) {
	if err := os.MkdirAll(c.LockDir, 0o700); err != nil {
		return nil, fmt.Errorf("take uid: %w", err)
	}
	for uid := c.UIDBase; uid < c.UIDBase+c.UIDCount; uid++ {
		s, err := lockUID(c, uid)
		if err != nil {
			return nil, err
		}
		if s == nil {
			continue
		}
		if err := s.clear(); err != nil {
			return nil, errors.Join(err, s.lock.Close())
		}
		if err := s.note(""); err != nil {
			return nil, errors.Join(err, s.lock.Close())
		}
		return s, nil
	}
	return nil, fmt.Errorf("take uid: all of %d to %d are lent, want a larger pool or fewer jobs", c.UIDBase, c.UIDBase+c.UIDCount-1)
}

// lockUID gives nil without an error for a uid that is lent.
func lockUID(c Config, uid int) (*slot, error) {
	path := filepath.Join(c.LockDir, strconv.Itoa(uid))
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("take uid: %w", err)
	}
	err = unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	if err == nil {
		return &slot{uid: uid, lock: f}, nil
	}
	f.Close()
	if errors.Is(err, unix.EWOULDBLOCK) {
		return nil, nil
	}
	return nil, fmt.Errorf("take uid %d: lock %q: %w", uid, path, err)
}

// clear kills what runs under the uid, where that is not known to be nothing.
func (s *slot) clear() error {
	buf := make([]byte, len(unused))
	if n, _ := s.lock.ReadAt(buf, 0); string(buf[:n]) == unused {
		return nil
	}
	return killUID(s.uid)
}

// note writes what the next holder needs to know.
func (s *slot) note(text string) error {
	_, err := s.lock.WriteAt([]byte(text), 0)
	if err = errors.Join(err, s.lock.Truncate(int64(len(text)))); err != nil {
		return fmt.Errorf("note in lock of uid %d: %w", s.uid, err)
	}
	return nil
}

// release gives the uid back, under which nothing runs. The lock file stays:
// removing it would let two holders lock two files of one name.
func (s *slot) release() error {
	if s == nil || s.lock == nil {
		return nil
	}
	err := errors.Join(s.note(unused), s.lock.Close())
	s.lock = nil
	return err
}

// canLend reports whether this process may lend the pool's uids: it is root
// and its user namespace has them.
func canLend(c Config) bool {
	if os.Geteuid() != 0 {
		return false
	}
	text, err := os.ReadFile("/proc/self/uid_map")
	if err != nil {
		return false
	}
	for line := range strings.Lines(string(text)) {
		var inner, outer, size int
		if _, err := fmt.Sscan(line, &inner, &outer, &size); err != nil {
			continue
		}
		if inner == 0 && c.UIDBase+c.UIDCount <= size {
			return true
		}
	}
	return false
}
