package sandbox

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"
)

// direct starts commands as children of the worker; UID and None build on it.
type direct struct {
	execution  string
	name       string              // see randomName
	credential *syscall.Credential // nil: the worker's own
	spawner    *spawner
	*hold

	mu   sync.Mutex
	next int64
	shut bool
}

// hire makes the thread that starts commands; in the first version of control
// groups that thread is in the sandbox's.
func (d *direct) hire(prepare ...func() error) {
	if d.group != nil && !d.group.unified {
		prepare = append(prepare, d.group.enter)
	}
	d.spawner = newSpawner(prepare...)
}

// dismiss ends that thread, outside of the group.
func (d *direct) dismiss() error {
	if d.group != nil && !d.group.unified {
		return d.spawner.close(d.group.leave)
	}
	return d.spawner.close(nil)
}

// randomName makes a name for a sandbox that no other has.
func randomName() string { return rand.Text() + "." }

func (d *direct) start(argv, env []string, dir string, stdout, stderr io.Writer) (*child, error) {
	if len(argv) == 0 {
		return nil, errors.New("start command: want a program name")
	}
	path, err := lookPath(argv[0], env, dir)
	if err != nil {
		return nil, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.shut {
		return nil, fmt.Errorf("start %q: sandbox is closed", argv[0])
	}
	d.next++
	c := &child{marker: processMarker(d.name, d.next)}
	files := make([]*os.File, 1, 3)
	defer func() {
		for _, f := range files {
			f.Close()
		}
	}()
	if files[0], err = os.Open(os.DevNull); err != nil {
		return nil, fmt.Errorf("start %q: %w", argv[0], err)
	}
	for _, w := range []io.Writer{stdout, stderr} {
		s, end, err := pipe(w)
		if err != nil {
			return nil, errors.Join(fmt.Errorf("start %q: %w", argv[0], err), c.discard())
		}
		c.streams, files = append(c.streams, s), append(files, end)
	}
	attr := &os.ProcAttr{
		Dir:   dir,
		Env:   withMarkers(env, Marker+"="+d.execution, c.marker),
		Files: files,
		Sys:   &syscall.SysProcAttr{Setsid: true, Credential: d.credential, Pdeathsig: unix.SIGKILL},
	}
	within, err := d.group.into(attr.Sys)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("start %q: %w", argv[0], err), c.discard())
	}
	defer within.Close()
	program, words := d.command(path, argv)
	c.leader, err = d.spawner.start(program, words, attr)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("start %q in %q: %w", path, dir, err), c.discard())
	}
	for _, s := range c.streams {
		go s.copy()
	}
	return c, nil
}

// shutDown refuses further commands and reports whether it is the first call.
func (d *direct) shutDown() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	first := !d.shut
	d.shut = true
	return first
}

// child is a command that is a child of the worker.
type child struct {
	marker  string // entry of its environment
	leader  *os.Process
	streams []*stream

	mu    sync.Mutex
	ended bool
}

func (c *child) discard() error {
	var bad []error
	for _, s := range c.streams {
		bad = append(bad, s.r.Close())
	}
	return errors.Join(bad...)
}

func (c *child) Wait() (int, error) {
	// The leader is left a zombie until its end is noted under the lock, so
	// that a signal never reaches another process with its number.
	var info unix.Siginfo
	for {
		err := unix.Waitid(unix.P_PID, c.leader.Pid, &info, unix.WEXITED|unix.WNOWAIT, nil)
		if !errors.Is(err, unix.EINTR) {
			break
		}
	}
	c.mu.Lock()
	c.ended = true
	state, err := c.leader.Wait()
	c.mu.Unlock()
	if err != nil {
		return -1, fmt.Errorf("wait for process %d: %w", c.leader.Pid, err)
	}
	err = settleAll(c.streams...)
	status, ok := state.Sys().(syscall.WaitStatus)
	if !ok {
		return state.ExitCode(), err
	}
	return exitCode(unix.WaitStatus(status)), err
}

func (c *child) Signal(sig syscall.Signal) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	leader := c.leader.Pid
	if c.ended {
		leader = 0
	}
	return signalTree(leader, sig, c.marker+"\x00")
}
