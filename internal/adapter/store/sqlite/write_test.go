package sqlite_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/dc-release/dc-release/internal/adapter/store/sqlite"
	"github.com/dc-release/dc-release/internal/adapter/store/sqlstore"
)

// desk is a database with a table of words, whose writes can be made to wait for
// one another.
type desk struct {
	*sqlite.Engine
	t     *testing.T
	group sync.WaitGroup
	free  chan struct{}

	mu    sync.Mutex
	after []string // words whose write was told to be durable, in order
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	d := &desk{Engine: open(t).(*sqlite.Engine), t: t, free: make(chan struct{})}
	t.Cleanup(func() { d.Close() })
	if err := d.Write(t.Context(), func(tx sqlstore.Tx) error {
		_, err := tx.Exec(t.Context(), `CREATE TABLE words (word TEXT UNIQUE)`)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return d
}

// busy lets a write hold the database until everything asked for is waiting.
func (d *desk) busy() {
	d.t.Helper()
	began := make(chan struct{})
	d.group.Go(func() {
		if err := d.Write(context.Background(), func(sqlstore.Tx) error { close(began); <-d.free; return nil }); err != nil {
			d.t.Error(err)
		}
	})
	<-began
}

// ask asks for a write and returns when it waits; its error is in the place that
// is returned when the group has ended.
func (d *desk) ask(ctx context.Context, word string, then func() error) *error {
	d.t.Helper()
	var result error
	before := d.Waiting()
	d.group.Go(func() {
		defer func() {
			if p := recover(); p != nil {
				result = fmt.Errorf("panic: %v", p)
			}
		}()
		result = d.Write(ctx, func(tx sqlstore.Tx) error {
			if _, err := tx.Exec(ctx, `INSERT INTO words (word) VALUES ($1)`, word); err != nil {
				return err
			}
			return then()
		}, func() error {
			d.mu.Lock()
			defer d.mu.Unlock()
			d.after = append(d.after, word)
			return nil
		})
	})
	for d.Waiting() == before {
		runtime.Gosched()
	}
	return &result
}

func (d *desk) words() string {
	d.t.Helper()
	var out []string
	if err := d.Read(d.t.Context(), func(q sqlstore.Querier) error {
		rows, err := q.Query(d.t.Context(), `SELECT word FROM words ORDER BY rowid`)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var word string
			if err := rows.Scan(&word); err != nil {
				return err
			}
			out = append(out, word)
		}
		return rows.Err()
	}); err != nil {
		d.t.Fatal(err)
	}
	return strings.Join(out, " ")
}

func fine() error { return nil }

func TestWritesThatWaitAreCommittedTogetherAndFailApart(t *testing.T) {
	d := newDesk(t)
	d.busy()
	no := errors.New("no")
	gone, cancel := context.WithCancel(t.Context())
	one := d.ask(t.Context(), "one", fine)
	bad := d.ask(t.Context(), "bad", func() error { return no })
	two := d.ask(t.Context(), "two", fine)
	twice := d.ask(t.Context(), "one", fine)
	late := d.ask(gone, "late", fine)
	cancel()
	close(d.free)
	d.group.Wait()
	for _, err := range []error{*one, *two} {
		if err != nil {
			t.Error(err)
		}
	}
	if !errors.Is(*bad, no) || !d.Unique(*twice) || !errors.Is(*late, context.Canceled) {
		t.Errorf("got %v, %v, %v", *bad, *twice, *late)
	}
	if got := d.words(); got != "one two" {
		t.Errorf("words %q", got)
	}
	if want := []string{"one", "two"}; !slices.Equal(d.after, want) {
		t.Errorf("told after %v, want %v", d.after, want)
	}
}

// TestACallerThatGoesAwayStopsNobodyElse: what was begun for it is done to its
// end.
func TestACallerThatGoesAwayStopsNobodyElse(t *testing.T) {
	d := newDesk(t)
	d.busy()
	ctx, cancel := context.WithCancel(t.Context())
	one := d.ask(t.Context(), "one", fine)
	two := d.ask(ctx, "two", func() error { cancel(); return nil })
	three := d.ask(t.Context(), "three", fine)
	close(d.free)
	d.group.Wait()
	if got := d.words(); *one != nil || *two != nil || *three != nil || got != "one two three" {
		t.Errorf("got %v, %v, %v: %q", *one, *two, *three, got)
	}
}

func TestAWriteThatPanicsLeavesNothingAndBlocksNobody(t *testing.T) {
	d := newDesk(t)
	d.busy()
	one := d.ask(t.Context(), "one", fine)
	bad := d.ask(t.Context(), "bad", func() error { panic("no") })
	close(d.free)
	d.group.Wait()
	if *one == nil || *bad == nil {
		t.Errorf("got %v and %v", *one, *bad)
	}
	if got := d.words(); got != "" || len(d.after) > 0 {
		t.Errorf("words %q, told after %v", got, d.after)
	}
	if err := d.Write(t.Context(), func(tx sqlstore.Tx) error {
		_, err := tx.Exec(t.Context(), `INSERT INTO words (word) VALUES ('two')`)
		return err
	}); err != nil || d.words() != "two" {
		t.Errorf("words %q, %v", d.words(), err)
	}
}
