package sqlite

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"

	"github.com/dc-release/dc-release/internal/adapter/store/sqlstore"
)

// write is one write transaction that is asked for.
type write struct {
	ctx   context.Context
	do    func(sqlstore.Tx) error
	after []func() error

	ended bool
	err   error
}

// queue are the writes that nobody has begun.
type queue struct {
	mu   sync.Mutex
	list []*write
}

func (q *queue) add(w *write) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.list = append(q.list, w)
}

func (q *queue) take() []*write {
	q.mu.Lock()
	defer q.mu.Unlock()
	list := q.list
	q.list = nil
	return list
}

// Write implements sqlstore.Engine. What is asked for while the disk is busy with
// a commit is committed together afterwards: each in a savepoint of its own, so
// that one that fails leaves the others alone, and each in the order in which it
// was asked for. Whoever comes first does it for all.
func (e *Engine) Write(ctx context.Context, do func(sqlstore.Tx) error, after ...func() error) error {
	w := &write{ctx: ctx, do: do, after: after}
	e.queue.add(w)
	e.mu.Lock()
	defer e.mu.Unlock()
	if !w.ended {
		e.together(e.queue.take())
	}
	return w.err
}

// errPanic is what others hear of a write that panicked in their transaction.
var errPanic = errors.New("another write of the same transaction panicked")

// together carries writes out in one transaction and ends all of them.
func (e *Engine) together(list []*write) {
	all := errPanic // of all that have no error of their own
	defer func() {
		for _, w := range list {
			w.ended, w.err = true, cmp.Or(w.err, all)
		}
	}()
	err := e.commit(context.WithoutCancel(list[0].ctx), list)
	for _, w := range list {
		for i := 0; err == nil && w.err == nil && i < len(w.after); i++ {
			w.err = w.after[i]()
		}
	}
	all = err
}

func (e *Engine) commit(ctx context.Context, list []*write) error {
	native, err := e.write.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer native.Rollback() // nothing is left to do after a commit
	q := e.written.within(native)
	for _, w := range list {
		if w.err = w.ctx.Err(); w.err != nil {
			continue
		}
		if err := e.apart(ctx, tx{q, native}, w, len(list) > 1); err != nil {
			return err
		}
	}
	if err := native.Commit(); err != nil {
		return err
	}
	q.compile(ctx, e.write)
	return nil
}

// apart does one write of a transaction, in a savepoint when others are in it.
// Its error is that of the whole transaction.
func (e *Engine) apart(ctx context.Context, t tx, w *write, others bool) error {
	if !others {
		w.err = w.do(t)
		return w.err
	}
	if _, err := t.Exec(ctx, `SAVEPOINT one`); err != nil {
		return err
	}
	if w.err = w.do(t); w.err != nil {
		// Some errors, as of a full disk, have ended the whole transaction.
		if _, err := t.Exec(ctx, `ROLLBACK TO one`); err != nil {
			return fmt.Errorf("%w: %w", err, w.err)
		}
	}
	_, err := t.Exec(ctx, `RELEASE one`)
	return err
}

// tx runs its statements to their end: one that is interrupted when its caller
// goes away would end the transaction of others too (sqlite3_interrupt).
type tx struct {
	*querier
	native *sql.Tx
}

// Exec implements sqlstore.Querier.
func (t tx) Exec(ctx context.Context, text string, args ...any) (int64, error) {
	return t.querier.Exec(context.WithoutCancel(ctx), text, args...)
}

// Query implements sqlstore.Querier.
func (t tx) Query(ctx context.Context, text string, args ...any) (sqlstore.Rows, error) {
	return t.querier.Query(context.WithoutCancel(ctx), text, args...)
}

// Native implements sqlstore.Tx: it is a *sql.Tx.
func (t tx) Native() any { return t.native }
