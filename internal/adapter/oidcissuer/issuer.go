// Package oidcissuer issues the tokens by which jobs prove their identity to
// others: JWTs signed with RS256, and the two documents by which a relying party
// finds the keys (OpenID Connect Discovery 1.0; RFC 7517).
package oidcissuer

import (
	"crypto/rsa"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

// skew is how much a relying party's clock may be behind.
const skew = 30 * time.Second

// Key is one signing key.
type Key struct {
	ID      string // kid
	Private *rsa.PrivateKey
	Created time.Time
}

// Issuer signs with the newest of its keys and publishes all.
type Issuer struct {
	url   string
	keys  []Key // newest first
	now   func() time.Time
	newID func() string
}

// New makes an issuer. The URL is the iss claim and where the documents are
// found: https, or http on this machine.
func New(issuer string, keys []Key, now func() time.Time, newID func() string) (*Issuer, error) {
	u, err := url.Parse(issuer)
	switch {
	case err != nil:
		return nil, fmt.Errorf("issuer %q: %w", issuer, err)
	case u.Scheme != "https" && (u.Scheme != "http" || !loopback(u.Hostname())), u.Host == "", u.RawQuery != "", u.Fragment != "":
		return nil, fmt.Errorf("issuer %q: want https://HOST[/PATH], or http:// on this machine", issuer)
	case len(keys) == 0:
		return nil, fmt.Errorf("issuer %q: no key", issuer)
	}
	keys = slices.Clone(keys)
	slices.SortFunc(keys, func(a, b Key) int { return b.Created.Compare(a.Created) })
	return &Issuer{url: strings.TrimSuffix(issuer, "/"), keys: keys, now: now, newID: newID}, nil
}

func loopback(host string) bool { return host == "localhost" || host == "127.0.0.1" || host == "::1" }

// URL is the iss claim.
func (i *Issuer) URL() string { return i.url }

// KeyID is that of the key that signs.
func (i *Issuer) KeyID() string { return i.keys[0].ID }

// Issue signs claims for an audience, valid for as long as is said. The claims must
// not hold those that the issuer sets: iss, aud, jti, iat, nbf, exp.
func (i *Issuer) Issue(claims any, audience string, life time.Duration) (string, error) {
	raw, err := json.Marshal(claims)
	if err != nil {
		return "", fmt.Errorf("issue token: %w", err)
	}
	all := map[string]any{}
	if err := json.Unmarshal(raw, &all); err != nil {
		return "", fmt.Errorf("issue token: %w", err)
	}
	now := i.now()
	maps.Copy(all, map[string]any{
		"iss": i.url, "aud": audience, "jti": i.newID(),
		"iat": now.Unix(), "nbf": now.Add(-skew).Unix(), "exp": now.Add(life).Unix(),
	})
	key := jose.SigningKey{Algorithm: jose.RS256, Key: jose.JSONWebKey{Key: i.keys[0].Private, KeyID: i.keys[0].ID}}
	signer, err := jose.NewSigner(key, (&jose.SignerOptions{}).WithType("JWT"))
	if err != nil {
		return "", fmt.Errorf("issue token: %w", err)
	}
	token, err := jwt.Signed(signer).Claims(all).Serialize()
	if err != nil {
		return "", fmt.Errorf("issue token: %w", err)
	}
	return token, nil
}

// discovery is the document at /.well-known/openid-configuration.
type discovery struct {
	Issuer    string   `json:"issuer"`
	JWKS      string   `json:"jwks_uri"`
	Subjects  []string `json:"subject_types_supported"`
	Responses []string `json:"response_types_supported"`
	Claims    []string `json:"claims_supported"`
	Signing   []string `json:"id_token_signing_alg_values_supported"`
	Scopes    []string `json:"scopes_supported"`
}

// Handler serves the two documents below the issuer's path.
func (i *Issuer) Handler(claims []string) http.Handler {
	base := ""
	if u, err := url.Parse(i.url); err == nil {
		base = u.Path
	}
	set := jose.JSONWebKeySet{}
	for _, k := range i.keys {
		set.Keys = append(set.Keys, jose.JSONWebKey{Key: k.Private.Public(), KeyID: k.ID, Algorithm: string(jose.RS256), Use: "sig"})
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+base+"/.well-known/openid-configuration", document(discovery{
		Issuer: i.url, JWKS: i.url + "/.well-known/jwks",
		Subjects: []string{"public", "pairwise"}, Responses: []string{"id_token"},
		Claims:  append([]string{"iss", "aud", "jti", "iat", "nbf", "exp"}, claims...),
		Signing: []string{string(jose.RS256)}, Scopes: []string{"openid"},
	}))
	mux.HandleFunc("GET "+base+"/.well-known/jwks", document(set))
	return mux
}

// document answers with JSON that relying parties may keep for a while.
func document(v any) http.HandlerFunc {
	raw, err := json.Marshal(v)
	return func(w http.ResponseWriter, _ *http.Request) {
		if err != nil {
			http.Error(w, "the document cannot be written", http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Cache-Control", "max-age=300")
		_, _ = w.Write(raw) // a caller that is gone gets nothing
	}
}
