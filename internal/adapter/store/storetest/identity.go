package storetest

import (
	"testing"
	"time"

	"github.com/dc-release/dc-release/internal/adapter/store/sqlstore"
	"github.com/dc-release/dc-release/internal/app/access"
	"github.com/dc-release/dc-release/internal/app/person"
	"github.com/dc-release/dc-release/internal/core/policy"
)

// links looks at links of invitation: used once, one for each person.
func links(t *testing.T, s *sqlstore.Store, clock *Clock) {
	ctx := t.Context()
	ok := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	l := person.Link{SHA256: "first", Person: "P1", Purpose: policy.ForInvitation, Since: clock.Now(), Until: clock.Now().Add(time.Hour)}
	ok(s.KeepLink(ctx, l))
	seed, err := s.SeedLink(ctx, "first", "SEED")
	ok(err)
	again, err := s.SeedLink(ctx, "first", "OTHER")
	ok(err)
	if seed != "SEED" || again != "SEED" {
		t.Errorf("the seed of a link changed: %q, %q", seed, again)
	}
	got, found, err := s.Link(ctx, "first")
	ok(err)
	l.Seed = "SEED"
	if !found || got != l {
		t.Errorf("got %+v, want %+v", got, l)
	}
	next := l
	next.SHA256, next.Seed = "second", ""
	ok(s.KeepLink(ctx, next))
	if _, found, err := s.Link(ctx, "first"); found || err != nil {
		t.Errorf("the earlier link still works (%v)", err)
	}
	for i, want := range []bool{true, false} {
		if taken, err := s.TakeLink(ctx, "second"); err != nil || taken != want {
			t.Errorf("take %d: %t, %v", i+1, taken, err)
		}
	}
}

// accesses looks at sessions and tokens: they run out, and end with a person's
// access.
func accesses(t *testing.T, s *sqlstore.Store, clock *Clock) {
	ctx := t.Context()
	for _, p := range []string{"P1", "P2"} {
		if err := s.KeepSession(ctx, "session of "+p, p, []byte("data"), clock.Now().Add(time.Hour)); err != nil {
			t.Fatal(err)
		}
		if err := s.KeepToken(ctx, access.Token{ID: "token of " + p, Person: p, Scopes: []string{"run.*", "gate.list"}, Until: clock.Now().Add(time.Hour)}, "digest of "+p); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.EndAccess(ctx, "P1"); err != nil {
		t.Fatal(err)
	}
	for p, want := range map[string]bool{"P1": false, "P2": true} {
		if _, ok, err := s.FindSession(ctx, "session of "+p); ok != want || err != nil {
			t.Errorf("session of %s: %t, %v", p, ok, err)
		}
		if token, ok, err := s.TokenBySecret(ctx, "digest of "+p); ok != want || err != nil || ok && len(token.Scopes) != 2 {
			t.Errorf("token of %s: %+v, %t, %v", p, token, ok, err)
		}
	}
	clock.Move(time.Hour)
	if _, ok, err := s.FindSession(ctx, "session of P2"); ok || err != nil {
		t.Errorf("a session that ran out: %t, %v", ok, err)
	}
}

// uniqueName looks at names and identities: one person's, for ever.
func uniqueName(t *testing.T, s *sqlstore.Store, _ *Clock) {
	must(t, s, batch("a", on("person/P1", &policy.PersonAdded{Person: "P1", Login: "ada", Name: "folded"}),
		on("person/P1", &policy.IdentityLinked{Person: "P1", Issuer: "https://id", Digest: "digest"})))
	if taken, err := s.NameTaken(t.Context(), "folded"); !taken || err != nil {
		t.Errorf("name taken: %t, %v", taken, err)
	}
	if _, err := s.Append(t.Context(), batch("b", on("person/P2", &policy.PersonAdded{Person: "P2", Login: "bob", Name: "folded"}))); err == nil {
		t.Error("two people are printed alike")
	}
	must(t, s, batch("c", on("person/P3", &policy.PersonAdded{Person: "P3", Login: "cleo"}), on("person/P4", &policy.PersonAdded{Person: "P4", Login: "dan"})))
	if _, err := s.Append(t.Context(), batch("d", on("person/P3", &policy.IdentityLinked{Person: "P3", Issuer: "https://id", Digest: "digest"}))); err == nil {
		t.Error("one identity is two people's")
	}
	if who, err := s.PersonByIdentity(t.Context(), "digest"); who != "P1" || err != nil {
		t.Errorf("the identity is of %q, %v", who, err)
	}
}
