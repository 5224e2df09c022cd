package dsse_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/asn1"
	"encoding/base64"
	"math/big"
	"slices"
	"strings"
	"testing"

	"github.com/dc-release/dc-release/internal/core/dsse"
)

// public is a key as a baseline names it.
func public(t testing.TB, key crypto.PublicKey) string {
	t.Helper()
	der, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return base64.StdEncoding.EncodeToString(der)
}

func parsed(t testing.TB, key crypto.PublicKey) dsse.Key {
	t.Helper()
	k, err := dsse.ParseKey(public(t, key))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// The example of the protocol's page.
func TestWhatIsSigned(t *testing.T) {
	const want = "DSSEv1 29 http://example.com/HelloWorld 11 hello world"
	if got := string(dsse.PreAuthentication("http://example.com/HelloWorld", []byte("hello world"))); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestASignatureIsByTheKeyThatMadeIt(t *testing.T) {
	edPublic, edKey, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	ecKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	otherPublic, _, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	message := dsse.PreAuthentication("text/plain", []byte("built"))
	digest := sha256.Sum256(message)
	ecSignature, err := ecdsa.SignASN1(rand.Reader, ecKey, digest[:])
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		key       dsse.Key
		signature []byte
	}{
		"Ed25519": {parsed(t, edPublic), ed25519.Sign(edKey, message)},
		"P-256":   {parsed(t, &ecKey.PublicKey), ecSignature},
	} {
		t.Run(name, func(t *testing.T) {
			e := dsse.Envelope{Type: "text/plain", Payload: []byte("built"), Signatures: []dsse.Signature{{Bytes: nil}, {KeyID: "whatever", Bytes: c.signature}}}
			if !e.By(c.key) {
				t.Error("is not by its key")
			}
			if e.By(parsed(t, otherPublic)) {
				t.Error("is by another key")
			}
			for other, e := range map[string]dsse.Envelope{
				"another payload":  {Type: e.Type, Payload: []byte("built!"), Signatures: e.Signatures},
				"another type":     {Type: "text/html", Payload: e.Payload, Signatures: e.Signatures},
				"no signature":     {Type: e.Type, Payload: e.Payload},
				"over the payload": {Type: e.Type, Payload: message, Signatures: e.Signatures},
				"a cut signature":  {Type: e.Type, Payload: e.Payload, Signatures: []dsse.Signature{{Bytes: c.signature[:len(c.signature)-1]}}},
			} {
				if e.By(c.key) {
					t.Errorf("%s: is by the key", other)
				}
			}
		})
	}
}

// TestAnotherWayOfWritingASignatureIsNoOtherSignature: of one on P-256 there is a
// second that anybody can make, which says the same; of Ed25519 there is none.
func TestAnotherWayOfWritingASignatureIsNoOtherSignature(t *testing.T) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	message := dsse.PreAuthentication("text/plain", []byte("built"))
	digest := sha256.Sum256(message)
	raw, err := ecdsa.SignASN1(rand.Reader, key, digest[:])
	if err != nil {
		t.Fatal(err)
	}
	var rs struct{ R, S *big.Int }
	if _, err := asn1.Unmarshal(raw, &rs); err != nil {
		t.Fatal(err)
	}
	written := func(r, s *big.Int) []byte { return must(asn1.Marshal(struct{ R, S *big.Int }{r, s})) }
	n := elliptic.P256().Params().N
	public, own, _ := ed25519.GenerateKey(rand.Reader)
	ed := ed25519.Sign(own, message)
	high := slices.Clone(ed)
	order, _ := new(big.Int).SetString("7237005577332262213973186563042994240857116359379907606001950938285454250989", 10)
	s := slices.Clone(ed[32:])
	slices.Reverse(s)
	more := new(big.Int).Add(new(big.Int).SetBytes(s), order).FillBytes(make([]byte, 32))
	slices.Reverse(more)
	copy(high[32:], more)
	for name, c := range map[string]struct {
		key       dsse.Key
		signature []byte
		want      bool
	}{
		"P-256":                  {parsed(t, &key.PublicKey), raw, true},
		"P-256, s negated":       {parsed(t, &key.PublicKey), written(rs.R, new(big.Int).Sub(n, rs.S)), true},
		"P-256, s beyond":        {parsed(t, &key.PublicKey), written(rs.R, new(big.Int).Add(n, rs.S)), false},
		"P-256, nothing":         {parsed(t, &key.PublicKey), written(big.NewInt(0), big.NewInt(0)), false},
		"P-256, not in ASN.1":    {parsed(t, &key.PublicKey), append(rs.R.FillBytes(make([]byte, 32)), rs.S.FillBytes(make([]byte, 32))...), false},
		"P-256, more behind":     {parsed(t, &key.PublicKey), append(slices.Clone(raw), 0), false},
		"Ed25519":                {parsed(t, public), ed, true},
		"Ed25519, s beyond":      {parsed(t, public), high, false},
		"of one by the other":    {parsed(t, public), raw, false},
		"Ed25519, of another id": {parsed(t, &key.PublicKey), ed, false},
	} {
		e := dsse.Envelope{Type: "text/plain", Payload: []byte("built"), Signatures: []dsse.Signature{{KeyID: "ci", Bytes: c.signature}}}
		if got := e.By(c.key); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestKeysThatAreRefused(t *testing.T) {
	edPublic, _, _ := ed25519.GenerateKey(rand.Reader)
	wide, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	old, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	right := public(t, edPublic)
	for name, c := range map[string]struct{ key, want string }{
		"nothing":           {"", "public key:"},
		"no base64":         {"-----BEGIN PUBLIC KEY-----", "want base64"},
		"lines":             {right[:20] + "\n" + right[20:], "want base64"},
		"bytes alone":       {base64.StdEncoding.EncodeToString(edPublic), "public key:"},
		"something follows": {base64.StdEncoding.EncodeToString(append(must(base64.StdEncoding.DecodeString(right)), 0)), "public key:"},
		"RSA":               {public(t, &old.PublicKey), "*rsa.PublicKey: want Ed25519 or ECDSA on P-256"},
		"P-384":             {public(t, &wide.PublicKey), "ECDSA on P-384: want P-256"},
	} {
		if _, err := dsse.ParseKey(c.key); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %s", name, err, c.want)
		}
	}
}

func must(data []byte, _ error) []byte { return data }

// FuzzParseKey wants one way of writing a key, and no panic from its use.
func FuzzParseKey(f *testing.F) {
	edPublic, _, _ := ed25519.GenerateKey(rand.Reader)
	ec, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(public(f, edPublic))
	f.Add(public(f, &ec.PublicKey))
	f.Fuzz(func(t *testing.T, text string) {
		k, err := dsse.ParseKey(text)
		if err != nil {
			return
		}
		der, err := base64.StdEncoding.DecodeString(text)
		if err != nil || base64.StdEncoding.EncodeToString(der) != text || len(k.ID()) != 64 {
			t.Errorf("%q is read as a key", text)
		}
		if (dsse.Envelope{Signatures: []dsse.Signature{{Bytes: der}}}).By(k) {
			t.Error("a key is its own signature")
		}
	})
}
