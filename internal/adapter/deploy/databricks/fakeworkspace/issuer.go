package fakeworkspace

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// maxDocument bounds a document of an issuer, in bytes.
const maxDocument = 1 << 20

var issuers = &http.Client{Timeout: 10 * time.Second}

// keys are those of the policy, else those that the issuer publishes.
func (p Policy) keys(ctx context.Context) (jose.JSONWebKeySet, error) {
	if len(p.Keys.Keys) > 0 {
		return p.Keys, nil
	}
	return issuerKeys(ctx, p.Issuer)
}

// issuerKeys finds the keys of an issuer by its two documents (OpenID Connect
// Discovery 1.0, section 4; RFC 7517).
func issuerKeys(ctx context.Context, issuer string) (keys jose.JSONWebKeySet, err error) {
	var found struct {
		Issuer string `json:"issuer"`
		JWKS   string `json:"jwks_uri"`
	}
	if err := document(ctx, strings.TrimSuffix(issuer, "/")+"/.well-known/openid-configuration", &found); err != nil {
		return keys, err
	}
	if found.Issuer != issuer {
		return keys, fmt.Errorf("the discovery document is that of %s", quote(found.Issuer))
	}
	return keys, document(ctx, found.JWKS, &keys)
}

// document reads one document of an issuer.
func document(ctx context.Context, address string, into any) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return errors.New("no address")
	}
	answer, err := issuers.Do(r)
	if err != nil {
		var outer *url.Error
		if errors.As(err, &outer) {
			err = outer.Err
		}
		return fmt.Errorf("%s: %w", r.URL.Path, err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s", r.URL.Path, answer.Status)
	}
	if err := json.NewDecoder(io.LimitReader(answer.Body, maxDocument)).Decode(into); err != nil {
		return fmt.Errorf("%s: no JSON", r.URL.Path)
	}
	return nil
}
