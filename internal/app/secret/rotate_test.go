package secret_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dc-release/dc-release/internal/adapter/store/sqlstore"
	"github.com/dc-release/dc-release/internal/app/secret"
	"github.com/dc-release/dc-release/internal/core/fault"
	"github.com/dc-release/dc-release/internal/core/ledger"
	core "github.com/dc-release/dc-release/internal/core/secret"
)

func (v *vault) fill() {
	v.t.Helper()
	for i := range 5 {
		v.set(scope("prd"), fmt.Sprintf("N%d", i), fmt.Sprintf("value %d", i))
	}
}

// filled wants all of them as they were.
func (v *vault) filled() {
	v.t.Helper()
	for i := range 5 {
		v.gives(fmt.Sprintf("N%d", i), map[string]string{"prd": fmt.Sprintf("value %d", i)})
	}
}

func TestRotationSealsEverythingAgain(t *testing.T) {
	v := open(t)
	if _, err := v.Rotate(t.Context(), admin, "", "nothing yet"); fault.KindOf(err) != fault.Conflict || len(v.files.settled) != 0 {
		t.Errorf("without a secret: %v", err)
	}
	v.fill()
	before := v.all()
	got, err := v.Rotate(t.Context(), admin, "", "a yearly change")
	if want := (secret.Rotation{Old: key(1).ID(), New: key(2).ID(), Secrets: 5}); err != nil || got != want {
		t.Fatalf("%+v, %v, want %+v", got, err, want)
	}
	if d := cmp.Diff([]bool{true}, v.files.settled); d != "" {
		t.Error(d)
	}
	v.filled()
	after := v.all()
	for i, r := range after {
		if r.Key != key(2).ID() || r.Version != before[i].Version || cmp.Equal(r.Box, before[i].Box) {
			t.Errorf("%+v", r)
		}
	}
	v.set(scope("prd"), "N5", "after")
	v.Use(key(1))
	if err := v.Fits(t.Context()); fault.KindOf(err) != fault.Conflict {
		t.Errorf("the old key fits: %v", err)
	}
	events, err := v.store.Stream(t.Context(), ledger.Installation, 0)
	if err != nil {
		t.Fatal(err)
	}
	var recorded []core.KeyRotated
	for _, e := range events {
		if r, ok := e.Data.(*core.KeyRotated); ok {
			recorded = append(recorded, *r)
		}
	}
	if d := cmp.Diff([]core.KeyRotated{{Old: key(1).ID(), New: key(2).ID()}}, recorded); d != "" {
		t.Error(d)
	}
}

// failing breaks a store: after some rows of a transaction, or after its commit.
type failing struct {
	*sqlstore.Store
	after     int // rows
	committed bool
}

var errKilled = errors.New("killed")

func (f failing) AppendWith(ctx context.Context, b ledger.Batch, change func(secret.Boxes) error) ([]ledger.Event, error) {
	if f.committed {
		_, err := f.Store.AppendWith(ctx, b, change)
		return nil, errors.Join(err, errKilled)
	}
	return f.Store.AppendWith(ctx, b, func(boxes secret.Boxes) error {
		left := f.after
		return change(few{boxes, &left})
	})
}

// few are boxes of which only so many can be put.
type few struct {
	secret.Boxes
	left *int
}

func (f few) Put(v secret.Sealed) error {
	if *f.left == 0 {
		return errKilled
	}
	*f.left--
	return f.Boxes.Put(v)
}

func TestARotationThatBreaksOffChangedNothing(t *testing.T) {
	for after := range 5 {
		v := open(t)
		v.fill()
		rows, size := v.all(), v.size()
		v.Store = failing{Store: v.store, after: after}
		if _, err := v.Rotate(t.Context(), admin, "", "a yearly change"); !errors.Is(err, errKilled) {
			t.Fatalf("after %d rows: %v", after, err)
		}
		if v.size() != size {
			t.Errorf("after %d rows: %d events", after, v.size()-size)
		}
		if d := cmp.Diff(rows, v.all()); d != "" {
			t.Errorf("after %d rows:\n%s", after, d)
		}
		if d := cmp.Diff([]bool{false}, v.files.settled); d != "" {
			t.Errorf("after %d rows, the next key: %s", after, d)
		}
		v.Store = v.store
		v.filled()
		if _, err := v.Rotate(t.Context(), admin, "", "another try"); err != nil {
			t.Error(err)
		}
		v.filled()
	}
}

func TestARotationWhoseAnswerWasLostIsDone(t *testing.T) {
	v := open(t)
	v.fill()
	v.Store = failing{Store: v.store, committed: true}
	if got, err := v.Rotate(t.Context(), admin, "", "a yearly change"); err != nil || got.New != key(2).ID() {
		t.Fatalf("%+v, %v: it was committed", got, err)
	}
	v.filled()
	if d := cmp.Diff([]bool{true}, v.files.settled); d != "" {
		t.Error(d)
	}
}

// What does not open is not made to look as if it had been sealed by us.
func TestARotationStopsAtARowThatWasChanged(t *testing.T) {
	v := open(t)
	v.fill()
	rows := v.all()
	broken := rows[3]
	broken.Box = rows[2].Box
	v.rows(func(b secret.Boxes) error { return b.Put(broken) })
	if _, err := v.Rotate(t.Context(), admin, "", "a yearly change"); fault.KindOf(err) != fault.Unverified {
		t.Fatal(err)
	}
	v.gives("N2", map[string]string{"prd": "value 2"})
	if err := v.Remove(t.Context(), admin, scope("prd"), "N3", "it does not open"); err != nil {
		t.Fatal(err)
	}
	if _, err := v.Rotate(t.Context(), admin, "", "a yearly change"); err != nil {
		t.Fatal(err)
	}
	v.gives("N2", map[string]string{"prd": "value 2"})
}
