// Package fault is the one error that a person can act on: what kind it is,
// what happened and what to do. Faces map the kind to an exit code or an HTTP
// status in one place.
package fault

import (
	"errors"
	"fmt"
)

// Kind is the closed list of reasons; its order is the table of exit codes.
type Kind string

// The kinds. See ExitCode for what a shell sees.
const (
	Internal    Kind = "internal"
	Invalid     Kind = "invalid"     // usage or invalid input
	Blocked     Kind = "blocked"     // waits at a gate
	NotFound    Kind = "not-found"   //
	Forbidden   Kind = "forbidden"   // forbidden or not authenticated
	RunFailed   Kind = "run-failed"  //
	Unverified  Kind = "unverified"  // ledger, signature, checksum or drift
	TimedOut    Kind = "timed-out"   // still waiting at --timeout
	Conflict    Kind = "conflict"    // changed meanwhile: stale fence, page or version
	Interrupted Kind = "interrupted" //
)

// Error carries a message for people and a hint that is a command or a place.
type Error struct {
	Kind Kind
	Msg  string
	Hint string
	Err  error
}

func (e *Error) Error() string {
	if e.Err != nil {
		return e.Msg + ": " + e.Err.Error()
	}
	return e.Msg
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }

// New makes an error of a kind.
func New(k Kind, format string, args ...any) *Error {
	return &Error{Kind: k, Msg: fmt.Sprintf(format, args...)}
}

// WithHint adds what to do next and returns the error.
func (e *Error) WithHint(format string, args ...any) *Error {
	e.Hint = fmt.Sprintf(format, args...)
	return e
}

// KindOf is the kind of the outermost fault in the chain, Internal for others.
func KindOf(err error) Kind {
	var f *Error
	if errors.As(err, &f) {
		return f.Kind
	}
	return Internal
}

// HintOf is the first hint in the chain, "" when there is none.
func HintOf(err error) string {
	var f *Error
	for errors.As(err, &f) {
		if f.Hint != "" {
			return f.Hint
		}
		err = f.Err
	}
	return ""
}

// ExitCode maps an error to the exit codes of the command line.
func ExitCode(err error) int {
	if err == nil {
		return 0
	}
	switch KindOf(err) {
	case Invalid, Conflict:
		return 2
	case Blocked:
		return 3
	case NotFound:
		return 4
	case Forbidden:
		return 5
	case RunFailed:
		return 6
	case Unverified:
		return 7
	case TimedOut:
		return 8
	case Interrupted:
		return 130
	default:
		return 1
	}
}
