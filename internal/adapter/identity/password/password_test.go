package password_test

import (
	"context"
	"strings"
	"testing"

	"github.com/dc-release/dc-release/internal/adapter/identity/password"
)

func TestVerify(t *testing.T) {
	h := password.NewHasher(1)
	hash, err := h.Hash(t.Context(), "correct horse battery")
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		password string
		want     bool
	}{
		"the password":         {"correct horse battery", true},
		"another":              {"correct horse batterz", false},
		"nothing":              {"", false},
		"the password and \\0": {"correct horse battery\x00", false},
	} {
		t.Run(name, func(t *testing.T) {
			if got, err := h.Verify(t.Context(), c.password, hash); err != nil || got != c.want {
				t.Errorf("got %v, %v", got, err)
			}
		})
	}
	if again, _ := h.Hash(t.Context(), "correct horse battery"); again == hash {
		t.Error("two hashes of one password are equal: no salt")
	}
}

func TestVerifyRefusesBrokenHashes(t *testing.T) {
	h := password.NewHasher(1)
	for _, hash := range []string{"", "$argon2i$v=19$m=64,t=1,p=1$YQ$YQ", "$argon2id$v=18$m=64,t=1,p=1$YQ$YQ", "$argon2id$v=19$m=99999999,t=1,p=1$YQ$YQ", "$argon2id$v=19$m=64,t=1,p=1$!$YQ"} {
		if ok, err := h.Verify(t.Context(), "x", hash); ok || err == nil {
			t.Errorf("%q: %v, %v", hash, ok, err)
		}
	}
}

func TestShortPasswordsAreRefused(t *testing.T) {
	if _, err := password.NewHasher(1).Hash(t.Context(), strings.Repeat("x", password.MinLength-1)); err == nil {
		t.Error("accepted")
	}
}

func TestWaitingForASlotEndsWithTheContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := password.NewHasher(0).Hash(ctx, "correct horse battery"); err == nil {
		t.Error("hashed without a slot")
	}
}
