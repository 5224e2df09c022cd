package standin

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
)

// authTypes get an access token. Others that the real program has are refused
// by name.
var authTypes = map[string]func(*program, context.Context, *client) (string, error){
	"pat":         (*program).pat,
	"oauth-m2m":   (*program).machine,
	"file-oidc":   (*program).fromFile,
	"env-oidc":    (*program).fromEnvironment,
	"github-oidc": (*program).fromActions,

	"azure-client-secret": (*program).fromEntra,
}

// authType is the one that is named, else the only one that is configured.
func (p *program) authType() (string, error) {
	if kind := p.env("DATABRICKS_AUTH_TYPE"); kind != "" {
		if authTypes[kind] == nil {
			return "", fmt.Errorf("auth type %q: the stand-in has %s", kind, names(authTypes))
		}
		return kind, nil
	}
	var found []string
	for _, k := range []struct{ kind, by string }{
		{"pat", "DATABRICKS_TOKEN"},
		{"oauth-m2m", "DATABRICKS_CLIENT_SECRET"},
		{"file-oidc", "DATABRICKS_OIDC_TOKEN_FILEPATH"},
		{"env-oidc", "DATABRICKS_OIDC_TOKEN"},
	} {
		if p.env(k.by) != "" {
			found = append(found, k.kind)
		}
	}
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		return "", errors.New("no authorization method configured: set DATABRICKS_AUTH_TYPE and what it needs")
	}
	return "", fmt.Errorf("more than one authorization method configured: %s: set DATABRICKS_AUTH_TYPE", strings.Join(found, " and "))
}

// need is a variable that must be set.
func (p *program) need(key string) (string, error) {
	if v := p.env(key); v != "" {
		return v, nil
	}
	return "", errors.New(key + " is not set")
}

func (p *program) pat(context.Context, *client) (string, error) { return p.need("DATABRICKS_TOKEN") }

// machine is OAuth with a secret of a service principal (RFC 6749, 4.4).
func (p *program) machine(ctx context.Context, c *client) (string, error) {
	id, err := p.need("DATABRICKS_CLIENT_ID")
	if err != nil {
		return "", err
	}
	secret, err := p.need("DATABRICKS_CLIENT_SECRET")
	if err != nil {
		return "", err
	}
	endpoint, err := c.tokenEndpoint(ctx)
	if err != nil {
		return "", err
	}
	return c.grant(ctx, endpoint, url.Values{"grant_type": {"client_credentials"}, "scope": {"all-apis"}}, func(r *http.Request) {
		r.SetBasicAuth(url.QueryEscape(id), url.QueryEscape(secret))
	})
}

// fromFile sends the content of a file as it is, with a newline where there is one.
func (p *program) fromFile(ctx context.Context, c *client) (string, error) {
	name, err := p.need("DATABRICKS_OIDC_TOKEN_FILEPATH")
	if err != nil {
		return "", err
	}
	token, err := os.ReadFile(name)
	if err != nil {
		return "", err
	}
	endpoint, err := c.tokenEndpoint(ctx)
	if err != nil {
		return "", err
	}
	return p.federate(ctx, c, endpoint, string(token))
}

func (p *program) fromEnvironment(ctx context.Context, c *client) (string, error) {
	key := p.env("DATABRICKS_OIDC_TOKEN_ENV")
	if key == "" {
		key = "DATABRICKS_OIDC_TOKEN"
	}
	token, err := p.need(key)
	if err != nil {
		return "", err
	}
	endpoint, err := c.tokenEndpoint(ctx)
	if err != nil {
		return "", err
	}
	return p.federate(ctx, c, endpoint, token)
}

// fromActions asks the runner of a workflow for a token.
func (p *program) fromActions(ctx context.Context, c *client) (string, error) {
	from, err := p.need("ACTIONS_ID_TOKEN_REQUEST_URL")
	if err != nil {
		return "", err
	}
	bearer, err := p.need("ACTIONS_ID_TOKEN_REQUEST_TOKEN")
	if err != nil {
		return "", err
	}
	endpoint, err := c.tokenEndpoint(ctx)
	if err != nil {
		return "", err
	}
	audience := p.env("DATABRICKS_TOKEN_AUDIENCE")
	if audience == "" {
		audience = endpoint
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, from+"&audience="+url.QueryEscape(audience), nil)
	if err != nil {
		return "", errors.New("ACTIONS_ID_TOKEN_REQUEST_URL is no URL")
	}
	r.Header.Set("Authorization", "Bearer "+bearer)
	data, _, err := c.exchange(r)
	if err != nil {
		return "", fmt.Errorf("ask the runner for a token: %w", err)
	}
	var answer struct{ Value string }
	if err := decode(data, &answer); err != nil {
		return "", err
	}
	return p.federate(ctx, c, endpoint, answer.Value)
}

// fromEntra is a secret of an Entra application. DATABRICKS_STANDIN_ENTRA is another
// authority than that of the world.
func (p *program) fromEntra(ctx context.Context, c *client) (string, error) {
	var of [3]string
	for i, name := range []string{"ARM_TENANT_ID", "ARM_CLIENT_ID", "ARM_CLIENT_SECRET"} {
		var err error
		if of[i], err = p.need(name); err != nil {
			return "", err
		}
	}
	authority := p.env("DATABRICKS_STANDIN_ENTRA")
	if authority == "" {
		authority = "https://login.microsoftonline.com"
	}
	return c.grant(ctx, authority+"/"+url.PathEscape(of[0])+"/oauth2/v2.0/token", url.Values{
		"grant_type": {"client_credentials"}, "client_id": {of[1]}, "client_secret": {of[2]}, "scope": {"2ff814a6-3304-4ab8-85cb-cd0e6f879c1d/.default"},
	}, func(*http.Request) {})
}

// federate exchanges the token of another issuer (RFC 8693).
func (p *program) federate(ctx context.Context, c *client, endpoint, token string) (string, error) {
	id, err := p.need("DATABRICKS_CLIENT_ID")
	if err != nil {
		return "", err
	}
	return c.grant(ctx, endpoint, url.Values{
		"grant_type":         {"urn:ietf:params:oauth:grant-type:token-exchange"},
		"subject_token":      {token},
		"subject_token_type": {"urn:ietf:params:oauth:token-type:jwt"},
		"scope":              {"all-apis"},
		"client_id":          {id},
	}, func(*http.Request) {})
}

func (c *client) tokenEndpoint(ctx context.Context) (string, error) {
	var found struct {
		Endpoint string `json:"token_endpoint"`
	}
	if err := c.get(ctx, "/oidc/.well-known/oauth-authorization-server", nil, &found); err != nil {
		return "", fmt.Errorf("discover the token endpoint: %w", err)
	}
	u, err := url.Parse(found.Endpoint)
	if err != nil || !slices.Contains([]string{"http", "https"}, u.Scheme) {
		return "", fmt.Errorf("token endpoint %q is no URL", found.Endpoint)
	}
	return found.Endpoint, nil
}

// grant asks the token endpoint. Its error is said without what was sent.
func (c *client) grant(ctx context.Context, endpoint string, form url.Values, sign func(*http.Request)) (string, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, endpoint, strings.NewReader(form.Encode()))
	if err != nil {
		return "", err
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("User-Agent", c.agent)
	sign(r)
	answer, err := c.http.Do(r)
	if err != nil {
		return "", err
	}
	defer answer.Body.Close()
	var got struct {
		Token       string `json:"access_token"`
		Error       string `json:"error"`
		Description string `json:"error_description"`
	}
	if err := readJSON(answer.Body, &got); err != nil {
		return "", fmt.Errorf("token endpoint: %d: %w", answer.StatusCode, err)
	}
	if answer.StatusCode != http.StatusOK || got.Token == "" {
		return "", fmt.Errorf("token endpoint: %d %s: %s", answer.StatusCode, got.Error, got.Description)
	}
	return got.Token, nil
}
