package worker

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"github.com/dc-release/dc-release/internal/adapter/runner"
	"github.com/dc-release/dc-release/internal/app/work"
	"github.com/dc-release/dc-release/internal/core/joblog"
)

// logFile is the log of one execution in the spool. It is the truth until the
// server's receipt; what is sent before is for those who look on. The file is
// locked while its worker lives.
type logFile struct {
	mu      sync.Mutex
	file    *os.File
	out     *bufio.Writer
	written chan struct{} // holds one when there is something to send
}

func newLogFile(spool, execution string) (*logFile, error) {
	f, err := os.OpenFile(spoolPath(spool, execution, ".log"), os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open log: %w", err)
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		return nil, errors.Join(fmt.Errorf("lock log %q: %w", f.Name(), err), f.Close())
	}
	return &logFile{file: f, out: bufio.NewWriterSize(f, 64<<10), written: make(chan struct{}, 1)}, nil
}

func (l *logFile) path() string { return l.file.Name() }

// add appends a line; an error comes again at close.
func (l *logFile) add(line runner.Line) {
	text := joblog.Line{Time: time.UnixMicro(line.TimeUS), Step: line.Step, Stream: string(line.Stream), Text: line.Text}.String()
	l.mu.Lock()
	defer l.mu.Unlock()
	_, _ = l.out.WriteString(text)
	select {
	case l.written <- struct{}{}:
	default:
	}
}

// flush brings everything into the file.
func (l *logFile) flush() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.out.Flush()
}

// close unlocks the file.
func (l *logFile) close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return errors.Join(l.out.Flush(), l.file.Close())
}

// How a log is sent: lines of sendEvery go together, and a server that does not
// answer is asked again after sendRetry.
const (
	sendEvery = 250 * time.Millisecond
	sendRetry = time.Second
	sendBytes = 256 << 10 // at once
)

// stream sends the log while it grows, until ctx ends or the server refuses.
// Nothing waits for it: an unreachable server gets later what it missed.
func (l *logFile) stream(ctx context.Context, server work.Server, id work.Execution) {
	buffer := make([]byte, sendBytes)
	for offset := int64(0); ; {
		select {
		case <-l.written:
		case <-ctx.Done():
			return
		}
		if pause(ctx, sendEvery) != nil || l.flush() != nil {
			return // what the file does not take is reported at its close
		}
		var err error
		for offset, err = sendLog(ctx, server, id, l.file, buffer, offset); err != nil; offset, err = sendLog(ctx, server, id, l.file, buffer, offset) {
			if final(err) || pause(ctx, sendRetry) != nil {
				return
			}
		}
	}
}

// sendLog sends what a log holds from an offset and gives the one to go on from,
// which is what the server said last.
func sendLog(ctx context.Context, server work.Server, id work.Execution, log io.ReaderAt, buffer []byte, offset int64) (int64, error) {
	for {
		n, err := log.ReadAt(buffer, offset)
		if n == 0 {
			if errors.Is(err, io.EOF) {
				err = nil
			}
			return offset, err
		}
		got, err := server.AppendLog(ctx, work.LogChunk{Execution: id, Offset: offset}, buffer[:n])
		if err != nil {
			return offset, err
		}
		offset = got.Have
	}
}
