package evidence_test

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/dc-release/dc-release/internal/core/evidence"
)

// The values are put together here, so that no scanner takes this file for a
// leak. All are made up; the card and the IBAN are the examples of their norms.
func TestDOC_P10_SecretsAndDataOfPersonsAreFound(t *testing.T) {
	letters := strings.Repeat("aB3", 30)
	digest := sha256.Sum256([]byte("x"))
	random := hex.EncodeToString(digest[:16])
	for what, text := range map[string]string{
		"a private key":                      "-----BEGIN RSA " + "PRIVATE KEY-----\nMII",
		"an access key of AWS":               "AKIA" + "Q3EGZSJ7NO5PXYZT",
		"a token of GitHub":                  "ghp_" + letters[:36],
		"a token of GitLab":                  "glpat-" + letters[:20],
		"a token of Databricks":              "dapi" + random,
		"a token of Slack":                   "xoxb-" + "123456789012-" + letters[:24],
		"a key of Google":                    "AIza" + letters[:35],
		"a key of an Azure storage account":  "AccountKey=" + letters[:86] + "==",
		"a signature of an Azure address":    "https://x.blob.core.windows.net/a?sv=1&sig=" + letters[:43] + "%3D",
		"a JSON web token":                   "eyJ" + letters[:20] + ".eyJ" + letters[:20] + "." + letters[:43],
		"a password in an address":           "postgres://app:" + "h3rb3rt" + "@db.example.org/x",
		"a Danish civil registration number": "070761" + "-4285",
		"an IBAN":                            "GB82 WEST 1234 5698 7654 32",
		"a payment card":                     "4111 1111 1111 " + "1111",
	} {
		got := evidence.Leaks([]byte("first line\n  see " + text + " here\n"))
		if len(got) != 1 || got[0].What != what || got[0].Line != 2 || got[0].Column != 7 && !strings.HasPrefix(text, "https://x.blob") {
			t.Errorf("%s: %+v", what, got)
		}
	}
}

func TestWhatLooksLikeASecretAndIsNoneIsLetPass(t *testing.T) {
	for _, text := range []string{
		"AKIAIOSFODNN7EXAMPLE", "dapi" + strings.Repeat("0", 32), "dapi0123456789abcdef0123456789abcdef", "https://user:***@host/x", "https://user:password@host.example/x",
		"http://localhost:8080/a@b", "https://github.com/org/repo/pull/123", "git@github.com:org/repo.git", "https://${USER}:${PASS}@host/", "-----BEGIN CERTIFICATE-----",
		"070761-4286", "320761-4285", "071361-4285", "000000-0000", "2026-01-02", "123456-1234",
		"4111 1111 1111 1112", "4111-1111 1111-1111", "4111111111111111", "GB83 WEST 1234 5698 7654 32", "1234 5678 9012 3456",
		strings.Repeat("a1", 32), "eyJhbGciOiJIUzI1NiJ9", "TEST-corp-procurement-1", "sha256:" + strings.Repeat("AB12", 16), "DE00 TEST",
	} {
		if got := evidence.Leaks([]byte(text)); len(got) != 0 {
			t.Errorf("%q is taken for %+v", text, got)
		}
	}
}

// Result files of real producers hold none.
func TestRealResultFilesHoldNoLeak(t *testing.T) {
	n := 0
	err := filepath.WalkDir("../../adapter/testresult/testdata", func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		n++
		for _, l := range evidence.Leaks(data) {
			t.Errorf("%s:%d:%d: %s", path, l.Line, l.Column, l.What)
		}
		return err
	})
	if err != nil || n < 20 {
		t.Fatalf("%d files, %v", n, err)
	}
}

func FuzzLeaks(f *testing.F) {
	for _, s := range []string{"070761-4285", "GB82 WEST 1234 5698 7654 32", "4111 1111 1111 1111", "dapi", "://a:b@c", "AKIA", "\xff"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, l := range evidence.Leaks(data) {
			if l.Line < 1 || l.Column < 1 || l.What == "" {
				t.Fatalf("leak %+v", l)
			}
		}
	})
}
