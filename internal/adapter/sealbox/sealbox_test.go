package sealbox_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/dc-release/dc-release/internal/adapter/sealbox"
)

func newKey(t testing.TB, first byte) *sealbox.Key {
	t.Helper()
	raw := bytes.Repeat([]byte{7}, sealbox.KeySize)
	raw[0] = first
	k, err := sealbox.New(raw)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestOnlyTheSameKeyAndPurposeOpen(t *testing.T) {
	k, other := newKey(t, 1), newKey(t, 2)
	rapid.Check(t, func(t *rapid.T) {
		value, bound := rapid.SliceOf(rapid.Byte()).Draw(t, "value"), rapid.SliceOf(rapid.Byte()).Draw(t, "bound")
		box := k.Seal(value, bound)
		got, err := k.Open(box, bound)
		if err != nil || !bytes.Equal(got, value) {
			t.Fatalf("%x, %v", got, err)
		}
		if len(value) > 4 && bytes.Contains(box, value) {
			t.Fatal("the value is to be read in the box")
		}
		if _, err := k.Open(box, append(slices.Clone(bound), 0)); !errors.Is(err, sealbox.ErrSealed) {
			t.Fatalf("opened for another purpose: %v", err)
		}
		if _, err := other.Open(box, bound); !errors.Is(err, sealbox.ErrSealed) {
			t.Fatalf("opened with another key: %v", err)
		}
		at := rapid.IntRange(0, len(box)-1).Draw(t, "at")
		box[at] ^= 1 << rapid.IntRange(0, 7).Draw(t, "bit")
		if _, err := k.Open(box, bound); !errors.Is(err, sealbox.ErrSealed) {
			t.Fatalf("opened with byte %d changed: %v", at, err)
		}
		if _, err := k.Open(box[:at], bound); !errors.Is(err, sealbox.ErrSealed) {
			t.Fatalf("opened cut at %d: %v", at, err)
		}
	})
}

func TestAValueIsNeverSealedTwiceTheSameWay(t *testing.T) {
	k, seen := newKey(t, 1), map[string]bool{}
	for range 1000 {
		seen[string(k.Seal([]byte("value"), nil)[:12])] = true
	}
	if len(seen) != 1000 {
		t.Errorf("%d nonces for 1000 values", len(seen))
	}
}

func TestAKeyIsNamedAndNotShown(t *testing.T) {
	k := newKey(t, 1)
	if k.ID() == newKey(t, 2).ID() || k.ID() != newKey(t, 1).ID() || len(k.ID()) != 16 {
		t.Errorf("ids %s, %s, %s", k.ID(), newKey(t, 2).ID(), newKey(t, 1).ID())
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x"} {
		if got := fmt.Sprintf(verb, k); got != "key "+k.ID() || strings.Contains(got, hex.EncodeToString(bytes.Repeat([]byte{7}, 4))) {
			t.Errorf("%s prints %q", verb, got)
		}
	}
	for _, n := range []int{0, 16, 31, 33} {
		if _, err := sealbox.New(make([]byte, n)); err == nil {
			t.Errorf("a key of %d bytes was taken", n)
		}
	}
}
