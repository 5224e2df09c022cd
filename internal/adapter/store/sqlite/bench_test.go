package sqlite_test

import (
	"database/sql"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/oklog/ulid/v2"

	"github.com/dc-release/dc-release/internal/adapter/store/sqlite"
	"github.com/dc-release/dc-release/internal/adapter/store/sqlstore"
	"github.com/dc-release/dc-release/internal/core/canonical"
	"github.com/dc-release/dc-release/internal/core/ledger"
)

// BenchmarkAppendAgainstRawInserts alternates one durable append with one raw
// durable insert of the same bytes into a table of one row each, both in
// SQLite with WAL and synchronous=FULL, and reports raw time / append time: 1
// is as fast as the disk lets a single row be.
func BenchmarkAppendAgainstRawInserts(b *testing.B) {
	store, raw := benchStore(b), benchRaw(b)
	var appending, inserting time.Duration
	for n := range b.N {
		start := time.Now()
		events, err := store.Append(b.Context(), ledger.Batch{
			Command: fmt.Sprintf("bench/%d", n), Actor: ledger.Actor{Kind: ledger.Machine, ID: "bench"},
			Events: []ledger.Draft{{Stream: ledger.Installation, Data: &ledger.Refused{Operation: "bench", Message: "one event"}}},
		})
		if err != nil {
			b.Fatal(err)
		}
		appending += time.Since(start)
		body, err := canonical.Marshal(events[0])
		if err != nil {
			b.Fatal(err)
		}
		start = time.Now()
		if _, err := raw.Exec(`INSERT INTO raw (seq, body) VALUES (?, ?)`, n, body); err != nil {
			b.Fatal(err)
		}
		inserting += time.Since(start)
	}
	b.ReportMetric(inserting.Seconds()/appending.Seconds(), "raw/append")
	b.ReportMetric(float64(appending.Microseconds())/float64(b.N), "µs/append")
	b.ReportMetric(float64(inserting.Microseconds())/float64(b.N), "µs/raw")
}

func benchStore(b *testing.B) *sqlstore.Store {
	b.Helper()
	engine, err := sqlite.Open(b.Context(), filepath.Join(b.TempDir(), "ledger.db"))
	if err != nil {
		b.Fatal(err)
	}
	s, err := sqlstore.Open(b.Context(), engine, sqlstore.Config{
		Now: time.Now, NewID: func() string { return ulid.Make().String() },
		NewSalt: func() ([]byte, error) { return make([]byte, ledger.SaltSize), nil }, Build: "bench",
	})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { s.Close() })
	return s
}

func benchRaw(b *testing.B) *sql.DB {
	b.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(b.TempDir(), "raw.db")+"?_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)")
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { db.Close() })
	if _, err := db.Exec(`CREATE TABLE raw (seq INTEGER PRIMARY KEY, body BLOB NOT NULL)`); err != nil {
		b.Fatal(err)
	}
	return db
}
