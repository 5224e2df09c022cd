package secret_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/dc-release/dc-release/internal/core/fault"
	"github.com/dc-release/dc-release/internal/core/ledger"
	"github.com/dc-release/dc-release/internal/core/secret"
)

func TestNamesAreThoseOfGitHub(t *testing.T) {
	for text, want := range map[string]string{
		"TOKEN": "TOKEN", "token": "TOKEN", "_x1": "_X1", "a_B_2": "A_B_2", "GITHUB": "GITHUB", strings.Repeat("a", 255): strings.Repeat("A", 255),
		"": "", "1A": "", "A-B": "", "A B": "", "A.B": "", "GITHUB_TOKEN": "", "github_x": "", "KÄSE": "", "A\n": "", "A=hunter2": "", strings.Repeat("a", 256): "",
		"\u017fecret": "", // its upper case is an S
	} {
		got, err := secret.ParseName(text)
		if want == "" {
			if fault.KindOf(err) != fault.Invalid {
				t.Errorf("%q: %q, %v, want invalid input", text, got, err)
			} else if len(text) > 6 && strings.Contains(err.Error(), text) {
				t.Errorf("the error repeats %q, which may be a value: %v", text, err)
			}
			continue
		}
		if err != nil || got != want {
			t.Errorf("%q: %q, %v, want %q", text, got, err, want)
		}
	}
}

func TestValuesThatNoStepCanUseAreRefusedWithoutBeingRepeated(t *testing.T) {
	for _, c := range []struct {
		what, value string
		ok          bool
	}{
		{"a text", "hunter2", true},
		{"several lines", "-----BEGIN\nab\n-----END\n", true},
		{"the longest", strings.Repeat("x", secret.MaxValue), true},
		{"too long", strings.Repeat("x", secret.MaxValue+1), false},
		{"nothing", "", false},
		{"white space, which cannot be masked", " \n\t", false},
		{"bytes", "hunter2\xff", false},
		{"NUL, which no environment holds", "hunter2\x00", false},
	} {
		err := secret.CheckValue(c.value)
		if (err == nil) != c.ok || err != nil && (fault.KindOf(err) != fault.Invalid || strings.Contains(err.Error()+fault.HintOf(err), "hunter2")) {
			t.Errorf("%s: %v", c.what, err)
		}
	}
}

func TestEveryPlaceIsBoundToItself(t *testing.T) {
	text := rapid.StringMatching(`[A-Za-z0-9_/"\\,.-]{0,8}`)
	rapid.Check(t, func(t *rapid.T) {
		draw := func(of string) (secret.Scope, string, int64) {
			return secret.Scope{Solution: text.Draw(t, of+" solution"), Environment: text.Draw(t, of+" environment")}, text.Draw(t, of+" name"), rapid.Int64Range(1, 3).Draw(t, of+" version")
		}
		scope, name, version := draw("one")
		other, otherName, otherVersion := draw("another")
		a, err := secret.Bound(scope, name, version)
		b, otherErr := secret.Bound(other, otherName, otherVersion)
		if err != nil || otherErr != nil {
			t.Fatal(err, otherErr)
		}
		if same := scope == other && name == otherName && version == otherVersion; same != bytes.Equal(a, b) {
			t.Fatalf("%s and %s", a, b)
		}
	})
}

func TestKeptIsWhatTheEventsSay(t *testing.T) {
	var events []ledger.Event
	add := func(p ledger.Payload) {
		n := int64(len(events) + 1)
		events = append(events, ledger.Event{Header: ledger.Header{Version: n, Actor: ledger.Actor{ID: "P1"}, Time: "t" + string(rune('0'+n))}, Data: p})
	}
	add(&secret.Set{Name: "A", Version: 1})
	add(&secret.Set{Name: "A", Environment: "prd", Version: 1})
	add(&secret.Set{Name: "A", Version: 2})
	add(&secret.Set{Name: "B", Environment: "tst", Version: 1})
	add(&secret.Removed{Name: "B", Environment: "tst", Version: 1})
	k := secret.Fold("corp", events)
	standing := func(environment string, version int64, at string) secret.Standing {
		return secret.Standing{Scope: secret.Scope{Solution: "corp", Environment: environment}, Name: "A", Version: version, There: true, By: "P1", Time: at}
	}
	if d := cmp.Diff([]secret.Standing{standing("", 2, "t3"), standing("prd", 1, "t2")}, k.List()); d != "" {
		t.Error(d)
	}
	for _, c := range []struct {
		environment, name string
		want              string
		ok                bool
	}{
		{"", "A", "", true},
		{"tst", "A", "", true},     // the solution's
		{"prd", "A", "prd", true},  // the environment's own before it
		{"tst", "B", "", false},    // removed
		{"", "B", "", false},       // another scope's
		{"prd", "NONE", "", false}, // never set
	} {
		if got, ok := k.Given(c.environment, c.name); ok != c.ok || ok && got.Environment != c.want {
			t.Errorf("%s in %q: %+v, %t", c.name, c.environment, got, ok)
		}
	}
	if b := k.Of("tst", "B"); b.There || b.Version != 1 || k.Of("tst", "C").Version != 0 {
		t.Errorf("a removed secret forgot its version: %+v", b)
	}
	if k.Stream != 5 || k.Count("") != 1 || k.Count("tst") != 0 {
		t.Errorf("stream at %d, %d and %d secrets", k.Stream, k.Count(""), k.Count("tst"))
	}
}

func FuzzParseName(f *testing.F) {
	for _, seed := range []string{"TOKEN", "a", "GITHUB_X", "\u0131", "A=b", "\xff"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		name, err := secret.ParseName(text)
		if err != nil {
			return
		}
		if again, err := secret.ParseName(name); err != nil || again != name || strings.Trim(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") != "" {
			t.Errorf("%q gives %q, and that %q, %v", text, name, again, err)
		}
	})
}
