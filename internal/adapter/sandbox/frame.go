package sandbox

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"

	"golang.org/x/sys/unix"
)

// maxFrame bounds one message between worker and helper; the environment of a
// command is the largest part and execve itself stops at about 2 MiB.
const maxFrame = 16 << 20

// link is one end of the socket pair between worker and helper. A frame is a
// 4-byte big-endian length and that many bytes of JSON; file descriptors
// travel with the first byte.
type link struct {
	fd int
	mu sync.Mutex // guards writes
}

// send writes one frame; it takes no ownership of the descriptors.
func (l *link) send(msg any, fds ...int) error {
	body, err := json.Marshal(msg)
	if err != nil {
		return fmt.Errorf("encode frame: %w", err)
	}
	if len(body) > maxFrame {
		return fmt.Errorf("send frame: %d bytes, want at most %d", len(body), maxFrame)
	}
	buf := binary.BigEndian.AppendUint32(make([]byte, 0, 4+len(body)), uint32(len(body)))
	buf = append(buf, body...)
	l.mu.Lock()
	defer l.mu.Unlock()
	var oob []byte
	if len(fds) > 0 {
		oob = unix.UnixRights(fds...)
	}
	for len(buf) > 0 {
		n, err := unix.SendmsgN(l.fd, buf, oob, nil, unix.MSG_NOSIGNAL)
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil {
			return fmt.Errorf("send frame: %w", err)
		}
		buf, oob = buf[n:], nil
	}
	return nil
}

// receive reads one frame into msg and gives the descriptors that came with
// it, close-on-exec. io.EOF says that the other end is gone.
func (l *link) receive(msg any) ([]int, error) {
	head := make([]byte, 4)
	oob := make([]byte, unix.CmsgSpace(4*64))
	n, oobn, err := l.recvmsg(head, oob)
	if err != nil {
		return nil, err
	}
	fds, err := parseRights(oob[:oobn])
	if err != nil {
		return nil, err
	}
	if err := l.fill(head[n:]); err != nil {
		return fds, err
	}
	size := binary.BigEndian.Uint32(head)
	if size > maxFrame {
		return fds, fmt.Errorf("receive frame: %d bytes, want at most %d", size, maxFrame)
	}
	body := make([]byte, size)
	if err := l.fill(body); err != nil {
		return fds, err
	}
	if err := json.Unmarshal(body, msg); err != nil {
		return fds, fmt.Errorf("decode frame: %w", err)
	}
	return fds, nil
}

func (l *link) recvmsg(buf, oob []byte) (n, oobn int, err error) {
	for {
		n, oobn, _, _, err = unix.Recvmsg(l.fd, buf, oob, unix.MSG_CMSG_CLOEXEC)
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil {
			return 0, 0, fmt.Errorf("receive frame: %w", err)
		}
		if n == 0 {
			return 0, 0, io.EOF
		}
		return n, oobn, nil
	}
}

func (l *link) fill(buf []byte) error {
	for len(buf) > 0 {
		n, err := unix.Read(l.fd, buf)
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil {
			return fmt.Errorf("receive frame: %w", err)
		}
		if n == 0 {
			return io.ErrUnexpectedEOF
		}
		buf = buf[n:]
	}
	return nil
}

func parseRights(oob []byte) ([]int, error) {
	if len(oob) == 0 {
		return nil, nil
	}
	messages, err := unix.ParseSocketControlMessage(oob)
	if err != nil {
		return nil, fmt.Errorf("receive descriptors: %w", err)
	}
	var fds []int
	for i := range messages {
		got, err := unix.ParseUnixRights(&messages[i])
		if err != nil {
			return fds, fmt.Errorf("receive descriptors: %w", err)
		}
		fds = append(fds, got...)
	}
	return fds, nil
}

// The frames. The helper begins with ready. The first one from the worker is a
// plan, answered by ready again; then requests go one way and reports the other.

// plan is what the helper makes of its namespaces.
type plan struct {
	Mounts  []mount `json:"mounts"`
	Offline bool    `json:"offline"`
	Marker  string  `json:"marker"` // "DC_RELEASE_EXECUTION=..."
	Threads int     `json:"threads,omitempty"`
}

// ready reports that the helper has started, or is set up, or why not.
type ready struct {
	Error string `json:"error,omitempty"`
}

// request asks the helper to start a command (Argv set, two descriptors) or to
// signal the tree of one, or all processes.
type request struct {
	ID     int64    `json:"id"`
	Argv   []string `json:"argv,omitempty"`
	Limit  int      `json:"limit,omitempty"` // RLIMIT_NPROC of the command, 0 for none
	Env    []string `json:"env,omitempty"`
	Dir    string   `json:"dir,omitempty"`
	Signal int      `json:"signal,omitempty"`
	All    bool     `json:"all,omitempty"` // the signal is for every process
}

// report tells the worker that a command was started, was signalled or ended.
type report struct {
	ID    int64  `json:"id"`
	Kind  string `json:"kind"` // started, signalled, exited
	Code  int    `json:"code,omitempty"`
	Error string `json:"error,omitempty"`
}
