package keyring_test

import (
	"bytes"
	"encoding/base64"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/dc-release/dc-release/internal/adapter/keyring"
)

func TestTheKeyOfSecretsIsMadeOnceAndReplacedByARename(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "keys")
	r, err := keyring.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	wants := func(when string, key, next []byte) {
		t.Helper()
		gotKey, gotNext, err := r.SecretsKeys()
		if err != nil || !bytes.Equal(gotKey, key) || !bytes.Equal(gotNext, next) {
			t.Errorf("%s: %x, %x, %v", when, gotKey, gotNext, err)
		}
	}
	wants("at first", nil, nil)
	first, err := r.MakeSecretsKey()
	if err != nil || len(first) != 32 {
		t.Fatalf("%x, %v", first, err)
	}
	if _, err := r.MakeSecretsKey(); err == nil {
		t.Error("a key was made in the place of one that is there")
	}
	info, err := os.Stat(filepath.Join(dir, "secrets.key"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
	for _, inForce := range []bool{false, true} {
		next, err := r.NextSecretsKey()
		if err != nil || bytes.Equal(next, first) {
			t.Fatalf("%x, %v", next, err)
		}
		if _, err := r.NextSecretsKey(); err == nil {
			t.Error("two next keys")
		}
		wants("while it is rotated", first, next)
		if err := r.SettleSecretsKey(inForce); err != nil {
			t.Fatal(err)
		}
		if inForce {
			first = next
		}
		wants("settled", first, nil)
	}
}

func FuzzDecodeSecretsKey(f *testing.F) {
	whole := base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{7}, 32))
	for _, seed := range []string{whole, " " + whole + "\n", whole[:40], whole + whole, strings.Replace(whole, "=", "", 1), "not base64 at all, but as long as it"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		key, err := keyring.DecodeSecretsKey(text)
		if err != nil {
			if trimmed := strings.TrimSpace(text); len(trimmed) > 12 && strings.Contains(err.Error(), trimmed) {
				t.Errorf("the error repeats %q", text)
			}
			return
		}
		if base64.StdEncoding.EncodeToString(key) != strings.NewReplacer("\n", "", "\r", "").Replace(strings.TrimSpace(text)) || len(key) != 32 {
			t.Errorf("%q is read as %x", text, key)
		}
	})
}
