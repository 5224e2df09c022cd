package sqlite

import (
	"context"
	"database/sql"
	"sync"

	"github.com/dc-release/dc-release/internal/adapter/store/sqlstore"
)

// statements keeps the compiled statements of a handle by their texts, which are
// constants of the program.
type statements struct {
	mu       sync.Mutex
	compiled map[string]*sql.Stmt
}

// within gives what runs statements in a transaction, which belongs to one
// goroutine.
func (s *statements) within(native *sql.Tx) *querier {
	return &querier{native: native, all: s, open: map[string]int{}}
}

func (s *statements) find(text string) *sql.Stmt {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.compiled[text]
}

// add compiles a statement for the transactions that follow. One that cannot be
// compiled is none: whoever runs it hears why.
func (s *statements) add(ctx context.Context, db *sql.DB, text string) {
	if s.find(text) != nil {
		return
	}
	made, err := db.PrepareContext(ctx, text)
	if err != nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.compiled[text] != nil {
		made.Close()
		return
	}
	if s.compiled == nil {
		s.compiled = map[string]*sql.Stmt{}
	}
	s.compiled[text] = made
}

// querier runs statements within a transaction: those that are compiled, and others
// once, which are compiled after it, because a transaction holds its connection.
type querier struct {
	native *sql.Tx
	all    *statements
	fresh  []string
	open   map[string]int // results that are being read, by text
}

// ready gives a compiled statement, nil for none. The rows of a compiled one are
// where the statement is: while they are read it is not run again.
func (q *querier) ready(ctx context.Context, text string) *sql.Stmt {
	made := q.all.find(text)
	if made == nil {
		q.fresh = append(q.fresh, text)
		return nil
	}
	if q.open[text] > 0 {
		return nil
	}
	return q.native.StmtContext(ctx, made)
}

// Exec implements sqlstore.Querier.
func (q *querier) Exec(ctx context.Context, text string, args ...any) (int64, error) {
	var res sql.Result
	var err error
	if made := q.ready(ctx, text); made != nil {
		res, err = made.ExecContext(ctx, args...)
	} else {
		res, err = q.native.ExecContext(ctx, text, args...)
	}
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}

// Query implements sqlstore.Querier.
func (q *querier) Query(ctx context.Context, text string, args ...any) (sqlstore.Rows, error) {
	var found *sql.Rows
	var err error
	if made := q.ready(ctx, text); made != nil {
		found, err = made.QueryContext(ctx, args...)
	} else {
		found, err = q.native.QueryContext(ctx, text, args...)
	}
	if err != nil {
		return nil, err
	}
	q.open[text]++
	return &rows{Rows: found, done: func() { q.open[text]-- }}, nil
}

// compile compiles what the transaction, which has ended, had to run as text.
func (q *querier) compile(ctx context.Context, db *sql.DB) {
	for _, text := range q.fresh {
		q.all.add(ctx, db, text)
	}
}

// rows says when they are not read any more.
type rows struct {
	*sql.Rows
	done func()
	once sync.Once
}

// Close implements sqlstore.Rows.
func (r *rows) Close() error {
	r.once.Do(r.done)
	return r.Rows.Close()
}
