package install

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dc-release/dc-release/internal/core/fault"
	"github.com/dc-release/dc-release/internal/core/policy"
)

func TestKeysOfBuildersAreReadFromFiles(t *testing.T) {
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	dir, line := t.TempDir(), base64.StdEncoding.EncodeToString(der)
	whole := string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
	for name, text := range map[string]string{
		"pem": whole, "line": line + "\n", "two": whole + whole, "none": "hello",
		"private": string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret})),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	at := func(name string) string { return filepath.Join(dir, name) }
	got, err := builders([]string{"ci=" + at("pem"), "hsm=" + at("line")})
	if d := cmp.Diff([]policy.Builder{{Name: "ci", Key: line}, {Name: "hsm", Key: line}}, got); err != nil || d != "" {
		t.Errorf("%v %s", err, d)
	}
	for value, want := range map[string]string{
		"ci": "want NAME=FILE", "=" + at("pem"): "want NAME=FILE", "ci=": "want NAME=FILE", "ci=" + at("gone"): "no such file",
		"ci=" + at("two"): "want one public key alone", "ci=" + at("private"): `holds "PRIVATE KEY"`, "ci=" + at("none"): "want base64",
	} {
		if _, err := builders([]string{value}); fault.KindOf(err) != fault.Invalid || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %s", value, err, want)
		}
	}
}
