package sandbox

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"
)

// namespace is a sandbox whose helper is process 1 of a pid namespace. Killing
// the helper makes the kernel kill all processes of the sandbox and wait for
// them, whatever they have done to their sessions and parents.
type namespace struct {
	link   *link
	helper *os.Process
	slot   *slot // nil where the owner's own uid is mapped
	keep   []string
	*hold

	mu       sync.Mutex
	next     int64
	commands map[int64]*inside
	ended    error // why no command can be started any more

	listened chan struct{} // nil until somebody listens

	once    sync.Once
	closing error
}

func openNamespace(ctx context.Context, c Config, s Spec) (Sandbox, error) {
	n, err := prepareNamespace(ctx, c, s.Offline)
	if err != nil {
		return nil, err
	}
	if err := n.enter(ctx, s); err != nil {
		return nil, errors.Join(err, n.Close())
	}
	return n, nil
}

// prepareNamespace makes all of a sandbox that no execution decides: the helper
// runs in its namespaces, within the limit, and waits for a plan.
func prepareNamespace(ctx context.Context, c Config, offline bool) (*namespace, error) {
	n := &namespace{commands: map[int64]*inside{}}
	if canLend(c) {
		slot, err := takeSlot(c)
		if err != nil {
			return nil, err
		}
		n.slot = slot
	}
	var err error
	if n.hold, err = newHold(c, randomName(), n.slot != nil || countsByNamespace(), helperThreads); err != nil {
		return nil, errors.Join(err, n.slot.release())
	}
	n.count, n.kill = n.countTasks, n.killAll
	if err := n.prepare(ctx, offline); err != nil {
		return nil, errors.Join(err, n.Close())
	}
	return n, nil
}

func (n *namespace) prepare(ctx context.Context, offline bool) error {
	if err := n.spawn(offline); err != nil {
		return err
	}
	if err := n.answered(ctx); err != nil {
		return err
	}
	if n.group != nil && !n.group.unified {
		// Not earlier: a thread that it starts while Go's runtime starts would be in
		// the group too, and a runtime that needs a thread and gets none gives up.
		// From now on a thread outside starts all others, because this one is locked.
		if err := n.group.take(n.helper.Pid); err != nil {
			return fmt.Errorf("hold processes of helper: %w", err)
		}
	}
	return nil
}

// answered waits until the helper says that it is ready for what comes next.
func (n *namespace) answered(ctx context.Context) error {
	stop := context.AfterFunc(ctx, func() { _ = n.helper.Kill() })
	defer stop()
	var r ready
	if _, err := n.link.receive(&r); err != nil {
		return errors.Join(fmt.Errorf("set up: %w", err), ctx.Err())
	}
	if r.Error != "" {
		return fmt.Errorf("set up: %s", r.Error)
	}
	return nil
}

// enter makes it the place of an execution.
func (n *namespace) enter(ctx context.Context, s Spec) error {
	n.keep = s.Keep
	if n.slot == nil && n.group != nil {
		s.Show = append(s.Show, groupRoot) // the commands' uid could write there
	}
	for _, dir := range s.Keep {
		if err := own(s.Keep, dir, n.uid()); err != nil {
			return err
		}
	}
	p := plan{Mounts: mounts(s), Offline: s.Offline, Marker: Marker + "=" + s.Execution, Threads: n.group.ownThreads()}
	var fds []int
	defer func() {
		for _, fd := range fds {
			unix.Close(fd)
		}
	}()
	if n.slot != nil {
		// The lent uid cannot walk to these trees, so root clones them.
		for i := range p.Mounts {
			m := &p.Mounts[i]
			if m.Kind != keep && m.Kind != show {
				continue
			}
			source := m.Source
			if source == "" {
				source = m.Path
			}
			fd, err := cloneTree(source)
			if err != nil {
				return err
			}
			m.FD = len(fds)
			fds = append(fds, fd)
		}
	}
	if err := n.link.send(p, fds...); err != nil {
		return err
	}
	if err := n.answered(ctx); err != nil {
		return err
	}
	n.listened = make(chan struct{})
	go n.listen()
	n.watch()
	return nil
}

// helperThreads is more than the Go runtime of a helper uses, readyThreads is how
// many of them there are from the start where they count.
const (
	helperThreads = 16
	readyThreads  = 10
)

// countTasks counts all processes of the namespace but the helper: they are its
// descendants, because orphans become its children.
func (n *namespace) countTasks() (int, error) {
	ps, _, err := everything()
	tree := treeOf(ps, n.helper.Pid, func(int) bool { return false })
	return tasks(slices.DeleteFunc(tree, func(p proc) bool { return p.pid == n.helper.Pid })), err
}

// killAll ends all commands.
func (n *namespace) killAll() error {
	p := &inside{box: n, name: "all", answer: make(chan report, 1), exited: make(chan struct{})}
	if err := n.register(p); err != nil {
		return err
	}
	err := p.call(request{Signal: int(unix.SIGKILL), All: true})
	n.mu.Lock()
	defer n.mu.Unlock()
	delete(n.commands, p.id)
	return err
}

// uid is that of the commands, -1 for the worker's own.
func (n *namespace) uid() int {
	if n.slot == nil {
		return -1
	}
	return n.slot.uid
}

// spawn starts this program again as the helper.
func (n *namespace) spawn(offline bool) error {
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("start helper: %w", err)
	}
	n.link = &link{fd: pair[0]}
	theirs := os.NewFile(uintptr(pair[1]), "helper")
	defer theirs.Close()
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		return fmt.Errorf("start helper: %w", err)
	}
	defer null.Close()
	attr := n.attributes(offline)
	within, err := n.group.into(attr)
	if err != nil {
		return fmt.Errorf("start helper: %w", err)
	}
	defer within.Close()
	// The death signal comes when the forking thread ends. The caller's may be
	// locked and end with it; that of a plain goroutine lives on.
	started := make(chan error)
	go func() {
		var err error
		n.helper, err = os.StartProcess("/proc/self/exe", []string{"dc-release", helperName}, &os.ProcAttr{
			Dir: "/",
			// The runtime needs a thread for each of two blocking calls.
			Env:   []string{"GOMAXPROCS=4"},
			Files: []*os.File{null, null, null, theirs},
			Sys:   attr,
		})
		started <- err
	}()
	if err := <-started; err != nil {
		return fmt.Errorf("start helper: %w", err)
	}
	return nil
}

func (n *namespace) attributes(offline bool) *syscall.SysProcAttr {
	flags := uintptr(unix.CLONE_NEWUSER | unix.CLONE_NEWPID | unix.CLONE_NEWNS | unix.CLONE_NEWIPC | unix.CLONE_NEWUTS)
	if offline {
		flags |= unix.CLONE_NEWNET
	}
	a := &syscall.SysProcAttr{
		Cloneflags:  flags,
		AmbientCaps: setUpCaps,
		Setsid:      true,
		// The helper also ends when its socket does; this is the second rope.
		Pdeathsig: unix.SIGKILL,
	}
	if n.slot != nil {
		uid := n.slot.uid
		a.UidMappings = []syscall.SysProcIDMap{{ContainerID: uid, HostID: uid, Size: 1}}
		a.GidMappings = a.UidMappings
		a.GidMappingsEnableSetgroups = true
		a.Credential = &syscall.Credential{Uid: uint32(uid), Gid: uint32(uid)}
		return a
	}
	a.UidMappings = []syscall.SysProcIDMap{{ContainerID: innerID(os.Getuid()), HostID: os.Getuid(), Size: 1}}
	a.GidMappings = []syscall.SysProcIDMap{{ContainerID: innerID(os.Getgid()), HostID: os.Getgid(), Size: 1}}
	return a
}

// innerID keeps the owner's number, except 0, which has rights by itself.
func innerID(outer int) int {
	if outer == 0 {
		return 1000
	}
	return outer
}

// listen hands the helper's reports to the commands they are for.
func (n *namespace) listen() {
	defer close(n.listened)
	for {
		var r report
		if _, err := n.link.receive(&r); err != nil {
			n.lose(fmt.Errorf("sandbox ended: %w", err))
			return
		}
		n.mu.Lock()
		p := n.commands[r.ID]
		n.mu.Unlock()
		switch {
		case p == nil:
		case r.Kind == "exited":
			p.code = r.Code
			close(p.exited)
		default:
			p.answer <- r
		}
	}
}

// lose ends the waiting of all commands when the helper is gone.
func (n *namespace) lose(err error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.ended = err
	for _, p := range n.commands {
		select {
		case <-p.exited:
		default:
			p.lost = err
			close(p.exited)
		}
	}
}

// why is the reason for the sandbox's end.
func (n *namespace) why() error {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.ended
}

func (n *namespace) Kind() Kind { return Namespace }

func (n *namespace) Own(path string) error { return own(n.keep, path, n.uid()) }

func (n *namespace) Start(argv, env []string, dir string, stdout, stderr io.Writer) (Process, error) {
	if len(argv) == 0 {
		return nil, errors.New("start command: want a program name")
	}
	p := &inside{box: n, name: argv[0], answer: make(chan report, 1), exited: make(chan struct{})}
	var ends []*os.File
	defer func() {
		for _, f := range ends {
			f.Close()
		}
	}()
	for _, w := range []io.Writer{stdout, stderr} {
		s, end, err := pipe(w)
		if err != nil {
			return nil, errors.Join(fmt.Errorf("start %q: %w", argv[0], err), p.discard())
		}
		p.streams, ends = append(p.streams, s), append(ends, end)
	}
	if err := n.register(p); err != nil {
		return nil, errors.Join(fmt.Errorf("start %q: %w", argv[0], err), p.discard())
	}
	err := p.call(request{Argv: argv, Limit: n.rlimit(), Env: env, Dir: dir}, int(ends[0].Fd()), int(ends[1].Fd()))
	if err != nil {
		n.mu.Lock()
		delete(n.commands, p.id)
		n.mu.Unlock()
		return nil, errors.Join(err, p.discard())
	}
	for _, s := range p.streams {
		go s.copy()
	}
	return p, nil
}

func (n *namespace) register(p *inside) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.ended != nil {
		return n.ended
	}
	n.next++
	p.id = n.next
	n.commands[p.id] = p
	return nil
}

// Close kills the helper, waits until the kernel has ended the whole
// namespace and gives the uid back.
func (n *namespace) Close() error {
	n.once.Do(func() {
		if n.listened != nil {
			n.unwatch()
		}
		if n.helper != nil {
			if err := n.helper.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
				n.closing = fmt.Errorf("close sandbox: %w", err)
			}
			if _, err := n.helper.Wait(); err != nil {
				n.closing = errors.Join(n.closing, fmt.Errorf("close sandbox: %w", err))
			}
		}
		// With the helper its end of the link is gone, which ends the listener.
		if n.listened != nil {
			<-n.listened
		}
		if n.link != nil {
			unix.Close(n.link.fd)
		}
		n.closing = errors.Join(n.closing, n.group.remove(), n.slot.release())
	})
	return n.closing
}
