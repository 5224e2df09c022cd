package publish

import (
	"context"

	"github.com/dc-release/dc-release/internal/core/canonical"
	"github.com/dc-release/dc-release/internal/core/gate"
	"github.com/dc-release/dc-release/internal/core/ledger"
	"github.com/dc-release/dc-release/internal/core/policy"
	"github.com/dc-release/dc-release/internal/core/release"
	"github.com/dc-release/dc-release/internal/core/releaselog"
)

// root adds the root index with the states that hold once this publication is
// there: the commit of a final publication is what makes a version effective
// for readers of the release log. Once a key was rotated the root has keys of its
// own, which are the newest.
func (p *Publisher) root(ctx context.Context, s sealing, h *history, index string, base Base, out map[string]Content) error {
	r := releaselog.Root{Installation: p.Keys.Installation, Solution: h.solution, Publication: h.publication}
	all, err := p.Lists.Releases(ctx, h.solution)
	if err != nil {
		return err
	}
	for _, row := range all {
		e, err := p.entry(ctx, h.solution, row.Version)
		if err != nil {
			return err
		}
		if e.Index, err = indexOf(ctx, base, e.Version); err != nil {
			return err
		}
		if e.Version == h.folder {
			e.Index = index
		}
		r.Releases = append(r.Releases, h.settled(e))
	}
	if r.Rollbacks, err = p.rollbacks(ctx, h, index, base); err != nil {
		return err
	}
	if len(s.keys.Rotations) > 0 { // until then every folder has the one key
		keys, err := canonical.Marshal(s.keys)
		if err != nil {
			return err
		}
		r.Keys, out[releaselog.KeysFile] = canonical.SHA256(keys), Bytes(keys)
	}
	raw, err := r.Encode()
	if err != nil {
		return err
	}
	sorted, err := releaselog.ParseRoot(raw)
	if err != nil {
		return err
	}
	note, err := s.sign(r.NoteText(canonical.SHA256(raw)))
	if err != nil {
		return err
	}
	out[releaselog.IndexFile], out[releaselog.NoteFile], out[releaselog.MarkdownFile] = Bytes(raw), Bytes(note), Bytes(sorted.Markdown())
	return nil
}

// entry is a version's state as the ledger tells it.
func (p *Publisher) entry(ctx context.Context, solution, version string) (releaselog.Entry, error) {
	e := releaselog.Entry{Version: version}
	events, err := p.Log.Stream(ctx, ledger.ReleaseStream(solution, version), 0)
	for _, x := range events {
		s, ok := release.StateAfter(x.Data)
		if !ok {
			continue
		}
		e.State, e.By = string(s), ""
		switch d := x.Data.(type) {
		case *release.Superseded:
			e.By = d.By
		case *release.Reinstated:
			e.State, e.By = releaselog.StateReinstated, d.Rollback
		}
	}
	return e, err
}

// settled is a version's state after this publication.
func (h *history) settled(e releaselog.Entry) releaselog.Entry {
	effective := e.State == string(release.Effective) || e.State == releaselog.StateReinstated
	switch {
	case h.gate == gate.ApproveForUse && e.Version == h.version:
		e.State, e.By = string(release.Effective), ""
	case h.gate == gate.ApproveForUse && effective:
		e.State, e.By = string(release.StateSuperseded), h.version
	case h.rollback != nil && h.rollback.Environment == "prd" && e.Version == h.rollback.From && effective:
		e.State, e.By = string(release.StateSuperseded), h.rollback.To
	case h.rollback != nil && h.rollback.Environment == "prd" && e.Version == h.rollback.To && !effective:
		e.State, e.By = releaselog.StateReinstated, h.rollback.Rollback
	}
	return e
}

// rollbacks are the published ones with this one.
func (p *Publisher) rollbacks(ctx context.Context, h *history, index string, base Base) ([]releaselog.Rollback, error) {
	var out []releaselog.Rollback
	for _, place := range policy.Places {
		there, err := p.State.Place(ctx, h.solution, place)
		if err != nil {
			return nil, err
		}
		for _, q := range there.Rollbacks {
			k := releaselog.Rollback{Rollback: q.Rollback, Environment: q.Environment, From: q.From, To: q.To, Index: index}
			if h.rollback == nil || q.Rollback != h.rollback.Rollback {
				if k.Index, err = indexOf(ctx, base, "rollbacks/"+q.Rollback); err != nil {
					return nil, err
				}
			}
			if k.Index != "" {
				out = append(out, k)
			}
		}
	}
	return out, nil
}

// indexOf is the digest of a folder's index.json on a head, "" for none.
func indexOf(ctx context.Context, base Base, folder string) (string, error) {
	raw, ok, err := base.ReadFile(ctx, folder+"/"+releaselog.IndexFile)
	if err != nil || !ok {
		return "", err
	}
	return canonical.SHA256(raw), nil
}
