package standin

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"
)

// client talks to one workspace.
type client struct {
	host  string // without a slash at its end
	agent string
	token string // Bearer
	http  *http.Client
}

// The limits of one request.
const (
	requestTime = time.Minute
	maxAnswer   = 256 << 20
	maxTries    = 5
	maxPause    = 30 * time.Second
)

// connect signs in.
func (p *program) connect(ctx context.Context, host, command string) (*client, error) {
	u, err := url.Parse(host)
	if err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http") {
		return nil, fmt.Errorf("host %q: set DATABRICKS_HOST to the https URL of a workspace", host)
	}
	kind, err := p.authType()
	if err != nil {
		return nil, err
	}
	c := &client{
		host: strings.TrimSuffix(host, "/"),
		agent: fmt.Sprintf("cli/%s os/%s cmd/%s engine/direct auth/%s",
			Version, runtime.GOOS, strings.ReplaceAll(command, " ", "_"), kind),
		http: &http.Client{Timeout: requestTime},
	}
	c.token, err = authTypes[kind](p, ctx, c)
	if err != nil {
		return nil, fmt.Errorf("auth type %s: %w", kind, err)
	}
	return c, nil
}

// apiError is an error that the workspace answered.
type apiError struct {
	Status  int    `json:"-"`
	Code    string `json:"error_code"`
	Message string `json:"message"`
}

func (e *apiError) Error() string {
	return fmt.Sprintf("%s (%d %s)", e.Message, e.Status, e.Code)
}

func isStatus(err error, status int) bool {
	var e *apiError
	return errors.As(err, &e) && e.Status == status
}

func missing(err error) bool { return isStatus(err, http.StatusNotFound) }

// get decodes an answer of JSON; numbers stay as they are written.
func (c *client) get(ctx context.Context, path string, query url.Values, into any) error {
	data, _, err := c.send(ctx, http.MethodGet, withQuery(path, query), nil, "")
	if err != nil {
		return err
	}
	return decode(data, into)
}

// post sends JSON; into may be nil.
func (c *client) post(ctx context.Context, path string, body, into any) error {
	return c.change(ctx, http.MethodPost, path, body, into)
}

func (c *client) change(ctx context.Context, method, path string, body, into any) error {
	data, err := json.Marshal(body)
	if err != nil {
		return err
	}
	answer, _, err := c.send(ctx, method, path, data, "application/json")
	if err != nil || into == nil {
		return err
	}
	return decode(answer, into)
}

func withQuery(path string, query url.Values) string {
	if len(query) == 0 {
		return path
	}
	return path + "?" + query.Encode()
}

func decode(data []byte, into any) error { return readJSON(bytes.NewReader(data), into) }

func readJSON(r io.Reader, into any) error {
	d := json.NewDecoder(io.LimitReader(r, maxAnswer))
	d.UseNumber()
	if err := d.Decode(into); err != nil {
		return fmt.Errorf("read JSON: %w", err)
	}
	return nil
}

// send makes a request, again where the workspace says that it may be later.
func (c *client) send(ctx context.Context, method, path string, body []byte, kind string) ([]byte, http.Header, error) {
	for try := 1; ; try++ {
		data, header, err := c.once(ctx, method, path, body, kind)
		if !isStatus(err, http.StatusTooManyRequests) && !isStatus(err, http.StatusServiceUnavailable) || try == maxTries {
			return data, header, err
		}
		pause := time.Second
		if seconds, err := strconv.Atoi(header.Get("Retry-After")); err == nil && seconds >= 0 {
			pause = min(time.Duration(seconds)*time.Second, maxPause)
		}
		if err := wait(ctx, pause); err != nil {
			return nil, nil, err
		}
	}
}

func wait(ctx context.Context, pause time.Duration) error {
	t := time.NewTimer(pause)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

func (c *client) once(ctx context.Context, method, path string, body []byte, kind string) ([]byte, http.Header, error) {
	r, err := http.NewRequestWithContext(ctx, method, c.host+path, bytes.NewReader(body))
	if err != nil {
		return nil, nil, err
	}
	r.Header.Set("User-Agent", c.agent)
	if c.token != "" {
		r.Header.Set("Authorization", "Bearer "+c.token)
	}
	if kind != "" {
		r.Header.Set("Content-Type", kind)
	}
	return c.exchange(r)
}

// exchange reads the whole answer and makes an error of one that is none of 2xx.
func (c *client) exchange(r *http.Request) ([]byte, http.Header, error) {
	answer, err := c.http.Do(r)
	if err != nil {
		return nil, nil, err
	}
	defer answer.Body.Close()
	data, err := io.ReadAll(io.LimitReader(answer.Body, maxAnswer+1))
	if err != nil {
		return nil, nil, err
	}
	if len(data) > maxAnswer {
		return nil, nil, fmt.Errorf("%s %s: the answer is larger than %d MiB", r.Method, r.URL.Path, maxAnswer>>20)
	}
	if answer.StatusCode/100 == 2 {
		return data, answer.Header, nil
	}
	e := &apiError{}
	if err := json.Unmarshal(data, e); err != nil || e.Message == "" {
		e = &apiError{Code: "UNKNOWN", Message: fmt.Sprintf("%s %s was refused", r.Method, r.URL.Path)}
	}
	e.Status = answer.StatusCode
	return nil, answer.Header, e
}

func names[V any](m map[string]V) string {
	return strings.Join(slices.Sorted(maps.Keys(m)), ", ")
}
