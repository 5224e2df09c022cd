package sign

import (
	"context"

	"github.com/dc-release/dc-release/internal/core/fault"
	"github.com/dc-release/dc-release/internal/core/ledger"
)

// Clock judges the clock that signatures are dated with.
type Clock interface {
	// Trusted is why nothing is signed now, nil when the clock is good enough.
	Trusted(ctx context.Context) error
}

// onTime stands before every proof: with a clock that was moved nothing is signed,
// and that it was tried is recorded.
func (s *Signer) onTime(ctx context.Context, login string, about ledger.Stream) error {
	err := s.Clock.Trusted(ctx)
	if fault.KindOf(err) != fault.Forbidden || err == nil {
		return err
	}
	actor := ledger.Actor{Kind: ledger.Machine, ID: "sign", Authentication: "internal"}
	if wrong := s.record(ctx, actor, about, "sign.clock", login+": "+err.Error(), ""); wrong != nil {
		return wrong
	}
	return err
}
