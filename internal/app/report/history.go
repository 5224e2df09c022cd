package report

import (
	"context"
	"fmt"
	"slices"

	"github.com/dc-release/dc-release/internal/core/document"
	"github.com/dc-release/dc-release/internal/core/gate"
	"github.com/dc-release/dc-release/internal/core/ledger"
)

// fillHistory lists the documents that were made for the gates of the release so
// far, and those that the previous release was signed with last.
func (r *Reporter) fillHistory(ctx context.Context, m *moment, f *document.Facts) error {
	open := map[string][]int{} // revisions of the last opening, by gate
	for _, e := range m.ofRelease {
		switch d := e.Data.(type) {
		case *gate.Opened:
			open[d.Gate] = nil
			for _, x := range d.Documents {
				open[d.Gate] = append(open[d.Gate], len(f.History.Revisions))
				f.History.Revisions = append(f.History.Revisions, document.Revision{Name: x.Name, Number: x.Number, Gate: d.Gate, At: e.Time, SHA256: x.Files[jsonExtension]})
			}
		case *gate.Voided:
			f.History.Ended(open[d.Gate], "voided", d.Because)
		case *gate.Rejected:
			f.History.Ended(open[d.Gate], "rejected", e.Reason)
		case *gate.Consumed:
			f.History.Ended(open[d.Gate], "consumed", "")
		}
	}
	return r.finalsBefore(ctx, m, f)
}

// finalsBefore are the documents of the last gate that the previous release
// passed.
func (r *Reporter) finalsBefore(ctx context.Context, m *moment, f *document.Facts) error {
	reg := m.standing.Registered
	if reg.Previous == "" {
		return nil
	}
	before, _, err := r.State.StandingAt(ctx, ledger.ReleaseStream(reg.Solution, reg.Previous), m.size)
	if err != nil {
		return err
	}
	for _, name := range []string{gate.ApproveForUse, gate.ApproveToPrd} {
		g := before.Gate(name)
		if g.Phase != gate.PhaseConsumed || g.Opened == nil {
			continue
		}
		for _, x := range g.Opened.Documents {
			f.History.Finals = append(f.History.Finals, document.Last{Name: x.Name, Number: x.Number, Version: reg.Previous, SHA256: x.Files[jsonExtension]})
		}
		return nil
	}
	return nil
}

// lastOf reads the document that a request goes on from; nil for none, and for
// kinds whose changes are not listed.
func (r *Reporter) lastOf(ctx context.Context, f document.Facts, request document.Request) (*document.Tree, error) {
	at := slices.IndexFunc(f.History.Finals, func(l document.Last) bool { return l.Name == request.FileName() })
	if at < 0 || !request.Kind.Maintained {
		return nil, nil
	}
	last := f.History.Finals[at]
	data, err := r.Blobs.Bytes(ctx, last.SHA256)
	if err != nil {
		return nil, fmt.Errorf("document %s: %w", last.Number, err)
	}
	tree, err := document.ParseTree(data)
	if err != nil {
		return nil, fmt.Errorf("document %s: %w", last.Number, err)
	}
	return &tree, nil
}
