package web

import (
	"context"
	"crypto/subtle"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"

	"github.com/dc-release/dc-release/internal/app/operation"
	"github.com/dc-release/dc-release/internal/app/sign"
	"github.com/dc-release/dc-release/internal/core/fault"
	"github.com/dc-release/dc-release/internal/core/policy"
)

// providerName is the identity provider's, "" where there is none.
func (s *Site) providerName() string {
	if s.App.Access.Provider == nil {
		return ""
	}
	return s.App.Access.Provider.Name()
}

// visit is a visit to the identity provider, kept in the session until the
// browser comes back.
type visit struct {
	operation.Visit
	Ceremony string `json:"ceremony,omitempty"` // of a signature
}

func (s *Site) keep(ctx context.Context, v visit) error {
	raw, err := json.Marshal(v)
	s.sessions.Put(ctx, keyFlow, string(raw))
	return err
}

// oidcSignIn sends the browser to the provider.
func (s *Site) oidcSignIn(w http.ResponseWriter, r *http.Request, _ policy.Subject) error {
	v, err := ask[operation.Visit](s, r, "session.visit", operation.Nonce{})
	if err != nil {
		return err
	}
	if err := s.keep(r.Context(), visit{Visit: v}); err != nil {
		return err
	}
	http.Redirect(w, r, v.Address, http.StatusSeeOther)
	return nil
}

type linkView struct{ Problem, Provider, Address string }

func (s *Site) linkPage(w http.ResponseWriter, r *http.Request, _ policy.Subject) error {
	return s.show(w, r, http.StatusOK, "Link an identity", linkForm(linkView{Provider: s.providerName()}))
}

// linkBegin asks for the factors first: a session alone adds none.
func (s *Site) linkBegin(w http.ResponseWriter, r *http.Request, who policy.Subject) error {
	v, err := ask[operation.Visit](s, r, "identity.begin", operation.Present{By: sign.By{As: who.Login, Credentials: factors(r)}})
	if fault.KindOf(err) == fault.Forbidden {
		return s.show(w, r, http.StatusForbidden, "Link an identity", linkForm(linkView{Problem: err.Error(), Provider: s.providerName()}))
	}
	if err != nil {
		return err
	}
	if err := s.keep(r.Context(), visit{Visit: v}); err != nil {
		return err
	}
	return s.show(w, r, http.StatusOK, "Link an identity", linkForm(linkView{Provider: s.providerName(), Address: v.Address}))
}

// stepUp begins a visit that is bound to a ceremony: the nonce is the digest of
// what is signed.
func (s *Site) stepUp(r *http.Request, c sign.Ceremony) (string, error) {
	v, err := ask[operation.Visit](s, r, "session.visit", operation.Nonce{Nonce: c.Challenge})
	if err != nil {
		return "", err
	}
	return v.Address, s.keep(r.Context(), visit{Visit: v, Ceremony: c.ID})
}

// callback is where the provider sends the browser. The session's cookie is not
// sent on the way from another site, so the page goes on to one of our own.
func callback(w http.ResponseWriter, r *http.Request) {
	q := url.Values{}
	for _, name := range []string{"code", "state", "error"} {
		q.Set(name, r.URL.Query().Get(name))
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_ = bounce("/oidc/complete?"+q.Encode()).Render(r.Context(), w) // a browser that is gone gets nothing
}

// oidcComplete ends the visit that the session began, once.
func (s *Site) oidcComplete(w http.ResponseWriter, r *http.Request, _ policy.Subject) error {
	ctx, q := r.Context(), r.URL.Query()
	var v visit
	if raw := s.sessions.PopString(ctx, keyFlow); raw != "" {
		if err := json.Unmarshal([]byte(raw), &v); err != nil {
			return fmt.Errorf("visit in the session: %w", err)
		}
	}
	if v.Flow.State == "" || subtle.ConstantTimeCompare([]byte(v.Flow.State), []byte(q.Get("state"))) != 1 {
		return fault.New(fault.Forbidden, "this browser did not begin this visit to the identity provider, or it was used: begin again")
	}
	if q.Get("error") != "" || q.Get("code") == "" {
		return fault.New(fault.Forbidden, "%s answered: %s", s.providerName(), q.Get("error"))
	}
	end := operation.EndVisit{Code: q.Get("code"), Flow: v.Flow, Ticket: v.Ticket}
	switch {
	case v.Ceremony != "":
		raw, err := json.Marshal(map[string]string{"code": end.Code, "verifier": v.Flow.Verifier})
		if err != nil {
			return err
		}
		person := s.sessions.GetString(ctx, keyPerson)
		return s.complete(w, r, policy.Subject{ID: person}, v.Ceremony, sign.Proof{Response: raw})
	case v.Ticket != "":
		if _, err := ask[operation.None](s, r, "identity.link", end); err != nil {
			return err
		}
	default:
		who, err := ask[operation.Session](s, r, "session.enter", end)
		if err != nil {
			return err
		}
		if err := s.begin(ctx, who.Person, who.Login); err != nil {
			return err
		}
	}
	http.Redirect(w, r, "/signatures", http.StatusSeeOther)
	return nil
}
