package workspace

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/dc-release/dc-release/internal/core/fault"
)

// Kind is the closed list of reasons why a request gave nothing. It is an error
// itself, so that errors.Is(err, NotFound) asks for it.
type Kind string

// The kinds.
const (
	NotFound        Kind = "not found"         // the workspace says that it does not exist
	Unauthenticated Kind = "not authenticated" // it does not know who asks
	Denied          Kind = "denied"            // it does, and refuses
	Throttled       Kind = "throttled"         // too many requests, also after waiting
	Unavailable     Kind = "unavailable"       // no answer, or an error of the service
	Refused         Kind = "refused"           // any other answer that is not 200
	Malformed       Kind = "malformed answer"  // an answer that is not the API's
	TooLarge        Kind = "too large"         // more than a limit of this package
	Redirected      Kind = "redirected"        // to another host
)

func (k Kind) Error() string { return string(k) }

// hints are what a person can do.
var hints = map[Kind]string{
	NotFound:        "compare the workspace with what was deployed: it is not there, or hidden from this principal",
	Unauthenticated: "check DATABRICKS_AUTH_TYPE and its variables, and the federation policy of the service principal: issuer, audience and subject must be exactly those of the token",
	Denied:          "give the principal that verifies the right to read this",
	Throttled:       "wait, or verify fewer things at once",
	Unavailable:     "see whether the workspace can be reached from here, also through the proxy",
	Refused:         "read the message of the workspace",
	Malformed:       "see whether the host is a Databricks workspace, and no proxy or sign-in page answers for it",
	TooLarge:        "see what lies at this path of the workspace",
	Redirected:      "set the host to the address that the workspace really has",
}

// kinds maps to what the faces know.
var kinds = map[Kind]fault.Kind{
	NotFound: fault.NotFound, Unauthenticated: fault.Forbidden, Denied: fault.Forbidden, Throttled: fault.TimedOut,
	Unavailable: fault.Internal, Refused: fault.Invalid, Malformed: fault.Internal, TooLarge: fault.Invalid, Redirected: fault.Invalid,
}

// Error is a request that gave nothing. It never holds a token or a secret that
// the client knows, whatever the other side answered. For faces it is also a
// fault.Error with a hint.
type Error struct {
	Kind         Kind
	Method, Path string        // the path with its query; a whole URL for other hosts than the workspace
	Status       int           // of HTTP; 0 without an answer
	Code         string        // error_code of the API, error of OAuth
	Message      string        // of the other side, at most 1 KiB
	RetryAfter   time.Duration // as it was asked for; 0 when it was not
	Body         []byte        // of an answer that is not 200, at most 64 KiB
	Err          error         // the cause, where it is ours

	again bool // the connection broke, and the same may succeed now
}

func (e *Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s: %s", e.Method, e.Path, e.Kind)
	if e.Status != 0 {
		fmt.Fprintf(&b, " (HTTP %d)", e.Status)
	}
	for _, part := range []string{e.Code, e.Message} {
		if part != "" {
			b.WriteString(": " + part)
		}
	}
	if e.Err != nil {
		b.WriteString(": " + e.Err.Error())
	}
	return b.String()
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }

// Is compares with a Kind.
func (e *Error) Is(target error) bool {
	k, ok := target.(Kind) //nolint:errorlint // a Kind wraps nothing
	return ok && k == e.Kind
}

// As gives the fault that faces show.
func (e *Error) As(target any) bool {
	f, ok := target.(**fault.Error)
	if ok {
		*f = fault.New(kinds[e.Kind], "%s", e.Error()).WithHint("%s", hints[e.Kind])
	}
	return ok
}

const (
	maxMessage = 1 << 10  // bytes of a message that is told
	maxBody    = 64 << 10 // bytes that are kept of a refusal
)

// refusal makes the error of an answer that is not 200.
func refusal(r request, status int, header http.Header, body []byte, now time.Time) *Error {
	e := &Error{Method: r.method, Path: r.shown, Status: status, Body: body, RetryAfter: retryAfter(header, now)}
	var known bool
	e.Code, e.Message, known = told(body)
	e.Kind = kindOf(r, e, known)
	if !known {
		e.Message = fmt.Sprintf("the answer is of type %q and not the API's", header.Get("Content-Type"))
	}
	return e
}

// told reads what an error says: {error_code, message} of the API, {error,
// error_description} of OAuth (RFC 6749 section 5.2), {detail} of SCIM (RFC 7644
// section 3.12).
func told(body []byte) (code, message string, known bool) {
	var a map[string]any
	if json.Unmarshal(body, &a) != nil {
		return "", "", false
	}
	first := func(names ...string) string {
		for _, n := range names {
			switch v := a[n].(type) {
			case string:
				return v
			case float64:
				return fmt.Sprint(v)
			}
		}
		return ""
	}
	code, message = first("error_code", "error", "scimType"), first("message", "error_description", "detail")
	return code, message, code != "" || message != ""
}

// oauthRefusals are the codes by which a token endpoint says that it does not
// accept who asks (RFC 6749 section 5.2, RFC 8693 section 2.2.2).
var oauthRefusals = map[string]bool{"invalid_client": true, "invalid_grant": true, "unauthorized_client": true, "access_denied": true, "invalid_target": true}

// kindOf judges an answer. A 404 without the API's own error is no word of the
// workspace: a wrong host or a proxy must not pass for "it does not exist".
func kindOf(r request, e *Error, known bool) Kind {
	switch {
	case e.Status == http.StatusTooManyRequests:
		return Throttled
	case e.Status >= 500:
		return Unavailable
	case e.Status == http.StatusUnauthorized, e.Status == http.StatusBadRequest && oauthRefusals[e.Code]:
		return Unauthenticated
	case e.Status == http.StatusForbidden:
		return Denied
	case !known:
		return Malformed
	case e.Status == http.StatusNotFound && e.Code != "" && e.Code != "ENDPOINT_NOT_FOUND" && e.Code != "FEATURE_DISABLED":
		return NotFound
	case e.Status == http.StatusBadRequest && (e.Code == "RESOURCE_DOES_NOT_EXIST" || r.absent != nil && r.absent(e)):
		return NotFound
	default:
		return Refused
	}
}

// malformed is an answer that cannot be believed.
func malformed(r request, format string, args ...any) *Error {
	return &Error{Kind: Malformed, Method: r.method, Path: r.shown, Message: fmt.Sprintf(format, args...)}
}

// asError gives the *Error in a chain, nil when there is none.
func asError(err error) *Error {
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	return nil
}
