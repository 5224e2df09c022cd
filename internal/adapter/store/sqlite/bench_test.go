package sqlite_test

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"sync"
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

// BenchmarkAppendOfManyClients lets one and eight clients append an event each,
// every one to a stream of its own, in turns with as many that insert the same
// bytes, and reports rates and raw time / append time: 1 is as fast as the disk
// lets single rows be.
func BenchmarkAppendOfManyClients(b *testing.B) {
	for _, clients := range []int{1, 8} {
		b.Run(fmt.Sprintf("clients=%d", clients), func(b *testing.B) {
			store, raw := benchStore(b), benchRaw(b)
			store.OnEffects(func(context.Context, sqlstore.Tx, []ledger.Effect) error { return nil })
			var appending, inserting time.Duration
			bodies := make([][]byte, clients)
			for n := range b.N {
				appending += together(b, clients, func(client int) error {
					events, err := store.Append(b.Context(), ledger.Batch{
						Command: fmt.Sprintf("bench/%d/%d", client, n), Actor: ledger.Actor{Kind: ledger.Machine, ID: "bench"},
						Events: []ledger.Draft{{Stream: ledger.SolutionStream(fmt.Sprintf("bench-%d", client)), Data: &ledger.Refused{Operation: "bench", Message: "one event"}}},
					})
					if err != nil {
						return err
					}
					bodies[client], err = canonical.Marshal(events[0])
					return err
				})
				inserting += together(b, clients, func(client int) error {
					_, err := raw.Exec(`INSERT INTO raw (seq, body) VALUES (?, ?)`, n*clients+client, bodies[client])
					return err
				})
			}
			rate := func(d time.Duration) float64 { return float64(b.N*clients) / d.Seconds() }
			b.ReportMetric(rate(appending), "appends/s")
			b.ReportMetric(rate(inserting), "raws/s")
			b.ReportMetric(inserting.Seconds()/appending.Seconds(), "raw/append")
		})
	}
}

// together is how long it takes until every client has done its part.
func together(b *testing.B, clients int, do func(client int) error) time.Duration {
	b.Helper()
	start := time.Now()
	var group sync.WaitGroup
	for client := range clients {
		group.Go(func() {
			if err := do(client); err != nil {
				b.Error(err)
			}
		})
	}
	group.Wait()
	return time.Since(start)
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
	db, err := sql.Open("sqlite", "file:"+filepath.Join(b.TempDir(), "raw.db")+"?_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=busy_timeout(10000)")
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { db.Close() })
	db.SetMaxOpenConns(1) // SQLite has one writer; waiting for its lock by polling would be slower
	if _, err := db.Exec(`CREATE TABLE raw (seq INTEGER PRIMARY KEY, body BLOB NOT NULL)`); err != nil {
		b.Fatal(err)
	}
	return db
}
