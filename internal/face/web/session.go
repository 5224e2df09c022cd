package web

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/alexedwards/scs/v2"

	"github.com/dc-release/dc-release/internal/app/access"
	"github.com/dc-release/dc-release/internal/core/fault"
	"github.com/dc-release/dc-release/internal/core/policy"
)

// SessionStore keeps sessions by the digest of their id.
type SessionStore interface {
	FindSession(ctx context.Context, sha256 string) (data []byte, ok bool, err error)
	KeepSession(ctx context.Context, sha256, person string, data []byte, expires time.Time) error
	DropSession(ctx context.Context, sha256 string) error
}

// A session ends when nothing happens for Idle, and whatever happens after
// Longest.
const (
	Idle    = 15 * time.Minute
	Longest = 12 * time.Hour
)

// The values of a session.
const (
	keyPerson = "person"
	keyToken  = "token" // of forms
	keyLogin  = "login"
	keyFlow   = "flow" // of an identity provider
)

func newSessions(store SessionStore, secure bool) *scs.SessionManager {
	m := scs.New()
	m.Store, m.Codec, m.HashTokenInStore = kept{store}, codec{}, true
	m.IdleTimeout, m.Lifetime = Idle, Longest
	m.Cookie.Name, m.Cookie.Path, m.Cookie.HttpOnly, m.Cookie.SameSite, m.Cookie.Persist = "dc-release", "/", true, http.SameSiteStrictMode, false
	if secure {
		m.Cookie.Name, m.Cookie.Secure = "__Host-dc-release", true
	}
	return m
}

// stored is a session in its row: text only.
type stored struct {
	Deadline time.Time         `json:"deadline"`
	Values   map[string]string `json:"values"`
}

type codec struct{}

// Encode implements scs.Codec.
func (codec) Encode(deadline time.Time, values map[string]any) ([]byte, error) {
	s := stored{Deadline: deadline, Values: map[string]string{}}
	for k, v := range values {
		text, ok := v.(string)
		if !ok {
			return nil, fmt.Errorf("session value %q is no text", k)
		}
		s.Values[k] = text
	}
	return json.Marshal(s)
}

// Decode implements scs.Codec.
func (codec) Decode(raw []byte) (time.Time, map[string]any, error) {
	var s stored
	if err := json.Unmarshal(raw, &s); err != nil {
		return time.Time{}, nil, err
	}
	values := map[string]any{}
	for k, v := range s.Values {
		values[k] = v
	}
	return s.Deadline, values, nil
}

// kept is the store in the form of the library.
type kept struct{ SessionStore }

func (k kept) FindCtx(ctx context.Context, id string) ([]byte, bool, error) {
	return k.FindSession(ctx, id)
}

func (k kept) CommitCtx(ctx context.Context, id string, raw []byte, expires time.Time) error {
	var s stored
	if err := json.Unmarshal(raw, &s); err != nil {
		return err
	}
	return k.KeepSession(ctx, id, s.Values[keyPerson], raw, expires)
}

func (k kept) DeleteCtx(ctx context.Context, id string) error { return k.DropSession(ctx, id) }

// Find, Commit and Delete are the forms without a context, which nobody calls.
func (k kept) Find(id string) ([]byte, bool, error) { return k.FindCtx(context.Background(), id) }

// Commit implements scs.Store.
func (k kept) Commit(id string, raw []byte, expires time.Time) error {
	return k.CommitCtx(context.Background(), id, raw, expires)
}

// Delete implements scs.Store.
func (k kept) Delete(id string) error { return k.DeleteCtx(context.Background(), id) }

// begin makes a session a person's, with a new id.
func (s *Site) begin(ctx context.Context, person, login string) error {
	if err := s.sessions.Clear(ctx); err != nil {
		return err
	}
	if err := s.sessions.RenewToken(ctx); err != nil {
		return err
	}
	s.sessions.Put(ctx, keyPerson, person)
	s.sessions.Put(ctx, keyLogin, login)
	return nil
}

// token is what a form of the session carries.
func (s *Site) token(ctx context.Context) string {
	t := s.sessions.GetString(ctx, keyToken)
	if t == "" {
		t = rand.Text()
		s.sessions.Put(ctx, keyToken, t)
	}
	return t
}

// formToken refuses a form that does not carry the token of its session.
func (s *Site) formToken(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			want := s.sessions.GetString(r.Context(), keyToken)
			if want == "" || subtle.ConstantTimeCompare([]byte(want), []byte(r.PostFormValue("token"))) != 1 {
				s.fail(w, r, fault.New(fault.Forbidden, "the form is not of this session, or the session ended: go back and load the page again"))
				return
			}
		}
		next.ServeHTTP(w, r)
	})
}

// page answers a request; an error becomes a page too.
type page func(w http.ResponseWriter, r *http.Request, who policy.Subject) error

// open is a page for everybody.
func (s *Site) open(p page) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := p(w, r, policy.Subject{}); err != nil {
			s.fail(w, r, err)
		}
	})
}

// known is a page for people with a session. Who was disabled meanwhile has
// none.
func (s *Site) known(p page) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id := s.sessions.GetString(r.Context(), keyPerson)
		if id == "" {
			http.Redirect(w, r, "/sign-in", http.StatusSeeOther)
			return
		}
		who, err := s.State.Person(r.Context(), id)
		if err == nil && access.MayEnter(who) != nil {
			if err = s.sessions.Destroy(r.Context()); err == nil {
				http.Redirect(w, r, "/sign-in", http.StatusSeeOther)
				return
			}
		}
		if err == nil {
			err = p(w, r, who)
		}
		if err != nil {
			s.fail(w, r, err)
		}
	})
}
