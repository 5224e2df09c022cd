package signature_test

import (
	"bytes"
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"strings"
	"testing"

	"github.com/dc-release/dc-release/internal/core/canonical"
	"github.com/dc-release/dc-release/internal/core/signature"
)

// TestAttack56_NoWeakerAlgorithmIsTaken: an envelope names no algorithm, and
// what says or means another one is refused.
func TestAttack56_NoWeakerAlgorithmIsTaken(t *testing.T) {
	key := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{7}, ed25519.SeedSize))
	public := key.Public().(ed25519.PublicKey)
	data, err := signature.Seal(signature.PayloadType, "k", key, signature.Statement{PayloadSHA256: "ab"})
	if err != nil {
		t.Fatal(err)
	}
	again := func(change func(*signature.Envelope)) []byte {
		var e signature.Envelope
		if err := canonical.Unmarshal(data, &e); err != nil {
			t.Fatal(err)
		}
		change(&e)
		out, err := canonical.Marshal(e)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	for name, c := range map[string]struct {
		data []byte
		want string // part of the error, "" for none
	}{
		"the one way":         {again(func(*signature.Envelope) {}), ""},
		"no signature at all": {again(func(e *signature.Envelope) { e.Signatures = nil }), "signatures, want one"},
		"an empty signature":  {again(func(e *signature.Envelope) { e.Signatures[0].Sig = "" }), "is not by key"},
		"a second signature":  {again(func(e *signature.Envelope) { e.Signatures = append(e.Signatures, e.Signatures[0]) }), "2 signatures"},
		"a MAC under the public key": {again(func(e *signature.Envelope) {
			mac := hmac.New(sha256.New, public)
			mac.Write([]byte(e.Payload))
			e.Signatures[0].Sig = base64.StdEncoding.EncodeToString(mac.Sum(nil))
		}), "is not by key"},
		"an earlier payload type":   {again(func(e *signature.Envelope) { e.PayloadType = "application/json" }), "want"},
		"a field for the algorithm": {[]byte(strings.Replace(string(data), `{"payload"`, `{"alg":"none","payload"`, 1)), "open envelope"},
		"a field in another case":   {[]byte(strings.Replace(string(data), `"payloadType"`, `"payloadtype"`, 1)), "one form"},
		"a line feed in base64": {again(func(e *signature.Envelope) {
			e.Signatures[0].Sig = e.Signatures[0].Sig[:4] + "\n" + e.Signatures[0].Sig[4:]
		}), "strict base64"},
		"a bare payload":             {[]byte(`{"payload_sha256":"ab"}`), "open envelope"},
		"a signature without strict": {again(func(e *signature.Envelope) { e.Signatures[0].Sig = strings.TrimRight(e.Signatures[0].Sig, "=") }), "strict base64"},
	} {
		t.Run(name, func(t *testing.T) {
			var got signature.Statement
			err := signature.Unseal(c.data, signature.PayloadType, "k", public, &got)
			if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}
