package seal_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/sha256"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/dc-release/dc-release/internal/adapter/keyring"
	"github.com/dc-release/dc-release/internal/adapter/render/pdf"
	"github.com/dc-release/dc-release/internal/adapter/seal"
	"github.com/dc-release/dc-release/internal/archtest/measure"
	"github.com/dc-release/dc-release/internal/archtest/need"
	"github.com/dc-release/dc-release/internal/core/document"
	"github.com/dc-release/dc-release/internal/core/document/documenttest"
)

var (
	documentKey = ed25519.NewKeyFromSeed(bytes.Repeat([]byte{3}, ed25519.SeedSize))
	since       = time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)
	at          = time.Date(2026, 3, 4, 15, 2, 11, 0, time.UTC)
)

func sealer(t testing.TB) *seal.Sealer {
	t.Helper()
	key, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), bytes.Repeat([]byte{5}, 32))
	if err != nil {
		t.Fatal(err)
	}
	return &seal.Sealer{Installation: "01JNHINSTALLATION000000001", Key: key, Since: since}
}

func rendered(t testing.TB, tree document.Tree) []byte {
	t.Helper()
	file, err := pdf.Render(tree)
	if err != nil {
		t.Fatal(err)
	}
	return file
}

func sealed(t testing.TB, file []byte) (data, certificate []byte) {
	t.Helper()
	data, certificate, err := sealer(t).Seal(documentKey, file, at)
	if err != nil {
		t.Fatal(err)
	}
	return data, certificate
}

func TestASealedFileBeginsWithTheFile(t *testing.T) {
	for name, tree := range map[string]document.Tree{"with links": documenttest.Trees(t)["change-record/final"], "without": {}} {
		t.Run(name, func(t *testing.T) {
			file := rendered(t, tree)
			data, certificate := sealed(t, file)
			again, _ := sealed(t, file)
			if !bytes.Equal(data, again) {
				t.Error("sealing twice gives two files")
			}
			got, issued, when, err := seal.Reader{}.Open(data)
			if err != nil || !bytes.Equal(got, file) || !bytes.Equal(issued, certificate) || !when.Equal(at) {
				t.Fatalf("%d bytes of %d, sealed %s, %v", len(got), len(file), when, err)
			}
			public := documentKey.Public().(ed25519.PublicKey)
			other := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{4}, ed25519.SeedSize)).Public().(ed25519.PublicKey)
			if !(seal.Reader{}).Issued(certificate, []ed25519.PublicKey{other, public}) || (seal.Reader{}).Issued(certificate, []ed25519.PublicKey{other}) {
				t.Error("the issuer of the certificate is not told")
			}
		})
	}
}

// Whatever is changed, added or taken away is seen.
func TestAChangedSealedFileIsRefused(t *testing.T) {
	file := rendered(t, document.Tree{Blocks: []document.Block{{Code: &document.Code{Text: "text"}}}})
	data, _ := sealed(t, file)
	for name, change := range map[string]func([]byte) []byte{
		"a byte of the document": func(d []byte) []byte { d[len(file)/2] ^= 1; return d },
		"a byte of the update":   func(d []byte) []byte { d[len(file)+20] ^= 1; return d },
		"the time":               func(d []byte) []byte { return bytes.Replace(d, []byte("/M (D:2026"), []byte("/M (D:2027"), 1) },
		"the name":               func(d []byte) []byte { return bytes.Replace(d, []byte("/Name (dc-"), []byte("/Name (ab-"), 1) },
		"the signature": func(d []byte) []byte {
			return bytes.Replace(d, []byte("/Contents <3082"), []byte("/Contents <3083"), 1)
		},
		"a signature of another file": func(d []byte) []byte { return foreign(t, d) },
		"something behind it":         func(d []byte) []byte { return append(d, "1 0 obj\n<<>>\nendobj\n%%EOF\n"...) },
		"an update behind it":         func(d []byte) []byte { return append(d, d[len(file):]...) },
		"the end":                     func(d []byte) []byte { return d[:len(d)-1] },
		"the seal":                    func(d []byte) []byte { return d[:len(file)] },
		"everything":                  func([]byte) []byte { return nil },
	} {
		t.Run(name, func(t *testing.T) {
			if _, _, _, err := (seal.Reader{}).Open(change(bytes.Clone(data))); err == nil {
				t.Error("accepted")
			}
		})
	}
}

// foreign puts the contents of a seal over another file into this one.
func foreign(t *testing.T, data []byte) []byte {
	other, _ := sealed(t, rendered(t, document.Tree{}))
	from := bytes.LastIndex(other, []byte("/Contents <"))
	to := bytes.LastIndex(data, []byte("/Contents <"))
	copy(data[to:], other[from:from+4000])
	return data
}

func TestAFileOfSomebodyElseIsNotSealed(t *testing.T) {
	for _, file := range []string{"", "%PDF-1.7\n", "%PDF-1.7\ntrailer\n<</Size 3 /Root 1 0 R>>\nstartxref\n9\n%%EOF\n"} {
		if _, _, err := sealer(t).Seal(documentKey, []byte(file), at); err == nil {
			t.Errorf("%q was sealed", file)
		}
	}
}

// A reader that knows nothing of this product finds the seal valid, over the
// whole file.
func TestPdfsigAcceptsTheSeal(t *testing.T) {
	for _, program := range []string{"/usr/bin/pdfsig", "/usr/bin/qpdf"} {
		need.Program(t, program)
	}
	data, _ := sealed(t, rendered(t, documenttest.Trees(t)["certificate/typical"]))
	path := filepath.Join(t.TempDir(), "sealed.pdf")
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
	out, _ := exec.Command("/usr/bin/pdfsig", path).CombinedOutput() // its code is about the issuer too
	for _, want := range []string{"Signature is Valid.", "Total document signed", "ETSI.CAdES.detached", "SHA-256", "dc-release installation 01JNHINSTALLATION000000001 seal"} {
		if !strings.Contains(string(out), want) {
			t.Errorf("pdfsig does not say %q:\n%s", want, out)
		}
	}
	if out, err := exec.Command("/usr/bin/qpdf", "--check", path).CombinedOutput(); err != nil || strings.Contains(string(out), "WARNING") {
		t.Errorf("%v: %s", err, out)
	}
}

func TestTheKeyOfTheSealIsKept(t *testing.T) {
	dir := t.TempDir()
	ring, err := keyring.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	first, err := ring.Seal(since)
	if err != nil {
		t.Fatal(err)
	}
	again, err := ring.Seal(at)
	if err != nil || !first.Key.Equal(again.Key) || !again.Since.Equal(since) {
		t.Errorf("another key of %s, %v", again.Since, err)
	}
	if info, err := os.Stat(filepath.Join(dir, "seal.json")); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
	if err := os.WriteFile(filepath.Join(dir, "seal.json"), []byte(`{"private":"","since":"x"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := ring.Seal(at); err == nil {
		t.Error("a damaged key was replaced")
	}
}

func FuzzOpen(f *testing.F) {
	data, _ := sealed(f, rendered(f, document.Tree{}))
	f.Add(data)
	f.Add(data[:len(data)/2])
	f.Add([]byte("%PDF-1.7\n"))
	f.Fuzz(func(t *testing.T, in []byte) {
		file, _, _, err := seal.Reader{}.Open(in)
		if err == nil && !bytes.HasPrefix(in, file) {
			t.Error("the file is not a beginning of the sealed one")
		}
	})
}

// BenchmarkSeal seals a file of some 200 pages. The target is 100 ms together
// with what finishes the file when it is rendered. ours/digest compares it with
// the digest of the file, which the seal is made of.
func BenchmarkSeal(b *testing.B) {
	file := rendered(b, documenttest.Large(1_500))
	var ours, least []measure.Cost
	for b.Loop() {
		ours = append(ours, measure.Call(b, func() { sealed(b, file) }))
		least = append(least, measure.Call(b, func() { sha256.Sum256(file) }))
	}
	measure.Report(b, ours)
	measure.Ratio(b, ours, least, "ours/digest")
}
