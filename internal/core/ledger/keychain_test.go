package ledger_test

import (
	"crypto/ed25519"
	"encoding/base64"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/dc-release/dc-release/internal/core/ledger"
)

func half(b byte) ed25519.PublicKey { return seed(b).Public().(ed25519.PublicKey) }

// begun is a ledger with its three keys 1, 2 and 3 at events 2, 3 and 4.
func begun(t interface {
	Helper()
	Fatal(...any)
},
) *ledger.Announced {
	t.Helper()
	var a ledger.Announced
	for seq, p := range []ledger.Payload{
		&ledger.InstallationCreated{Installation: "I", Epoch: 1}, created("ledger", 1), created("attest", 2), created("document", 3),
	} {
		if err := a.Apply(int64(seq+1), p); err != nil {
			t.Fatal(err)
		}
	}
	return &a
}

func created(name string, key byte) *ledger.KeyCreated {
	return &ledger.KeyCreated{Name: name, Algorithm: "ed25519", Public: base64.StdEncoding.EncodeToString(half(key)), Purpose: name}
}

func TestBothKeysSignTheFiveLinesOfARotation(t *testing.T) {
	r := ledger.Rotate("I", "ledger", seed(1), seed(7))
	b64 := base64.StdEncoding.EncodeToString
	text := "dc-release/key-rotation/v1\nI\nledger\n" + b64(half(1)) + "\n" + b64(half(7)) + "\n"
	if r.Text() != text || r.ByOld != b64(ed25519.Sign(seed(1), []byte(text))) || r.ByNew != b64(ed25519.Sign(seed(7), []byte(text))) {
		t.Errorf("got %+v over %q", r, r.Text())
	}
	if r.OldID != ledger.Fingerprint(half(1)) || r.NewID != ledger.Fingerprint(half(7)) || r.Check() != nil {
		t.Errorf("got %+v: %v", r, r.Check())
	}
}

// TestAttack55_ARotationThatIsNotSignedByBothIsNone is the table of what a thief
// of one half can write.
func TestAttack55_ARotationThatIsNotSignedByBothIsNone(t *testing.T) {
	with := func(change func(r *ledger.KeyRotated)) *ledger.KeyRotated {
		r := ledger.Rotate("I", "ledger", seed(1), seed(7))
		change(r)
		return r
	}
	for name, c := range map[string]struct {
		event  ledger.Payload
		reason string // "" for a rotation
	}{
		"both":                          {with(func(*ledger.KeyRotated) {}), ""},
		"the old key alone":             {with(func(r *ledger.KeyRotated) { r.ByNew = "" }), "not signed by the new ledger key"},
		"the new key alone":             {with(func(r *ledger.KeyRotated) { r.ByOld = "" }), "not signed by the old ledger key"},
		"the new key in place of both":  {with(func(r *ledger.KeyRotated) { r.ByOld = r.ByNew }), "not signed by the old ledger key"},
		"the old key in place of both":  {with(func(r *ledger.KeyRotated) { r.ByNew = r.ByOld }), "not signed by the new ledger key"},
		"a foreign key as the old one":  {ledger.Rotate("I", "ledger", seed(8), seed(7)), "in force is"},
		"another key of the same owner": {ledger.Rotate("I", "ledger", seed(2), seed(7)), "in force is"},
		"of another installation":       {ledger.Rotate("J", "ledger", seed(1), seed(7)), `of installation "J"`},
		"of another name":               {with(func(r *ledger.KeyRotated) { r.Name = "attest" }), "in force is"},
		"of a name that there is not":   {ledger.Rotate("I", "seal", seed(1), seed(7)), "never announced"},
		"to the same key":               {ledger.Rotate("I", "ledger", seed(1), seed(1)), "is the old one"},
		"to a key of another name":      {ledger.Rotate("I", "ledger", seed(1), seed(3)), "is or was the document key"},
		"with another id":               {with(func(r *ledger.KeyRotated) { r.NewID = r.OldID }), "not their fingerprints"},
		"with a key that is none":       {with(func(r *ledger.KeyRotated) { r.New = "AAAA" }), "want an ed25519 public key"},
		"with another algorithm":        {with(func(r *ledger.KeyRotated) { r.Algorithm = "rsa" }), "want an ed25519 public key"},
		"a key announced again":         {created("ledger", 7), "a second time"},
		"a key of the issuer":           {&ledger.KeyCreated{Name: "issuer/1", Algorithm: "rs256", Public: "x"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			a := begun(t)
			err := a.Apply(9, c.event)
			if (err == nil) != (c.reason == "") || err != nil && !strings.Contains(err.Error(), c.reason) {
				t.Errorf("got %v, want %q", err, c.reason)
			}
			if n := len(a.Chain("ledger").Links); err != nil && n != 1 {
				t.Errorf("it was refused and the chain has %d keys", n)
			}
		})
	}
	a := begun(t)
	if err := a.Apply(9, ledger.Rotate("I", "ledger", seed(1), seed(7))); err != nil {
		t.Fatal(err)
	}
	for name, r := range map[string]*ledger.KeyRotated{
		"the replaced key rotates again": ledger.Rotate("I", "ledger", seed(1), seed(8)),
		"back to the replaced key":       ledger.Rotate("I", "ledger", seed(7), seed(1)),
	} {
		if err := a.Apply(12, r); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
}

// TestAttack55_AKeySignsNothingAfterItsRotation: key 1 was replaced by 7 at event
// 9, and 7 by 8 at event 20.
func TestAttack55_AKeySignsNothingAfterItsRotation(t *testing.T) {
	a := begun(t)
	for seq, keys := range map[int64][2]byte{9: {1, 7}} {
		if err := a.Apply(seq, ledger.Rotate("I", "ledger", seed(keys[0]), seed(keys[1]))); err != nil {
			t.Fatal(err)
		}
	}
	if err := a.Apply(20, ledger.Rotate("I", "ledger", seed(7), seed(8))); err != nil {
		t.Fatal(err)
	}
	chain := a.Chain("ledger")
	for name, c := range map[string]struct {
		key  byte
		size int64
		link int // -1 when it is refused
	}{
		"the first key before its rotation":     {1, 8, 0},
		"the first key at its rotation":         {1, 9, 0},
		"the first key after its rotation":      {1, 10, -1},
		"the second key for what is older":      {7, 5, 1},
		"the second key at the next rotation":   {7, 20, 1},
		"the second key after the next":         {7, 21, -1},
		"the third key":                         {8, 1000, 2},
		"the third key, of a size before all":   {8, 3, 2},
		"a key that never was in force":         {9, 5, -1},
		"the key of another name, attest":       {2, 5, -1},
		"the first key long after its rotation": {1, 1000, -1},
	} {
		t.Run(name, func(t *testing.T) {
			p := ledger.Checkpoint{Origin: "dc-release/I/1", Size: c.size, Root: ledger.Hash{1}}
			note, err := ledger.SignNote(p.Body(), ledger.NewSigner(p.Origin, seed(c.key)))
			if err != nil {
				t.Fatal(err)
			}
			got, link, err := chain.OpenCheckpoint(note)
			if (err == nil) != (c.link >= 0) || err == nil && (got != p || link != c.link) {
				t.Errorf("got %+v by key %d, %v; want key %d", got, link, err, c.link)
			}
		})
	}
	for seq, want := range map[int64]int{1: 0, 8: 0, 10: 1, 19: 1, 21: 2} {
		if got := chain.At(seq); got != want {
			t.Errorf("at event %d key %d was in force, want %d", seq, got, want)
		}
	}
}

// Whatever is rotated in whatever order: at each event exactly one key is in
// force, it may sign there, none before it may sign anything later, and the chain
// only grows.
func TestAChainOnlyGrows(t *testing.T) {
	names := []string{"ledger", "attest", "document"}
	rapid.Check(t, func(t *rapid.T) {
		a := begun(t)
		inForce := map[string]byte{"ledger": 1, "attest": 2, "document": 3}
		fresh, seq := byte(10), int64(4)
		for range rapid.IntRange(0, 12).Draw(t, "events") {
			seq += rapid.Int64Range(1, 5).Draw(t, "apart")
			name := rapid.SampledFrom(names).Draw(t, "name")
			before := a.Chain(name)
			old := rapid.SampledFrom([]byte{inForce[name], 1, 2, 3, 200}).Draw(t, "old")
			err := a.Apply(seq, ledger.Rotate("I", name, seed(old), seed(fresh)))
			if (err == nil) != (old == inForce[name]) {
				t.Fatalf("event %d by key %d: %v, in force is %d", seq, old, err, inForce[name])
			}
			after := a.Chain(name)
			if !after.Extends(before) || before.Extends(after) != (err != nil) {
				t.Fatalf("%v does not extend %v, or is the same", after, before)
			}
			if err == nil {
				inForce[name] = fresh
				fresh++
			}
		}
		for _, name := range names {
			c := a.Chain(name)
			if !c.Current().Equal(half(inForce[name])) {
				t.Fatalf("%s: another key is in force", name)
			}
			for at := int64(1); at <= seq+2; at++ {
				link := c.At(at)
				for i := range c.Links {
					if may := c.MaySign(i, at) == nil; may != (i >= link) {
						t.Fatalf("%s: key %d may sign at %d: %v, in force is %d", name, i, at, may, link)
					}
				}
			}
		}
	})
}
