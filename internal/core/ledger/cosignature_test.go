package ledger_test

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"strings"
	"testing"

	"github.com/dc-release/dc-release/internal/core/ledger"
)

func seed(b byte) ed25519.PrivateKey {
	return ed25519.NewKeyFromSeed(bytes.Repeat([]byte{b}, ed25519.SeedSize))
}

func signedCheckpoint(t *testing.T) []byte {
	t.Helper()
	c := ledger.Checkpoint{Origin: "dc-release/I/1", Size: 7, Root: ledger.Hash{1, 2, 3}}
	note, err := ledger.SignNote(c.Body(), ledger.NewSigner(c.Origin, seed(1)))
	if err != nil {
		t.Fatal(err)
	}
	return note
}

// The bytes are computed here from the words of C2SP tlog-cosignature.
func TestACosignatureIsThatOfTheStandard(t *testing.T) {
	note := signedCheckpoint(t)
	got, err := ledger.Cosign(note, ledger.Cosigner{Name: "qa", Key: seed(9)}, 1772630525)
	if err != nil {
		t.Fatal(err)
	}
	body := strings.SplitAfter(string(note), "\n\n")[0]
	body = strings.TrimSuffix(body, "\n")
	line := strings.TrimPrefix(string(got), string(note))
	raw, err := base64.StdEncoding.DecodeString(strings.TrimSuffix(strings.TrimPrefix(line, "— qa "), "\n"))
	if err != nil || len(raw) != 4+8+64 {
		t.Fatalf("line %q: %d bytes, %v", line, len(raw), err)
	}
	if !bytes.Equal(raw[4:12], []byte{0, 0, 0, 0, 0x69, 0xa8, 0x31, 0xfd}) {
		t.Errorf("time % x", raw[4:12])
	}
	if !ed25519.Verify(seed(9).Public().(ed25519.PublicKey), []byte("cosignature/v1\ntime 1772630525\n"+body), raw[12:]) {
		t.Error("the signature is not over the header, the time and the body")
	}
}

func TestACosignedCheckpointIsVerifiedAndGivesTheOneWithin(t *testing.T) {
	note := signedCheckpoint(t)
	data := note
	for i, name := range []string{"qa", "authority"} {
		var err error
		if data, err = ledger.Cosign(data, ledger.Cosigner{Name: name, Key: seed(byte(10 + i))}, int64(100+i)); err != nil {
			t.Fatal(err)
		}
	}
	public := func(b byte) ed25519.PublicKey { return seed(b).Public().(ed25519.PublicKey) }
	if at, err := ledger.CheckCosignature(data, "authority", public(11)); err != nil || at != 101 {
		t.Errorf("got %d, %v", at, err)
	}
	inner, lines, err := ledger.Uncosigned(data)
	if err != nil || !bytes.Equal(inner, note) || len(lines) != 2 {
		t.Errorf("inner %q, %d lines, %v", inner, len(lines), err)
	}
	if _, err := ledger.OpenCheckpoint(inner, ledger.NewVerifier("dc-release/I/1", public(1))); err != nil {
		t.Error(err)
	}
	for name, refused := range map[string]func() error{
		"another key":    func() error { _, err := ledger.CheckCosignature(data, "qa", public(11)); return err },
		"another name":   func() error { _, err := ledger.CheckCosignature(data, "qc", public(10)); return err },
		"no cosignature": func() error { _, err := ledger.CheckCosignature(note, "qa", public(10)); return err },
		"a changed size": func() error {
			_, err := ledger.CheckCosignature(bytes.Replace(data, []byte("\n7\n"), []byte("\n8\n"), 1), "qa", public(10))
			return err
		},
		"no checkpoint": func() error {
			_, err := ledger.Cosign([]byte("text\n"), ledger.Cosigner{Name: "qa", Key: seed(9)}, 1)
			return err
		},
		"a name with a space":     func() error { _, err := ledger.Cosign(note, ledger.Cosigner{Name: "q a", Key: seed(9)}, 1); return err },
		"the ledger's as witness": func() error { _, err := ledger.CheckCosignature(note, "dc-release/I/1", public(1)); return err },
	} {
		if refused() == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func FuzzUncosigned(f *testing.F) {
	f.Add("dc-release/I/1\n7\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n\n— a b\n— c d\n")
	f.Add("\n\n")
	f.Fuzz(func(t *testing.T, data string) {
		note, lines, err := ledger.Uncosigned([]byte(data))
		if err != nil {
			return
		}
		again := string(note)
		for _, l := range lines {
			again += l + "\n"
		}
		if again != data {
			t.Errorf("%q became %q", data, again)
		}
	})
}
