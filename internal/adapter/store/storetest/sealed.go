package storetest

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dc-release/dc-release/internal/adapter/store/sqlstore"
	"github.com/dc-release/dc-release/internal/app/secret"
	"github.com/dc-release/dc-release/internal/core/ledger"
	coresecret "github.com/dc-release/dc-release/internal/core/secret"
)

// sealed looks at sealed values: they are changed with an event or not at all.
func sealed(t *testing.T, s *sqlstore.Store, _ *Clock) {
	ctx := t.Context()
	row := func(solution, environment, key, box string) secret.Sealed {
		return secret.Sealed{Scope: coresecret.Scope{Solution: solution, Environment: environment}, Name: "A", Version: int64(len(box)), Key: key, Box: []byte(box)}
	}
	first, own, other := row("k", "prd", "k1", "\x00b"), row("k", "", "k1", "own"), row("j", "prd", "k1", "j")
	change := func(command string, do func(secret.Boxes) error) error {
		_, err := s.AppendWith(ctx, batch(command, on(ledger.Installation, refused(command))), do)
		return err
	}
	put := func(rows ...secret.Sealed) func(secret.Boxes) error {
		return func(b secret.Boxes) (err error) {
			for _, r := range rows {
				err = errors.Join(err, b.Put(r))
			}
			return err
		}
	}
	want := func(when string, want ...secret.Sealed) {
		t.Helper()
		var all []secret.Sealed
		broken := errors.New("only looking")
		err := change("look "+when, func(b secret.Boxes) (err error) {
			all, err = b.All()
			return errors.Join(err, broken)
		})
		if !errors.Is(err, broken) {
			t.Fatalf("%s: %v", when, err)
		}
		if d := cmp.Diff(want, all); d != "" {
			t.Errorf("%s (-want +got):\n%s", when, d)
		}
		for _, w := range want {
			if got, ok, err := s.Sealed(ctx, w.Scope, w.Name); err != nil || !ok || !cmp.Equal(got, w) {
				t.Errorf("%s: %+v, %t, %v", when, got, ok, err)
			}
		}
	}
	if ids, err := s.SealedKeys(ctx); err != nil || len(ids) != 0 {
		t.Errorf("keys of nothing: %v, %v", ids, err)
	}
	if err := change("put", put(first, own, other)); err != nil {
		t.Fatal(err)
	}
	want("put", other, own, first)
	next := row("k", "prd", "k2", "next one")
	if err := change("replace", put(next)); err != nil {
		t.Fatal(err)
	}
	want("replaced", other, own, next)
	if ids, err := s.SealedKeys(ctx); err != nil || !cmp.Equal(ids, []string{"k1", "k2"}) {
		t.Errorf("keys %v, %v", ids, err)
	}
	size := func() int64 {
		h, err := s.Head(ctx)
		if err != nil {
			t.Fatal(err)
		}
		return h.Size
	}
	before, broken := size(), errors.New("the disk is full")
	if err := change("half", func(b secret.Boxes) error { return errors.Join(b.Put(first), b.Drop(own.Scope, "A"), broken) }); !errors.Is(err, broken) {
		t.Errorf("half a change: %v", err)
	}
	stale := batch("stale", on(ledger.Installation, refused("stale")))
	stale.Reads = []ledger.Read{{Stream: ledger.Installation, Version: 99}}
	_, err := s.AppendWith(ctx, stale, put(first))
	wantConflict(t, err)
	want("what was not appended", other, own, next)
	if size() != before {
		t.Errorf("%d events, want %d", size(), before)
	}
	if err := change("put", put(first)); err != nil { // a repeated command changes nothing
		t.Error(err)
	}
	want("repeated", other, own, next)
	if err := change("drop", func(b secret.Boxes) error { return b.Drop(own.Scope, "A") }); err != nil {
		t.Error(err)
	}
	want("dropped", other, next)
	if got, ok, err := s.Sealed(ctx, own.Scope, "A"); ok || err != nil {
		t.Errorf("a dropped one: %+v, %v", got, err)
	}
}
