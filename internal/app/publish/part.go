package publish

import (
	"cmp"
	"context"
	"slices"

	"github.com/dc-release/dc-release/internal/core/canonical"
	"github.com/dc-release/dc-release/internal/core/gate"
	"github.com/dc-release/dc-release/internal/core/ledger"
	"github.com/dc-release/dc-release/internal/core/policy"
	"github.com/dc-release/dc-release/internal/core/releaselog"
)

func partOf(name string, s gate.Standing) string {
	return releaselog.PartFolder(name, s.Gate(name).Openings)
}

func (h *history) part() string { return releaselog.PartFolder(h.gate, h.opening) }

// since is the seq up to which the folder's earlier parts reach, 0 for none.
func (h *history) since() int64 {
	if len(h.before) == 0 {
		return 0
	}
	return h.before[len(h.before)-1].size
}

// exported is one record of a part with its place in the ledger.
type exported struct {
	seq    int64
	record ledger.Record
}

// publicOnly leaves personal and purgeable parts out; their commitments stay
// in the header.
func publicOnly(r ledger.Record) ledger.Record {
	return ledger.Record{Header: r.Header, Parts: map[string]ledger.Part{ledger.Public: r.Parts[ledger.Public]}}
}

// context are the records of other streams that decisions up to a seq read, in
// order.
func (h *history) context(upTo int64) []exported {
	known := map[ledger.Stream]bool{ledger.Installation: true, ledger.SolutionStream(h.solution): true, policy.Signing: true}
	for _, person := range h.persons(upTo) {
		known[ledger.PersonStream(person)] = true
	}
	var out []exported
	for _, c := range h.outside {
		for i, e := range c.events {
			if known[e.Stream] && e.Seq <= upTo {
				out = append(out, exported{e.Seq, publicOnly(c.records[i])})
			}
		}
	}
	slices.SortFunc(out, func(a, b exported) int { return cmp.Compare(a.seq, b.seq) })
	return out
}

// ledgerPart makes the files of the part that this publication adds.
func (p *Publisher) ledgerPart(ctx context.Context, h *history) (files map[string][]byte, checkpoint []byte, err error) {
	files = map[string][]byte{}
	var all []exported
	put := func(name string, v any) error {
		raw, err := canonical.Marshal(v)
		files[h.part()+"/"+name] = raw
		return err
	}
	for _, whole := range append([]chain{h.subject}, h.others...) {
		c := whole.from(h.since())
		if len(c.events) == 0 {
			continue
		}
		s := releaselog.Stream{Schema: releaselog.StreamSchema, Stream: c.name, From: c.events[0].Version}
		for i, e := range c.events {
			s.Records = append(s.Records, publicOnly(c.records[i]))
			all = append(all, exported{e.Seq, c.records[i]})
		}
		if err := put(releaselog.StreamFile(c.name), s); err != nil {
			return nil, nil, err
		}
	}
	context := releaselog.Context{Schema: releaselog.ContextSchema, Records: []ledger.Record{}}
	before := h.context(h.since())
	for _, x := range h.context(h.size) {
		if !slices.ContainsFunc(before, func(b exported) bool { return b.seq == x.seq }) {
			context.Records, all = append(context.Records, x.record), append(all, x)
		}
	}
	if err := put(releaselog.ContextFile, context); err != nil {
		return nil, nil, err
	}
	proofs, checkpoint, err := p.prove(ctx, h, all)
	if err != nil {
		return nil, nil, err
	}
	files[h.part()+"/"+releaselog.CheckpointFile] = checkpoint
	return files, checkpoint, put(releaselog.ProofsFile, proofs)
}

// prove signs the checkpoint at the publication's position and proves every
// record in it.
func (p *Publisher) prove(ctx context.Context, h *history, all []exported) (releaselog.Proofs, []byte, error) {
	slices.SortFunc(all, func(a, b exported) int { return cmp.Compare(a.seq, b.seq) })
	out := releaselog.Proofs{Schema: releaselog.ProofsSchema, Origin: p.origin(), Size: h.size, Inclusion: []releaselog.Inclusion{}, Consistency: []releaselog.Consistency{}}
	var root ledger.Hash
	err := p.Log.Hashes(ctx, func(_ int64, r ledger.HashReader) (err error) {
		if root, err = ledger.Root(h.size, r); err != nil {
			return err
		}
		for _, x := range all {
			path, err := ledger.ProveInclusion(h.size, x.seq, r)
			if err != nil {
				return err
			}
			out.Inclusion = append(out.Inclusion, releaselog.Inclusion{Seq: x.seq, Path: path})
		}
		if len(h.before) == 0 {
			return nil
		}
		last := h.before[len(h.before)-1]
		path, err := ledger.ProveConsistency(last.size, h.size, r)
		out.Consistency = append(out.Consistency, releaselog.Consistency{From: last.size, Part: last.part, Path: path})
		return err
	})
	if err != nil {
		return out, nil, err
	}
	checkpoint, err := p.Checkpoint(h.size, root)
	return out, checkpoint, err
}
