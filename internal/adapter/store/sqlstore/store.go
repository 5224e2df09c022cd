package sqlstore

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/dc-release/dc-release/internal/core/ledger"
)

// Config is what a store needs from outside.
type Config struct {
	Now     func() time.Time
	NewID   func() string                           // ULIDs
	NewSalt func() ([]byte, error)                  // ledger.SaltSize random bytes
	Build   string                                  // recorded in every event
	Head    func(ledger.Head, []ledger.Event) error // told after each commit with what was committed, in order
	Enqueue func(context.Context, Tx, []ledger.Effect) error
}

// Store is the ledger with its decision tables and views on one engine.
type Store struct {
	engine   *guarded
	config   Config
	followed atomic.Int64 // no view is behind up to this seq
	edge     atomic.Pointer[edge]

	mu      sync.Mutex
	changed chan struct{} // closed and replaced at each commit
}

// Open migrates the database and refuses one that this program cannot read
// whole: an unknown event type means that a newer program wrote to it.
func Open(ctx context.Context, e Engine, c Config) (*Store, error) {
	if err := e.Migrate(ctx); err != nil {
		return nil, fmt.Errorf("migrate store: %w", err)
	}
	s := &Store{engine: &guarded{Engine: e}, config: c, changed: make(chan struct{})}
	if err := s.checkTypes(ctx); err != nil {
		return nil, err
	}
	return s, nil
}

// OnEffects sets who takes the effects of a batch into its transaction. It is
// called once, before the first append.
func (s *Store) OnEffects(enqueue func(context.Context, Tx, []ledger.Effect) error) {
	s.config.Enqueue = enqueue
}

// OnHead sets who is told of each new head and its events; called once, before the first
// append.
func (s *Store) OnHead(head func(ledger.Head, []ledger.Event) error) { s.config.Head = head }

// Changed is closed at the next commit of this process.
func (s *Store) Changed() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.changed
}

func (s *Store) announce() {
	s.mu.Lock()
	defer s.mu.Unlock()
	close(s.changed)
	s.changed = make(chan struct{})
}

// Close closes the engine.
func (s *Store) Close() error { return s.engine.Close() }

// Head is size and root of the committed ledger.
func (s *Store) Head(ctx context.Context) (ledger.Head, error) {
	var h ledger.Head
	err := s.engine.Read(ctx, func(q Querier) error {
		size, err := ledgerSize(ctx, q)
		if err != nil {
			return err
		}
		h.Size = size
		h.Root, err = ledger.Root(size, hashReader{ctx, q})
		return err
	})
	return h, err
}

// Hashes reads stored hashes for proofs; it is valid within do.
func (s *Store) Hashes(ctx context.Context, do func(size int64, r tlog.HashReader) error) error {
	return s.engine.Read(ctx, func(q Querier) error {
		size, err := ledgerSize(ctx, q)
		if err != nil {
			return err
		}
		return do(size, hashReader{ctx, q})
	})
}

func ledgerSize(ctx context.Context, q Querier) (int64, error) {
	var size int64
	err := one(ctx, q, `SELECT COALESCE(MAX(seq), 0) FROM events`, nil, &size)
	return size, err
}

type hashReader struct {
	ctx context.Context
	q   Querier
}

// ReadHashes implements tlog.HashReader.
func (r hashReader) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(indexes))
	for i, x := range indexes {
		var raw []byte
		if err := one(r.ctx, r.q, `SELECT hash FROM ledger_hashes WHERE idx = $1`, []any{x}, &raw); err != nil {
			return nil, fmt.Errorf("read ledger hash %d: %w", x, err)
		}
		if len(raw) != tlog.HashSize {
			return nil, fmt.Errorf("read ledger hash %d: %d bytes", x, len(raw))
		}
		out[i] = tlog.Hash(raw)
	}
	return out, nil
}

// errNoRow says that a query for one row found none.
var errNoRow = fmt.Errorf("no such row")

// one scans a single row.
func one(ctx context.Context, q Querier, query string, args []any, dest ...any) error {
	rows, err := q.Query(ctx, query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	if !rows.Next() {
		if err := rows.Err(); err != nil {
			return err
		}
		return errNoRow
	}
	if err := rows.Scan(dest...); err != nil {
		return err
	}
	return rows.Close()
}

// each calls scan for every row.
func each(ctx context.Context, q Querier, query string, args []any, scan func(Rows) error) error {
	rows, err := q.Query(ctx, query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}
