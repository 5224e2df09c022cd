package sign

import (
	"context"
	"slices"
	"strings"

	"github.com/dc-release/dc-release/internal/core/fault"
	"github.com/dc-release/dc-release/internal/core/ledger"
	"github.com/dc-release/dc-release/internal/core/policy"
	"github.com/dc-release/dc-release/internal/core/signature"
)

// failed records a failed authentication; the answer says which factor, because
// the caller has the owner's socket or a person's browser already.
func (s *Signer) failed(ctx context.Context, login string, about ledger.Stream, why string) error {
	actor := ledger.Actor{Kind: ledger.Machine, ID: "sign", Authentication: "internal"}
	if err := s.record(ctx, actor, about, signature.WrongFactors, login+": "+why, ""); err != nil {
		return err
	}
	return fault.New(fault.Forbidden, "%s: %s", login, why)
}

// refuse records that a person may not sign, with every reason.
func (s *Signer) refuse(ctx context.Context, who policy.Subject, method string, act Act, reasons []string) error {
	message := strings.Join(slices.Compact(reasons), "; ")
	actor := ledger.Actor{Kind: ledger.Person, ID: who.ID, Authentication: method}
	if err := s.record(ctx, actor, act.About, act.Name, message, "refused: "+message); err != nil {
		return err
	}
	return fault.New(fault.Forbidden, "%s", message)
}

func (s *Signer) record(ctx context.Context, actor ledger.Actor, about ledger.Stream, operation, message, reason string) error {
	_, err := s.Log.Append(ctx, ledger.Batch{
		Command: "refused/" + s.NewID(), Actor: actor,
		Events: []ledger.Draft{{Stream: ledger.Installation, Reason: reason, Data: &ledger.Refused{
			Operation: operation, Subject: string(about), Kind: string(fault.Forbidden), Message: message,
		}}},
	})
	return err
}
