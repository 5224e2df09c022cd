package sandbox

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// processMarker is the environment entry that names one command. Where other
// sandboxes are in sight it begins with the own sandbox's name, which is chosen
// at random: what is not ours must never be signalled.
func processMarker(sandbox string, id int64) string {
	return sandboxMarker(sandbox) + strconv.FormatInt(id, 10)
}

// sandboxMarker is the beginning of all entries of one sandbox.
func sandboxMarker(sandbox string) string { return "DC_RELEASE_PROCESS=" + sandbox }

// withMarkers is env with the markers, whatever env itself says of them.
func withMarkers(env []string, markers ...string) []string {
	out := make([]string, 0, len(env)+len(markers))
	for _, e := range env {
		name, _, _ := strings.Cut(e, "=")
		if !slices.ContainsFunc(markers, func(m string) bool { return strings.HasPrefix(m, name+"=") }) {
			out = append(out, e)
		}
	}
	return append(out, markers...)
}

// proc is what /proc says of one process.
type proc struct {
	pid, parent, group, session int
	start                       string // in clock ticks; tells it from a later process with its number
	dead                        bool   // a zombie
}

// processes lists all that run. It is not sure when one has ended meanwhile,
// which may have left a child that is not on the list.
func processes() (ps []proc, sure bool, err error) {
	ps, sure, err = everything()
	return slices.DeleteFunc(ps, func(p proc) bool { return p.dead }), sure, err
}

// everything lists all processes that /proc shows, also those that have ended
// and whose parent has not taken notice yet: they count for limits.
func everything() (ps []proc, sure bool, err error) {
	dir, err := os.Open("/proc")
	if err != nil {
		return nil, false, fmt.Errorf("list processes: %w", err)
	}
	defer dir.Close()
	names, err := dir.Readdirnames(-1)
	if err != nil {
		return nil, false, fmt.Errorf("list processes: %w", err)
	}
	sure = true
	for _, name := range names {
		pid, err := strconv.Atoi(name)
		if err != nil {
			continue
		}
		p, ok, err := inspect(pid)
		if ok {
			ps = append(ps, p)
		}
		sure = sure && err == nil
	}
	return ps, sure, nil
}

// lookUp gives what runs with a number, ok when it still runs.
func lookUp(pid int) (p proc, ok bool, err error) {
	p, ok, err = inspect(pid)
	return p, ok && !p.dead, err
}

func inspect(pid int) (p proc, ok bool, err error) {
	stat, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
	if err != nil {
		return proc{}, false, err
	}
	p, ok = parseStat(pid, stat)
	return p, ok, nil
}

// parseStat reads /proc/PID/stat (proc(5)): the name is in parentheses and may
// hold any byte, so fields count from the last one.
func parseStat(pid int, stat []byte) (proc, bool) {
	end := bytes.LastIndexByte(stat, ')')
	if end < 0 {
		return proc{}, false
	}
	fields := bytes.Fields(stat[end+1:])
	const start = 22 - 3 // the 22nd field of all, of which the third is the first here
	if len(fields) <= start {
		return proc{}, false
	}
	state := fields[0][0]
	p := proc{pid: pid, start: string(fields[start]), dead: state == 'Z' || state == 'X'}
	for i, into := range []*int{&p.parent, &p.group, &p.session} {
		n, err := strconv.Atoi(string(fields[i+1]))
		if err != nil {
			return proc{}, false
		}
		*into = n
	}
	return p, true
}

// treeOf picks from ps what belongs to the command led by leader (0 when it
// has ended): its session and group, its descendants, and every process whose
// environment carries the marker.
func treeOf(ps []proc, leader int, marked func(pid int) bool) []proc {
	in := map[int]bool{}
	if leader > 0 {
		in[leader] = true
		for _, p := range ps {
			if p.session == leader || p.group == leader {
				in[p.pid] = true
			}
		}
	}
	for _, p := range ps {
		if !in[p.pid] && marked(p.pid) {
			in[p.pid] = true
		}
	}
	for grown := true; grown; {
		grown = false
		for _, p := range ps {
			if in[p.parent] && !in[p.pid] {
				in[p.pid], grown = true, true
			}
		}
	}
	return slices.DeleteFunc(slices.Clone(ps), func(p proc) bool {
		return !in[p.pid] || p.pid == 1 || p.pid == os.Getpid()
	})
}

// hasEnviron reports whether a process was started with an entry that begins
// with prefix; a NUL at its end makes it the whole entry. It is not sure of a
// program without any environment, which may be about to get one: exec(2) has
// let go of the old and not yet filled in the new.
func hasEnviron(pid int, prefix string) (has, sure bool) {
	dir := filepath.Join("/proc", strconv.Itoa(pid))
	env, err := os.ReadFile(filepath.Join(dir, "environ"))
	if errors.Is(err, os.ErrPermission) {
		return false, true // somebody else's
	}
	if err != nil {
		return false, false // it has ended
	}
	if len(env) == 0 {
		_, err = os.Readlink(filepath.Join(dir, "exe"))
		return false, err != nil // a kernel thread has no program
	}
	return bytes.HasPrefix(env, []byte(prefix)) || bytes.Contains(env, []byte("\x00"+prefix)), true
}

// killPatience is how long a SIGKILL is repeated: every round kills what
// forked during the one before and waits for what is still ending. A process
// can fork and end while a list is made, so that neither is on it: nothing is
// left when several lists in a row say so.
const (
	killPatience = 5 * time.Second
	killPause    = time.Millisecond
	emptyLists   = 3
	unsureLists  = 100 // where a list was not sure: a process within exec shows no environment
	slowLists    = 10  // the same where a list takes so long that there is no time for more
)

// signalTree sends sig to a command's tree, SIGKILL until nothing is left. An
// entry that begins with marker is in the environment of all that belongs to it.
func signalTree(leader int, sig syscall.Signal, marker string) error {
	list := func() ([]proc, bool, error) {
		ps, allSure, err := processes()
		tree := treeOf(ps, leader, func(pid int) bool {
			has, sure := hasEnviron(pid, marker)
			allSure = allSure && sure
			return has
		})
		return tree, allSure, err
	}
	if sig == syscall.SIGKILL {
		return killAllOf(list)
	}
	ps, _, err := list()
	return errors.Join(err, signalAll(ps, sig))
}

// killAllOf kills what list gives until it stays empty.
func killAllOf(list func() (ps []proc, sure bool, err error)) error {
	end := time.Now().Add(killPatience)
	for empty, enough := 0, emptyLists; ; {
		ps, sure, err := list()
		if err != nil {
			return err
		}
		if empty++; len(ps) > 0 {
			empty, enough = 0, emptyLists
		}
		if !sure {
			enough = unsureLists
		}
		if empty >= enough {
			return nil
		}
		if err := signalAll(ps, syscall.SIGKILL); err != nil {
			return err
		}
		if time.Now().After(end) && empty >= slowLists {
			return nil
		}
		if time.Now().After(end) {
			return fmt.Errorf("kill processes: %d left after %s", len(ps), killPatience)
		}
		time.Sleep(killPause)
	}
}

func signalAll(ps []proc, sig syscall.Signal) error {
	var bad []error
	for _, p := range ps {
		if err := p.signal(sig); err != nil && !errors.Is(err, syscall.ESRCH) {
			bad = append(bad, fmt.Errorf("signal process %d: %w", p.pid, err))
		}
	}
	return errors.Join(bad...)
}

// signal reaches the process that was listed and no other: its number may have
// been given to a new one meanwhile.
func (p proc) signal(sig syscall.Signal) error {
	fd, err := unix.PidfdOpen(p.pid, 0)
	if errors.Is(err, unix.ENOSYS) { // before Linux 5.3
		return syscall.Kill(p.pid, sig)
	}
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	if now, ok, err := lookUp(p.pid); err != nil || !ok || now.start != p.start {
		return nil
	}
	return unix.PidfdSendSignal(fd, sig, nil, 0)
}
