package sqlite_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/dc-release/dc-release/internal/adapter/store/sqlite"
	"github.com/dc-release/dc-release/internal/adapter/store/sqlstore"
	"github.com/dc-release/dc-release/internal/adapter/store/storetest"
	"github.com/dc-release/dc-release/internal/core/ledger"
)

// TestAttack49_ADiskThatIsFullAcknowledgesNothing lets no page be added any
// more: what was acknowledged is there, what was not is not, and the store goes
// on when there is room.
func TestAttack49_ADiskThatIsFullAcknowledgesNothing(t *testing.T) {
	var engine *sqlite.Engine
	s, _ := storetest.New(t, func(t *testing.T) sqlstore.Engine {
		e, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "ledger.db"))
		if err != nil {
			t.Fatal(err)
		}
		engine = e
		return e
	})
	add := func(i int) error {
		_, err := s.Append(t.Context(), ledger.Batch{
			Command: fmt.Sprint("c", i), Actor: ledger.Actor{Kind: ledger.Machine, ID: "test"},
			Events: []ledger.Draft{{Stream: "run/A", Data: &ledger.Refused{Operation: "test", Message: strings.Repeat("x", 20_000)}}},
		})
		return err
	}
	acknowledged := 0
	wants := func() {
		t.Helper()
		events, err := s.Stream(t.Context(), "run/A", 0)
		if err != nil || len(events) != acknowledged {
			t.Errorf("%d events are there (%v), %d were acknowledged", len(events), err, acknowledged)
		}
		if h, err := s.Head(t.Context()); err != nil || h.Size != int64(acknowledged) {
			t.Errorf("the head has size %d (%v), want %d", h.Size, err, acknowledged)
		}
	}
	for i := range 5 {
		if err := add(i); err != nil {
			t.Fatal(err)
		}
		acknowledged++
	}
	conn, err := engine.DB().Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var pages int
	if err := conn.QueryRowContext(t.Context(), "PRAGMA page_count").Scan(&pages); err != nil {
		t.Fatal(err)
	}
	limit := func(n int) {
		t.Helper()
		var got int
		if err := conn.QueryRowContext(t.Context(), fmt.Sprintf("PRAGMA max_page_count = %d", n)).Scan(&got); err != nil || got != n {
			t.Fatalf("the limit is %d (%v), want %d", got, err, n)
		}
	}
	limit(pages + 2)
	if err := conn.Close(); err != nil { // the one connection that writes
		t.Fatal(err)
	}
	if err := add(100); err == nil || !strings.Contains(err.Error(), "full") {
		t.Fatalf("got %v, want that the disk is full", err)
	}
	wants()
	if conn, err = engine.DB().Conn(t.Context()); err != nil {
		t.Fatal(err)
	}
	limit(pages + 10_000)
	if err := conn.Close(); err != nil {
		t.Fatal(err)
	}
	if err := add(100); err != nil {
		t.Fatalf("with room again: %v", err)
	}
	acknowledged++
	wants()
}
