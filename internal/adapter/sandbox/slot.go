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
// file is locked. The lock ends with the worker, however that dies.
type slot struct {
	uid  int
	lock *os.File
}

// takeSlot lends the first free uid of the pool.
func takeSlot(c Config) (*slot, error) {
	if err := os.MkdirAll(c.LockDir, 0o700); err != nil {
		return nil, fmt.Errorf("take uid: %w", err)
	}
	for uid := c.UIDBase; uid < c.UIDBase+c.UIDCount; uid++ {
		s, err := lockUID(c, uid)
		if err != nil {
			return nil, err
		}
		if s != nil {
			return s, nil
		}
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

// release gives the uid back. The lock file stays: removing it would let two
// holders lock two files of one name.
func (s *slot) release() error {
	if s == nil || s.lock == nil {
		return nil
	}
	err := s.lock.Close()
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
