package workspace

import (
	"context"
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

// authorities are those of the clouds, by ARM_ENVIRONMENT (learn.microsoft.com,
// "National clouds").
var authorities = map[string]string{
	"": EntraAuthority, "public": EntraAuthority,
	"usgovernment": "https://login.microsoftonline.us",
	"china":        "https://login.partner.microsoftonline.cn",
}

// Entra is an application of Microsoft Entra ID that proves itself by the token of
// another issuer, which one of its federated credentials names exactly by iss, sub
// and aud. Azure Databricks takes its access token as it is.
type Entra struct {
	Authority string // https://HOST
	Tenant    string
	ClientID  string
	Subject   Subject
}

// Type implements Auth.
func (Entra) Type() string { return "github-oidc-azure" }

// access exchanges the token (RFC 7523 section 2.2; OAuth 2.0 client credentials
// flow of the Microsoft identity platform, v2.0).
func (e Entra) access(ctx context.Context, d *door, _ string) (Access, error) {
	u, err := url.Parse(e.Authority)
	if err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" || !secure(u) {
		return Access{}, fault.New(fault.Invalid, "authority of Entra: want https://HOST; http is taken for this machine only")
	}
	if e.Tenant == "" || e.ClientID == "" || e.Subject == nil {
		return Access{}, fault.New(fault.Invalid, "exchange a token with Entra: want tenant, client id and where the token comes from").WithHint("set ARM_TENANT_ID and ARM_CLIENT_ID")
	}
	assertion, err := e.Subject.token(ctx, d, EntraAudience)
	if err != nil {
		return Access{}, err
	}
	d.mask.Add(string(assertion))
	return d.token(ctx, strings.TrimSuffix(e.Authority, "/")+"/"+url.PathEscape(e.Tenant)+"/oauth2/v2.0/token", "", url.Values{
		"client_id":             {e.ClientID},
		"grant_type":            {"client_credentials"},
		"client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"},
		"client_assertion":      {string(assertion)},
		"scope":                 {AzureDatabricks + "/.default"},
	})
}
