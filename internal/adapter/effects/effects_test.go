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

// An effect aside that does not end holds up nothing, and once it was tried it
// is not waited for.
func TestAnEffectAsideHoldsUpNoOther(t *testing.T) {
	began, release, failed, greeted := make(chan bool, 9), make(chan bool), make(chan bool, 9), make(chan bool, 9)
	var tries atomic.Int32
	handlers := map[string]effects.Handler{
		"greet": func(context.Context, []byte) error { greeted <- true; return nil },
		"slow": func(ctx context.Context, _ []byte) error {
			if tries.Add(1) > 1 {
				failed <- true
				<-ctx.Done()
				return ctx.Err()
			}
			began <- true
			<-release
			return errors.New("not there")
		},
	}
	engine, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "ledger.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { engine.Close() })
	e, err := effects.Open(t.Context(), effects.Config{DB: engine.DB(), Logger: slog.New(slog.DiscardHandler), Handlers: handlers, Aside: []string{"slow"}})
	if err != nil {
		t.Fatal(err)
	}
	list := []ledger.Effect{{Kind: "slow", Key: "slow/1", Args: []byte(`{}`)}}
	for range 6 { // more than are worked at once
		list = append(list, ledger.Effect{Kind: "greet", Key: "greet", Args: []byte(`{}`)})
	}
	tx, err := engine.DB().Begin()
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Enqueue(t.Context(), tx, list); err != nil {
		t.Fatal(err)
	}
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
	if err := e.Start(context.Background()); err != nil {
		t.Fatal(err)
	}
	<-began
	for range 6 {
		<-greeted
	}
	if n, err := e.Pending(t.Context()); err != nil || n == 0 {
		t.Errorf("%d pending while it is tried first, %v", n, err)
	}
	close(release)
	<-failed // it is tried again, and does not end
	over, cancel := context.WithTimeout(t.Context(), 0)
	defer cancel()
	if err := e.Stop(over); err != nil {
		t.Fatal(err)
	}
	if n, err := e.Pending(t.Context()); err != nil || n != 0 {
		t.Errorf("%d pending after the first try, %v", n, err)
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
