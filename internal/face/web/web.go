// Package web is the pages of the installation: what runs where, runs, releases
// and their gates, and those on which people sign in, enrol and sign. Everything
// works without a script but a passkey, which only a script can ask for, and what
// changes while one looks.
package web

import (
	"context"
	"embed"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"strings"

	"github.com/alexedwards/scs/v2"

	"github.com/dc-release/dc-release/internal/app/operation"
	"github.com/dc-release/dc-release/internal/app/state"
	"github.com/dc-release/dc-release/internal/core/policy"
)

//go:embed static
var files embed.FS

// Challenger asks the browser for an assertion over a ceremony.
type Challenger interface {
	Challenge(ctx context.Context, who policy.Subject, challenge string) (options []byte, err error)
}

// Config is what the pages are made of.
type Config struct {
	App      *operation.App
	State    *state.Reader
	Sessions SessionStore
	Passkeys Challenger
	// Secure is set where browsers reach the pages over TLS.
	Secure bool
	Logger *slog.Logger
}

// Site serves the pages.
type Site struct {
	Config
	sessions *scs.SessionManager
}

// Handler serves every page. It refuses requests that another site sent, and
// forms without the session's token.
func Handler(c Config) http.Handler {
	s := &Site{Config: c, sessions: newSessions(c.Sessions, c.Secure)}
	mux := http.NewServeMux()
	static, err := fs.Sub(files, "static")
	if err != nil {
		panic(err) // the folder is embedded
	}
	mux.Handle("GET /static/", http.StripPrefix("/static/", http.FileServerFS(static)))
	mux.HandleFunc("GET /oidc/callback", callback)
	mux.Handle("GET /runs/{run}/live", s.live(s.liveRun))
	mux.Handle("GET /runs/{run}/log/live", s.live(s.liveLog))
	pages := http.NewServeMux()
	for pattern, page := range s.routes() {
		pages.Handle(pattern, page)
	}
	mux.Handle("/", s.sessions.LoadAndSave(s.formToken(pages)))
	return headers(http.NewCrossOriginProtection().Handler(mux), c)
}

func (s *Site) routes() map[string]http.Handler {
	return map[string]http.Handler{
		"GET /{$}":                           s.known(s.board),
		"GET /runs":                          s.known(s.runs),
		"GET /runs/{run}":                    s.known(s.run),
		"GET /runs/{run}/log":                s.known(s.log),
		"GET /releases":                      s.known(s.releases),
		"GET /releases/{solution}/{version}": s.known(s.release),
		"GET /environments/{solution}/{environment}": s.known(s.place),
		"GET /sign-in":         s.open(s.signInPage),
		"POST /sign-in":        s.open(s.signIn),
		"POST /sign-out":       s.known(s.signOut),
		"GET /enrol":           s.open(s.enrolPage),
		"POST /enrol":          s.open(s.enrolLook),
		"POST /enrol/complete": s.open(s.enrolComplete),
		"GET /signatures":      s.known(s.signatures),
		"GET /statement":       s.known(s.statementPage),
		"POST /statement":      s.known(s.acceptStatement),
		"GET /passkey":         s.known(s.passkeyPage),
		"POST /passkey":        s.known(s.passkeyBegin),
		"POST /passkey/enrol":  s.known(s.passkeyEnrol),
		"GET /sign":            s.known(s.signPage),
		"POST /sign":           s.known(s.signBegin),
		"POST /sign/complete":  s.known(s.signComplete),
		"GET /oidc/sign-in":    s.open(s.oidcSignIn),
		"GET /oidc/link":       s.known(s.linkPage),
		"POST /oidc/link":      s.known(s.linkBegin),
		"GET /oidc/complete":   s.open(s.oidcComplete),
	}
}

// headers let a page load nothing from elsewhere, be framed by nobody and stay
// in no cache.
func headers(next http.Handler, c Config) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self' data:; form-action 'self'; frame-ancestors 'none'; base-uri 'none'")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		if !strings.HasPrefix(r.URL.Path, "/static/") {
			h.Set("Cache-Control", "no-store")
		}
		if c.Secure {
			h.Set("Strict-Transport-Security", "max-age=31536000")
		}
		r.Body = http.MaxBytesReader(w, r.Body, 1<<20)
		next.ServeHTTP(w, r)
	})
}

// source is the address that a request came from.
func source(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}
