// Package console is what every command has: where it prints, how it asks the
// installation, and how an answer becomes JSON or a table.
package console

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/dc-release/dc-release/internal/app/operation"
	"github.com/dc-release/dc-release/internal/core/fault"
)

// Session asks an installation: its owner is another process, or this one for
// as long as the session lasts.
type Session interface {
	operation.Caller
	// Owner reports whether this process owns the data directory.
	Owner() bool
	// WaitIdle returns when nothing moves without a person; it does nothing
	// when another process is the owner.
	WaitIdle(ctx context.Context) error
	Close() error
}

// Env is the surroundings of a command.
type Env struct {
	In       io.Reader
	Out, Err io.Writer
	Terminal bool // stdin and stderr are one
	JSON     bool
	Data     string // data directory
	Sandbox  string // namespace, uid, none; "" takes the strongest that works
	// Evaluation allows to run without isolation that counts: every record and
	// document is marked.
	Evaluation bool
	// Secrets and Vars are what this process brings along as the owner; their
	// values rest nowhere.
	Secrets, Vars map[string]string
	// SecretsKey is the file, or env:NAME, with the key that secrets in the store
	// are sealed with; "" is that of the data directory.
	SecretsKey string
	// Issuer is the URL of the issuer of identity tokens, Listen the address by
	// which others reach this process; "" for none.
	Issuer, Listen string
	// URL is the address at which browsers reach Listen.
	URL string
	// Provider is the file with the identity provider that people sign in at.
	Provider string
	// Labels are further ones of the worker beside the server; Processes is how
	// many an execution may have at once there, 0 for the sandbox's default.
	Labels    []string
	Processes int
	// DriftEvery is how often a server reads places back, 0 for its default.
	DriftEvery time.Duration
	// TimeSource is host[:port] that the server's clock is compared with.
	TimeSource string
	// TSA is the URL of the time stamp authority that stamps anchored
	// checkpoints, "" for none; TSACA is the file with the certificates that it
	// must lead to.
	TSA, TSACA string
	// Serving says that this process owns the data directory until it is
	// interrupted.
	Serving bool
	// Anchors are files with checkpoints that the ledger must extend.
	Anchors []string
	Connect func(ctx context.Context, e *Env) (Session, error)
}

// With opens a session for one action and closes it.
func (e *Env) With(ctx context.Context, do func(Session) error) (err error) {
	s, err := e.Connect(ctx, e)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	return do(s)
}

// Ask calls one operation in a session of its own.
func Ask[R any](ctx context.Context, e *Env, name string, request any) (out R, err error) {
	err = e.With(ctx, func(s Session) error {
		out, err = operation.Ask[R](ctx, s, name, request)
		return err
	})
	return out, err
}

// Change calls one operation that may set work in motion, and lets it go on
// until nothing moves without a person when this process is the owner.
func Change[R any](ctx context.Context, e *Env, name string, request any) (out R, err error) {
	err = e.With(ctx, func(s Session) error {
		if out, err = operation.Ask[R](ctx, s, name, request); err != nil {
			return err
		}
		return s.WaitIdle(ctx)
	})
	return out, err
}

// Print writes the answer: versioned JSON, or what table does.
func (e *Env) Print(schema string, fields map[string]any, table func(w *tabwriter.Writer)) error {
	if e.JSON {
		out := map[string]any{"schema": "dc-release/" + schema + "/v1"}
		for k, v := range fields {
			out[k] = v
		}
		enc := json.NewEncoder(e.Out)
		enc.SetIndent("", "  ")
		return enc.Encode(out)
	}
	w := tabwriter.NewWriter(e.Out, 0, 4, 2, ' ', 0)
	table(w)
	return w.Flush()
}

// Note writes a line for people.
func (e *Env) Note(format string, args ...any) {
	fmt.Fprintf(e.Err, format+"\n", args...)
}

// Fail prints an error with its hint and gives the exit code.
func (e *Env) Fail(err error) int {
	if err == nil {
		return 0
	}
	if errors.Is(err, context.Canceled) {
		fmt.Fprintln(e.Err, "dc-release: interrupted")
		return 130
	}
	var silent *Exit
	if errors.As(err, &silent) {
		return silent.Code
	}
	fmt.Fprintf(e.Err, "dc-release: %v\n", err)
	if hint := fault.HintOf(err); hint != "" {
		fmt.Fprintln(e.Err, "  "+strings.ReplaceAll(strings.TrimSpace(hint), "\n", "\n  "))
	}
	return fault.ExitCode(err)
}

// Exit ends with a code after everything was said.
type Exit struct{ Code int }

func (e *Exit) Error() string { return fmt.Sprintf("exit %d", e.Code) }
