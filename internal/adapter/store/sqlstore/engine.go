// Package sqlstore is the ledger and everything else that is kept in a
// database: all SQL of the project, its migrations and views. The engines
// (sqlite, later postgres) are drivers behind the Engine interface.
package sqlstore

import (
	"context"
	"io/fs"
)

// Querier runs statements. Placeholders are $1 ... $N on every engine.
type Querier interface {
	// Exec reports the number of affected rows.
	Exec(ctx context.Context, query string, args ...any) (int64, error)
	Query(ctx context.Context, query string, args ...any) (Rows, error)
}

// Rows is an open result; Close is always called.
type Rows interface {
	Next() bool
	Scan(dest ...any) error
	Err() error
	Close() error
}

// Tx is a write transaction. Native is the driver's own, for work that another
// library does in the same transaction.
type Tx interface {
	Querier
	Native() any
}

// Engine is one database. Write transactions are exclusive: the engine runs
// one at a time over all processes, and what it acknowledged is durable. Those
// that wait may be made durable together; each sees what those before it wrote,
// and fails alone.
type Engine interface {
	// After, when given, runs once what was written is durable, in the order of the
	// writes, and before any that was not waiting then. What do has begun goes on
	// when ctx ends.
	Write(ctx context.Context, do func(Tx) error, after ...func() error) error
	// Read gives do one consistent snapshot.
	Read(ctx context.Context, do func(Querier) error) error
	// Unique reports whether the error is a broken uniqueness constraint.
	Unique(err error) bool
	// Guards are the names of the triggers that keep the ledger append-only,
	// found in the database as the migrations made them.
	Guards(ctx context.Context) ([]string, error)
	Migrations() fs.FS
	Migrate(ctx context.Context) error
	Close() error
}
