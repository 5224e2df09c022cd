package sandbox

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// lent is a sandbox of a uid that nobody else has. What the owner may read
// alone stays unread by its mode; nothing is hidden beyond that.
type lent struct {
	direct
	slot *slot
	keep []string
}

func openUID(_ context.Context, c Config, s Spec) (Sandbox, error) {
	if !canLend(c) {
		return nil, fmt.Errorf("lend uids %d and up: want root with these uids", c.UIDBase)
	}
	slot, err := takeSlot(c)
	if err != nil {
		return nil, err
	}
	l := &lent{slot: slot, keep: s.Keep, direct: direct{
		execution:  s.Execution,
		name:       randomName(),
		credential: &syscall.Credential{Uid: uint32(slot.uid), Gid: uint32(slot.uid)},
	}}
	if l.hold, err = newHold(c, l.name, true, 0); err != nil {
		return nil, errors.Join(err, slot.release())
	}
	l.count = func() (int, error) {
		ps, _, err := everything()
		return tasks(ofUID(ps, slot.uid)), err
	}
	l.kill = func() error { return killUID(slot.uid) }
	l.hire(noNewPrivileges)
	l.watch()
	for _, dir := range s.Keep {
		if err := l.Own(dir); err != nil {
			return nil, errors.Join(err, l.Close())
		}
	}
	return l, nil
}

func (l *lent) Kind() Kind { return UID }

func (l *lent) Own(path string) error { return own(l.keep, path, l.slot.uid) }

func (l *lent) Start(argv, env []string, dir string, stdout, stderr io.Writer) (Process, error) {
	c, err := l.start(argv, env, dir, stdout, stderr)
	if err != nil {
		return nil, err
	}
	return c, nil
}

func (l *lent) Close() error {
	if !l.shutDown() {
		return nil
	}
	dismissed := l.dismiss()
	if err := killUID(l.slot.uid); err != nil {
		// The uid stays locked: it must not be lent with processes in it.
		return fmt.Errorf("close sandbox: %w", errors.Join(err, dismissed))
	}
	return errors.Join(dismissed, l.end(), l.slot.release())
}

// Sweep kills what dead workers left running under free uids of the pool, and
// removes their control groups. A worker calls it once when it starts.
func Sweep(c Config) error {
	c = c.withDefaults()
	return errors.Join(sweepUIDs(c), sweepGroups())
}

func sweepUIDs(c Config) error {
	if !canLend(c) {
		return nil
	}
	locks, err := os.ReadDir(c.LockDir)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("sweep uids: %w", err)
	}
	var bad []error
	for _, f := range locks {
		uid, err := strconv.Atoi(f.Name())
		if err != nil || uid < c.UIDBase || uid >= c.UIDBase+c.UIDCount {
			continue
		}
		s, err := lockUID(c, uid)
		if err != nil {
			bad = append(bad, err)
			continue
		}
		if s == nil {
			continue
		}
		if err := s.clear(); err != nil {
			bad = append(bad, err, s.lock.Close())
			continue
		}
		bad = append(bad, s.release())
	}
	return errors.Join(bad...)
}

// killUID kills every process of uid. kill(-1) by a helper of the same uid
// reaches all of them at once, so that none can fork meanwhile; what is on no
// list after it is gone.
func killUID(uid int) error {
	for end := time.Now().Add(killPatience); ; time.Sleep(killPause) {
		if err := killAllAs(uid); err != nil {
			return fmt.Errorf("clear uid %d: %w", uid, err)
		}
		ps, _, err := processes()
		if err != nil {
			return fmt.Errorf("clear uid %d: %w", uid, err)
		}
		if ps = ofUID(ps, uid); len(ps) == 0 {
			return nil
		}
		if time.Now().After(end) {
			return fmt.Errorf("clear uid %d: %d processes left after %s", uid, len(ps), killPatience)
		}
	}
}

func killAllAs(uid int) error {
	p, err := os.StartProcess("/proc/self/exe", []string{"dc-release", helperName, "kill-all"}, &os.ProcAttr{
		Dir: "/",
		Env: []string{},
		Sys: &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(uid)}},
	})
	if err != nil {
		return fmt.Errorf("kill processes of uid %d: %w", uid, err)
	}
	// What it is there to kill may kill it first; the next round sees.
	_, err = p.Wait()
	return err
}

// ofUID picks the processes of which any uid is uid. It reads the status: the
// owner of /proc/PID is root where a process made itself undumpable.
func ofUID(ps []proc, uid int) []proc {
	want := strconv.Itoa(uid)
	return slices.DeleteFunc(ps, func(p proc) bool {
		status, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(p.pid), "status"))
		if err != nil {
			return true
		}
		for line := range strings.Lines(string(status)) {
			fields := strings.Fields(line)
			if len(fields) > 1 && fields[0] == "Uid:" {
				return !slices.Contains(fields[1:], want)
			}
		}
		return true
	})
}
