package sandbox

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// cgroup is a group of the pids controller, made for one sandbox: the kernel
// refuses the fork that would be one too many (cgroups(7)).
type cgroup struct {
	dir     string
	unified bool // version 2
	limit   string
}

// groupRoot is where control groups are.
const groupRoot = "/sys/fs/cgroup"

// groupPrefix is the beginning of the names of our groups; the worker's process
// id follows.
const groupPrefix = "dc-release-"

// hierarchy is a place where groups may be made.
type hierarchy struct {
	dir     string
	unified bool
}

// hierarchies finds the places below which this process may make groups with a
// pids controller: its own group, and with version 2 the one above, because a
// group with processes cannot have groups with limits there.
func hierarchies() ([]hierarchy, error) {
	own, err := ownGroups()
	if err != nil {
		return nil, err
	}
	raw, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return nil, err
	}
	var list []hierarchy
	for line := range strings.Lines(string(raw)) {
		// proc(5): ... (5) mount point ... - (9) type (10) source (11) options
		before, after, ok := strings.Cut(strings.TrimSpace(line), " - ")
		fields, rest := strings.Fields(before), strings.Fields(after)
		if !ok || len(fields) < 5 || len(rest) < 3 {
			continue
		}
		switch {
		case rest[0] == "cgroup" && hasOption(rest[2], "pids"):
			list = append(list, hierarchy{filepath.Join(fields[4], own["pids"]), false})
		case rest[0] == "cgroup2":
			at := filepath.Join(fields[4], own[""])
			list = append(list, hierarchy{at, true}, hierarchy{filepath.Dir(at), true})
		}
	}
	return list, nil
}

func hasOption(options, name string) bool {
	for o := range strings.SplitSeq(options, ",") {
		if o == name {
			return true
		}
	}
	return false
}

// ownGroups reads /proc/self/cgroup: the group by controller, "" for version 2.
func ownGroups() (map[string]string, error) {
	raw, err := os.ReadFile("/proc/self/cgroup")
	if err != nil {
		return nil, err
	}
	own := map[string]string{}
	for line := range strings.Lines(string(raw)) {
		parts := strings.SplitN(strings.TrimSpace(line), ":", 3)
		if len(parts) != 3 {
			continue
		}
		for controller := range strings.SplitSeq(parts[1], ",") {
			own[controller] = parts[2]
		}
	}
	return own, nil
}

// newCgroup makes a group for at most limit tasks, besides those of the worker:
// one thread with version 1, helper of them with version 2.
func newCgroup(name string, limit, helper int) (*cgroup, error) {
	places, err := hierarchies()
	if err != nil {
		return nil, err
	}
	bad := []error{errors.New("no pids controller is mounted where a group can be made")}
	for _, p := range places {
		g := &cgroup{
			dir:     filepath.Join(p.dir, groupPrefix+strconv.Itoa(os.Getpid())+"-"+strings.TrimSuffix(name, ".")),
			unified: p.unified, limit: strconv.Itoa(limit + 1),
		}
		if p.unified {
			g.limit = strconv.Itoa(limit + helper)
			// It may be on already, and may not be ours to switch on.
			_ = os.WriteFile(filepath.Join(p.dir, "cgroup.subtree_control"), []byte("+pids"), 0)
		}
		if err := os.Mkdir(g.dir, 0o755); err != nil {
			bad = append(bad, err)
			continue
		}
		if err := g.write("pids.max", g.limit); err != nil {
			bad = append(bad, err, os.Remove(g.dir))
			continue
		}
		return g, nil
	}
	return nil, errors.Join(bad...)
}

// write changes a file of the group, which must be there.
func (g *cgroup) write(file, text string) error {
	f, err := os.OpenFile(filepath.Join(g.dir, file), os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	return errors.Join(err, f.Close())
}

// take moves a process into the group. In version 1 that is its main thread
// alone, and what that starts: the rest of a helper, which may need a thread when
// the group is full, stays outside.
func (g *cgroup) take(pid int) error {
	file := "tasks"
	if g.unified {
		file = "cgroup.procs"
	}
	return g.write(file, strconv.Itoa(pid))
}

// into makes a process start within the group (version 2); the file is closed
// when it has.
func (g *cgroup) into(attr *syscall.SysProcAttr) (io.Closer, error) {
	if g == nil || !g.unified {
		return io.NopCloser(nil), nil
	}
	dir, err := os.Open(g.dir)
	if err != nil {
		return nil, err
	}
	attr.UseCgroupFD, attr.CgroupFD = true, int(dir.Fd())
	return dir, nil
}

// ownThreads is how many threads the helper must have before it starts commands:
// with version 2 it is in the group itself, where it may get none later.
func (g *cgroup) ownThreads() int {
	if g == nil || !g.unified {
		return 0
	}
	return readyThreads
}

// enter moves the calling thread into the group (version 1).
func (g *cgroup) enter() error { return g.take(unix.Gettid()) }

// leave moves the calling thread to the group above (version 1).
func (g *cgroup) leave() error {
	above := &cgroup{dir: filepath.Dir(g.dir)}
	return above.take(unix.Gettid())
}

// refused counts the forks that the limit has refused.
func (g *cgroup) refused() (int, error) {
	raw, err := os.ReadFile(filepath.Join(g.dir, "pids.events"))
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(raw)) {
		if count, ok := strings.CutPrefix(line, "max "); ok {
			return strconv.Atoi(strings.TrimSpace(count))
		}
	}
	return 0, fmt.Errorf("%s says nothing of the limit", g.dir)
}

// kill ends every process of the group but this one. Nothing can fork
// meanwhile.
func (g *cgroup) kill() error {
	if err := g.write("pids.max", "0"); err != nil {
		return err
	}
	end := time.Now().Add(killPatience)
	for {
		raw, err := os.ReadFile(filepath.Join(g.dir, "cgroup.procs"))
		if err != nil {
			return err
		}
		left := 0
		for line := range strings.Lines(string(raw)) {
			pid, err := strconv.Atoi(strings.TrimSpace(line))
			if err != nil || pid == os.Getpid() {
				continue
			}
			// The number is the process's: it cannot leave the group by itself.
			if p, ok, _ := lookUp(pid); ok {
				left++
				if err := p.signal(syscall.SIGKILL); err != nil && !errors.Is(err, syscall.ESRCH) {
					return err
				}
			}
		}
		switch {
		case left == 0:
			return g.write("pids.max", g.limit)
		case time.Now().After(end):
			return fmt.Errorf("kill processes: %d left after %s", left, killPatience)
		}
		time.Sleep(killPause)
	}
}

// current counts the tasks, also those of which only their parent has to take
// notice.
func (g *cgroup) current() (int, error) {
	raw, err := os.ReadFile(filepath.Join(g.dir, "pids.current"))
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(strings.TrimSpace(string(raw)))
}

// remove deletes the group, which has no tasks any more; the last ones may just
// be ending.
func (g *cgroup) remove() error {
	if g == nil {
		return nil
	}
	end := time.Now().Add(killPatience)
	for {
		err := os.Remove(g.dir)
		if err == nil || errors.Is(err, os.ErrNotExist) {
			return nil
		}
		if !errors.Is(err, syscall.EBUSY) || time.Now().After(end) {
			return fmt.Errorf("remove control group: %w", err)
		}
		time.Sleep(killPause)
	}
}

// sweepGroups removes the groups of dead workers.
func sweepGroups() error {
	places, err := hierarchies()
	if err != nil {
		return nil // there is none to sweep
	}
	var bad []error
	for _, p := range places {
		names, err := filepath.Glob(filepath.Join(p.dir, groupPrefix+"*"))
		if err != nil {
			return err
		}
		for _, n := range names {
			owner, _, _ := strings.Cut(strings.TrimPrefix(filepath.Base(n), groupPrefix), "-")
			if pid, err := strconv.Atoi(owner); err != nil || syscall.Kill(pid, 0) != syscall.ESRCH {
				continue
			}
			if err := os.Remove(n); err != nil && !errors.Is(err, syscall.EBUSY) && !errors.Is(err, os.ErrNotExist) {
				bad = append(bad, fmt.Errorf("sweep control groups: %w", err))
			}
		}
	}
	return errors.Join(bad...)
}
