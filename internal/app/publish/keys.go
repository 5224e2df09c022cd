package publish

import (
	"context"
	"crypto/ed25519"
	"math"

	"github.com/dc-release/dc-release/internal/core/canonical"
	"github.com/dc-release/dc-release/internal/core/fault"
	"github.com/dc-release/dc-release/internal/core/ledger"
	"github.com/dc-release/dc-release/internal/core/releaselog"
)

// PublicKeys are those that folders, anchors and exports are verified with: the
// keys that the ledger announced, with every rotation. What was signed before
// they are asked for is signed by one of them.
func (p *Publisher) PublicKeys(ctx context.Context) (releaselog.Keys, error) {
	records, err := p.Log.StreamRecords(ctx, ledger.Installation, math.MaxInt64)
	if err != nil {
		return releaselog.Keys{}, err
	}
	return releaselog.KeysOf(records)
}

// sealing signs texts with the document key while it is in force, and has the
// keys to verify them with.
type sealing struct {
	key  ed25519.PrivateKey
	id   string
	keys releaselog.Keys
}

// sealed lets a commit be composed under one document key.
func (p *Publisher) sealed(ctx context.Context, compose func(s sealing) error) error {
	return p.Keys.With(releaselog.DocumentKey, func(key ed25519.PrivateKey) error {
		keys, err := p.PublicKeys(ctx)
		if err != nil {
			return err
		}
		return compose(sealing{key: key, id: p.Keys.ID(releaselog.DocumentKey), keys: keys})
	})
}

func (s sealing) sign(text string) ([]byte, error) {
	return ledger.SignNote(text, ledger.NewSigner(s.id, s.key))
}

// succeed reports whether the keys are those of a file that was published, with
// nothing but more rotations at the end.
func succeed(keys releaselog.Keys, there []byte) bool {
	old, err := releaselog.ParseKeys(there)
	return err == nil && keys.Extends(old)
}

// folderKeys adds the folder's keys.json, unless it is there as it should be. It
// is the one file of a folder that may grow before the last publication.
func folderKeys(ctx context.Context, keys releaselog.Keys, path string, base Base, out map[string]Content) error {
	raw, err := canonical.Marshal(keys)
	if err != nil {
		return err
	}
	there, ok, err := base.ReadFile(ctx, path)
	switch {
	case err != nil || (ok && string(there) == string(raw)):
		return err
	case ok && !succeed(keys, there):
		return fault.New(fault.Unverified, "%s in the release log is not what the ledger's keys begin with", path)
	}
	out[path] = Bytes(raw)
	return nil
}
