package person_test

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/dc-release/dc-release/internal/adapter/identity/names"
	"github.com/dc-release/dc-release/internal/adapter/identity/totp"
	"github.com/dc-release/dc-release/internal/adapter/store/sqlite"
	"github.com/dc-release/dc-release/internal/adapter/store/sqlstore"
	"github.com/dc-release/dc-release/internal/adapter/store/storetest"
	"github.com/dc-release/dc-release/internal/app/person"
	"github.com/dc-release/dc-release/internal/app/state"
	"github.com/dc-release/dc-release/internal/core/canonical"
	"github.com/dc-release/dc-release/internal/core/fault"
	"github.com/dc-release/dc-release/internal/core/ledger"
	"github.com/dc-release/dc-release/internal/core/policy"
)

// world is an installation with two administrators, a QC and an SME.
type world struct {
	*person.People
	t     *testing.T
	store *sqlstore.Store
	clock *storetest.Clock
	n     int
}

// plain hashes nothing: what is tested here is who may do what.
type plain struct{}

func (plain) Hash(_ context.Context, p string) (string, error) {
	if len(p) < 12 {
		return "", fmt.Errorf("password: want at least 12 characters")
	}
	return "hash of " + p, nil
}
func (plain) NewSeed() (string, error)             { return totp.NewSeed() }
func (plain) FoldName(name string) (string, error) { return names.Fold(name) }
func (plain) Match(seed, code string, at time.Time) (int64, bool, error) {
	return totp.Match(seed, code, at)
}

func begin(t *testing.T) *world {
	t.Helper()
	store, clock := storetest.New(t, func(t *testing.T) sqlstore.Engine {
		e, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "ledger.db"))
		if err != nil {
			t.Fatal(err)
		}
		return e
	})
	w := &world{t: t, store: store, clock: clock}
	id := func() string { w.n++; return fmt.Sprintf("01J0000000000000000000%04d", w.n) }
	w.People = &person.People{
		Log: store, State: &state.Reader{Log: store}, Directory: store, Factors: plain{}, NewID: id, Now: clock.Now,
		Digest:         func(s string) string { return canonical.SHA256([]byte(s)) },
		IdentityDigest: func(s string) string { return canonical.SHA256([]byte(s)) },
		NewSecret:      func() (string, error) { return "secret " + id(), nil }, CoolDown: 24 * time.Hour,
	}
	w.must(person.Announce(t.Context(), store, person.Asked()))
	_, err := w.Bootstrap(t.Context(), "admin", "Alma Ravn", "a long password", "first")
	w.must(err)
	for login, role := range map[string]policy.Role{"boris": policy.Administrator, "quinn": policy.QC, "cleo": policy.SME} {
		_, err := w.Add(t.Context(), w.by("admin"), login, strings.ToUpper(login), "a long password", "joins")
		w.must(err)
		w.must(w.Grant(t.Context(), w.by("admin"), login, policy.Grant{Role: role}, "works here"))
	}
	return w
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) refused(err error, text string) {
	w.t.Helper()
	if kind := fault.KindOf(err); kind != fault.Forbidden && kind != fault.Invalid || !strings.Contains(err.Error(), text) {
		w.t.Errorf("got %v, want a refusal with %q", err, text)
	}
}

func (w *world) person(login string) policy.Subject {
	w.t.Helper()
	s, err := w.ByLogin(w.t.Context(), login)
	w.must(err)
	return s.At(ledger.FormatTime(w.clock.Now()))
}

// by is a person as an actor.
func (w *world) by(login string) ledger.Actor {
	w.t.Helper()
	return ledger.Actor{Kind: ledger.Person, ID: w.person(login).ID, Authentication: policy.PasswordTOTP}
}

// enrols uses a link as its person does.
func (w *world) enrols(secret string) error {
	w.t.Helper()
	shown, err := w.Enrolment(w.t.Context(), secret)
	if err != nil {
		return err
	}
	code, err := totp.Code(shown.Seed, w.clock.Now())
	w.must(err)
	_, err = w.Enrol(w.t.Context(), secret, "only cleo knows it", code)
	return err
}
