package workflows

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// maxLine bounds one request, in bytes.
const maxLine = 16 << 20

// answerLines answers every line of in, in order, one by one. It ends with in, or
// with ctx while it waits for a line.
func answerLines(ctx context.Context, in io.Reader, out io.Writer) error {
	lines := make(chan read)
	go func() {
		defer close(lines)
		for r := bufio.NewReaderSize(in, 64<<10); ; {
			l := readLine(r)
			if errors.Is(l.err, io.EOF) && len(l.line) == 0 {
				return
			}
			select {
			case lines <- l:
			case <-ctx.Done():
				return
			}
		}
	}()
	for {
		select {
		case l, more := <-lines:
			if !more {
				return nil
			}
			if err := answerLine(l, out); err != nil {
				return err
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// read is a line, or why there is none: errLong, or what the reader says.
type read struct {
	line []byte
	err  error
}

var errLong = fmt.Errorf("read request: line has more than %d bytes", maxLine)

// readLine reads to the end of a line. One that is too long is passed over.
func readLine(r *bufio.Reader) read {
	var line []byte
	long := false
	for {
		piece, err := r.ReadSlice('\n')
		if long = long || len(line)+len(piece) > maxLine+len("\n"); !long {
			line = append(line, piece...)
		}
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case long:
			return read{err: errLong}
		default:
			return read{line, err}
		}
	}
}

func answerLine(l read, out io.Writer) error {
	var a answer
	switch {
	case errors.Is(l.err, errLong):
		a.Error = errLong.Error()
	case l.err != nil && !errors.Is(l.err, io.EOF):
		return fmt.Errorf("read requests: %w", l.err)
	default:
		a = answerTo(l.line)
	}
	var b bytes.Buffer // so that a line is one write
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(a); err != nil {
		return fmt.Errorf("answer request: %w", err)
	}
	if _, err := out.Write(b.Bytes()); err != nil {
		return fmt.Errorf("answer request: %w", err)
	}
	return nil
}
