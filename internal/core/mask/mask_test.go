package mask_test

import (
	"encoding/base64"
	"testing"

	"pgregory.net/rapid"

	"github.com/dc-release/dc-release/internal/core/mask"
)

func TestMaskingOfOverlapsAndNeighbours(t *testing.T) {
	tests := []struct {
		name, text, want string
		secrets          []string
	}{
		{"nothing to mask", "plain", "plain", []string{"hush"}},
		{"twice", "hush and hush", "*** and ***", []string{"hush"}},
		{"one that holds another", "xabcdefx", "x***x", []string{"abc", "abcdef"}},
		{"two that overlap", "xabcdefgx", "x***x", []string{"abcde", "cdefg"}},
		{"two that touch", "abcdef", "***", []string{"abc", "def"}},
		{"a short one", "a=x1", "a=***", []string{"x1"}},
		{"blank ones are none", "a b", "a b", []string{" ", ""}},
		{"short lines of a longer one stay", "{\n  \"k\": 1\n}", "{\n  \"k\": 1\n}", []string{"{\n  \"key\": \"value\"\n}"}},
		{"all around an encoding goes", "token=Zm9vOmh1c2gtaHVzaDpiYXI= end", "token=*** end", []string{"hush-hush"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			whole := mask.New(tt.secrets...).Mask
			if got := whole(tt.text); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

// Property: whatever surrounds it, a secret is not found in a masked text,
// neither as it is nor by decoding base64 words.
func TestPropertyBase64OfASecretIsMaskedAnywhere(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		secret := rapid.StringMatching(`[a-zA-Z0-9!-/]{8,40}`).Draw(t, "secret")
		before := rapid.SliceOfN(rapid.Byte(), 0, 9).Draw(t, "before")
		after := rapid.SliceOfN(rapid.Byte(), 0, 9).Draw(t, "after")
		whole := mask.New(secret).Mask
		for _, enc := range []*base64.Encoding{base64.StdEncoding, base64.RawURLEncoding} {
			code := enc.EncodeToString([]byte(string(before) + secret + string(after)))
			if got := whole("a " + code + " b"); got != "a *** b" {
				t.Fatalf("%q of %q is seen as %q", code, secret, got)
			}
		}
	})
}

func TestATextIsNotCutWithinASecret(t *testing.T) {
	m := mask.New("hush", "quiet")
	const text = "a hush b quiet"
	for at := range len(text) + 1 {
		want := at
		switch {
		case at > 2 && at < 6:
			want = 6
		case at > 9 && at < 14:
			want = 14
		}
		if got := m.Beyond(text, at); got != want {
			t.Errorf("at %d: got %d, want %d", at, got, want)
		}
	}
}
