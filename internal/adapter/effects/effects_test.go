package effects_test

import (
	"context"
	"database/sql"
	"errors"
	"log/slog"
	"path/filepath"
	"sync/atomic"
	"testing"

	"github.com/dc-release/dc-release/internal/adapter/effects"
	"github.com/dc-release/dc-release/internal/adapter/store/sqlite"
	"github.com/dc-release/dc-release/internal/core/ledger"
)

func open(t *testing.T, handlers map[string]effects.Handler) (*effects.Effects, *sql.DB) {
	t.Helper()
	engine, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "ledger.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { engine.Close() })
	e, err := effects.Open(t.Context(), effects.Config{DB: engine.DB(), Logger: slog.New(slog.DiscardHandler), Handlers: handlers})
	if err != nil {
		t.Fatal(err)
	}
	return e, engine.DB()
}

func insert(t *testing.T, e *effects.Effects, db *sql.DB, commit bool) {
	t.Helper()
	tx, err := db.Begin()
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Enqueue(t.Context(), tx, []ledger.Effect{{Kind: "greet", Key: "greet/1", Args: []byte(`{"name":"ada"}`)}}); err != nil {
		t.Fatal(err)
	}
	if commit {
		err = tx.Commit()
	} else {
		err = tx.Rollback()
	}
	if err != nil {
		t.Fatal(err)
	}
}

func TestAFailingEffectIsTriedAgain(t *testing.T) {
	var tries atomic.Int32
	done := make(chan string, 1)
	e, db := open(t, map[string]effects.Handler{"greet": func(_ context.Context, args []byte) error {
		if tries.Add(1) == 1 {
			return errors.New("not yet")
		}
		done <- string(args)
		return nil
	}})
	insert(t, e, db, true)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	if err := e.Start(ctx); err != nil {
		t.Fatal(err)
	}
	if got := <-done; got != `{"name":"ada"}` {
		t.Errorf("got %s", got)
	}
	if err := e.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n, err := e.Pending(t.Context()); err != nil || n != 0 {
		t.Errorf("%d pending, %v", n, err)
	}
}

func TestARolledBackEffectIsNotThere(t *testing.T) {
	e, db := open(t, nil)
	insert(t, e, db, false)
	if n, err := e.Pending(t.Context()); err != nil || n != 0 {
		t.Errorf("%d pending, %v", n, err)
	}
	insert(t, e, db, true)
	if n, err := e.Pending(t.Context()); err != nil || n != 1 {
		t.Errorf("%d pending, %v", n, err)
	}
}
