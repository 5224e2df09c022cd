package fakeworkspace

import (
	"crypto/rand"
	"crypto/subtle"
	"io"
	"net/http"
	"net/url"
	"sync"
	"time"
)

// Entra plays the token endpoint of one tenant of Microsoft Entra ID (v2.0) for
// applications with federated credentials. It gives out access tokens for Azure
// Databricks alone, and knows them: see Config.Entra.
//
// Written from the public documentation of the client credentials flow. The real
// one was not seen.
type Entra struct {
	Tenant string
	// Credentials are federated ones: issuer, subject and audience are compared
	// exactly; without an audience it is that which Entra wants.
	Credentials []Policy
	Clients     []Client         // applications with a secret
	Clock       func() time.Time // default time.Now

	mu     sync.Mutex
	issued map[string]admission // by SHA-256 of the access token
}

const (
	entraScope    = "2ff814a6-3304-4ab8-85cb-cd0e6f879c1d/.default" // application id of Azure Databricks
	entraAudience = "api://AzureADTokenExchange"
	typeAssertion = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
)

// ServeHTTP answers the token endpoint.
func (e *Entra) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	respond(e.answer(rw, r)).write(rw)
}

func (e *Entra) answer(rw http.ResponseWriter, r *http.Request) (any, error) {
	if r.Method != http.MethodPost || r.URL.Path != "/"+e.Tenant+"/oauth2/v2.0/token" || r.URL.RawQuery != "" {
		return nil, refuseToken(http.StatusNotFound, "invalid_request", "AADSTS900023: %s %s: want POST to the token endpoint of the tenant.", r.Method, r.URL.Path)
	}
	body, err := io.ReadAll(http.MaxBytesReader(rw, r.Body, maxDocument))
	if err != nil {
		return nil, refuseToken(http.StatusBadRequest, "invalid_request", "The form cannot be read.")
	}
	form, err := (&call{r: r, body: body}).form()
	if err != nil {
		return nil, err
	}
	return e.grant(r, form)
}

// grant checks every parameter and says which is wrong.
func (e *Entra) grant(r *http.Request, form url.Values) (any, error) {
	at := time.Now()
	if e.Clock != nil {
		at = e.Clock()
	}
	wants := []struct{ name, want, code string }{{"grant_type", grantClient, "unsupported_grant_type"}, {"scope", entraScope, "invalid_scope"}}
	secret := form.Get("client_secret")
	if secret == "" {
		wants = append(wants, struct{ name, want, code string }{"client_assertion_type", typeAssertion, "invalid_request"})
	}
	for _, p := range wants {
		if got := form.Get(p.name); got != p.want {
			return nil, refuseToken(http.StatusBadRequest, p.code, "%s=%q: want %s.", p.name, got, p.want)
		}
	}
	id, reason := form.Get("client_id"), ""
	for _, k := range e.Clients {
		if k.ID != id || secret == "" {
			continue
		}
		if subtle.ConstantTimeCompare([]byte(k.Secret), []byte(secret)) == 1 {
			return e.issue(Principal{UserName: id, Service: true}, at), nil
		}
		return nil, refuseToken(http.StatusUnauthorized, "invalid_client", "AADSTS7000215: the secret of client_id %q is another one.", id)
	}
	for _, p := range e.Credentials {
		if p.ClientID != id {
			continue
		}
		if _, reason = p.refuses(r.Context(), form.Get("client_assertion"), entraAudience, at); reason == "" {
			return e.issue(Principal{UserName: id, Service: true}, at), nil
		}
	}
	if reason == "" {
		return nil, refuseToken(http.StatusUnauthorized, "invalid_client", "AADSTS700016: client_id %q: no such application in the tenant.", id)
	}
	return nil, refuseToken(http.StatusUnauthorized, "invalid_client", "AADSTS700213: client_assertion is refused: %s.", reason)
}

func (e *Entra) issue(p Principal, at time.Time) any {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.issued == nil {
		e.issued = map[string]admission{}
	}
	token := rand.Text() + rand.Text()
	e.issued[digest([]byte(token))] = admission{Principal: p, Expires: at.Add(TokenTTL)}
	return map[string]any{"access_token": token, "token_type": "Bearer", "expires_in": int(TokenTTL / time.Second), "ext_expires_in": int(TokenTTL / time.Second)}
}

// admits says whom a token was given to.
func (e *Entra) admits(token string) (admission, bool) {
	if e == nil {
		return admission{}, false
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	a, ok := e.issued[digest([]byte(token))]
	return a, ok
}
