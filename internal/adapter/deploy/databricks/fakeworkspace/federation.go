package fakeworkspace

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

// Policy lets tokens of another issuer act as a service principal: its federation
// policy. Issuer, subject and audience are compared exactly.
type Policy struct {
	ClientID     string // application id of the service principal
	Issuer       string
	Subject      string
	SubjectClaim string             // default "sub"
	Audiences    []string           // one of them; default the account's id
	Keys         jose.JSONWebKeySet // jwks_json: the issuer need not be reachable; without them it is asked
}

const (
	grantExchange = "urn:ietf:params:oauth:grant-type:token-exchange"
	typeJWT       = "urn:ietf:params:oauth:token-type:jwt" // #nosec G101 -- a name
)

// skew is how much the clocks of issuer and workspace may differ.
const skew = time.Minute

var algorithms = []jose.SignatureAlgorithm{jose.RS256, jose.RS384, jose.RS512, jose.ES256, jose.ES384, jose.ES512}

// exchange admits whom a token of another issuer names (RFC 8693), no longer than
// that token is valid.
func (w *Workspace) exchange(c *call, form url.Values) (p Principal, until time.Time, err error) {
	if err := checkExchange(form); err != nil {
		return p, until, err
	}
	id := form.Get("client_id")
	var reasons []string
	found := false
	for _, p := range w.config.Federation {
		if p.ClientID != id {
			continue
		}
		found = true
		until, reason := p.refuses(c.r.Context(), form.Get("subject_token"), w.config.Account, c.at)
		if reason == "" {
			return w.config.service(id), until, nil
		}
		reasons = append(reasons, reason)
	}
	if !found {
		return p, until, refuseToken(http.StatusUnauthorized, "invalid_client", "client_id %q: no federation policy is for it.", id)
	}
	return p, until, refuseToken(http.StatusBadRequest, "invalid_grant", "subject_token is refused: %s.", strings.Join(reasons, "; or "))
}

func checkExchange(form url.Values) error {
	for _, p := range []struct{ name, want string }{{"subject_token_type", typeJWT}, {"scope", allAPIs}} {
		if got := form.Get(p.name); got != p.want {
			code := "invalid_request"
			if p.name == "scope" {
				code = "invalid_scope"
			}
			return refuseToken(http.StatusBadRequest, code, "%s=%q: want %s.", p.name, got, p.want)
		}
	}
	if form.Get("client_id") == "" {
		return refuseToken(http.StatusBadRequest, "invalid_request", "client_id: want the application id of the service principal.")
	}
	return nil
}

// refuses says why a policy does not accept a token, "" when it does, and how long
// it is valid. Nothing of an unverified token is repeated.
func (p Policy) refuses(ctx context.Context, raw, account string, at time.Time) (until time.Time, reason string) {
	if raw == "" {
		return until, "it is missing"
	}
	if raw != strings.TrimSpace(raw) {
		return until, "white space around it"
	}
	token, err := jwt.ParseSigned(raw, algorithms)
	if err != nil {
		return until, "not a signed JWT of a known algorithm"
	}
	keys, err := p.keys(ctx)
	if err != nil {
		return until, "keys of issuer " + p.Issuer + ": " + err.Error()
	}
	var claims jwt.Claims
	all := map[string]any{}
	if err := token.Claims(keys, &claims, &all); err != nil {
		return until, "signature: no key of issuer " + p.Issuer + " made it"
	}
	reason = p.wrong(claims, all, account)
	if reason == "" {
		reason = untimely(claims, at)
	}
	if reason == "" {
		until = claims.Expiry.Time()
	}
	return until, reason
}

// wrong says which claim is not the policy's.
func (p Policy) wrong(claims jwt.Claims, all map[string]any, account string) string {
	audiences := p.Audiences
	if len(audiences) == 0 {
		audiences = []string{account}
	}
	name := p.SubjectClaim
	if name == "" {
		name = "sub"
	}
	subject, _ := all[name].(string)
	switch {
	case claims.Issuer != p.Issuer:
		return "issuer (iss) is " + quote(claims.Issuer) + ", the policy wants " + quote(p.Issuer)
	case p.Subject == "" || subject != p.Subject:
		return "subject (" + name + ") is " + quote(subject) + ", the policy wants " + quote(p.Subject)
	case !slices.ContainsFunc(audiences, claims.Audience.Contains):
		return "audience (aud) is " + quote(strings.Join(claims.Audience, " ")) + ", the policy wants " + quote(strings.Join(audiences, " or "))
	}
	return ""
}

// untimely says why a token is not valid now.
func untimely(claims jwt.Claims, at time.Time) string {
	switch {
	case claims.Expiry == nil:
		return "it has no expiry (exp)"
	case !at.Before(claims.Expiry.Time().Add(skew)):
		return "expired (exp) at " + claims.Expiry.Time().UTC().Format(time.RFC3339)
	case claims.NotBefore != nil && at.Add(skew).Before(claims.NotBefore.Time()):
		return "not valid before (nbf) " + claims.NotBefore.Time().UTC().Format(time.RFC3339)
	case claims.IssuedAt != nil && at.Add(skew).Before(claims.IssuedAt.Time()):
		return "issued (iat) in the future"
	}
	return ""
}
