package publish

import (
	"context"
	"maps"
	"slices"

	"github.com/dc-release/dc-release/internal/core/canonical"
	"github.com/dc-release/dc-release/internal/core/fault"
	"github.com/dc-release/dc-release/internal/core/ledger"
	"github.com/dc-release/dc-release/internal/core/releaselog"
)

// anchored reads a checkpoint back: a commit with its id may hold another one. It
// gives what stands there: the same size may be signed by another key of the
// ledger than the one in force; what counts is that it is the same ledger.
func (p *Publisher) anchored(ctx context.Context, base Base, a anchor) (there []byte, err error) {
	path := releaselog.AnchorPath(p.origin(), a.size)
	if there, _, err = base.ReadFile(ctx, path); err != nil {
		return nil, err
	}
	keys, err := p.PublicKeys(ctx)
	if err != nil {
		return nil, err
	}
	chain := keys.Chain(releaselog.LedgerKey)
	ours, _, err := chain.OpenCheckpoint(a.note)
	if err != nil {
		return nil, err
	}
	found, _, err := chain.OpenCheckpoint(there)
	if err != nil {
		return nil, fault.New(fault.Unverified, "%s in the release log is no checkpoint of the ledger: %v", path, err)
	}
	if found != ours {
		return nil, fault.New(fault.Unverified, "%s in the release log is another checkpoint of the same size: the ledger was forked", path)
	}
	return there, nil
}

// anchorKeys adds the keys of the ledger and, for every rotation, the proof that
// it is in the tree of a checkpoint: where none of the branch is beyond it, the
// newest checkpoint is added to those that are fresh.
func (p *Publisher) anchorKeys(ctx context.Context, own releaselog.Anchors, fresh map[int64][]byte, out map[string]Content) error {
	keys, err := p.PublicKeys(ctx)
	if err != nil {
		return err
	}
	if own.Keys == nil || succeed(keys, own.Keys) { // what others put there stays and is recorded
		raw, err := canonical.Marshal(keys)
		if err != nil {
			return err
		}
		if string(raw) != string(own.Keys) {
			out[releaselog.AnchorKeysPath(p.origin())] = Bytes(raw)
		}
	}
	for _, r := range keys.Rotations {
		h, err := r.Open()
		if err != nil {
			return err
		}
		if _, ok := own.Rotations[h.Seq]; ok {
			continue
		}
		sizes := append(own.Sizes(), slices.Sorted(maps.Keys(fresh))...)
		slices.Sort(sizes)
		i, _ := slices.BinarySearch(sizes, h.Seq)
		if i == len(sizes) {
			size, note, err := p.newest(ctx)
			if err != nil {
				return err
			}
			fresh[size], sizes = note, append(sizes, size)
		}
		raw, err := p.rotated(ctx, h.Seq, sizes[i])
		if err != nil {
			return err
		}
		out[releaselog.RotationProofPath(p.origin(), h.Seq)] = Bytes(raw)
	}
	return nil
}

// rotated is the file that proves that the event of a rotation is in the tree of
// a size.
func (p *Publisher) rotated(ctx context.Context, seq, size int64) (raw []byte, err error) {
	err = p.Log.Hashes(ctx, func(end int64, r ledger.HashReader) error {
		if size > end {
			return fault.New(fault.Unverified, "the release log has a checkpoint of size %d, the ledger has %d events", size, end)
		}
		path, err := ledger.ProveInclusion(size, seq, r)
		if err != nil {
			return err
		}
		raw, err = canonical.Marshal(releaselog.RotationProof{Schema: releaselog.RotationProofSchema, Origin: p.origin(), Seq: seq, Size: size, Path: path})
		return err
	})
	return raw, err
}
