package integrity_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"errors"
	"strings"
	"testing"

	"github.com/dc-release/dc-release/internal/app/integrity"
	"github.com/dc-release/dc-release/internal/core/fault"
	"github.com/dc-release/dc-release/internal/core/ledger"
)

const origin = "dc-release/I/1"

func key(b byte) ed25519.PrivateKey {
	return ed25519.NewKeyFromSeed(bytes.Repeat([]byte{b}, ed25519.SeedSize))
}

func tree(t *testing.T, events string) *ledger.Memory {
	t.Helper()
	m := &ledger.Memory{}
	for _, e := range events {
		if err := m.Add(ledger.Record{Header: []byte(string(e))}.LeafHash()); err != nil {
			t.Fatal(err)
		}
	}
	return m
}

// note is the checkpoint of a ledger.
func note(t *testing.T, events, name string, k byte) []byte {
	t.Helper()
	m := tree(t, events)
	root, err := m.Root()
	if err != nil {
		t.Fatal(err)
	}
	out, err := ledger.SignNote(ledger.Checkpoint{Origin: name, Size: m.Size(), Root: root}.Body(), ledger.NewSigner(name, key(k)))
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func chain() ledger.Keychain {
	return ledger.Keychain{ID: origin, Links: []ledger.Link{{Public: key(1).Public().(ed25519.PublicKey)}}}
}

func TestALedgerIsHeldUnlessItExtendsEveryAnchor(t *testing.T) {
	own := func(data []byte) integrity.Anchor { return integrity.Anchor{Where: "head.note", Note: data, Own: true} }
	branch := func(data []byte) integrity.Anchor { return integrity.Anchor{Where: "branch", Note: data} }
	for name, c := range map[string]struct {
		events  string
		anchors []integrity.Anchor
		reason  string // "" for sound
	}{
		"nothing is known":                              {"abc", nil, ""},
		"it is the anchor":                              {"abc", []integrity.Anchor{own(note(t, "abc", origin, 1))}, ""},
		"it extends two":                                {"abcd", []integrity.Anchor{own(note(t, "abc", origin, 1)), branch(note(t, "ab", origin, 1))}, ""},
		"attack 2: cut":                                 {"ab", []integrity.Anchor{own(note(t, "abc", origin, 1))}, "head.note: the ledger has 2 events, the checkpoint 3"},
		"attack 3: cut and grown again":                 {"abXdef", []integrity.Anchor{branch(note(t, "abc", origin, 1))}, "branch: the ledger differs from the checkpoint of size 3"},
		"attack 4: begun again":                         {"", []integrity.Anchor{branch(note(t, "abc", origin, 1))}, "branch: the ledger has 0 events"},
		"attack 5: an old backup, the newest note gone": {"ab", []integrity.Anchor{own(note(t, "ab", origin, 1)), branch(note(t, "abc", origin, 1))}, "branch: the ledger has 2 events"},
		"an own note by another key":                    {"abc", []integrity.Anchor{own(note(t, "abc", origin, 2))}, "head.note: "},
		"a foreign note by another key is not believed": {"ab", []integrity.Anchor{branch(note(t, "abc", origin, 2))}, ""},
		"a note of another epoch says nothing of this":  {"ab", []integrity.Anchor{branch(note(t, "abc", "dc-release/I/2", 1))}, ""},
		"no note at all":                                {"ab", []integrity.Anchor{branch([]byte("hello"))}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			m := tree(t, c.events)
			hashes := func(_ context.Context, do func(int64, ledger.HashReader) error) error { return do(m.Size(), m) }
			got := integrity.Check(t.Context(), hashes, chain(), c.anchors)
			switch {
			case c.reason == "" && got != nil:
				t.Errorf("held: %v", got)
			case c.reason != "" && (got == nil || !strings.Contains(got.Error(), c.reason) || fault.KindOf(got) != fault.Unverified || fault.HintOf(got) == ""):
				t.Errorf("got %v, want a hold that says %q", got, c.reason)
			}
		})
	}
}

func TestALedgerThatCannotBeReadIsHeld(t *testing.T) {
	broken := func(context.Context, func(int64, ledger.HashReader) error) error { return errors.New("no such table") }
	anchors := []integrity.Anchor{{Where: "head.note", Note: note(t, "abc", origin, 1), Own: true}}
	v := chain()
	if got := integrity.Check(t.Context(), broken, v, anchors); got == nil || !strings.Contains(got.Error(), "no such table") {
		t.Errorf("got %v", got)
	}
	if got := integrity.Check(t.Context(), broken, v, nil); got != nil {
		t.Errorf("nothing is known and it is held: %v", got)
	}
}
