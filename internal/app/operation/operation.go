// Package operation is the one list of what can be asked of an installation.
// Command line, socket and later the web API serve exactly these; the role
// matrix, idempotency and the test that every change leaves an event read it.
package operation

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/dc-release/dc-release/internal/app/sign"
	"github.com/dc-release/dc-release/internal/core/fault"
	"github.com/dc-release/dc-release/internal/core/ledger"
)

// Operation is one thing that can be asked.
type Operation struct {
	Name     string
	Mutating bool
	// Events are the types that a successful call may append; every mutating
	// operation has some.
	Events []string
	// Access says who may call it through the owner's socket.
	Access Access
	do     func(ctx context.Context, a *App, request []byte) (any, error)
	// act reads what a person wants to sign; nil for what needs no signature.
	act func(a *App, request []byte) (sign.Act, sign.By, error)
}

// Access is how a caller must be known.
type Access string

// The ways. The socket proves the operating system's user that owns the data
// directory; persons prove themselves with factors, or act as those whom that user
// names.
const (
	Local         Access = "local"         // the owner of the data directory
	Administrator Access = "administrator" // and the name of an administrator
	Person        Access = "person"        // and the name of somebody with a role for the solution
	Signature     Access = "signature"     // and a person's two factors in the request
)

// Find gives an operation by name.
func Find(name string) (Operation, bool) {
	for _, o := range All {
		if o.Name == name {
			return o, true
		}
	}
	return Operation{}, false
}

// Call decodes the request, does the operation and encodes the response.
func Call(ctx context.Context, a *App, name string, request []byte) ([]byte, error) {
	o, ok := Find(name)
	if !ok {
		return nil, fault.New(fault.NotFound, "no operation %q", name)
	}
	if o.Mutating {
		if err := a.Held(); err != nil {
			return nil, err
		}
	}
	response, err := o.do(ctx, a, request)
	if err != nil {
		return nil, errors.Join(err, a.refused(ctx, o, err))
	}
	return json.Marshal(response)
}

// refused records that a change was forbidden. Ceremonies record their own
// refusals, with the person.
func (a *App) refused(ctx context.Context, o Operation, err error) error {
	if !o.Mutating || o.Access == Signature || fault.KindOf(err) != fault.Forbidden {
		return nil
	}
	_, appendErr := a.Log.Append(ctx, ledger.Batch{
		Command: "refused/" + a.NewID(), Actor: ledger.Actor{Kind: ledger.Machine, ID: "socket", Role: string(o.Access), Authentication: "socket"},
		Events: []ledger.Draft{{Stream: ledger.Installation, Data: &ledger.Refused{Operation: o.Name, Kind: string(fault.Forbidden), Message: err.Error()}}},
	})
	return appendErr
}

// query makes an operation that changes nothing.
func query[Q, R any](name string, do func(context.Context, *App, Q) (R, error)) Operation {
	return Operation{Name: name, Access: Local, do: typed(do)}
}

// command makes an operation that appends events of the listed types.
func command[Q, R any](name string, access Access, events []string, do func(context.Context, *App, Q) (R, error)) Operation {
	return Operation{Name: name, Mutating: true, Events: events, Access: access, do: typed(do)}
}

func typed[Q, R any](do func(context.Context, *App, Q) (R, error)) func(context.Context, *App, []byte) (any, error) {
	return func(ctx context.Context, a *App, raw []byte) (any, error) {
		request, err := decode[Q](raw)
		if err != nil {
			return nil, err
		}
		return do(ctx, a, request)
	}
}

func decode[Q any](raw []byte) (Q, error) {
	var request Q
	if len(raw) > 0 {
		dec := json.NewDecoder(bytes.NewReader(raw))
		dec.DisallowUnknownFields()
		if err := dec.Decode(&request); err != nil {
			return request, fault.New(fault.Invalid, "request: %v", err)
		}
	}
	return request, said(request)
}

// said refuses a request whose reason says nothing before anything is done, so
// that nothing is half done. What is signed may have a default instead.
func said(request any) error {
	why, needed := "", false
	switch r := request.(type) {
	case reasoned:
		why, needed = r.because(), true
	case signed:
		why = r.Signer().Reason
	}
	if !ledger.SaysWhy(why) && (needed || why != "") {
		return fault.New(fault.Invalid, "reason %q: a change needs a reason that says something", why).WithHint("add --reason TEXT")
	}
	return nil
}

// reasoned is a request that must hold a reason.
type reasoned interface{ because() string }

// None is a request or response without content.
type None struct{}

// ErrGone says that the owner of the data directory gave no answer: nothing is
// known about what it did. What changes nothing may be asked again, of the next
// owner.
var ErrGone = errors.New("the owner of the data directory cannot be reached")

// Caller asks for operations, in this process or through the owner's socket.
type Caller interface {
	Call(ctx context.Context, name string, request []byte) (response []byte, err error)
}

// Ask calls an operation with typed request and response.
func Ask[R any](ctx context.Context, c Caller, name string, request any) (R, error) {
	var out R
	raw, err := json.Marshal(request)
	if err != nil {
		return out, fmt.Errorf("ask %s: %w", name, err)
	}
	answer, err := c.Call(ctx, name, raw)
	if err != nil {
		return out, err
	}
	if err := json.Unmarshal(answer, &out); err != nil {
		return out, fmt.Errorf("answer of %s: %w", name, err)
	}
	return out, nil
}
