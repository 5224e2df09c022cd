package workspace

import (
	"context"
	"errors"
	"io"
	"net/http"
	"time"
)

// silence is how long nothing may come of an answer, unless Config says otherwise. A
// connection may stay open for ever without one more byte.
const silence = 2 * time.Minute

var errSilent = errors.New("nothing came for too long")

// lively is the body of an answer that is given up when nothing comes of it.
type lively struct {
	io.ReadCloser
	alarm    *time.Timer
	patience time.Duration
	gaveUp   func() error // why the request ended, nil while it did not
	end      func()
}

// do sends a request that is given up when nothing comes of its answer.
func (d *door) do(q *http.Request) (*http.Response, error) {
	ctx, giveUp := context.WithCancelCause(q.Context())
	l := &lively{patience: d.patience, gaveUp: func() error { return context.Cause(ctx) }, end: func() { giveUp(nil) }}
	l.alarm = time.AfterFunc(l.patience, func() { giveUp(errSilent) })
	answer, err := d.http.Do(q.WithContext(ctx))
	if err != nil {
		err = l.why(err)
		l.stop()
		return nil, err
	}
	l.ReadCloser, answer.Body = answer.Body, l
	return answer, nil
}

// why says of an error that it came from silence.
func (l *lively) why(err error) error {
	if errors.Is(l.gaveUp(), errSilent) {
		return errSilent
	}
	return err
}

func (l *lively) Read(p []byte) (int, error) {
	n, err := l.ReadCloser.Read(p)
	if n > 0 {
		l.alarm.Reset(l.patience)
	}
	if err != nil && !errors.Is(err, io.EOF) {
		err = l.why(err)
	}
	return n, err
}

func (l *lively) Close() error {
	l.stop()
	return l.ReadCloser.Close()
}

func (l *lively) stop() {
	l.alarm.Stop()
	l.end()
}
