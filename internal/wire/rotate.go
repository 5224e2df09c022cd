package wire

import (
	"context"
	"crypto/ed25519"
	"math"

	"github.com/dc-release/dc-release/internal/adapter/keyring"
	"github.com/dc-release/dc-release/internal/adapter/store/sqlstore"
	"github.com/dc-release/dc-release/internal/app/keys"
	"github.com/dc-release/dc-release/internal/app/publish"
	"github.com/dc-release/dc-release/internal/core/ledger"
	"github.com/dc-release/dc-release/internal/core/releaselog"
)

func (o *Owner) newRotator() *keys.Rotator {
	return &keys.Rotator{Log: o.Store, Keys: o.keys, Files: o.Ring, NewID: newID, Anchors: o.anchorsAfter}
}

// anchorsAfter are the effects that anchor the ledger after a rotation in every
// release log: whoever follows it learns of the new key there.
func (o *Owner) anchorsAfter(ctx context.Context, rotation string) ([]ledger.Effect, error) {
	solutions, err := o.Store.Solutions(ctx)
	var out []ledger.Effect
	for _, s := range solutions {
		if s.ReleaseLog != "" {
			out = append(out, publish.AnchorAfter(s.Solution, "rotation/"+rotation))
		}
	}
	return out, err
}

// announced are the keys that a ledger made known; none for an empty one. An
// announcement that breaks the chain is passed over: audit verify names it, and
// the keys that are here do not follow from it.
func announced(ctx context.Context, s *sqlstore.Store) (known ledger.Announced, err error) {
	records, err := s.StreamRecords(ctx, ledger.Installation, math.MaxInt64)
	for _, r := range records {
		_, _ = known.Read(r)
	}
	return known, err
}

// settle takes those keys into force that the ledger announced last, and gives
// all ledger keys that may have signed a checkpoint of it. A ledger that announced
// none, or others than those of this installation, has signed with the one that is
// here. Wrong are keys that do not follow, or are not here.
func settle(known ledger.Announced, ring *keyring.Ring) (chain ledger.Keychain, wrong error) {
	wrong = ring.SettleBy(func(name string) ed25519.PublicKey { return known.Chain(name).Current() })
	chain = known.Chain(releaselog.LedgerKey)
	if wrong != nil || len(chain.Links) == 0 {
		chain = ledger.Keychain{ID: ring.Origin(), Links: []ledger.Link{{Public: ring.Public(releaselog.LedgerKey)}}}
	}
	return chain, wrong
}
