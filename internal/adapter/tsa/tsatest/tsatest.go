// Package tsatest is a time stamp authority for tests: real certificates, real
// tokens over real HTTP, and every lie that one of them can tell.
package tsatest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"io"
	"math/big"
	"net/http"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/smallstep/pkcs7"
)

// Authority answers queries; it is an http.Handler.
type Authority struct {
	Now func() time.Time
	// Lie changes what is signed and answered; nil tells the truth.
	Lie func(*Answer)
	// Asked counts the queries.
	Asked atomic.Int64

	t        testing.TB
	ca, cert *x509.Certificate
	key      *ecdsa.PrivateKey
}

// Answer is what an authority is about to answer.
type Answer struct {
	Status    int
	Nonce     *big.Int
	Hash      []byte
	Algorithm asn1.ObjectIdentifier // of the imprint
	Time      time.Time
	Content   asn1.ObjectIdentifier // type of what is signed
	Named     *x509.Certificate     // by the signed attributes, nil for none
	Version   int                   // of TSTInfo
	Critical  bool                  // an unknown extension is there
	Type      string                // of the HTTP answer
	Change    func(der []byte) []byte
}

// The object identifiers that tests lie with.
var (
	TSTInfo = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 1, 4}
	SHA1    = asn1.ObjectIdentifier{1, 3, 14, 3, 2, 26}
)

// New makes an authority with a certificate of its own root; change may be nil
// and alters the certificate before it is signed.
func New(t testing.TB, change func(*x509.Certificate)) *Authority {
	t.Helper()
	a := &Authority{Now: time.Now, t: t}
	rootKey, key := newKey(t), newKey(t)
	root := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Test Root", Organization: []string{"Acme"}},
		NotBefore: time.Now().Add(-30 * 365 * 24 * time.Hour), NotAfter: time.Now().Add(365 * 24 * time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	a.ca, a.key = sign(t, root, root, rootKey, rootKey), key
	a.cert = sign(t, a.template(change), a.ca, key, rootKey)
	return a
}

func (a *Authority) template(change func(*x509.Certificate)) *x509.Certificate {
	c := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "Test TSA", Organization: []string{"Acme"}},
		NotBefore: time.Now().Add(-20 * 365 * 24 * time.Hour), NotAfter: time.Now().Add(365 * 24 * time.Hour),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtraExtensions: []pkix.Extension{Uses(true, 8)},
	}
	if change != nil {
		change(c)
	}
	return c
}

// Uses is the extension "extended key usage" with purposes of id-kp: 8 is time
// stamping.
func Uses(critical bool, purposes ...int) pkix.Extension {
	var list []asn1.ObjectIdentifier
	for _, p := range purposes {
		list = append(list, asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 3, p})
	}
	raw, _ := asn1.Marshal(list) // cannot fail
	return pkix.Extension{Id: asn1.ObjectIdentifier{2, 5, 29, 37}, Critical: critical, Value: raw}
}

func newKey(t testing.TB) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func sign(t testing.TB, c, parent *x509.Certificate, key, by *ecdsa.PrivateKey) *x509.Certificate {
	t.Helper()
	der, err := x509.CreateCertificate(rand.Reader, c, parent, &key.PublicKey, by)
	if err != nil {
		t.Fatal(err)
	}
	out, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// Roots are the pool of the root.
func (a *Authority) Roots() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(a.ca)
	return pool
}

// Root is the certificate of the root.
func (a *Authority) Root() *x509.Certificate { return a.ca }

// File writes the root in PEM and gives its path.
func (a *Authority) File() string {
	a.t.Helper()
	path := filepath.Join(a.t.TempDir(), "ca.pem")
	if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: a.ca.Raw}), 0o600); err != nil {
		a.t.Fatal(err)
	}
	return path
}

// ServeHTTP answers a query.
func (a *Authority) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a.Asked.Add(1)
	body, err := io.ReadAll(r.Body)
	if err != nil || r.Method != http.MethodPost || r.Header.Get("Content-Type") != "application/timestamp-query" {
		http.Error(w, "want a query", http.StatusBadRequest)
		return
	}
	var q struct {
		Version int
		Imprint struct {
			Algorithm pkix.AlgorithmIdentifier
			Hash      []byte
		}
		Nonce        *big.Int
		Certificates bool
	}
	if rest, err := asn1.Unmarshal(body, &q); err != nil || len(rest) > 0 || q.Version != 1 || !q.Certificates {
		http.Error(w, "no query", http.StatusBadRequest)
		return
	}
	answer := Answer{
		Nonce: q.Nonce, Hash: q.Imprint.Hash, Algorithm: q.Imprint.Algorithm.Algorithm, Time: a.Now(), Content: TSTInfo, Named: a.cert,
		Version: 1, Type: "application/timestamp-reply", Change: func(der []byte) []byte { return der },
	}
	if a.Lie != nil {
		a.Lie(&answer)
	}
	w.Header().Set("Content-Type", answer.Type)
	_, _ = w.Write(answer.Change(a.response(answer)))
}

// Token gives a token over data; lie may be nil.
func (a *Authority) Token(data []byte, lie func(*Answer)) []byte {
	a.t.Helper()
	sum := sha256.Sum256(data)
	answer := Answer{Hash: sum[:], Algorithm: pkcs7.OIDDigestAlgorithmSHA256, Time: a.Now(), Content: TSTInfo, Named: a.cert, Version: 1}
	if lie != nil {
		lie(&answer)
	}
	return a.token(answer)
}

func (a *Authority) response(x Answer) []byte {
	type status struct {
		Status int
		Text   []asn1.RawValue // UTF8String
	}
	var raw []byte
	if x.Status < 2 {
		raw = a.token(x)
	}
	return a.marshal(struct {
		Status status
		Token  asn1.RawValue `asn1:"optional"`
	}{status{x.Status, []asn1.RawValue{{Tag: asn1.TagUTF8String, Bytes: []byte("said by the authority")}}}, asn1.RawValue{FullBytes: raw}})
}

func (a *Authority) token(x Answer) []byte {
	type imprint struct {
		Algorithm pkix.AlgorithmIdentifier
		Hash      []byte
	}
	extensions := []pkix.Extension{}
	if x.Critical {
		extensions = append(extensions, pkix.Extension{Id: asn1.ObjectIdentifier{1, 2, 3}, Critical: true, Value: []byte{5, 0}})
	}
	serial, err := rand.Int(rand.Reader, big.NewInt(1<<62))
	if err != nil {
		a.t.Error(err)
	}
	content := a.marshal(struct {
		Version    int
		Policy     asn1.ObjectIdentifier
		Imprint    imprint
		Serial     *big.Int
		Time       time.Time        `asn1:"generalized"`
		Nonce      *big.Int         `asn1:"optional"`
		Extensions []pkix.Extension `asn1:"tag:1,optional,omitempty"`
	}{x.Version, asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 99999, 1}, imprint{pkix.AlgorithmIdentifier{Algorithm: x.Algorithm}, x.Hash}, serial, x.Time.UTC(), x.Nonce, extensions})
	s, err := pkcs7.NewSignedData(content)
	if err != nil {
		a.t.Error(err)
	}
	s.SetDigestAlgorithm(pkcs7.OIDDigestAlgorithmSHA256)
	s.GetSignedData().ContentInfo.ContentType = x.Content
	s.GetSignedData().Version = 3
	var config pkcs7.SignerInfoConfig
	if x.Named != nil {
		sum := sha256.Sum256(x.Named.Raw)
		config.ExtraSignedAttributes = []pkcs7.Attribute{{
			Type:  asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 2, 47},
			Value: struct{ List []struct{ Hash []byte } }{[]struct{ Hash []byte }{{sum[:]}}},
		}}
	}
	if err := s.AddSigner(a.cert, a.key, config); err != nil {
		a.t.Error(err)
	}
	der, err := s.Finish()
	if err != nil {
		a.t.Error(err)
	}
	return der
}

func (a *Authority) marshal(v any) []byte {
	raw, err := asn1.Marshal(v)
	if err != nil {
		a.t.Error(err)
	}
	return raw
}
