package signature_test

import (
	"bytes"
	"crypto/ed25519"
	"strings"
	"testing"

	"github.com/dc-release/dc-release/internal/core/signature"
)

func TestPeekReadsWhatUnsealVerifies(t *testing.T) {
	key := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{7}, ed25519.SeedSize))
	want := signature.Statement{PayloadSHA256: "ab", Auth: signature.Authentication{Methods: []string{"password"}, Kind: "server-attested"}}
	data, err := signature.Seal(signature.PayloadType, "k", key, want)
	if err != nil {
		t.Fatal(err)
	}
	var sealed, seen signature.Statement
	if err := signature.Unseal(data, signature.PayloadType, "k", key.Public().(ed25519.PublicKey), &sealed); err != nil || sealed.PayloadSHA256 != "ab" {
		t.Fatalf("got %+v, %v", sealed, err)
	}
	if err := signature.Peek(data, signature.PayloadType, &seen); err != nil || seen.PayloadSHA256 != "ab" {
		t.Errorf("got %+v, %v", seen, err)
	}
	if err := signature.Unseal(data, signature.PayloadType, "other", key.Public().(ed25519.PublicKey), &sealed); err == nil || !strings.Contains(err.Error(), `by key "other"`) {
		t.Errorf("another key's name: %v", err)
	}
	other := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{8}, ed25519.SeedSize))
	if err := signature.Unseal(data, signature.PayloadType, "k", other.Public().(ed25519.PublicKey), &sealed); err == nil {
		t.Error("another key verified")
	}
	if err := signature.Peek(data, "text/plain", &seen); err == nil {
		t.Error("another type was read")
	}
	if err := signature.Peek([]byte("{}"), signature.PayloadType, &seen); err == nil {
		t.Error("no envelope was read")
	}
}
