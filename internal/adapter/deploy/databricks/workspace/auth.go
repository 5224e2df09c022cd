package workspace

import (
	"cmp"
	"context"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/dc-release/dc-release/internal/core/fault"
	"github.com/dc-release/dc-release/internal/core/mask"
)

// Secret is a text that is printed, logged and encoded as ***, but for the key of a
// map in JSON.
type Secret string

// Format implements fmt.Formatter for every verb.
func (Secret) Format(s fmt.State, _ rune) { _, _ = s.Write([]byte(mask.Text)) }

// MarshalText implements encoding.TextMarshaler: for JSON and for log/slog.
func (Secret) MarshalText() ([]byte, error) { return []byte(mask.Text), nil }

// Access is a token that a workspace takes, and until when; the zero time is never.
type Access struct {
	Token   Secret
	Expires time.Time
}

// Auth is how a client proves who it is: PAT, M2M, Federated or Entra.
type Auth interface {
	// Type is the value of DATABRICKS_AUTH_TYPE.
	Type() string
	access(ctx context.Context, d *door, host string) (Access, error)
}

// PAT is a personal access token, sent as it is.
type PAT struct{ Token Secret }

// Type implements Auth.
func (PAT) Type() string { return "pat" }

func (p PAT) access(context.Context, *door, string) (Access, error) {
	return Access{Token: p.Token}, usable("the personal access token", p.Token)
}

// M2M is a service principal with a secret (RFC 6749 section 4.4).
type M2M struct {
	ClientID string
	Secret   Secret
}

// Type implements Auth.
func (M2M) Type() string { return "oauth-m2m" }

func (m M2M) access(ctx context.Context, d *door, host string) (Access, error) {
	if err := usable("the client secret", m.Secret); err != nil {
		return Access{}, err
	}
	endpoint, err := d.endpoint(ctx, host)
	if err != nil {
		return Access{}, err
	}
	// RFC 6749 section 2.3.1: both are form-encoded before they are put together.
	pair := url.QueryEscape(m.ClientID) + ":" + url.QueryEscape(string(m.Secret))
	basic := base64.StdEncoding.EncodeToString([]byte(pair))
	d.mask.Add(string(m.Secret))
	d.mask.Add(basic)
	return d.token(ctx, endpoint, Secret("Basic "+basic), url.Values{"grant_type": {"client_credentials"}, "scope": {"all-apis"}})
}

// Federated exchanges a token of another issuer for one of the workspace (RFC
// 8693), as a federation policy of the service principal allows.
type Federated struct {
	ClientID string  // application id of the service principal
	Audience string  // that the token is asked for; "" is the token endpoint
	Subject  Subject // where the token comes from
}

// Type implements Auth.
func (f Federated) Type() string {
	if f.Subject == nil {
		return ""
	}
	return f.Subject.authType()
}

func (f Federated) access(ctx context.Context, d *door, host string) (Access, error) {
	if f.Subject == nil {
		return Access{}, fault.New(fault.Invalid, "exchange a token: no Subject says where it comes from")
	}
	endpoint, err := d.endpoint(ctx, host)
	if err != nil {
		return Access{}, err
	}
	subject, err := f.Subject.token(ctx, d, cmp.Or(f.Audience, endpoint))
	if err != nil {
		return Access{}, err
	}
	d.mask.Add(string(subject))
	return d.token(ctx, endpoint, "", url.Values{
		"grant_type":         {"urn:ietf:params:oauth:grant-type:token-exchange"},
		"subject_token":      {string(subject)},
		"subject_token_type": {"urn:ietf:params:oauth:token-type:jwt"},
		"scope":              {"all-apis"},
		"client_id":          {f.ClientID},
	})
}

// Subject is where the token of the other issuer comes from: TokenFile,
// TokenValue, GitHub or Issuer. It is asked anew for every exchange.
type Subject interface {
	authType() string
	token(ctx context.Context, d *door, audience string) (Secret, error)
}

// maxToken bounds a token, in bytes.
const maxToken = 64 << 10

// TokenFile is a file with the token; a line end after it is left out.
type TokenFile string

func (TokenFile) authType() string { return "file-oidc" }

func (t TokenFile) token(context.Context, *door, string) (Secret, error) {
	info, err := os.Stat(string(t))
	if err == nil && (info.IsDir() || info.Size() > maxToken) {
		err = fmt.Errorf("want a file of at most %d bytes", maxToken)
	}
	var raw []byte
	if err == nil {
		raw, err = os.ReadFile(string(t))
	}
	if err != nil {
		return "", fault.New(fault.Forbidden, "read token file %s: %v", string(t), err).WithHint("see whether what writes DATABRICKS_OIDC_TOKEN_FILEPATH has run, and for the same user")
	}
	token := Secret(strings.TrimRight(string(raw), "\r\n"))
	return token, usable("token file "+string(t), token)
}

// TokenValue is the token itself, from a variable of the environment.
type TokenValue struct{ Token Secret }

func (TokenValue) authType() string { return "env-oidc" }

func (t TokenValue) token(context.Context, *door, string) (Secret, error) {
	return t.Token, usable("the token in the environment", t.Token)
}

// Issuer is this installation's own: it gives a token for an audience.
type Issuer func(ctx context.Context, audience string) (Secret, error)

func (Issuer) authType() string { return "env-oidc" }

func (i Issuer) token(ctx context.Context, _ *door, audience string) (Secret, error) {
	token, err := i(ctx, audience)
	if err != nil {
		return "", err
	}
	return token, usable("the token of this installation's issuer", token)
}

// GitHub asks for the token of a job, as GitHub Actions and this project's runner
// offer it: GET ACTIONS_ID_TOKEN_REQUEST_URL&audience= with the request token.
type GitHub struct {
	URL          string
	RequestToken Secret
}

func (GitHub) authType() string { return "github-oidc" }

func (g GitHub) token(ctx context.Context, d *door, audience string) (Secret, error) {
	u, err := url.Parse(g.URL)
	if err != nil || !secure(u) || u.Host == "" || u.User != nil {
		return "", fault.New(fault.Invalid, "ACTIONS_ID_TOKEN_REQUEST_URL: want https://HOST/PATH; http is taken for this machine only").
			WithHint("give the job the permission id-token: write")
	}
	if err := usable("ACTIONS_ID_TOKEN_REQUEST_TOKEN", g.RequestToken); err != nil {
		return "", err
	}
	q := u.Query()
	q.Set("audience", audience)
	u.RawQuery = q.Encode()
	d.mask.Add(string(g.RequestToken))
	r := request{method: http.MethodGet, url: u.String(), shown: u.Scheme + "://" + u.Host + u.EscapedPath(), authorization: "Bearer " + g.RequestToken}
	var token Secret
	err = d.object(ctx, r, func(f fields) error {
		token = Secret(f.text("value"))
		return usable(`"value" of the answer`, token)
	})
	return token, err
}

// usable refuses what cannot be a token or secret, above all one with a line end
// that was pasted with it.
func usable(what string, s Secret) error {
	if s == "" {
		return fault.New(fault.Forbidden, "%s is empty", what).WithHint("set it in the secrets of the environment")
	}
	if len(s) > maxToken || strings.ContainsFunc(string(s), func(r rune) bool { return r <= ' ' || r > '~' }) {
		return fault.New(fault.Forbidden, "%s has a blank, a line end or another character that no token has", what).WithHint("set it again without the line end")
	}
	return nil
}

// endpoint finds where tokens are given out (RFC 8414). It must be on the host
// that was asked: a secret goes there.
func (d *door) endpoint(ctx context.Context, host string) (string, error) {
	const at = "/oidc/.well-known/oauth-authorization-server"
	r := request{method: http.MethodGet, url: host + at, shown: host + at}
	var endpoint string
	err := d.object(ctx, r, func(f fields) error {
		endpoint = f.text("token_endpoint")
		u, err := url.Parse(endpoint)
		switch {
		case err != nil || endpoint == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "":
			return malformed(r, "names no token_endpoint")
		case !strings.EqualFold(u.Scheme+"://"+u.Host, host):
			return &Error{Kind: Redirected, Method: r.method, Path: r.shown, Message: fmt.Sprintf("the token endpoint is on %q: no secret is sent there", u.Scheme+"://"+u.Host)}
		}
		return nil
	})
	return endpoint, err
}

// object sends a request whose answer is an object.
func (d *door) object(ctx context.Context, r request, take func(fields) error) error {
	return d.send(ctx, r, func(answer *http.Response) error {
		raw, err := readAll(r, answer.Body, 1<<20)
		if err != nil {
			return err
		}
		f, err := root(raw)
		if err != nil {
			return malformed(r, "%s", d.clean(err.Error()))
		}
		err = take(f)
		switch {
		case *f.bad != nil:
			return malformed(r, "%s", d.clean((*f.bad).Error()))
		case err != nil && asError(err) == nil:
			return malformed(r, "%s", d.clean(err.Error()))
		}
		return err
	})
}

// unsaidLife is how long a token is used whose end is not said.
const unsaidLife = time.Minute

// token asks a token endpoint (RFC 6749 section 5.1).
func (d *door) token(ctx context.Context, endpoint string, authorization Secret, form url.Values) (Access, error) {
	asked := d.clock.Now()
	var out Access
	err := d.object(ctx, request{method: http.MethodPost, url: endpoint, shown: endpoint, authorization: authorization, form: form}, func(f fields) error {
		out.Token = Secret(f.text("access_token"))
		if kind := f.text("token_type"); kind != "" && !strings.EqualFold(kind, "Bearer") {
			return fmt.Errorf("gives a token of the type %q, want Bearer", kind)
		}
		life := time.Duration(max(0, min(f.integer("expires_in", int64(unsaidLife/time.Second)), 24*3600))) * time.Second
		if life <= 0 {
			return fmt.Errorf("gives a token that lives for %s", life)
		}
		out.Expires = asked.Add(life)
		return usable(`"access_token" of the answer`, out.Token)
	})
	if err != nil {
		return Access{}, err
	}
	return out, nil
}

// spare is how long before its end a token is renewed, if it lives four times as
// long.
const spare = 2 * time.Minute

// tokens keeps a token until shortly before its end. One exchange is under way at
// a time; who needs a token meanwhile waits for it.
type tokens struct {
	clock Clock
	fetch func(context.Context) (Access, error)
	slot  chan struct{} // whoever put something in may use what follows
	now   Access
	renew time.Time // the zero time for never
}

func newTokens(clock Clock, fetch func(context.Context) (Access, error)) *tokens {
	return &tokens{clock: clock, fetch: fetch, slot: make(chan struct{}, 1)}
}

// take waits for the slot; free gives it back.
func (t *tokens) take(ctx context.Context) error {
	select {
	case t.slot <- struct{}{}:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("wait for an access token: %w", ctx.Err())
	}
}

func (t *tokens) free() { <-t.slot }

func (t *tokens) get(ctx context.Context) (Secret, error) {
	if err := t.take(ctx); err != nil {
		return "", err
	}
	defer t.free()
	if t.now.Token != "" && (t.renew.IsZero() || t.clock.Now().Before(t.renew)) {
		return t.now.Token, nil
	}
	now := t.clock.Now()
	a, err := t.fetch(ctx)
	if err != nil {
		return "", fmt.Errorf("get an access token: %w", err)
	}
	t.now, t.renew = a, time.Time{}
	if !a.Expires.IsZero() {
		t.renew = a.Expires.Add(-min(spare, a.Expires.Sub(now)/4))
	}
	return a.Token, nil
}

// drop forgets a token that was refused, and says whether another can be had.
func (t *tokens) drop(ctx context.Context, token Secret) bool {
	if t.take(ctx) != nil {
		return false
	}
	defer t.free()
	if t.renew.IsZero() {
		return false
	}
	if t.now.Token == token {
		t.now = Access{}
	}
	return true
}
