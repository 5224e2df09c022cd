// Package oidc lets people in whom an OpenID Connect provider knows, and lets
// them sign after they signed in there anew.
package oidc

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"github.com/dc-release/dc-release/internal/app/access"
	"github.com/dc-release/dc-release/internal/app/sign"
	"github.com/dc-release/dc-release/internal/core/ledger"
	"github.com/dc-release/dc-release/internal/core/policy"
	"github.com/dc-release/dc-release/internal/core/signature"
)

// Config is a provider as an installation knows it.
type Config struct {
	Name     string   `json:"name"` // as people read it
	Issuer   string   `json:"issuer"`
	ClientID string   `json:"client_id"`
	Secret   string   `json:"client_secret"`
	Scopes   []string `json:"scopes"` // beside openid
	// RolesClaim is the claim with a list of names; Roles says what each is here.
	RolesClaim string                  `json:"roles_claim"`
	Roles      map[string]policy.Grant `json:"roles"`
	// ACR and AMR are what a signature needs: one of the classes, all of the
	// methods; empty asks for none.
	ACR []string `json:"acr"`
	AMR []string `json:"amr"`
}

// Read reads a configuration; a key that nobody knows is refused.
func Read(r io.Reader) (Config, error) {
	var c Config
	dec := json.NewDecoder(r)
	dec.DisallowUnknownFields()
	if err := dec.Decode(&c); err != nil {
		return c, fmt.Errorf("read identity provider: %w", err)
	}
	if c.Name == "" || c.Issuer == "" || c.ClientID == "" || (c.RolesClaim == "") != (len(c.Roles) == 0) {
		return c, errors.New("read identity provider: want name, issuer and client_id, and roles_claim with roles or neither")
	}
	for name, g := range c.Roles {
		if !g.Role.Known() {
			return c, fmt.Errorf("read identity provider: role %q of claim %q: want one of %v", g.Role, name, policy.Roles)
		}
	}
	return c, nil
}

// Provider talks to one provider; it implements access.Provider and sign.Prover.
type Provider struct {
	config   Config
	oauth    oauth2.Config
	verifier *oidc.IDTokenVerifier
	digest   func(string) string
	now      func() time.Time
}

// New discovers a provider. Callback is the address of this program's page that
// the provider sends people back to.
func New(ctx context.Context, c Config, callback string, digest func(string) string, now func() time.Time) (*Provider, error) {
	p, err := oidc.NewProvider(ctx, c.Issuer)
	if err != nil {
		return nil, fmt.Errorf("identity provider %q: %w", c.Issuer, err)
	}
	return &Provider{
		config: c, digest: digest, now: now,
		oauth: oauth2.Config{
			ClientID: c.ClientID, ClientSecret: c.Secret, Endpoint: p.Endpoint(), RedirectURL: callback, Scopes: append([]string{oidc.ScopeOpenID}, c.Scopes...),
		},
		verifier: p.Verifier(&oidc.Config{ClientID: c.ClientID, Now: now}),
	}, nil
}

// Name implements access.Provider.
func (p *Provider) Name() string { return p.config.Name }

// Digest implements access.Provider.
func (p *Provider) Digest(i access.Identity) string { return p.digest(i.Issuer + ":" + i.Subject) }

// Start implements access.Provider.
func (p *Provider) Start(nonce string) (string, access.Flow, error) {
	f := access.Flow{State: rand.Text(), Nonce: nonce, Verifier: oauth2.GenerateVerifier()}
	options := []oauth2.AuthCodeOption{oauth2.S256ChallengeOption(f.Verifier)}
	if nonce == "" {
		f.Nonce = rand.Text()
	} else { // prompt alone may be stripped on the way; auth_time proves it
		options = append(options, oauth2.SetAuthURLParam("prompt", "login"), oauth2.SetAuthURLParam("max_age", "0"))
	}
	return p.oauth.AuthCodeURL(f.State, append(options, oidc.Nonce(f.Nonce))...), f, nil
}

// claims are what is read of an ID token.
type claims struct {
	AuthTime *int64   `json:"auth_time"`
	ACR      string   `json:"acr"`
	AMR      []string `json:"amr"`
}

// exchange gives the verified token of a visit.
func (p *Provider) exchange(ctx context.Context, code string, f access.Flow) (*oidc.IDToken, error) {
	token, err := p.oauth.Exchange(ctx, code, oauth2.VerifierOption(f.Verifier))
	if err != nil {
		return nil, fmt.Errorf("%s did not take the code: %w", p.config.Name, err)
	}
	raw, ok := token.Extra("id_token").(string)
	if !ok {
		return nil, fmt.Errorf("%s sent no ID token", p.config.Name)
	}
	id, err := p.verifier.Verify(ctx, raw)
	if err != nil {
		return nil, fmt.Errorf("the ID token of %s: %w", p.config.Name, err)
	}
	if subtle.ConstantTimeCompare([]byte(id.Nonce), []byte(f.Nonce)) != 1 {
		return nil, fmt.Errorf("the ID token of %s has another nonce", p.config.Name)
	}
	return id, nil
}

// Identify implements access.Provider.
func (p *Provider) Identify(ctx context.Context, code string, f access.Flow) (access.Identity, error) {
	id, err := p.exchange(ctx, code, f)
	if err != nil {
		return access.Identity{}, err
	}
	out := access.Identity{Issuer: id.Issuer, Subject: id.Subject}
	out.Grants, err = p.grants(id)
	return out, err
}

// grants are the roles that the claims stand for. A list that the provider cut
// short and replaced by a reference is refused.
func (p *Provider) grants(id *oidc.IDToken) ([]policy.Grant, error) {
	if p.config.RolesClaim == "" {
		return nil, nil
	}
	var all map[string]json.RawMessage
	if err := id.Claims(&all); err != nil {
		return nil, err
	}
	if raw, ok := all["_claim_names"]; ok && bytes.Contains(raw, []byte(`"`+p.config.RolesClaim+`"`)) {
		return nil, fmt.Errorf("%s left the claim %q out because it is too long: use app roles", p.config.Name, p.config.RolesClaim)
	}
	var names []string
	if raw, ok := all[p.config.RolesClaim]; ok {
		if err := json.Unmarshal(raw, &names); err != nil {
			return nil, fmt.Errorf("claim %q of %s is no list of names", p.config.RolesClaim, p.config.Name)
		}
	}
	var out []policy.Grant
	slices.Sort(names)
	for _, name := range names {
		if g, ok := p.config.Roles[name]; ok && !slices.Contains(out, g) {
			out = append(out, g)
		}
	}
	return out, nil
}

// Visit is a proof: what a visit for one ceremony brought.
type Visit struct {
	Code     string `json:"code"`
	Verifier string `json:"verifier"`
}

// skew is how much the provider's clock may differ.
const skew = 5 * time.Second

// Prove implements sign.Prover: the person signed in at the provider after the
// ceremony began, for exactly this payload.
func (p *Provider) Prove(ctx context.Context, who policy.Subject, pending sign.Pending, proof sign.Proof) (signature.Authentication, error) {
	var none signature.Authentication
	var v Visit
	if err := json.Unmarshal(proof.Response, &v); err != nil {
		return none, &sign.Failed{Why: "the visit to the identity provider brought nothing"}
	}
	id, err := p.exchange(ctx, v.Code, access.Flow{Nonce: pending.Challenge(), Verifier: v.Verifier})
	if err != nil {
		return none, &sign.Failed{Why: err.Error()}
	}
	var said claims
	if err := id.Claims(&said); err != nil {
		return none, &sign.Failed{Why: fmt.Sprintf("the ID token of %s: %v", p.config.Name, err)}
	}
	if why := p.wrong(who, id, said, pending.Began()); why != "" {
		return none, &sign.Failed{Why: why}
	}
	return signature.Authentication{
		Methods: append([]string{"oidc", "acr:" + said.ACR}, said.AMR...), AuthTime: ledger.FormatTime(time.Unix(*said.AuthTime, 0)), Kind: signature.ServerAttested,
	}, nil
}

// wrong says why a token proves no presence now, "" when it does.
func (p *Provider) wrong(who policy.Subject, id *oidc.IDToken, said claims, began time.Time) string {
	factor, linked := who.Factor(id.Issuer)
	switch {
	case !linked || factor.Digest != p.Digest(access.Identity{Issuer: id.Issuer, Subject: id.Subject}):
		return "somebody else signed in at " + p.config.Name
	case said.AuthTime == nil:
		return p.config.Name + " does not say when the person signed in (auth_time)"
	case time.Unix(*said.AuthTime, 0).Before(began.Add(-skew)):
		return fmt.Sprintf("the sign-in at %s of %s was before the ceremony began", p.config.Name, ledger.FormatTime(time.Unix(*said.AuthTime, 0)))
	case time.Unix(*said.AuthTime, 0).After(p.now().Add(skew)):
		return "the sign-in at " + p.config.Name + " is in the future"
	case len(p.config.ACR) > 0 && !slices.Contains(p.config.ACR, said.ACR):
		return fmt.Sprintf("%s signed in by class %q, want one of %v", p.config.Name, said.ACR, p.config.ACR)
	}
	for _, m := range p.config.AMR {
		if !slices.Contains(said.AMR, m) {
			return fmt.Sprintf("%s signed in by %v, want %v", p.config.Name, said.AMR, p.config.AMR)
		}
	}
	return ""
}
