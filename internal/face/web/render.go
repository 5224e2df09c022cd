package web

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/a-h/templ"

	"github.com/dc-release/dc-release/internal/core/fault"
	"github.com/dc-release/dc-release/internal/core/ledger"
	"github.com/dc-release/dc-release/internal/core/policy"
)

// clock prints a time of the ledger as people read it, with its zone.
func clock(text string) string {
	t, err := ledger.ParseTime(text)
	if err != nil {
		return text
	}
	return when(t)
}

func when(t time.Time) string { return t.UTC().Format(time.DateTime) + " UTC" }

// count says how many there are.
func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// within is the beginning of a text that has no more room.
func within(text string, runes int) string {
	if r := []rune(text); len(r) > runes {
		return string(r[:runes-1]) + "…"
	}
	return text
}

// kind is a kind of factor as people read it.
func kind(name string) string {
	switch name {
	case policy.PasswordTOTP:
		return "Password and one-time code"
	case policy.Passkey:
		return "Passkey"
	case policy.OIDC:
		return "Identity provider"
	}
	return name
}

// short is the beginning of a digest.
func short(digest string) string { return digest[:min(12, len(digest))] }

// visitor is who looks at a page.
type visitor struct {
	login string // "" before sign-in
	token string // of forms
}

// visitorKey is the key of the visitor in the context of a page that is rendered:
// every form on it needs the token.
type visitorKey struct{}

func visitorOf(ctx context.Context) visitor {
	v, _ := ctx.Value(visitorKey{}).(visitor)
	return v
}

// show answers with a page: the frame with a body in it. Nothing is sent of one
// that cannot be rendered.
func (s *Site) show(w http.ResponseWriter, r *http.Request, status int, title string, body templ.Component) error {
	ctx := r.Context()
	ctx = context.WithValue(ctx, visitorKey{}, visitor{s.sessions.GetString(ctx, keyLogin), s.token(ctx)})
	var b bytes.Buffer
	if err := frame(title).Render(templ.WithChildren(ctx, body), &b); err != nil {
		return fmt.Errorf("show page %q: %w", title, err)
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(b.Bytes()) // a browser that is gone gets nothing
	return nil
}

// fail shows why something was refused; what went wrong inside is in the log
// only.
func (s *Site) fail(w http.ResponseWriter, r *http.Request, err error) {
	status := http.StatusInternalServerError
	switch fault.KindOf(err) {
	case fault.Invalid:
		status = http.StatusBadRequest
	case fault.Forbidden:
		status = http.StatusForbidden
	case fault.NotFound:
		status = http.StatusNotFound
	case fault.Blocked, fault.Conflict:
		status = http.StatusConflict
	}
	reasons := strings.Split(err.Error(), "; ")
	if status == http.StatusInternalServerError {
		s.Logger.Error("page", "path", r.URL.Path, "error", err)
		reasons = []string{"something went wrong here; the log of the server says what"}
	}
	if err := s.show(w, r, status, "Refused", refusedPage(reasons)); err != nil {
		http.Error(w, http.StatusText(status), status)
	}
}
