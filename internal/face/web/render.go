package web

import (
	"bytes"
	"fmt"
	"html/template"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/dc-release/dc-release/internal/core/fault"
	"github.com/dc-release/dc-release/internal/core/ledger"
	"github.com/dc-release/dc-release/internal/core/policy"
)

// templates are the pages by name, each with the frame around it. They are
// parsed when the first page is shown: commands show none.
var templates = sync.OnceValue(func() map[string]*template.Template {
	out := map[string]*template.Template{}
	frame := template.Must(template.New("frame.html").Funcs(template.FuncMap{"moment": moment, "short": short, "kind": kind}).ParseFS(files, "pages/frame.html"))
	for _, name := range []string{"sign-in", "enrol", "enrolled", "signatures", "statement", "passkey", "sign", "ceremony", "done", "refused", "link"} {
		out[name] = template.Must(template.Must(frame.Clone()).ParseFS(files, "pages/"+name+".html"))
	}
	return out
})

// moment prints a time of the ledger as people read it, with its zone.
func moment(text string) string {
	t, err := ledger.ParseTime(text)
	if err != nil {
		return text
	}
	return t.UTC().Format(time.DateTime) + " UTC"
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

// view is what a page shows.
type view struct {
	Title string
	Login string // "" before sign-in
	Token string // of forms
	Data  any
}

func (s *Site) show(w http.ResponseWriter, r *http.Request, status int, name, title string, data any) error {
	ctx := r.Context()
	v := view{Title: title, Login: s.sessions.GetString(ctx, keyLogin), Token: s.token(ctx), Data: data}
	var b bytes.Buffer
	if err := templates()[name].Execute(&b, v); err != nil {
		return fmt.Errorf("show page %s: %w", name, err)
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
	if err := s.show(w, r, status, "refused", "Refused", reasons); err != nil {
		http.Error(w, http.StatusText(status), status)
	}
}
