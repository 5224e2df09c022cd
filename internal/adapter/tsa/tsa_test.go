package tsa_test

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/dc-release/dc-release/internal/adapter/tsa"
	"github.com/dc-release/dc-release/internal/adapter/tsa/tsatest"
	"github.com/dc-release/dc-release/internal/archtest/need"
	"github.com/dc-release/dc-release/internal/core/releaselog"
)

var note = []byte("dc-release/I/1\n7\nroot\n\n— dc-release/I/1 signature\n")

func serve(t *testing.T, h http.Handler, roots *x509.CertPool) *tsa.Authority {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	a, err := tsa.New(s.URL+"/tsr", tsa.Verifier{Roots: roots})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestATokenSaysWhenAndByWhom(t *testing.T) {
	at := time.Date(2026, 3, 4, 13, 22, 5, 0, time.UTC)
	real := tsatest.New(t, nil)
	real.Now = func() time.Time { return at }
	token, err := serve(t, real, real.Roots()).Stamp(t.Context(), note)
	if err != nil {
		t.Fatal(err)
	}
	got, err := tsa.Verifier{Roots: real.Roots()}.Read(note, token)
	want := releaselog.Stamp{Time: at, Authority: "CN=Test TSA,O=Acme", Established: true}
	if err != nil || got != want {
		t.Errorf("got %+v, %v, want %+v", got, err, want)
	}
	want.Established = false
	if got, err = (tsa.Verifier{}).Read(note, token); err != nil || got != want {
		t.Errorf("without roots: %+v, %v, want %+v", got, err, want)
	}
}

// TestAnAuthorityThatLiesIsNotBelieved asks over HTTP; where the lie is in the
// token alone, it is found offline too.
func TestAnAuthorityThatLiesIsNotBelieved(t *testing.T) {
	other := tsatest.New(t, nil)
	for name, c := range map[string]struct {
		certificate func(*x509.Certificate)
		lie         func(*tsatest.Answer)
		roots       *x509.CertPool
		want        string
	}{
		"another nonce":                         {lie: func(a *tsatest.Answer) { a.Nonce = big.NewInt(7) }, want: "its nonce is not ours"},
		"no nonce":                              {lie: func(a *tsatest.Answer) { a.Nonce = nil }, want: "its nonce is not ours"},
		"another imprint":                       {lie: func(a *tsatest.Answer) { a.Hash = make([]byte, 32) }, want: "is over other bytes"},
		"another algorithm":                     {lie: func(a *tsatest.Answer) { a.Algorithm = tsatest.SHA1 }, want: "want SHA-256"},
		"another version":                       {lie: func(a *tsatest.Answer) { a.Version = 2 }, want: "version 2"},
		"an unknown critical extension":         {lie: func(a *tsatest.Answer) { a.Critical = true }, want: "critical extension 1.2.3"},
		"another content type":                  {lie: func(a *tsatest.Answer) { a.Content = tsatest.SHA1 }, want: "want signed data over TSTInfo"},
		"a signature that names nobody":         {lie: func(a *tsatest.Answer) { a.Named = nil }, want: "do not name the certificate"},
		"a signature that names another":        {lie: func(a *tsatest.Answer) { a.Named = other.Root() }, want: "name another certificate"},
		"a time after the certificate":          {lie: func(a *tsatest.Answer) { a.Time = a.Time.AddDate(3, 0, 0) }, want: "was not valid at the time"},
		"a certificate that is expired":         {certificate: func(c *x509.Certificate) { c.NotAfter = time.Now().Add(-time.Hour) }, want: "is outside of certificate validity"},
		"a certificate without an extended use": {certificate: func(c *x509.Certificate) { c.ExtraExtensions = nil }, want: "is not for time stamps"},
		"a certificate for servers too":         {certificate: func(c *x509.Certificate) { c.ExtraExtensions = []pkix.Extension{tsatest.Uses(true, 8, 1)} }, want: "is not for time stamps, or for something else too"},
		"a certificate that is not critical":    {certificate: func(c *x509.Certificate) { c.ExtraExtensions = []pkix.Extension{tsatest.Uses(false, 8)} }, want: "does not say critically"},
		"a certificate that may issue":          {certificate: func(c *x509.Certificate) { c.KeyUsage |= x509.KeyUsageCertSign }, want: "more than signatures"},
		"a certificate of another root":         {roots: other.Roots(), want: "does not lead to a trusted one"},
		"a refusal":                             {lie: func(a *tsatest.Answer) { a.Status = 2 }, want: `the authority refuses: status 2, "said by the authority"`},
		"an answer that waits":                  {lie: func(a *tsatest.Answer) { a.Status = 3 }, want: "the authority refuses: status 3"},
		"an answer of another type":             {lie: func(a *tsatest.Answer) { a.Type = "text/html" }, want: "text/html"},
		"garbage":                               {lie: func(a *tsatest.Answer) { a.Change = func([]byte) []byte { return []byte("<html>") } }, want: "is no TimeStampResp"},
		"nothing":                               {lie: func(a *tsatest.Answer) { a.Change = func([]byte) []byte { return nil } }, want: "is no TimeStampResp"},
		"something after the answer":            {lie: func(a *tsatest.Answer) { a.Change = func(der []byte) []byte { return append(der, 0) } }, want: "1 bytes follow"},
		"an answer without a token":             {lie: func(a *tsatest.Answer) { a.Change = func([]byte) []byte { return []byte{48, 5, 48, 3, 2, 1, 0} } }, want: "has none"},
		"a changed signature":                   {lie: func(a *tsatest.Answer) { a.Change = func(der []byte) []byte { der[len(der)-1] ^= 1; return der } }, want: "its signature"},
		"more than is read":                     {lie: func(a *tsatest.Answer) { a.Change = func([]byte) []byte { return make([]byte, releaselog.MaxToken+1) } }, want: "has more than"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := tsatest.New(t, c.certificate)
			a.Lie = c.lie
			roots := c.roots
			if roots == nil {
				roots = a.Roots()
			}
			token, err := serve(t, a, roots).Stamp(t.Context(), note)
			if err == nil || !strings.Contains(err.Error(), c.want) || token != nil {
				t.Errorf("got %d bytes, %v, want an error that says %q", len(token), err, c.want)
			}
		})
	}
}

func TestAnAuthorityThatDoesNotAnswerIsGivenUp(t *testing.T) {
	a := tsatest.New(t, nil)
	for name, c := range map[string]struct {
		handler http.HandlerFunc
		want    string
	}{
		"a redirection, although it leads to an authority": {func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/elsewhere" {
				a.ServeHTTP(w, r)
				return
			}
			http.Redirect(w, r, "/elsewhere", http.StatusTemporaryRedirect)
		}, "HTTP status 307"},
		"an error":               {func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "busy", http.StatusServiceUnavailable) }, "HTTP status 503"},
		"an answer that is late": {func(_ http.ResponseWriter, r *http.Request) { forget(r) }, "Client.Timeout"},
		"an answer that never ends": {func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "application/timestamp-reply")
			_, _ = w.Write([]byte{0x30})
			w.(http.Flusher).Flush()
			forget(r)
		}, "Client.Timeout"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client := serve(t, c.handler, a.Roots())
			client.SetPatience(300 * time.Millisecond)
			if _, err := client.Stamp(t.Context(), note); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want an error that says %q", err, c.want)
			}
		})
	}
	down := httptest.NewServer(nil)
	down.Close()
	client, err := tsa.New(down.URL, tsa.Verifier{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := client.Stamp(t.Context(), note); err == nil || !strings.Contains(err.Error(), "refused") {
		t.Errorf("down: %v", err)
	}
}

// forget takes a query and ends when the client has gone away.
func forget(r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body)
	<-r.Context().Done()
}

func TestAnAddressIsWhole(t *testing.T) {
	for _, address := range []string{"", "off", "/dev/null", "ftp://tsa.example", "http://", "http://ada:secret@tsa.example/", "http://tsa.example/#a", "tsa.example:318"} {
		if _, err := tsa.New(address, tsa.Verifier{}); err == nil || !strings.Contains(err.Error(), "--tsa") {
			t.Errorf("%q: %v", address, err)
		}
	}
	if _, err := tsa.Roots("/dev/null"); err == nil {
		t.Error("an empty file has certificates")
	}
}

// Another implementation agrees, on a token of ours and on the roots.
func TestOpenSSLVerifiesTheSameToken(t *testing.T) {
	need.Program(t, "openssl")
	a := tsatest.New(t, nil)
	token, err := serve(t, a, a.Roots()).Stamp(t.Context(), note)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	write(t, filepath.Join(dir, "7"), note)
	write(t, filepath.Join(dir, "7.tst"), token)
	verify := func(ca string) (string, error) {
		out, err := exec.Command("openssl", "ts", "-verify", "-token_in", "-in", filepath.Join(dir, "7.tst"), "-data", filepath.Join(dir, "7"), "-CAfile", ca).CombinedOutput()
		return string(out), err
	}
	if out, err := verify(a.File()); err != nil || !strings.Contains(out, "Verification: OK") {
		t.Errorf("%v\n%s", err, out)
	}
	if out, err := verify(tsatest.New(t, nil).File()); err == nil {
		t.Errorf("another root: %s", out)
	}
}

// openssl's authority is asked as ours is: its answers are RSA, with a chain.
func TestATokenOfOpenSSLIsRead(t *testing.T) {
	need.Program(t, "openssl")
	dir := t.TempDir()
	write(t, filepath.Join(dir, "tsa.cnf"), []byte(`[req]
distinguished_name = dn
x509_extensions = ca
prompt = no
[dn]
CN = OpenSSL TSA
[ca]
basicConstraints = critical,CA:false
keyUsage = critical,digitalSignature
extendedKeyUsage = critical,timeStamping
[tsa]
default_tsa = t
[t]
serial = `+dir+`/serial
signer_cert = `+dir+`/cert.pem
signer_key = `+dir+`/key.pem
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256
accuracy = secs:1, millisecs:500
ordering = yes
tsa_name = yes
ess_cert_id_chain = no
`))
	write(t, filepath.Join(dir, "serial"), []byte("01\n"))
	write(t, filepath.Join(dir, "note"), note)
	openssl := func(args ...string) {
		t.Helper()
		cmd := exec.Command("openssl", args...)
		cmd.Dir = dir
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("openssl %v: %v\n%s", args, err, out)
		}
	}
	openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "key.pem", "-out", "cert.pem", "-days", "2", "-config", "tsa.cnf")
	openssl("ts", "-query", "-data", "note", "-sha256", "-cert", "-out", "q")
	openssl("ts", "-reply", "-queryfile", "q", "-config", "tsa.cnf", "-token_out", "-out", "token")
	roots, err := tsa.Roots(filepath.Join(dir, "cert.pem"))
	if err != nil {
		t.Fatal(err)
	}
	token, err := os.ReadFile(filepath.Join(dir, "token"))
	if err != nil {
		t.Fatal(err)
	}
	got, err := tsa.Verifier{Roots: roots}.Read(note, token)
	if err != nil || got.Authority != "CN=OpenSSL TSA" || !got.Established || time.Since(got.Time) > time.Minute {
		t.Errorf("got %+v, %v", got, err)
	}
}

func write(t *testing.T, path string, data []byte) {
	t.Helper()
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

// FuzzRead changes tokens: none but the real one is over the note, whatever a
// reader makes of it.
func FuzzRead(f *testing.F) {
	a := tsatest.New(f, nil)
	good := a.Token(note, nil)
	f.Add(good)
	f.Add(a.Token(note, func(x *tsatest.Answer) { x.Critical = true }))
	f.Add(a.Token([]byte("other"), nil))
	f.Add([]byte{0x30, 0x80})
	v := tsa.Verifier{Roots: a.Roots()}
	f.Fuzz(func(t *testing.T, token []byte) {
		got, err := v.Read(note, token)
		if (err == nil) != got.Established {
			t.Errorf("%+v, %v", got, err)
		}
	})
}

// FuzzAnswer reads answers as they come over the wire.
func FuzzAnswer(f *testing.F) {
	f.Add([]byte{48, 5, 48, 3, 2, 1, 0})
	f.Add([]byte("<html>"))
	f.Fuzz(func(t *testing.T, der []byte) {
		token, err := tsa.ReadAnswer(der)
		if err == nil && (len(token) == 0 || len(token) > len(der)) {
			t.Errorf("%d bytes of %d", len(token), len(der))
		}
	})
}
