package secret_test

import (
	"bytes"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/oklog/ulid/v2"

	"github.com/dc-release/dc-release/internal/adapter/sealbox"
	"github.com/dc-release/dc-release/internal/adapter/store/sqlite"
	"github.com/dc-release/dc-release/internal/adapter/store/sqlstore"
	"github.com/dc-release/dc-release/internal/adapter/store/storetest"
	"github.com/dc-release/dc-release/internal/app/secret"
	"github.com/dc-release/dc-release/internal/app/solution"
	"github.com/dc-release/dc-release/internal/app/state"
	"github.com/dc-release/dc-release/internal/core/fault"
	"github.com/dc-release/dc-release/internal/core/ledger"
	"github.com/dc-release/dc-release/internal/core/policy"
	core "github.com/dc-release/dc-release/internal/core/secret"
)

const product = "corp-procurement"

var admin = ledger.Actor{Kind: ledger.Person, ID: "P1", Role: "administrator", Authentication: "socket"}

// vault is a store with two products, and secrets that are sealed with key 1.
type vault struct {
	*secret.Secrets
	t     *testing.T
	store *sqlstore.Store
	files *files
}

// files keeps the next key of a rotation.
type files struct {
	next    byte
	settled []bool
}

func (f *files) Next(text string) (secret.Key, error) {
	if text != "" {
		return nil, errors.New("no key is brought here")
	}
	return key(f.next), nil
}

func (f *files) Settle(inForce bool) error {
	f.settled = append(f.settled, inForce)
	return nil
}

func key(n byte) *sealbox.Key {
	k, err := sealbox.New(bytes.Repeat([]byte{n}, sealbox.KeySize))
	if err != nil {
		panic(err)
	}
	return k
}

func open(t *testing.T) *vault {
	t.Helper()
	store, _ := storetest.New(t, func(t *testing.T) sqlstore.Engine {
		e, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "ledger.db"))
		if err != nil {
			t.Fatal(err)
		}
		return e
	})
	v := &vault{t: t, store: store, files: &files{next: 2}}
	v.Secrets = &secret.Secrets{
		Log: store, Store: store, State: &state.Reader{Log: store}, Solutions: &solution.Registry{Log: store, Lists: store},
		Keys: v.files, NewID: func() string { return ulid.Make().String() },
	}
	v.Use(key(1))
	v.append(ledger.PersonStream("P1"), &policy.PersonAdded{Person: "P1", Login: "alma", Kind: policy.Human})
	for _, k := range []string{product, "other"} {
		v.append(ledger.SolutionStream(k), &policy.SolutionAdded{Baseline: policy.Baseline{
			Solution: k, Profile: policy.GxP, Environments: map[string]policy.Environment{"dev": {}, "tst": {}, "val": {}, "prd": {}},
		}})
	}
	return v
}

func (v *vault) append(stream ledger.Stream, p ledger.Payload) {
	v.t.Helper()
	_, err := v.store.Append(v.t.Context(), ledger.Batch{
		Command: ulid.Make().String(), Actor: ledger.Actor{Kind: ledger.Machine, ID: "test"}, Events: []ledger.Draft{{Stream: stream, Data: p}},
	})
	if err != nil {
		v.t.Fatal(err)
	}
}

func scope(environment string) core.Scope {
	return core.Scope{Solution: product, Environment: environment}
}

func (v *vault) set(at core.Scope, name, value string) secret.Listed {
	v.t.Helper()
	l, err := v.Set(v.t.Context(), admin, at, name, value, "it is needed")
	if err != nil {
		v.t.Fatal(err)
	}
	return l
}

// gives wants the value of a name in each environment, "" for none.
func (v *vault) gives(name string, want map[string]string) {
	v.t.Helper()
	for environment, value := range want {
		got, ok, err := v.Lookup(v.t.Context(), product, environment, name)
		if err != nil || got != value || ok != (value != "") {
			v.t.Errorf("%s in %q: %q, %t, %v, want %q", name, environment, got, ok, err, value)
		}
	}
}

// size is that of the ledger.
func (v *vault) size() int64 {
	v.t.Helper()
	h, err := v.store.Head(v.t.Context())
	if err != nil {
		v.t.Fatal(err)
	}
	return h.Size
}

// rows changes what is stored behind the program's back.
func (v *vault) rows(do func(secret.Boxes) error) {
	v.t.Helper()
	_, err := v.store.AppendWith(v.t.Context(), ledger.Batch{
		Command: ulid.Make().String(), Actor: ledger.Actor{Kind: ledger.Machine, ID: "thief"},
		Events: []ledger.Draft{{Stream: ledger.Installation, Data: &ledger.Refused{Operation: "test"}}},
	}, do)
	if err != nil {
		v.t.Fatal(err)
	}
}

func (v *vault) all() (all []secret.Sealed) {
	v.t.Helper()
	v.rows(func(b secret.Boxes) (err error) {
		all, err = b.All()
		return err
	})
	return all
}

func TestAnEnvironmentsSecretShadowsTheSolutions(t *testing.T) {
	v := open(t)
	v.set(scope(""), "token", "everywhere")
	v.set(scope("PRD"), "Token", "production")
	v.set(scope("tst"), "ONLY_TST", "one place")
	v.gives("TOKEN", map[string]string{"": "everywhere", "dev": "everywhere", "tst": "everywhere", "val": "everywhere", "prd": "production"})
	v.gives("token", map[string]string{"prd": "production"})
	v.gives("some-name", map[string]string{"prd": ""}) // as workflows may write it
	v.gives("GITHUB_PAT", map[string]string{"prd": ""})
	v.gives("ONLY_TST", map[string]string{"": "", "dev": "", "tst": "one place", "prd": ""})
	if got, ok, err := v.Lookup(t.Context(), "other", "prd", "TOKEN"); got != "" || ok || err != nil {
		t.Errorf("another product is given %q, %t, %v", got, ok, err)
	}
	if l := v.set(scope(""), "TOKEN", "again"); l.Version != 2 || l.By != "alma" {
		t.Errorf("%+v", l)
	}
	if err := v.Remove(t.Context(), admin, scope("PRD"), "token", "no more"); err != nil {
		t.Fatal(err)
	}
	v.gives("TOKEN", map[string]string{"": "again", "prd": "again"})
	if err := v.Remove(t.Context(), admin, scope("prd"), "TOKEN", "no more"); fault.KindOf(err) != fault.NotFound {
		t.Errorf("removed twice: %v", err)
	}
	if l := v.set(scope("prd"), "TOKEN", "back"); l.Version != 2 {
		t.Errorf("version %d after a removal, want 2: the old value would open again", l.Version)
	}
	if value, ok, err := v.Lookup(t.Context(), product, "prd", "TOKEN"); value != "back" || !ok || err != nil {
		t.Errorf("%q, %t, %v", value, ok, err)
	}
	if _, ok, err := v.Lookup(t.Context(), product, "prd", "ABSENT"); ok || err != nil {
		t.Errorf("a secret that nobody set: %t, %v", ok, err)
	}
	var names []string
	list, err := v.List(t.Context(), "")
	for _, l := range list {
		names = append(names, fmt.Sprintf("%s/%s/%s v%d", l.Solution, l.Environment, l.Name, l.Version))
	}
	if d := cmp.Diff([]string{product + "//TOKEN v2", product + "/prd/TOKEN v2", product + "/tst/ONLY_TST v1"}, names); err != nil || d != "" {
		t.Errorf("%v\n%s", err, d)
	}
}

func TestWhatCannotBeSetLeavesNothing(t *testing.T) {
	v := open(t)
	before := v.size()
	for what, c := range map[string]struct {
		at          core.Scope
		name, value string
		kind        fault.Kind
	}{
		"no solution":    {core.Scope{Solution: "none"}, "A", "v", fault.NotFound},
		"no environment": {scope("stage"), "A", "v", fault.Invalid},
		"a gate":         {scope("pre_val"), "A", "v", fault.Invalid},
		"a bad name":     {scope("dev"), "GITHUB_A", "v", fault.Invalid},
		"no value":       {scope("dev"), "A", "", fault.Invalid},
	} {
		if _, err := v.Set(t.Context(), admin, c.at, c.name, c.value, "it is needed"); fault.KindOf(err) != c.kind {
			t.Errorf("%s: %v, want %s", what, err, c.kind)
		}
	}
	if _, err := v.Set(t.Context(), admin, scope("dev"), "A", "v", " "); err == nil {
		t.Error("set without a reason")
	}
	if v.size() != before {
		t.Errorf("%d events", v.size()-before)
	}
	for i := range core.MaxScope {
		v.set(scope("dev"), fmt.Sprintf("N%d", i), "v")
	}
	if _, err := v.Set(t.Context(), admin, scope("dev"), "ONE_MORE", "v", "it is needed"); fault.KindOf(err) != fault.Invalid {
		t.Errorf("one more than a scope has: %v", err)
	}
	v.set(scope("dev"), "N0", "another value")
	v.set(scope("tst"), "ONE_MORE", "v")
}

// What somebody who can write into the database does with its rows: nothing that
// was not set for exactly this scope, name and version is ever given out.
func TestNoRowStandsForAnotherOne(t *testing.T) {
	for what, tamper := range map[string]func(rows map[string]secret.Sealed) secret.Sealed{
		"a changed byte": func(rows map[string]secret.Sealed) secret.Sealed {
			r := rows["prd/A"]
			r.Box = bytes.Clone(r.Box)
			r.Box[len(r.Box)/2] ^= 1
			return r
		},
		"a cut box": func(rows map[string]secret.Sealed) secret.Sealed { r := rows["prd/A"]; r.Box = r.Box[:20]; return r },
		"no box":    func(rows map[string]secret.Sealed) secret.Sealed { r := rows["prd/A"]; r.Box = []byte{}; return r },
		"the box of another name": func(rows map[string]secret.Sealed) secret.Sealed {
			r := rows["prd/A"]
			r.Box = rows["prd/B"].Box
			return r
		},
		"the box of an easier place": func(rows map[string]secret.Sealed) secret.Sealed {
			r := rows["prd/A"]
			r.Box = rows["tst/A"].Box
			return r
		},
		"the box of the solution": func(rows map[string]secret.Sealed) secret.Sealed {
			r := rows["prd/A"]
			r.Box = rows["/A"].Box
			return r
		},
		"the box of another product": func(rows map[string]secret.Sealed) secret.Sealed {
			r := rows["prd/A"]
			r.Box = rows["other/A"].Box
			return r
		},
		"its own earlier row":         func(rows map[string]secret.Sealed) secret.Sealed { return rows["old"] },
		"its own earlier row, redone": func(rows map[string]secret.Sealed) secret.Sealed { r := rows["old"]; r.Version = 2; return r },
	} {
		t.Run(what, func(t *testing.T) {
			v := open(t)
			v.set(scope("prd"), "A", "first")
			rows := map[string]secret.Sealed{"old": v.all()[0]}
			v.set(scope("prd"), "A", "second")
			v.set(scope("prd"), "B", "of B")
			v.set(scope("tst"), "A", "of tst")
			v.set(scope(""), "A", "of all")
			v.set(core.Scope{Solution: "other", Environment: "prd"}, "A", "of other")
			for _, r := range v.all() {
				at := r.Environment
				if r.Solution != product {
					at = r.Solution
				}
				rows[at+"/"+r.Name] = r
			}
			v.rows(func(b secret.Boxes) error { return b.Put(tamper(rows)) })
			got, ok, err := v.Lookup(t.Context(), product, "prd", "A")
			if got != "" || ok || fault.KindOf(err) != fault.Unverified || !strings.Contains(err.Error(), "A of environment prd of "+product) {
				t.Errorf("gave %q, %t, %v", got, ok, err)
			}
			v.gives("A", map[string]string{"tst": "of tst", "": "of all"})
			v.set(scope("prd"), "A", "third")
			v.gives("A", map[string]string{"prd": "third"})
		})
	}
	v := open(t)
	v.set(scope("prd"), "A", "prd")
	v.set(scope(""), "A", "all")
	v.rows(func(b secret.Boxes) error { return b.Drop(scope("prd"), "A") })
	if got, _, err := v.Lookup(t.Context(), product, "prd", "A"); got != "" || fault.KindOf(err) != fault.Unverified {
		t.Errorf("without its row the environment is given %q, %v, and not an error", got, err)
	}
	removed := v.all()[0]
	if err := v.Remove(t.Context(), admin, scope(""), "A", "a leaver knew it"); err != nil {
		t.Fatal(err)
	}
	v.rows(func(b secret.Boxes) error { return b.Put(removed) })
	v.gives("A", map[string]string{"": ""}) // a removed one stays removed
}

func TestAnotherKeyGivesNothingAndLosesNothing(t *testing.T) {
	v := open(t)
	v.set(scope("prd"), "A", "value")
	rows := v.all()
	for what, k := range map[string]secret.Key{"another": key(9), "none": nil} {
		v.Use(k)
		at := v.size()
		errs := []error{v.Fits(t.Context())}
		_, _, err := v.Lookup(t.Context(), product, "prd", "A")
		errs = append(errs, err)
		_, err = v.Set(t.Context(), admin, scope("dev"), "B", "b", "it is needed")
		errs = append(errs, err)
		_, err = v.Rotate(t.Context(), admin, "", "it is needed")
		errs = append(errs, err)
		for i, err := range errs {
			if fault.KindOf(err) != fault.Conflict || !strings.Contains(err.Error(), key(1).ID()) || !strings.Contains(fault.HintOf(err), "--secrets-key") {
				t.Errorf("%s key, %d: %v, hint %q", what, i, err, fault.HintOf(err))
			}
		}
		if v.size() != at {
			t.Errorf("%s key: %d events", what, v.size()-at)
		}
		if list, err := v.List(t.Context(), product); err != nil || len(list) != 1 {
			t.Errorf("%s key: list %v, %v", what, list, err)
		}
	}
	if d := cmp.Diff(rows, v.all()); d != "" {
		t.Error(d)
	}
	v.Use(key(1))
	v.gives("A", map[string]string{"prd": "value"})
	v.Use(key(9)) // the first key is lost for good
	if err := v.Remove(t.Context(), admin, scope("prd"), "A", "its key is lost"); err != nil {
		t.Fatal(err)
	}
	v.set(scope("prd"), "A", "set again")
	v.gives("A", map[string]string{"prd": "set again"})
}
