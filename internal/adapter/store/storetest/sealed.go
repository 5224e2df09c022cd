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

// boxes changes sealed values and looks at all of them.
type boxes struct {
	t *testing.T
	s *sqlstore.Store
}

func row(solution, environment, key, box string) secret.Sealed {
	return secret.Sealed{Scope: coresecret.Scope{Solution: solution, Environment: environment}, Name: "A", Version: int64(len(box)), Key: key, Box: []byte(box)}
}

func (b boxes) change(command string, do func(secret.Boxes) error) error {
	_, err := b.s.AppendWith(b.t.Context(), batch(command, on(ledger.Installation, refused(command))), do)
	return err
}

func (b boxes) must(command string, do func(secret.Boxes) error) {
	b.t.Helper()
	if err := b.change(command, do); err != nil {
		b.t.Fatal(err)
	}
}

func put(rows ...secret.Sealed) func(secret.Boxes) error {
	return func(b secret.Boxes) (err error) {
		for _, r := range rows {
			err = errors.Join(err, b.Put(r))
		}
		return err
	}
}

// holds looks at everything in a transaction that changes nothing, and at each.
func (b boxes) holds(when string, keys []string, want ...secret.Sealed) {
	b.t.Helper()
	var all []secret.Sealed
	looked := errors.New("only looking")
	err := b.change("look "+when, func(in secret.Boxes) (err error) {
		all, err = in.All()
		return errors.Join(err, looked)
	})
	if d := cmp.Diff(want, all); d != "" || !errors.Is(err, looked) {
		b.t.Errorf("%s: %v (-want +got):\n%s", when, err, d)
	}
	for _, w := range want {
		if got, ok, err := b.s.Sealed(b.t.Context(), w.Scope, w.Name); err != nil || !ok || !cmp.Equal(got, w) {
			b.t.Errorf("%s: %+v, %t, %v", when, got, ok, err)
		}
	}
	if ids, err := b.s.SealedKeys(b.t.Context()); err != nil || !cmp.Equal(ids, keys) {
		b.t.Errorf("%s: keys %v, %v", when, ids, err)
	}
}

// sealed looks at sealed values: they are changed with an event or not at all.
func sealed(t *testing.T, s *sqlstore.Store, _ *Clock) {
	b := boxes{t, s}
	first, own, other := row("k", "prd", "k1", "\x00b"), row("k", "", "k1", "own"), row("j", "prd", "k1", "j")
	next := row("k", "prd", "k2", "next one")
	b.holds("nothing", nil)
	b.must("put", put(first, own, other))
	b.holds("put", []string{"k1"}, other, own, first)
	b.must("replace", put(next))
	b.holds("replaced", []string{"k1", "k2"}, other, own, next)

	before, err := s.Head(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	full := errors.New("the disk is full")
	if err := b.change("half", func(in secret.Boxes) error { return errors.Join(in.Put(first), in.Drop(own.Scope, "A"), full) }); !errors.Is(err, full) {
		t.Errorf("half a change: %v", err)
	}
	stale := batch("stale", on(ledger.Installation, refused("stale")))
	stale.Reads = []ledger.Read{{Stream: ledger.Installation, Version: 99}}
	_, err = s.AppendWith(t.Context(), stale, put(first))
	wantConflict(t, err)
	b.must("put", put(first)) // a repeated command changes nothing
	b.holds("nothing that was not appended", []string{"k1", "k2"}, other, own, next)
	if after, err := s.Head(t.Context()); err != nil || after != before {
		t.Errorf("the ledger has %d events, %v, want %d", after.Size, err, before.Size)
	}

	b.must("drop", func(in secret.Boxes) error { return in.Drop(own.Scope, "A") })
	b.holds("dropped", []string{"k1", "k2"}, other, next)
	if got, ok, err := s.Sealed(t.Context(), own.Scope, "A"); ok || err != nil {
		t.Errorf("a dropped one: %+v, %v", got, err)
	}
}
