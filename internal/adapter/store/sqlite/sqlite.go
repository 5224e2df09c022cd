// Package sqlite is the SQLite engine of the store: WAL, synchronous=FULL, one
// writer. It is the default and needs no server.
package sqlite

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"slices"
	"sync"

	"github.com/pressly/goose/v3"
	driver "modernc.org/sqlite"

	"github.com/dc-release/dc-release/internal/adapter/store/sqlstore"
)

// Engine is an open database file.
type Engine struct {
	path  string
	mu    sync.Mutex // orders commits and what follows them
	queue queue      // of writes that wait for mu
	write *sql.DB    // one connection
	read  *sql.DB

	written, queried statements // of write and of read
}

var _ sqlstore.Engine = (*Engine)(nil)

// Open opens or creates the database at path on a local disk. It reads back
// that commits are durable and refuses otherwise.
func Open(ctx context.Context, path string) (*Engine, error) {
	write, err := open(path, "immediate", false)
	if err != nil {
		return nil, err
	}
	write.SetMaxOpenConns(1)
	e := &Engine{path: path, write: write}
	if err := e.assertDurable(ctx); err != nil {
		return nil, errors.Join(err, write.Close())
	}
	if e.read, err = open(path, "deferred", true); err != nil {
		return nil, errors.Join(err, write.Close())
	}
	e.read.SetMaxOpenConns(4)
	return e, nil
}

// OpenReadOnly opens an existing database for verification only.
func OpenReadOnly(path string) (*Engine, error) {
	read, err := open(path, "deferred", true)
	if err != nil {
		return nil, err
	}
	return &Engine{path: path, read: read}, nil
}

func open(path, lock string, readOnly bool) (*sql.DB, error) {
	q := url.Values{}
	q.Add("_pragma", "busy_timeout(10000)")
	if readOnly {
		q.Set("mode", "ro")
	} else {
		q.Add("_pragma", "journal_mode(WAL)")
		q.Add("_pragma", "synchronous(FULL)")
		q.Add("_pragma", "foreign_keys(ON)")
	}
	q.Set("_txlock", lock)
	db, err := sql.Open("sqlite", "file:"+(&url.URL{Path: path}).EscapedPath()+"?"+q.Encode())
	if err != nil {
		return nil, fmt.Errorf("open database %q: %w", path, err)
	}
	return db, nil
}

func (e *Engine) assertDurable(ctx context.Context) error {
	var mode string
	var synchronous int
	if err := e.write.QueryRowContext(ctx, `PRAGMA journal_mode`).Scan(&mode); err != nil {
		return fmt.Errorf("open database %q: %w", e.path, err)
	}
	if err := e.write.QueryRowContext(ctx, `PRAGMA synchronous`).Scan(&synchronous); err != nil {
		return fmt.Errorf("open database %q: %w", e.path, err)
	}
	if mode != "wal" || synchronous != 2 {
		return fmt.Errorf("open database %q: journal_mode %s, synchronous %d: want wal and 2 (FULL)", e.path, mode, synchronous)
	}
	return nil
}

// DB is the write handle, for a library that keeps its own tables in the same
// database.
func (e *Engine) DB() *sql.DB { return e.write }

// Read implements sqlstore.Engine.
func (e *Engine) Read(ctx context.Context, do func(sqlstore.Querier) error) error {
	native, err := e.read.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return err
	}
	defer native.Rollback()
	q := e.queried.within(native)
	if err := do(q); err != nil {
		return err
	}
	_ = native.Rollback() // nothing was written; it gives the connection back
	q.compile(ctx, e.read)
	return nil
}

// CopyTo writes a copy of the database as it is to a new file.
func (e *Engine) CopyTo(ctx context.Context, path string) error {
	if _, err := e.read.ExecContext(ctx, `VACUUM INTO ?`, path); err != nil {
		return fmt.Errorf("copy database %q: %w", e.path, err)
	}
	return nil
}

// Unique implements sqlstore.Engine.
func (e *Engine) Unique(err error) bool {
	var f *driver.Error
	if !errors.As(err, &f) {
		return false
	}
	const primaryKey, unique = 1555, 2067 // SQLITE_CONSTRAINT_PRIMARYKEY, _UNIQUE
	return f.Code() == primaryKey || f.Code() == unique
}

// Guards implements sqlstore.Engine. A trigger of the right name that does
// something else is none.
func (e *Engine) Guards(ctx context.Context) ([]string, error) {
	made, err := fs.ReadFile(e.Migrations(), "00001_ledger.sql")
	if err != nil {
		return nil, err
	}
	var out []string
	err = e.Read(ctx, func(q sqlstore.Querier) error {
		rows, err := q.Query(ctx, `SELECT name, sql FROM sqlite_master WHERE type = 'trigger'`)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var name, text string
			if err := rows.Scan(&name, &text); err != nil {
				return err
			}
			if bytes.Contains(made, []byte(text)) {
				out = append(out, name)
			}
		}
		return rows.Err()
	})
	slices.Sort(out)
	return out, err
}

// Migrations implements sqlstore.Engine.
func (e *Engine) Migrations() fs.FS { return sqlstore.SQLiteMigrations() }

// Migrate implements sqlstore.Engine.
func (e *Engine) Migrate(ctx context.Context) error {
	if begun, err := e.begin(ctx); err != nil || begun {
		return err
	}
	p, err := goose.NewProvider(goose.DialectSQLite3, e.write, e.Migrations())
	if err != nil {
		return err
	}
	_, err = p.Up(ctx)
	return err
}

// Close implements sqlstore.Engine.
func (e *Engine) Close() error {
	var err error
	if e.read != nil {
		err = e.read.Close()
	}
	if e.write != nil {
		err = errors.Join(err, e.write.Close())
	}
	return err
}
