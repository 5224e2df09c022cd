package sqlite_test

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/dc-release/dc-release/internal/adapter/store/sqlite"
	"github.com/dc-release/dc-release/internal/adapter/store/sqlstore"
	"github.com/dc-release/dc-release/internal/adapter/store/storetest"
	"github.com/dc-release/dc-release/internal/app/inspect"
	"github.com/dc-release/dc-release/internal/core/ledger"
	"github.com/dc-release/dc-release/internal/core/pipeline"
)

func open(t *testing.T) sqlstore.Engine {
	t.Helper()
	e, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "ledger.db"))
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func TestStore(t *testing.T) { storetest.Run(t, open) }

func TestGuardsRefuseUpdateAndDelete(t *testing.T) {
	var engine *sqlite.Engine
	s, _ := storetest.New(t, func(t *testing.T) sqlstore.Engine {
		engine = open(t).(*sqlite.Engine)
		return engine
	})
	_, err := s.Append(t.Context(), ledger.Batch{
		Command: "c", Actor: ledger.Actor{Kind: ledger.Machine, ID: "t"},
		Events: []ledger.Draft{{Stream: ledger.Installation, Data: &ledger.InstallationCreated{Installation: "I"}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, statement := range []string{
		`UPDATE events SET type = 'x'`, `DELETE FROM events`,
		`UPDATE event_parts SET body = x'00'`, `DELETE FROM event_parts`,
		`UPDATE ledger_hashes SET hash = x'00'`, `DELETE FROM ledger_hashes`,
	} {
		if _, err := engine.DB().Exec(statement); err == nil {
			t.Errorf("%s went through", statement)
		}
	}
	guards, err := engine.Guards(t.Context())
	if err != nil || len(guards) != 6 {
		t.Errorf("guards %v, %v", guards, err)
	}
}

// counting counts the write transactions of an engine.
type counting struct {
	sqlstore.Engine
	writes int
}

func (c *counting) Write(ctx context.Context, do func(sqlstore.Tx) error, after ...func() error) error {
	c.writes++
	return c.Engine.Write(ctx, do, after...)
}

func TestAnEventThatNoViewFollowsCostsOneWrite(t *testing.T) {
	engine := &counting{}
	s, _ := storetest.New(t, func(t *testing.T) sqlstore.Engine {
		engine.Engine = open(t)
		return engine
	})
	for _, c := range []struct {
		name   string
		event  ledger.Payload
		writes int
	}{
		{"a run that starts is followed", &pipeline.RunStarted{Run: "R", Solution: "corp-procurement", Number: 1}, 2},
		{"a scope that opens is not", &pipeline.ScopeOpened{Job: "tst"}, 1},
		{"another one is not", &pipeline.ScopeClosed{Job: "tst"}, 1},
		{"a run that finishes is", &pipeline.RunFinished{Run: "R", Conclusion: pipeline.Success}, 2},
	} {
		engine.writes = 0
		_, err := s.Append(t.Context(), ledger.Batch{
			Command: c.name, Actor: ledger.Actor{Kind: ledger.Machine, ID: "t"}, Events: []ledger.Draft{{Stream: ledger.RunStream("R"), Data: c.event}},
		})
		if err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if _, err := s.Runs(t.Context(), inspect.RunsQuery{}); err != nil {
				t.Fatal(err)
			}
		}
		if engine.writes != c.writes {
			t.Errorf("%s: %d writes, want %d", c.name, engine.writes, c.writes)
		}
	}
	runs, err := s.Runs(t.Context(), inspect.RunsQuery{})
	if err != nil || len(runs) != 1 || runs[0].Conclusion != "success" {
		t.Errorf("runs %+v, %v", runs, err)
	}
}

func TestAStatementIsRunWhileItsRowsAreRead(t *testing.T) {
	e := open(t)
	t.Cleanup(func() { e.Close() })
	const numbers = `WITH RECURSIVE n(i) AS (SELECT $1 UNION ALL SELECT i + 1 FROM n WHERE i < $1 + 2) SELECT i FROM n`
	var read func(q sqlstore.Querier, from int, inner bool) string
	read = func(q sqlstore.Querier, from int, inner bool) string {
		rows, err := q.Query(t.Context(), numbers, from)
		if err != nil {
			t.Fatal(err)
		}
		defer rows.Close()
		var out strings.Builder
		for rows.Next() {
			var i int
			if err := rows.Scan(&i); err != nil {
				t.Fatal(err)
			}
			fmt.Fprint(&out, i, " ")
			if inner {
				out.WriteString("(" + read(q, i*10, false) + ") ")
			}
		}
		return out.String()
	}
	const want = "1 (10 11 12 ) 2 (20 21 22 ) 3 (30 31 32 ) "
	for _, when := range []string{"as text", "compiled", "compiled before"} {
		err := e.Read(t.Context(), func(q sqlstore.Querier) error {
			if got := read(q, 1, true) + read(q, 1, true); got != want+want {
				t.Errorf("%s: %q, want twice %q", when, got, want)
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
		err = e.Write(t.Context(), func(tx sqlstore.Tx) error {
			if got := read(tx, 1, true); got != want {
				t.Errorf("%s: %q, want %q", when, got, want)
			}
			if _, err := tx.Exec(t.Context(), "no statement"); err == nil {
				t.Error("a text that is no statement was run")
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	}
}
