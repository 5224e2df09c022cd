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
	// A worker that died may have left processes of this uid.
	if err := killUID(slot.uid); err != nil {
		return nil, errors.Join(err, l.Close())
	}
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
		if s != nil {
			bad = append(bad, killUID(uid), s.release())
		}
	}
	return errors.Join(bad...)
}

// killUID kills every process of uid until none is left. What forks between
// list and signal is ended by a helper of the same uid, whose kill(-1) is atomic.
func killUID(uid int) error {
	err := killAllOf(
		func() ([]proc, bool, error) { return processesOf(uid) },
		func() error { return killAllAs(uid) },
	)
	if err != nil {
		return fmt.Errorf("clear uid %d: %w", uid, err)
	}
	return nil
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

// processesOf lists the running processes of which any uid is uid. It reads
// the status: the owner of /proc/PID is root where a process made itself
// undumpable.
func processesOf(uid int) ([]proc, bool, error) {
	ps, sure, err := processes()
	return ofUID(ps, uid), sure, err
}

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
