// Package tsa asks a time stamp authority (RFC 3161) over HTTP and verifies its
// tokens. Requests and answers are read here, as strictly as DER allows; the
// signature of the token's CMS message is verified by smallstep/pkcs7.
package tsa

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"fmt"
	"io"
	"math/big"
	"mime"
	"net/http"
	"net/url"
	"os"
	"time"

	"github.com/dc-release/dc-release/internal/app/publish"
	"github.com/dc-release/dc-release/internal/app/verify"
	"github.com/dc-release/dc-release/internal/core/fault"
	"github.com/dc-release/dc-release/internal/core/releaselog"
)

// The media types of RFC 3161 section 3.4.
const (
	queryType = "application/timestamp-query"
	replyType = "application/timestamp-reply"
)

// Patience bounds one exchange with an authority.
const Patience = 10 * time.Second

// Authority is an authority that is asked at a URL.
type Authority struct {
	Verifier
	url    string
	client *http.Client
}

var (
	_ publish.Authority = (*Authority)(nil)
	_ verify.Stamps     = Verifier{}
)

// New makes the authority at an http or https URL; the verifier judges its
// answers. A redirection is not followed: it would name another authority.
func New(address string, v Verifier) (*Authority, error) {
	u, err := url.Parse(address)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Hostname() == "" || u.User != nil || u.Fragment != "" {
		return nil, fault.New(fault.Invalid, "--tsa %q: want http://HOST/PATH or https://HOST/PATH of a time stamp authority, without a password in it", address)
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.DisableKeepAlives = true // one exchange now and then
	return &Authority{Verifier: v, url: address, client: &http.Client{
		Transport: transport, Timeout: Patience,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}, nil
}

// Stamp implements publish.Authority.
func (a *Authority) Stamp(ctx context.Context, data []byte) ([]byte, error) {
	token, err := a.stamp(ctx, data)
	if err != nil {
		return nil, fmt.Errorf("ask time stamp authority %s: %w", a.url, err)
	}
	return token, nil
}

func (a *Authority) stamp(ctx context.Context, data []byte) ([]byte, error) {
	nonce, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 62))
	if err != nil {
		return nil, err
	}
	nonce.SetBit(nonce, 62, 1) // always eight bytes: some authorities refuse more
	imprint := sha256.Sum256(data)
	query, err := asn1.Marshal(request{Version: 1, Imprint: imprintOf(imprint[:]), Nonce: nonce, Certificates: true})
	if err != nil {
		return nil, err
	}
	answer, err := a.exchange(ctx, query)
	if err != nil {
		return nil, err
	}
	token, err := readAnswer(answer)
	if err != nil {
		return nil, err
	}
	info, _, err := a.read(data, token)
	if err != nil {
		return nil, err
	}
	if info.Nonce == nil || info.Nonce.Cmp(nonce) != 0 {
		return nil, errors.New("the token answers another request: its nonce is not ours")
	}
	return token, nil
}

// exchange posts a query and gives the body of the answer.
func (a *Authority) exchange(ctx context.Context, query []byte) ([]byte, error) {
	q, err := http.NewRequestWithContext(ctx, http.MethodPost, a.url, bytes.NewReader(query))
	if err != nil {
		return nil, err
	}
	q.Header.Set("Content-Type", queryType)
	q.Header.Set("Accept", replyType)
	r, err := a.client.Do(q)
	if err != nil {
		return nil, err
	}
	defer r.Body.Close()
	if r.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("HTTP status %d, want 200", r.StatusCode)
	}
	if media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || media != replyType {
		return nil, fmt.Errorf("the answer is of type %q, want %s", r.Header.Get("Content-Type"), replyType)
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, releaselog.MaxToken+1))
	if err != nil {
		return nil, err
	}
	if len(body) > releaselog.MaxToken {
		return nil, fmt.Errorf("the answer has more than %d bytes", releaselog.MaxToken)
	}
	return body, nil
}

// Roots reads the certificates in PEM that authorities must lead to; "" gives
// none, so that nothing is known of who signed.
func Roots(path string) (*x509.CertPool, error) {
	if path == "" {
		return nil, nil
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, fault.New(fault.Invalid, "--tsa-ca: %v", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(raw) {
		return nil, fault.New(fault.Invalid, "--tsa-ca: %s: want certificates in PEM", path)
	}
	return pool, nil
}
