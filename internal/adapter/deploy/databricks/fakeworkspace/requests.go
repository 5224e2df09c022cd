package fakeworkspace

import (
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Request is one line of the log. It holds no token and no secret.
type Request struct {
	ID        int64     `json:"id"`
	At        time.Time `json:"at"`
	Method    string    `json:"method"`
	Path      string    `json:"path"`
	Query     string    `json:"query,omitempty"`
	Principal string    `json:"principal,omitempty"` // "" when nobody was recognised
	UserAgent string    `json:"user_agent,omitempty"`
	Status    int       `json:"status"`
	Error     string    `json:"error_code,omitempty"`
	Unknown   bool      `json:"unknown,omitempty"` // no endpoint of the sandbox
	Size      int       `json:"size"`              // of the body, bytes
	SHA256    string    `json:"sha256,omitempty"`  // of the body; none for the token endpoint
}

// maxRequests is how many lines the log keeps.
const maxRequests = 10_000

// Requests is the log of the REST API, oldest first: the last ten thousand.
func (w *Workspace) Requests() []Request {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.state.Requests)
}

func (w *Workspace) record(c *call, err error) {
	q := Request{
		ID: next(&w.state.LastID.Request), At: c.at, Method: w.scrub(c, c.r.Method), Path: w.scrub(c, c.r.URL.Path), Query: w.scrub(c, cleanQuery(c.query)),
		Principal: c.by.UserName, UserAgent: w.scrub(c, c.r.UserAgent()), Status: http.StatusOK, Unknown: c.route == nil, Size: len(c.body),
	}
	if len(c.body) > 0 && c.route != nil && c.route.path != tokenPath {
		q.SHA256 = digest(c.body)
	}
	if err != nil {
		q.Status, q.Error = http.StatusInternalServerError, "INTERNAL_ERROR"
		var p *problem
		if errors.As(err, &p) {
			q.Status, q.Error = p.status, p.code
		}
	}
	if extra := len(w.state.Requests) - maxRequests + 1; extra > 0 {
		w.state.Requests = slices.Delete(w.state.Requests, 0, extra)
	}
	w.state.Requests = append(w.state.Requests, q)
}

var sensitive = regexp.MustCompile(`(?i)token|secret|password|assertion|key|authorization`)

const removed = "[removed]"

// cleanQuery is a query without the values of parameters that may be secret; a
// page's token is not.
func cleanQuery(q url.Values) string {
	out := url.Values{}
	for name, values := range q {
		for _, v := range values {
			if sensitive.MatchString(name) && name != "page_token" {
				v = removed
			}
			out.Add(name, v)
		}
	}
	return out.Encode()
}

// maxText bounds each text of the log, in bytes.
const maxText = 4096

// scrub removes every secret that the workspace knows, and the one that came with
// the call, and makes what is left short and readable.
func (w *Workspace) scrub(c *call, text string) string {
	known := w.secrets
	if token := bearer(c.r); token != "" {
		known = append(slices.Clone(known), token)
	}
	if _, secret, ok := c.r.BasicAuth(); ok && secret != "" {
		known = append(slices.Clone(known), secret)
	}
	for _, s := range known {
		for _, form := range []string{s, url.QueryEscape(s), url.PathEscape(s)} {
			text = strings.ReplaceAll(text, form, removed)
		}
	}
	return strings.ToValidUTF8(text[:min(maxText, len(text))], "?")
}

func quote(text string) string { return strconv.Quote(text[:min(300, len(text))]) }

func decimal(n int) string { return strconv.Itoa(n) }
