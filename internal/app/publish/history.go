package publish

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/dc-release/dc-release/internal/core/deployment"
	"github.com/dc-release/dc-release/internal/core/document"
	"github.com/dc-release/dc-release/internal/core/event"
	"github.com/dc-release/dc-release/internal/core/evidence"
	"github.com/dc-release/dc-release/internal/core/fault"
	"github.com/dc-release/dc-release/internal/core/gate"
	"github.com/dc-release/dc-release/internal/core/ledger"
	"github.com/dc-release/dc-release/internal/core/policy"
	"github.com/dc-release/dc-release/internal/core/release"
	"github.com/dc-release/dc-release/internal/core/signature"
)

// chain is a stream as stored and as decoded, up to a position of the ledger.
type chain struct {
	name    ledger.Stream
	records []ledger.Record
	events  []ledger.Event
}

// history is everything that a publication tells, at the position of the event
// that asked for it.
type history struct {
	solution    string
	version     string
	folder      string
	gate        string
	opening     int
	publication string
	size        int64     // seq of publication.intended
	at          time.Time // its time
	after       int64     // seq; what the subject's stream holds before is of others
	before      []earlier // publications of the folder before this one
	rollback    *deployment.RollbackRequested

	subject chain   // the release's or the environment's stream
	others  []chain // run, environments
	outside []chain // streams that decisions read
}

// earlier is a publication of the same folder.
type earlier struct {
	size  int64
	part  string
	index string // SHA-256 of the index.json that it wrote
}

func (p *Publisher) chain(ctx context.Context, stream ledger.Stream, upTo int64) (chain, error) {
	c := chain{name: stream}
	var err error
	if c.records, err = p.Log.StreamRecords(ctx, stream, upTo); err != nil {
		return c, err
	}
	for _, r := range c.records {
		e, err := event.Open(r)
		if err != nil {
			return c, err
		}
		c.events = append(c.events, e)
	}
	return c, nil
}

// from keeps what stands after a seq.
func (c chain) from(seq int64) chain {
	i := slices.IndexFunc(c.events, func(e ledger.Event) bool { return e.Seq > seq })
	if i < 0 {
		i = len(c.events)
	}
	return chain{name: c.name, records: c.records[i:], events: c.events[i:]}
}

// intention finds the event that asked for a publication.
func (p *Publisher) intention(ctx context.Context, stream ledger.Stream, publication string) (ledger.Event, document.PublicationIntended, error) {
	events, err := p.Log.Stream(ctx, stream, 0)
	if err != nil {
		return ledger.Event{}, document.PublicationIntended{}, err
	}
	for _, e := range events {
		if d, ok := e.Data.(*document.PublicationIntended); ok && d.Publication == publication {
			return e, *d, nil
		}
	}
	return ledger.Event{}, document.PublicationIntended{}, fmt.Errorf("publication %s was not asked for in %s", publication, stream)
}

// ofRelease reads what a publication of a release tells.
func (p *Publisher) ofRelease(ctx context.Context, a args) (*history, error) {
	stream := ledger.ReleaseStream(a.Solution, a.Version)
	asked, d, err := p.intention(ctx, stream, a.Publication)
	if err != nil {
		return nil, err
	}
	h := &history{
		solution: a.Solution, version: a.Version, folder: d.Folder, gate: d.Gate, publication: a.Publication,
		size: asked.Seq, at: asked.At(),
	}
	if h.subject, err = p.chain(ctx, stream, h.size); err != nil {
		return nil, err
	}
	registered, ok := h.subject.events[0].Data.(*release.Registered)
	if !ok {
		return nil, fmt.Errorf("stream %s begins with %s", stream, h.subject.events[0].Type)
	}
	h.opening = h.standing().Gate(h.gate).Openings
	if h.before, err = p.earlier(ctx, h); err != nil {
		return nil, err
	}
	run, err := p.chain(ctx, ledger.RunStream(registered.Run), h.size)
	if err != nil {
		return nil, err
	}
	h.others = append(h.others, run)
	since, err := p.effectiveSince(ctx, a.Solution, registered.Previous)
	if err != nil {
		return nil, err
	}
	for _, place := range policy.Places {
		c, err := p.chain(ctx, ledger.EnvironmentStream(a.Solution, place), h.size)
		if err != nil {
			return nil, err
		}
		h.others = append(h.others, c.from(since))
	}
	return h, p.surroundings(ctx, h)
}

// effectiveSince is the seq at which a version first became effective, 0 for
// none.
func (p *Publisher) effectiveSince(ctx context.Context, solution, version string) (int64, error) {
	if version == "" {
		return 0, nil
	}
	events, err := p.Log.Stream(ctx, ledger.ReleaseStream(solution, version), 0)
	if err != nil {
		return 0, err
	}
	for _, e := range events {
		if _, ok := e.Data.(*release.ForUse); ok {
			return e.Seq, nil
		}
	}
	return 0, nil
}

// earlier are the publications of the folder before this one. All of them must
// be done: each index names the one before.
func (p *Publisher) earlier(ctx context.Context, h *history) ([]earlier, error) {
	now, err := p.Log.Stream(ctx, h.subject.name, 0)
	if err != nil {
		return nil, err
	}
	indexes := map[string]string{}
	for _, e := range now {
		if d, ok := e.Data.(*document.Published); ok {
			indexes[d.Publication] = d.Index
		}
	}
	var out []earlier
	var s gate.Standing
	for _, e := range h.subject.events {
		s = gate.Apply(s, e)
		d, ok := e.Data.(*document.PublicationIntended)
		if !ok || d.Publication == h.publication || d.Folder != h.folder {
			continue
		}
		index, done := indexes[d.Publication]
		if !done {
			return nil, fault.New(fault.Blocked, "publication %s comes first and is not done", d.Publication)
		}
		out = append(out, earlier{size: e.Seq, part: partOf(d.Gate, s), index: index})
	}
	return out, nil
}

// ofRollback reads what the publication of a rollback tells.
func (p *Publisher) ofRollback(ctx context.Context, solution, environment string, r deployment.RollbackRequested) (*history, error) {
	stream := ledger.EnvironmentStream(solution, environment)
	asked, d, err := p.intention(ctx, stream, r.Rollback)
	if err != nil {
		return nil, err
	}
	h := &history{
		solution: solution, version: r.To, folder: d.Folder, gate: d.Gate, publication: r.Rollback,
		size: asked.Seq, at: asked.At(), rollback: &r,
	}
	if h.subject, err = p.chain(ctx, stream, h.size); err != nil {
		return nil, err
	}
	for _, e := range h.subject.events {
		if q, ok := e.Data.(*deployment.RollbackRequested); ok && q.Rollback == r.Rollback {
			h.after = e.Seq
		}
	}
	h.opening = h.standing().Gate(h.gate).Openings
	return h, p.surroundings(ctx, h)
}

func (h *history) standing() gate.Standing {
	var s gate.Standing
	for _, e := range h.subject.events {
		s = gate.Apply(s, e)
	}
	return s
}

// surroundings reads the streams that decisions read: the installation with
// its keys, the solution, what is asked of signers, and every person that signed or tested.
func (p *Publisher) surroundings(ctx context.Context, h *history) error {
	installation, err := p.chain(ctx, ledger.Installation, h.size)
	if err != nil {
		return err
	}
	var base chain
	for i, e := range installation.events {
		switch e.Data.(type) {
		case *ledger.InstallationCreated, *ledger.KeyCreated, *ledger.KeyRotated:
			base.records, base.events = append(base.records, installation.records[i]), append(base.events, e)
		}
	}
	h.outside = append(h.outside, base)
	streams := []ledger.Stream{ledger.SolutionStream(h.solution), policy.Signing}
	for _, person := range h.persons(h.size) {
		streams = append(streams, ledger.PersonStream(person))
	}
	for _, s := range streams {
		c, err := p.chain(ctx, s, h.size)
		if err != nil {
			return err
		}
		h.outside = append(h.outside, c)
	}
	return nil
}

// persons are those that signed or tested up to a seq, sorted.
func (h *history) persons(upTo int64) []string {
	var out []string
	for _, c := range append([]chain{h.subject}, h.others...) {
		for _, e := range c.from(h.after).events {
			if e.Seq > upTo {
				break
			}
			switch d := e.Data.(type) {
			case *signature.Made:
				out = append(out, d.Person)
				if e.OnBehalf != "" {
					out = append(out, e.OnBehalf)
				}
			case *evidence.Recorded:
				if d.Person != "" {
					out = append(out, d.Person)
				}
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}
