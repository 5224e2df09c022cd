package sandbox

import (
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"
)

// helperName is the hidden command that makes the binary its own helper.
const helperName = "sandbox-init"

// linkFD is the helper's end of the socket pair.
const linkFD = 3

// Init runs the helper when args (os.Args without the program name) ask for
// it. A program that opens sandboxes calls it before anything else:
//
//	if ran, code := sandbox.Init(os.Args[1:]); ran {
//		os.Exit(code)
//	}
func Init(args []string) (ran bool, code int) {
	if len(args) < 1 || args[0] != helperName {
		return false, 0
	}
	if len(args) > 1 && args[1] == "kill-all" {
		return true, killAll()
	}
	if len(args) > 1 && args[1] == "limit" {
		fmt.Fprintln(os.Stderr, becomeLimited(args[2:])) // it returns no success
		return true, 126
	}
	if os.Getpid() != 1 {
		fmt.Fprintf(os.Stderr, "%s is a part of the worker and not for the command line\n", helperName)
		return true, 2
	}
	// Credentials, no_new_privs and the keyring belong to a thread: set-up and
	// every fork happen on this one.
	runtime.LockOSThread()
	h := helper{link: link{fd: linkFD}, running: map[int]int64{}, born: make(chan struct{}, 1)}
	if err := h.run(); err != nil {
		return true, 1
	}
	return true, 0
}

// killAll ends every process that this uid may signal, in one atomic call.
func killAll() int {
	if os.Getuid() == 0 {
		return 2
	}
	if err := unix.Kill(-1, unix.SIGKILL); err != nil && !errors.Is(err, unix.ESRCH) {
		return 1
	}
	return 0
}

// helper is process 1 of a sandbox. It starts commands, reaps orphans and
// takes every process with it when it ends.
type helper struct {
	link   link
	marker string
	born   chan struct{} // a command was started: there is something to reap

	mu      sync.Mutex
	running map[int]int64 // leader's pid to request id
}

func (h *helper) run() error {
	if err := h.link.send(ready{}); err != nil { // Go's runtime has started
		return err
	}
	var p plan
	fds, err := h.link.receive(&p)
	if err != nil {
		return err
	}
	h.marker = p.Marker
	if err := h.setUp(p, fds); err != nil {
		return errors.Join(err, h.link.send(ready{Error: err.Error()}))
	}
	if err := h.link.send(ready{}); err != nil {
		return err
	}
	threadsReady(p.Threads)
	go h.reap()
	for {
		var r request
		fds, err := h.link.receive(&r)
		if err == io.EOF {
			return nil // the worker is gone; so are we, and with us all others
		}
		if err != nil {
			return err
		}
		if err := h.link.send(h.serve(r, fds)); err != nil {
			return err
		}
	}
}

// threadsReady makes Go's runtime have at least n threads, which it keeps.
func threadsReady(n int) {
	var all, gone sync.WaitGroup
	all.Add(n)
	for range n {
		gone.Go(func() {
			runtime.LockOSThread()
			defer runtime.UnlockOSThread() // or the thread would end
			all.Done()
			all.Wait()
		})
	}
	gone.Wait()
}

func (h *helper) setUp(p plan, fds []int) error {
	unix.CloseOnExec(linkFD)
	if p.Offline {
		if err := loopbackUp(); err != nil {
			return err
		}
	}
	var v view
	if err := v.apply(p.Mounts, fds); err != nil {
		return err
	}
	// No further user namespaces: they would only widen what can be attacked.
	// The limit can be raised again only with a capability that nobody has.
	if err := os.WriteFile("/proc/sys/user/max_user_namespaces", []byte("0"), 0); err != nil {
		return fmt.Errorf("forbid user namespaces: %w", err)
	}
	if err := os.Chdir("/"); err != nil {
		return err
	}
	return dropRights()
}

func (h *helper) serve(r request, fds []int) report {
	defer func() {
		for _, fd := range fds {
			unix.Close(fd)
		}
	}()
	if r.Signal != 0 {
		return h.signal(r)
	}
	if len(r.Argv) == 0 || len(fds) != 2 {
		return report{ID: r.ID, Kind: "started", Error: "want a command and two descriptors"}
	}
	return h.start(r, fds)
}

func (h *helper) start(r request, fds []int) report {
	answer := report{ID: r.ID, Kind: "started"}
	path, err := lookPath(r.Argv[0], r.Env, r.Dir)
	if err != nil {
		answer.Error = err.Error()
		return answer
	}
	// The reaper takes the lock too: it cannot report the end of a command
	// that is not yet in the table.
	h.mu.Lock()
	defer h.mu.Unlock()
	program, argv := path, r.Argv
	if r.Limit > 0 {
		program, argv = limited(r.Limit, path, argv)
	}
	pid, err := syscall.ForkExec(program, argv, &syscall.ProcAttr{
		Dir:   r.Dir,
		Env:   withMarkers(r.Env, h.marker, processMarker("", r.ID)),
		Files: []uintptr{0, uintptr(fds[0]), uintptr(fds[1])},
		Sys:   &syscall.SysProcAttr{Setsid: true},
	})
	if err != nil {
		answer.Error = fmt.Sprintf("start %q in %q: %v", path, r.Dir, err)
		return answer
	}
	h.running[pid] = r.ID
	select {
	case h.born <- struct{}{}:
	default:
	}
	return answer
}

func (h *helper) signal(r request) report {
	answer := report{ID: r.ID, Kind: "signalled"}
	if r.All {
		// As process 1 of its namespace the helper reaches all but itself, at once.
		if err := unix.Kill(-1, unix.Signal(r.Signal)); err != nil && !errors.Is(err, unix.ESRCH) {
			answer.Error = err.Error()
		}
		return answer
	}
	h.mu.Lock()
	leader := 0
	for pid, id := range h.running {
		if id == r.ID {
			leader = pid
		}
	}
	h.mu.Unlock()
	if err := signalTree(leader, syscall.Signal(r.Signal), processMarker("", r.ID)+"\x00"); err != nil {
		answer.Error = err.Error()
	}
	return answer
}

// reap collects every process that ends, commands and orphans alike.
func (h *helper) reap() {
	for {
		var status unix.WaitStatus
		pid, err := unix.Wait4(-1, &status, 0, nil)
		switch {
		case errors.Is(err, unix.ECHILD):
			<-h.born
		case err != nil: // interrupted
		default:
			h.mu.Lock()
			id, known := h.running[pid]
			delete(h.running, pid)
			h.mu.Unlock()
			if known {
				// A lost worker is noticed by the other loop.
				_ = h.link.send(report{ID: id, Kind: "exited", Code: exitCode(status)})
			}
		}
	}
}

func exitCode(s unix.WaitStatus) int {
	if s.Signaled() {
		return 128 + int(s.Signal())
	}
	return s.ExitStatus()
}
