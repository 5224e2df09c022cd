package workspace

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"github.com/dc-release/dc-release/internal/core/fault"
)

const (
	// EntraAuthority is where tokens of Microsoft Entra ID are given out, but for
	// the clouds of governments and China.
	EntraAuthority = "https://login.microsoftonline.com"
	// AzureDatabricks is the application id of Azure Databricks in every tenant.
	AzureDatabricks = "2ff814a6-3304-4ab8-85cb-cd0e6f879c1d"
	// EntraAudience is what a federated credential of Entra expects as aud of the
	// assertion, unless it says otherwise.
	EntraAudience = "api://AzureADTokenExchange"
)

// Assertion is an application of Entra that proves itself by the token of another
// issuer, which one of its federated credentials names exactly by iss, sub and aud.
type Assertion struct {
	Authority string // "" is EntraAuthority
	Tenant    string
	ClientID  string
	Token     Secret // the assertion: a signed JWT
	Resource  string // application id that the access is for; "" is AzureDatabricks
	HTTP      *http.Client
	Clock     Clock
}

// Exchange gets an access token of Entra for the assertion (RFC 7523 section 2.2;
// OAuth 2.0 client credentials flow of the Microsoft identity platform, v2.0).
func (a Assertion) Exchange(ctx context.Context) (Access, error) {
	authority, resource := a.Authority, a.Resource
	if authority == "" {
		authority = EntraAuthority
	}
	if resource == "" {
		resource = AzureDatabricks
	}
	u, err := url.Parse(authority)
	if err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" || !secure(u) {
		return Access{}, fault.New(fault.Invalid, "authority of Entra: want https://HOST; http is taken for this machine only")
	}
	if a.Tenant == "" || a.ClientID == "" {
		return Access{}, fault.New(fault.Invalid, "exchange an assertion with Entra: want tenant and client id").WithHint("set ARM_TENANT_ID and ARM_CLIENT_ID")
	}
	if err := usable("the assertion", a.Token); err != nil {
		return Access{}, err
	}
	d := newDoor(a.HTTP, "", a.Clock)
	d.mask.Add(string(a.Token))
	return d.token(ctx, strings.TrimSuffix(authority, "/")+"/"+url.PathEscape(a.Tenant)+"/oauth2/v2.0/token", "", url.Values{
		"client_id":             {a.ClientID},
		"grant_type":            {"client_credentials"},
		"client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"},
		"client_assertion":      {string(a.Token)},
		"scope":                 {resource + "/.default"},
	})
}
