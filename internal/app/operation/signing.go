package operation

import (
	"context"

	"github.com/dc-release/dc-release/internal/app/sign"
	"github.com/dc-release/dc-release/internal/core/fault"
)

// signed is a request that says who signs.
type signed interface{ Signer() sign.By }

// signing makes an operation that is a signature: in one step with the factors
// in the request, or in two by Begin and Complete. It appends signature.made
// and the listed events.
func signing[Q signed](name string, events []string, act func(*App, Q) (sign.Act, error)) Operation {
	read := func(a *App, raw []byte) (sign.Act, sign.By, error) {
		q, err := decode[Q](raw)
		if err != nil {
			return sign.Act{}, sign.By{}, err
		}
		made, err := act(a, q)
		return made, q.Signer(), err
	}
	return Operation{
		Name: name, Mutating: true, Access: Signature, act: read,
		Events: append([]string{"signature.made", "signing.locked", "factor.lost", "operation.refused"}, events...),
		do: func(ctx context.Context, a *App, raw []byte) (any, error) {
			act, by, err := read(a, raw)
			if err != nil {
				return nil, err
			}
			return a.Signer.Sign(ctx, by, act)
		},
	}
}

// Begin opens the ceremony of a signature for a person with a session. The
// request is that of the operation, without factors.
func Begin(ctx context.Context, a *App, person, method, name string, request []byte) (sign.Ceremony, error) {
	act, err := a.act(name, request)
	if err != nil {
		return sign.Ceremony{}, err
	}
	return a.Signer.Begin(ctx, person, method, request, act)
}

// Complete ends a ceremony of the person with the proof.
func Complete(ctx context.Context, a *App, person, ceremony string, proof sign.Proof) (sign.Signed, error) {
	p, err := a.Signer.Take(ctx, person, ceremony)
	if err != nil {
		return sign.Signed{}, err
	}
	act, err := a.act(p.Operation, p.Request)
	if err != nil {
		return sign.Signed{}, err
	}
	return a.Signer.Complete(ctx, p, proof, act)
}

func (a *App) act(name string, request []byte) (sign.Act, error) {
	o, ok := Find(name)
	if !ok || o.act == nil {
		return sign.Act{}, fault.New(fault.NotFound, "no operation %q that is signed", name)
	}
	act, _, err := o.act(a, request)
	return act, err
}
