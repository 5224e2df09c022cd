package workspace

import (
	"errors"
	"fmt"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

// Said is what a token says about itself.
type Said struct {
	Issuer, Subject string
	Audience        []string
	Expires         time.Time // the zero time when it does not say so
}

// algorithms are all signatures that a token may have; none is verified.
var algorithms = []jose.SignatureAlgorithm{
	jose.RS256, jose.RS384, jose.RS512, jose.PS256, jose.PS384, jose.PS512,
	jose.ES256, jose.ES384, jose.ES512, jose.EdDSA, jose.HS256, jose.HS384, jose.HS512,
}

// Claims reads a signed JWT (RFC 7519) without verifying it: to show a person what
// a federation policy is compared with, and for no decision. The error does not
// hold the token.
func Claims(token Secret) (Said, error) {
	if len(token) > maxToken {
		return Said{}, fmt.Errorf("read token: more than %d bytes", maxToken)
	}
	t, err := jwt.ParseSigned(string(token), algorithms)
	if err != nil {
		return Said{}, errors.New("read token: no signed JWT: want three parts in base64url and a known signature algorithm")
	}
	var c jwt.Claims
	if err := t.UnsafeClaimsWithoutVerification(&c); err != nil {
		return Said{}, errors.New("read token: its claims cannot be read: want a JSON object with iss, sub, aud and exp as in RFC 7519")
	}
	out := Said{Issuer: c.Issuer, Subject: c.Subject, Audience: c.Audience}
	if c.Expiry != nil {
		out.Expires = c.Expiry.Time().UTC()
	}
	return out, nil
}
