package sandbox

import (
	"errors"
	"os"
	"runtime"

	"golang.org/x/sys/unix"
)

// spawner starts processes from one thread that lives as long as it does:
// what prctl sets on a thread is inherited by its children, and a parent
// death signal comes when the thread that forked ends, not the process.
type spawner struct {
	work     chan func()
	prepared error // set before the first work is done
}

// newSpawner starts the thread; prepare runs first on it.
func newSpawner(prepare ...func() error) *spawner {
	s := &spawner{work: make(chan func())}
	go func() {
		runtime.LockOSThread() // never unlocked: the thread ends here
		for _, p := range prepare {
			s.prepared = errors.Join(s.prepared, p())
		}
		for f := range s.work {
			f()
		}
	}()
	return s
}

func (s *spawner) start(path string, argv []string, attr *os.ProcAttr) (p *os.Process, err error) {
	done := make(chan struct{})
	s.work <- func() {
		defer close(done)
		if err = s.prepared; err != nil {
			return
		}
		p, err = os.StartProcess(path, argv, attr)
	}
	<-done
	return p, err
}

// close ends the thread; last, if any, is the last thing that it does.
func (s *spawner) close(last func() error) (err error) {
	if last != nil {
		done := make(chan struct{})
		s.work <- func() {
			defer close(done)
			err = last()
		}
		<-done
	}
	close(s.work)
	return err
}

// noNewPrivileges makes set-uid programs run without their rights.
func noNewPrivileges() error { return unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) }
