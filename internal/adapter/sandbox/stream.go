package sandbox

import (
	"io"
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// drainPatience is how long a command's output may go on after its end, for
// what it left to a child such as `> >(tee log)`. A background process that
// holds the stream longer is listened to no more, but not stopped either. What
// the command wrote itself is waited for, however slow the writer is.
const (
	drainPatience = 500 * time.Millisecond
	drainPause    = 5 * time.Millisecond
	chunk         = 32 << 10
)

// stream carries one output of a command to a writer.
type stream struct {
	r    *os.File
	done chan struct{} // end of file

	mu    sync.Mutex
	w     io.Writer
	taken int // bytes
	muted bool
	err   error // first error of w
}

// pipe makes a stream and the end to give to the command.
func pipe(w io.Writer) (*stream, *os.File, error) {
	r, end, err := os.Pipe()
	if err != nil {
		return nil, nil, err
	}
	return &stream{r: r, done: make(chan struct{}), w: w}, end, nil
}

// copy runs until the last holder of the other end is gone.
func (s *stream) copy() {
	defer close(s.done)
	defer s.r.Close()
	buf := make([]byte, chunk)
	for {
		n, err := s.r.Read(buf)
		if n > 0 {
			s.write(buf[:n])
		}
		if err != nil {
			return
		}
	}
}

func (s *stream) write(b []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.taken += len(b)
	if s.muted || s.err != nil {
		return // read on, so that the command does not block
	}
	_, s.err = s.w.Write(b)
}

// settle waits until the output is complete or the deadline fires; after it
// the writer is not called any more.
func (s *stream) settle(deadline <-chan time.Time) error {
	select {
	case <-s.done:
	case <-deadline:
		s.drain()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.muted = true
	return s.err
}

// drain waits until nothing is on its way any more, or so much has come that all
// that the command wrote is among it.
func (s *stream) drain() {
	s.mu.Lock()
	enough := s.taken + s.pipe(unix.F_GETPIPE_SZ) + chunk
	s.mu.Unlock()
	// Twice: what was read may not have reached the writer at the first time.
	for empty := 0; empty < 2; {
		select {
		case <-s.done:
			return
		case <-time.After(drainPause):
		}
		s.mu.Lock() // not while it writes
		empty++
		if s.pipe(unix.TIOCINQ) > 0 && s.taken < enough {
			empty = 0
		}
		s.mu.Unlock()
	}
}

// pipe gives the size of the pipe, or how much is in it; 0 when it is closed.
func (s *stream) pipe(what int) (n int) {
	conn, err := s.r.SyscallConn()
	if err != nil {
		return 0
	}
	_ = conn.Control(func(fd uintptr) { // it fails when the pipe is closed
		if what == unix.TIOCINQ {
			n, _ = unix.IoctlGetInt(int(fd), unix.TIOCINQ)
		} else {
			n, _ = unix.FcntlInt(fd, what, 0)
		}
	})
	return n
}

// settleAll settles streams within one drainPatience.
func settleAll(streams ...*stream) error {
	timer := time.NewTimer(drainPatience)
	defer timer.Stop()
	expired := make(chan time.Time)
	stop := make(chan struct{})
	defer close(stop)
	go func() {
		select {
		case <-timer.C:
			close(expired)
		case <-stop:
		}
	}()
	var first error
	for _, s := range streams {
		if err := s.settle(expired); err != nil && first == nil {
			first = err
		}
	}
	return first
}
