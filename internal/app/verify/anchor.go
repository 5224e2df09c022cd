package verify

import (
	"crypto/ed25519"
	"encoding/base64"
	"maps"
	"slices"

	"github.com/dc-release/dc-release/internal/core/fault"
	"github.com/dc-release/dc-release/internal/core/ledger"
	"github.com/dc-release/dc-release/internal/core/releaselog"
)

// Anchor gives the checkpoint of an anchor, which may be cosigned. When the
// trust names witnesses, one of them must have cosigned it.
func Anchor(data []byte, trust *releaselog.Trust) (note []byte, err error) {
	note, _, err = ledger.Uncosigned(data)
	if err != nil {
		return nil, fault.New(fault.Invalid, "anchor: %v", err)
	}
	if trust == nil || len(trust.Witnesses) == 0 {
		return note, nil
	}
	for _, name := range slices.Sorted(maps.Keys(trust.Witnesses)) {
		key, wrong := base64.StdEncoding.Strict().DecodeString(trust.Witnesses[name])
		if wrong != nil || len(key) != ed25519.PublicKeySize {
			continue // refused when the trust file was read
		}
		if _, err = ledger.CheckCosignature(data, name, key); err == nil {
			return note, nil
		}
	}
	return nil, fault.New(fault.Unverified, "anchor: is cosigned by none of the witnesses of the trust file")
}
