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
)

// processMarker is the environment entry that names one command of a sandbox.
func processMarker(id int64) string { return "DC_RELEASE_PROCESS=" + strconv.FormatInt(id, 10) }

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
}

// processes lists all processes that /proc shows; those that end meanwhile
// are left out.
func processes() ([]proc, error) {
	dir, err := os.Open("/proc")
	if err != nil {
		return nil, fmt.Errorf("list processes: %w", err)
	}
	defer dir.Close()
	names, err := dir.Readdirnames(-1)
	if err != nil {
		return nil, fmt.Errorf("list processes: %w", err)
	}
	var ps []proc
	for _, name := range names {
		pid, err := strconv.Atoi(name)
		if err != nil {
			continue
		}
		stat, err := os.ReadFile(filepath.Join("/proc", name, "stat"))
		if err != nil {
			continue
		}
		if p, ok := parseStat(pid, stat); ok {
			ps = append(ps, p)
		}
	}
	return ps, nil
}

// parseStat reads /proc/PID/stat (proc(5)): the name is in parentheses and may
// hold any byte, so fields count from the last one. Zombies are not running.
func parseStat(pid int, stat []byte) (proc, bool) {
	end := bytes.LastIndexByte(stat, ')')
	if end < 0 {
		return proc{}, false
	}
	fields := bytes.Fields(stat[end+1:])
	if len(fields) < 4 || fields[0][0] == 'Z' || fields[0][0] == 'X' {
		return proc{}, false
	}
	p := proc{pid: pid}
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
// environment carries one of the markers.
func treeOf(ps []proc, leader int, marked func(pid int) bool) []int {
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
	var pids []int
	for _, p := range ps {
		if in[p.pid] && p.pid != 1 && p.pid != os.Getpid() {
			pids = append(pids, p.pid)
		}
	}
	return pids
}

// hasEnviron reports whether a process was started with all the entries.
func hasEnviron(pid int, entries ...string) bool {
	env, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "environ"))
	if err != nil {
		return false
	}
	for _, e := range entries {
		if !bytes.HasPrefix(env, []byte(e+"\x00")) && !bytes.Contains(env, []byte("\x00"+e+"\x00")) {
			return false
		}
	}
	return true
}

// killPatience is how long a SIGKILL is repeated: every round kills what
// forked during the one before and waits for what is still ending. A process
// can fork and end while a list is made, so that neither is on it: nothing is
// left when several lists in a row say so.
const (
	killPatience = 5 * time.Second
	killPause    = time.Millisecond
	emptyLists   = 3
)

// signalTree sends sig to a command's tree, SIGKILL until nothing is left.
// marker entries must all be in the environment of a process to count.
func signalTree(leader int, sig syscall.Signal, markers ...string) error {
	marked := func(pid int) bool { return hasEnviron(pid, markers...) }
	list := func() ([]int, error) {
		ps, err := processes()
		return treeOf(ps, leader, marked), err
	}
	if sig == syscall.SIGKILL {
		return killAllOf(list, nil)
	}
	pids, err := list()
	return errors.Join(err, signalAll(pids, sig))
}

// killAllOf kills what list gives until it stays empty; every eighth round it
// calls another way to kill, if there is one.
func killAllOf(list func() ([]int, error), otherwise func() error) error {
	end := time.Now().Add(killPatience)
	for round, empty := 1, 0; ; round++ {
		pids, err := list()
		if err != nil {
			return err
		}
		if empty++; len(pids) > 0 {
			empty = 0
		}
		if empty == emptyLists {
			return nil
		}
		if err := signalAll(pids, syscall.SIGKILL); err != nil {
			return err
		}
		if round%8 == 0 && otherwise != nil {
			if err := otherwise(); err != nil {
				return err
			}
		}
		if time.Now().After(end) {
			return fmt.Errorf("kill processes: %d left after %s", len(pids), killPatience)
		}
		time.Sleep(killPause)
	}
}

func signalAll(pids []int, sig syscall.Signal) error {
	var bad []error
	for _, pid := range pids {
		if err := syscall.Kill(pid, sig); err != nil && !errors.Is(err, syscall.ESRCH) {
			bad = append(bad, fmt.Errorf("signal process %d: %w", pid, err))
		}
	}
	return errors.Join(bad...)
}
