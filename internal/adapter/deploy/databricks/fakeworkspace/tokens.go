package fakeworkspace

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// Token is a personal access token.
type Token struct {
	Secret    string
	Principal Principal
	Expires   time.Time // zero: never
}

// Client is a service principal with a secret of its own (oauth-m2m). Its
// principal's name is the application id.
type Client struct {
	ID       string
	Secret   string
	ReadOnly bool
}

// TokenTTL is how long an issued access token is valid; one that was exchanged is
// no longer valid than what it was exchanged for.
const TokenTTL = time.Hour

// admission is what an issued access token admits.
type admission struct {
	Principal Principal `json:"principal"`
	Expires   time.Time `json:"expires"`
}

// principals are all that the configuration knows, each once.
func (c Config) principals() []Principal {
	var out []Principal
	add := func(p Principal) {
		if !slices.ContainsFunc(out, func(q Principal) bool { return q.UserName == p.UserName }) {
			out = append(out, p)
		}
	}
	for _, t := range c.Tokens {
		add(t.Principal)
	}
	for _, k := range c.Clients {
		add(c.service(k.ID))
	}
	for _, p := range c.Federation {
		add(c.service(p.ClientID))
	}
	return out
}

// service is the service principal of an application id.
func (c Config) service(id string) Principal {
	i := slices.IndexFunc(c.Clients, func(k Client) bool { return k.ID == id })
	return Principal{UserName: id, Service: true, ReadOnly: i >= 0 && c.Clients[i].ReadOnly}
}

func (c Config) secrets() []string {
	var out []string
	for _, t := range c.Tokens {
		out = append(out, t.Secret)
	}
	for _, k := range c.Clients {
		out = append(out, k.Secret)
	}
	return slices.DeleteFunc(out, func(s string) bool { return s == "" })
}

func unauthenticated(format string, a ...any) error {
	return refuse(http.StatusUnauthorized, "UNAUTHENTICATED", format, a...)
}

// authenticate says whose bearer token a call has: 401 without one or when it has
// expired, 403 when nobody knows it.
func (w *Workspace) authenticate(c *call) (Principal, error) {
	token := bearer(c.r)
	if token == "" {
		return Principal{}, unauthenticated("Credential was not sent or was of an unsupported type for this API: want Authorization: Bearer TOKEN.")
	}
	for _, t := range w.config.Tokens {
		if t.Secret == "" || subtle.ConstantTimeCompare([]byte(t.Secret), []byte(token)) != 1 {
			continue
		}
		if !t.Expires.IsZero() && !c.at.Before(t.Expires) {
			return Principal{}, unauthenticated("The access token of %s has expired.", t.Principal.UserName)
		}
		return t.Principal, nil
	}
	a, ok := w.state.Issued[digest([]byte(token))]
	if !ok {
		a, ok = w.config.Entra.admits(token)
	}
	switch {
	case !ok:
		return Principal{}, refuse(http.StatusForbidden, "PERMISSION_DENIED", "Invalid access token.")
	case !c.at.Before(a.Expires):
		return Principal{}, unauthenticated("The access token of %s has expired.", a.Principal.UserName)
	}
	return a.Principal, nil
}

// bearer is the token of a request, "" for none.
func bearer(r *http.Request) string {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return ""
	}
	return strings.TrimSpace(token)
}

func digest(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// me says who calls.
func me(w *Workspace, c *call) (any, error) {
	id := 1
	for i, p := range w.config.principals() {
		if p.UserName == c.by.UserName {
			id += i
		}
	}
	out := map[string]any{
		"schemas": []string{"urn:ietf:params:scim:schemas:core:2.0:User"}, "id": decimal(1000 + id),
		"userName": c.by.UserName, "displayName": c.by.UserName, "active": true, "emails": []any{},
	}
	if !c.by.Service {
		out["emails"] = []any{map[string]any{"type": "work", "value": c.by.UserName, "primary": true}}
	}
	return out, nil
}

// discovery names the endpoints of the workspace's token service (RFC 8414).
func discovery(w *Workspace, c *call) (any, error) {
	host := w.host(c.r)
	return map[string]any{
		"issuer": host + "/oidc", "authorization_endpoint": host + "/oidc/v1/authorize", "token_endpoint": host + tokenPath,
		"scopes_supported": []string{"all-apis"}, "response_types_supported": []string{"code"},
		"grant_types_supported":                 []string{"client_credentials", grantExchange},
		"token_endpoint_auth_methods_supported": []string{"client_secret_basic"},
	}, nil
}

// refuseToken is an error of the token endpoint.
func refuseToken(status int, code, format string, a ...any) error {
	return &problem{status: status, code: code, message: fmt.Sprintf(format, a...), oauth: true}
}

const grantClient = "client_credentials"

// issueToken is the token endpoint: client_credentials with HTTP Basic (RFC 6749,
// 4.4), and token exchange (RFC 8693). The answer to a wrong request names what is
// wrong in it.
func issueToken(w *Workspace, c *call) (any, error) {
	form, err := c.form()
	if err != nil {
		return nil, err
	}
	var p Principal
	until := c.at.Add(TokenTTL)
	switch form.Get("grant_type") {
	case grantClient:
		p, err = w.credentials(c, form)
	case grantExchange:
		var valid time.Time
		if p, valid, err = w.exchange(c, form); valid.Before(until) {
			until = valid
		}
	default:
		err = refuseToken(http.StatusBadRequest, "unsupported_grant_type", "grant_type=%q: want %s or %s.", form.Get("grant_type"), grantClient, grantExchange)
	}
	if err != nil {
		return nil, err
	}
	c.by = p
	for k, a := range w.state.Issued {
		if !c.at.Before(a.Expires) {
			delete(w.state.Issued, k)
		}
	}
	token := rand.Text() + rand.Text()
	w.state.Issued[digest([]byte(token))] = admission{Principal: p, Expires: until}
	return map[string]any{"access_token": token, "token_type": "Bearer", "expires_in": int(until.Sub(c.at) / time.Second), "scope": allAPIs}, nil
}

// form reads the body of a call of the token endpoint: each parameter at most
// once (RFC 6749, 3.2).
func (c *call) form() (url.Values, error) {
	kind, _, _ := strings.Cut(c.r.Header.Get("Content-Type"), ";")
	if !strings.EqualFold(strings.TrimSpace(kind), "application/x-www-form-urlencoded") {
		return nil, refuseToken(http.StatusBadRequest, "invalid_request", "Content-Type %q: want application/x-www-form-urlencoded.", kind)
	}
	form, err := url.ParseQuery(string(c.body))
	if err != nil {
		return nil, refuseToken(http.StatusBadRequest, "invalid_request", "The form cannot be read.")
	}
	for name, values := range form {
		if len(values) > 1 {
			return nil, refuseToken(http.StatusBadRequest, "invalid_request", "%s is there %d times.", name, len(values))
		}
	}
	return form, nil
}

const allAPIs = "all-apis"

// credentials admits a client by its id and secret.
func (w *Workspace) credentials(c *call, form url.Values) (Principal, error) {
	if form.Get("scope") != allAPIs {
		return Principal{}, refuseToken(http.StatusBadRequest, "invalid_scope", "scope=%q: want %s.", form.Get("scope"), allAPIs)
	}
	id, secret, ok := c.r.BasicAuth()
	if !ok {
		return Principal{}, refuseToken(http.StatusUnauthorized, "invalid_client", "Authorization: want HTTP Basic with client id and secret.")
	}
	// RFC 6749, 2.3.1: both are form-encoded before they are joined
	if plain, err := url.QueryUnescape(id); err == nil {
		id = plain
	}
	if plain, err := url.QueryUnescape(secret); err == nil {
		secret = plain
	}
	i := slices.IndexFunc(w.config.Clients, func(k Client) bool { return k.ID == id })
	if i < 0 {
		return Principal{}, refuseToken(http.StatusUnauthorized, "invalid_client", "client_id %q: nobody has it.", id)
	}
	want := w.config.Clients[i].Secret
	if want == "" || subtle.ConstantTimeCompare([]byte(want), []byte(secret)) != 1 {
		return Principal{}, refuseToken(http.StatusUnauthorized, "invalid_client", "client_secret of %q: it is another one.", id)
	}
	return w.config.service(id), nil
}
