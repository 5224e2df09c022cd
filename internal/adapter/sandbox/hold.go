package sandbox

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// By is a way to hold the number of processes of a sandbox.
type By string

// The ways, strongest first.
const (
	// ByGroup is a control group: the kernel refuses the fork.
	ByGroup By = "a pids control group"
	// ByRlimit is RLIMIT_NPROC, for processes that have a uid of their own.
	ByRlimit By = "RLIMIT_NPROC"
	// ByWatch counts from time to time and kills; there can be more in between,
	// and what hides from the count is not held.
	ByWatch By = "counting now and then, which is weaker"
)

// lookEvery is the time between two looks at a group, countEvery between two
// counts of processes, which cost more.
const (
	lookEvery  = 100 * time.Millisecond
	countEvery = 250 * time.Millisecond
)

// hold keeps the number of processes of a sandbox: when there are too many, all
// commands are killed.
type hold struct {
	max   int
	extra int // threads of the sandbox itself
	by    By
	group *cgroup // ByGroup alone
	// count is how many processes and threads there are, kill ends all commands.
	count func() (int, error)
	kill  func() error

	mu      sync.Mutex
	refused int // forks, as far as seen
	over    error
	stop    chan struct{} // ends the watch
	ended   chan struct{}
}

// newHold decides on the way: the strongest that works, or the one that is asked
// for. own says that no process outside has the sandbox's uid.
// helper is how many threads the sandbox has itself.
func newHold(c Config, name string, own bool, helper int) (*hold, error) {
	h := &hold{max: c.Processes, extra: helper, by: c.By, stop: make(chan struct{}), ended: make(chan struct{})}
	var err error
	if h.by == "" || h.by == ByGroup {
		if h.group, err = newCgroup(name, h.max, helper); err == nil {
			h.by = ByGroup
			return h, nil
		}
	}
	switch {
	case h.by == "" && own:
		h.by = ByRlimit
	case h.by == "":
		h.by = ByWatch
	case h.by == ByGroup:
		return nil, fmt.Errorf("hold processes by %s: %w", h.by, err)
	case h.by == ByRlimit && !own:
		return nil, fmt.Errorf("hold processes by %s: want a uid of the sandbox's own", h.by)
	}
	return h, nil
}

// watch begins to look.
func (h *hold) watch() {
	go func() {
		defer close(h.ended)
		every := countEvery
		if h.group != nil {
			every = lookEvery
		}
		t := time.NewTicker(every)
		defer t.Stop()
		for {
			select {
			case <-h.stop:
				return
			case <-t.C:
				h.look()
			}
		}
	}()
}

// unwatch ends the looking.
func (h *hold) unwatch() {
	close(h.stop)
	<-h.ended
}

// end is unwatch, and the end of the group, in which nothing is left.
func (h *hold) end() error {
	h.unwatch()
	return h.group.remove()
}

// look kills all commands when there are too many processes.
func (h *hold) look() {
	h.mu.Lock()
	defer h.mu.Unlock()
	tooMany, err := h.tooMany()
	if err == nil && !tooMany {
		return
	}
	if err == nil {
		err = fmt.Errorf("more than %d processes at once, the limit of an execution, held by %s: all its commands were killed", h.max, h.by)
	}
	// What cannot be counted is not let go on.
	h.over = errors.Join(h.over, err, h.kill(), h.settle())
	if h.group != nil {
		if n, err := h.group.refused(); err == nil {
			h.refused = n // what was refused while it ended
		}
	}
}

// settle waits until there is room again: what was killed counts until its
// parent has taken notice.
func (h *hold) settle() error {
	count := h.count
	if h.group != nil {
		count = h.group.current
	}
	for end := time.Now().Add(killPatience); ; time.Sleep(killPause) {
		n, err := count()
		if err != nil || n <= h.max/2 {
			return err
		}
		if time.Now().After(end) {
			return fmt.Errorf("%d processes are left after %s", n, killPatience)
		}
	}
}

func (h *hold) tooMany() (bool, error) {
	if h.group != nil {
		n, err := h.group.refused()
		if err != nil {
			return false, fmt.Errorf("look at processes: %w", err)
		}
		more := n > h.refused
		h.refused = n
		return more, nil
	}
	n, err := h.count()
	if err != nil {
		return false, fmt.Errorf("count processes: %w", err)
	}
	return n > h.max, nil
}

// Limit implements Sandbox.
func (h *hold) Limit() string {
	return fmt.Sprintf("at most %d processes, held by %s", h.max, h.by)
}

// Overrun implements Sandbox.
func (h *hold) Overrun() error {
	h.look()
	h.mu.Lock()
	defer h.mu.Unlock()
	err := h.over
	h.over = nil
	return err
}

// rlimit is RLIMIT_NPROC of commands, 0 for none: one more than there may be,
// which is seen to be too many.
func (h *hold) rlimit() int {
	if h.by != ByRlimit {
		return 0
	}
	return h.max + h.extra + 1
}

// command gives what to start so that the limit of a process holds for a command.
func (h *hold) command(path string, argv []string) (string, []string) {
	if n := h.rlimit(); n > 0 {
		return limited(n, path, argv)
	}
	return path, argv
}

// countsByNamespace reports whether RLIMIT_NPROC is about the processes of a
// user namespace, as it is since Linux 5.14 (user_namespaces(7)).
func countsByNamespace() bool {
	var u unix.Utsname
	if unix.Uname(&u) != nil {
		return false
	}
	var major, minor int
	if _, err := fmt.Sscanf(unix.ByteSliceToString(u.Release[:]), "%d.%d", &major, &minor); err != nil {
		return false
	}
	return major > 5 || major == 5 && minor >= 14
}

// limited is a command that sets RLIMIT_NPROC and becomes another one.
func limited(limit int, path string, argv []string) (string, []string) {
	return "/proc/self/exe", append([]string{"dc-release", helperName, "limit", strconv.Itoa(limit), path}, argv...)
}

// becomeLimited is the command that limited starts.
func becomeLimited(args []string) error {
	if len(args) < 3 {
		return errors.New("want a limit, a path and a command")
	}
	n, err := strconv.ParseUint(args[0], 10, 31)
	if err != nil {
		return err
	}
	if err := unix.Setrlimit(unix.RLIMIT_NPROC, &unix.Rlimit{Cur: n, Max: n}); err != nil {
		return fmt.Errorf("limit processes: %w", err)
	}
	return fmt.Errorf("start %q: %w", args[1], unix.Exec(args[1], args[2:], os.Environ()))
}

// tasks counts the threads of processes.
func tasks(ps []proc) int {
	n := 0
	for _, p := range ps {
		n += threads(p.pid)
	}
	return n
}

// threads is how many a process has, 0 when it is gone.
func threads(pid int) int {
	status, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "status"))
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(status)) {
		if rest, ok := strings.CutPrefix(line, "Threads:"); ok {
			if n, err := strconv.Atoi(strings.TrimSpace(rest)); err == nil {
				return n
			}
		}
	}
	return 0
}
