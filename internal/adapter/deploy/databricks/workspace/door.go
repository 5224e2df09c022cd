package workspace

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"syscall"
	"time"
	"unicode"

	"github.com/dc-release/dc-release/internal/core/mask"
)

// How often and how long a request is tried.
const (
	tries     = 5
	firstWait = 500 * time.Millisecond
	lastWait  = 20 * time.Second
	maxAsked  = 2 * time.Minute // a Retry-After beyond it is not waited for
)

// maxRedirects is how often a host may send a GET on to itself.
const maxRedirects = 3

// request is one exchange.
type request struct {
	method        string
	url           string
	shown         string // what errors and evidence say
	form          url.Values
	authorization Secret
	// absent says whether an answer with status 400 means that what was asked for
	// does not exist; nil for never.
	absent func(e *Error) bool
	exact  bool // the bytes count, so that nothing may pack them on their way
}

// door sends requests: with a limit for what comes back, again where that may
// help, and never to another host than the one that was asked for.
type door struct {
	http  *http.Client
	agent string
	clock Clock
	mask  *mask.Masker
	// patience is how long nothing may come of an answer.
	patience time.Duration
}

// send sends a request and gives the answer to read, at each try anew. It is tried
// again after 429 and 503; a GET also after other errors of the service that pass,
// and when the connection broke.
func (d *door) send(ctx context.Context, r request, read func(*http.Response) error) error {
	for try := 1; ; try++ {
		err := d.once(ctx, r, read)
		if err == nil {
			return nil
		}
		e := asError(err)
		if e == nil || try == tries || ctx.Err() != nil || !passing(r.method, e) {
			return err
		}
		wait := pause(try, e.RetryAfter)
		if end, ok := ctx.Deadline(); wait > maxAsked || ok && time.Until(end) < wait {
			return err
		}
		if waiting := d.clock.Wait(ctx, wait); waiting != nil {
			return fmt.Errorf("%w; waiting to ask again: %w", err, waiting)
		}
	}
}

// passing says whether the same request may succeed later.
func passing(method string, e *Error) bool {
	switch e.Status {
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		return true
	case http.StatusInternalServerError, http.StatusBadGateway, http.StatusGatewayTimeout:
		return method == http.MethodGet
	default:
		return method == http.MethodGet && e.again
	}
}

// pause is how long to wait after a try: what the other side asks for, else twice
// as long each time, and up to half more so that not all come back at once.
func pause(try int, asked time.Duration) time.Duration {
	if asked > 0 {
		return asked
	}
	wait := min(firstWait<<(try-1), lastWait)
	return wait + rand.N(wait/2)
}

// retryAfter reads the header of RFC 9110 section 10.2.3; 0 when there is none.
func retryAfter(h http.Header, now time.Time) time.Duration {
	text := h.Get("Retry-After")
	if seconds, err := strconv.ParseUint(text, 10, 31); err == nil {
		return time.Duration(seconds) * time.Second
	}
	if at, err := http.ParseTime(text); err == nil {
		return max(at.Sub(now), 0)
	}
	return 0
}

func (d *door) once(ctx context.Context, r request, read func(*http.Response) error) error {
	var body io.Reader
	if r.form != nil {
		body = strings.NewReader(r.form.Encode())
	}
	q, err := http.NewRequestWithContext(ctx, r.method, r.url, body)
	if err != nil {
		return &Error{Kind: Refused, Method: r.method, Path: r.shown, Message: "no request can be made of it"}
	}
	q.Header.Set("User-Agent", d.agent)
	if r.authorization != "" {
		q.Header.Set("Authorization", string(r.authorization))
	}
	if r.form != nil {
		q.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if r.exact {
		q.Header.Set("Accept-Encoding", "identity")
	}
	answer, err := d.do(q)
	if err != nil {
		return d.broken(r, err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		raw, err := io.ReadAll(io.LimitReader(answer.Body, maxBody))
		if err != nil {
			return d.broken(r, err)
		}
		if len(raw) == maxBody { // its end may be the beginning of a secret
			raw = raw[:d.mask.Beyond(string(raw), max(0, maxBody-d.mask.Reach()))]
		}
		e := refusal(r, answer.StatusCode, answer.Header, raw, d.clock.Now())
		e.Code, e.Message, e.Body = d.clean(e.Code), d.clean(e.Message), []byte(d.hide(string(e.Body)))
		return e
	}
	if packed := answer.Header.Get("Content-Encoding"); r.exact && packed != "" && packed != "identity" {
		return malformed(r, "is packed with %q, which was not asked for", d.clean(packed))
	}
	if err := read(answer); err != nil {
		if e := asError(err); e != nil {
			e.Status = answer.StatusCode
			return err
		}
		return d.broken(r, err)
	}
	return nil
}

// broken is the error of an exchange that did not come to its end.
func (d *door) broken(r request, err error) *Error {
	if e := asError(err); e != nil {
		if e.Method == "" { // of sameHost; else why a read beside this one ended both
			e.Method, e.Path = r.method, r.shown
		}
		return e
	}
	var outer *url.Error
	if errors.As(err, &outer) {
		err = outer.Err // without the URL, which is said already
	}
	var timeout net.Error
	again := errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE) || errors.Is(err, errSilent) ||
		errors.As(err, &timeout) && timeout.Timeout()
	return &Error{Kind: Unavailable, Method: r.method, Path: r.shown, Err: quiet{d.clean(err.Error()), err}, again: again}
}

// quiet is an error with another text.
type quiet struct {
	text string
	err  error
}

func (q quiet) Error() string { return q.text }
func (q quiet) Unwrap() error { return q.err }

// sameHost lets a GET be sent on within the host that was asked.
func sameHost(q *http.Request, via []*http.Request) error {
	first := via[0]
	to := q.URL.Scheme + "://" + q.URL.Host
	switch {
	case q.URL.Scheme != first.URL.Scheme || q.URL.Host != first.URL.Host:
		return &Error{Kind: Redirected, Message: fmt.Sprintf("to %q: not followed, so that nothing is told to another host", to)}
	case first.Method != http.MethodGet:
		return &Error{Kind: Redirected, Message: "a request with a secret in its body is not sent on"}
	case len(via) > maxRedirects:
		return &Error{Kind: Redirected, Message: fmt.Sprintf("more than %d times", maxRedirects)}
	}
	return nil
}

// readAll reads an answer whole.
func readAll(r request, body io.Reader, limit int64) ([]byte, error) {
	raw, err := io.ReadAll(io.LimitReader(body, limit+1))
	if err != nil {
		return nil, err
	}
	if int64(len(raw)) > limit {
		return nil, tooLarge(r, limit)
	}
	return raw, nil
}

func tooLarge(r request, limit int64) *Error {
	return &Error{Kind: TooLarge, Method: r.method, Path: r.shown, Message: fmt.Sprintf("the answer has more than %d bytes", limit)}
}

// hide takes secrets out of what the other side says.
func (d *door) hide(text string) string { return hideShapes(d.mask.Mask(text)) }

// clean makes one short line of what the other side says, without secrets.
func (d *door) clean(text string) string { return oneLine(d.hide(text)) }

// oneLine makes one short line.
func oneLine(text string) string {
	text = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == unicode.ReplacementChar {
			return ' '
		}
		return r
	}, text)
	if len(text) > maxMessage {
		text = strings.ToValidUTF8(text[:maxMessage], "") + "..."
	}
	return text
}

// api is the Getter of a workspace that is asked over HTTP.
type api struct {
	door   *door
	host   string
	auth   Auth
	tokens *tokens
}

// send adds who asks. A token that the workspace does not accept any more is
// renewed once.
func (a *api) send(ctx context.Context, path string, query url.Values, read func(request, *http.Response) error) error {
	r := request{method: http.MethodGet, url: a.host + asked(path, query), shown: asked(path, query), absent: absentJob(path), exact: path == exportPath}
	for renewed := false; ; renewed = true {
		token, err := a.tokens.get(ctx)
		if err != nil {
			return err
		}
		r.authorization = "Bearer " + token
		err = a.door.send(ctx, r, func(answer *http.Response) error { return read(r, answer) })
		if renewed || !errors.Is(err, Unauthenticated) || !a.tokens.drop(ctx, token) {
			return err
		}
	}
}

// Get implements Getter.
func (a *api) Get(ctx context.Context, path string, query url.Values) (raw []byte, header http.Header, err error) {
	err = a.send(ctx, path, query, func(r request, answer *http.Response) error {
		header = answer.Header
		raw, err = readAll(r, answer.Body, maxJSON)
		return err
	})
	return raw, header, err
}

// asked is a path with its query.
func asked(path string, query url.Values) string {
	if len(query) == 0 {
		return path
	}
	return path + "?" + query.Encode()
}

// absentJob knows the one read of this package that answers 400 for what does not
// exist: INVALID_PARAMETER_VALUE, "Job 1 does not exist." of jobs/get.
func absentJob(path string) func(*Error) bool {
	if path != jobPath {
		return nil
	}
	return func(e *Error) bool {
		return e.Code == "INVALID_PARAMETER_VALUE" && strings.HasPrefix(e.Message, "Job ") && strings.Contains(e.Message, " does not exist")
	}
}
