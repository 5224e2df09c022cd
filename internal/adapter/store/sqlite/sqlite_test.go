package sqlite_test

import (
	"path/filepath"
	"testing"

	"github.com/dc-release/dc-release/internal/adapter/store/sqlite"
	"github.com/dc-release/dc-release/internal/adapter/store/sqlstore"
	"github.com/dc-release/dc-release/internal/adapter/store/storetest"
	"github.com/dc-release/dc-release/internal/core/ledger"
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
