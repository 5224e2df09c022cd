package report

import (
	"context"
	"encoding/hex"
	"fmt"

	"github.com/dc-release/dc-release/internal/app/state"
	"github.com/dc-release/dc-release/internal/core/canonical"
	"github.com/dc-release/dc-release/internal/core/document"
	"github.com/dc-release/dc-release/internal/core/gate"
	"github.com/dc-release/dc-release/internal/core/ledger"
	"github.com/dc-release/dc-release/internal/core/policy"
)

// moment is everything that facts are made of, read at one size of the ledger.
// Nothing that came later is in it.
type moment struct {
	size     int64
	time     string // of the last event of release and run
	run      state.Run
	standing gate.Standing

	// Events in order, by stream.
	ofRun, ofRelease, ofInstallation, ofSolution []ledger.Event

	reports  []gate.Report // about the artifact
	earlier  *gate.Earlier
	places   map[string]place
	baseline policy.Baseline
	policy   string // digest of the baseline
	revision int    // of the baseline, from 1
	people   map[string]document.Person
	subjects map[string]policy.Subject
}

type place struct {
	state.Place
	events []ledger.Event
}

// sizeOf is the size of the ledger that a run and its release were folded at:
// the seq of the last event in both, or of the baseline that holds now.
func (r *Reporter) sizeOf(ctx context.Context, run state.Run, s gate.Standing) (int64, error) {
	var size int64
	baselines, err := r.State.Log.Stream(ctx, ledger.SolutionStream(s.Registered.Solution), 0)
	if err != nil {
		return 0, err
	}
	for _, e := range baselines {
		if _, ok := policy.BaselineOf(e.Data); ok {
			size = e.Seq
		}
	}
	for stream, version := range map[ledger.Stream]int64{
		ledger.RunStream(run.Run.Run):                                     run.Version,
		ledger.ReleaseStream(s.Registered.Solution, s.Registered.Version): s.Version,
	} {
		events, err := r.State.Log.Stream(ctx, stream, 0)
		if err != nil {
			return 0, err
		}
		for _, e := range events {
			if e.Version <= version {
				size = max(size, e.Seq)
			}
		}
	}
	return size, nil
}

// at reads a moment.
func (r *Reporter) at(ctx context.Context, run, solution, version string, size int64) (*moment, error) {
	m := &moment{size: size, places: map[string]place{}, people: map[string]document.Person{}, subjects: map[string]policy.Subject{}}
	var err error
	if m.run, m.ofRun, err = r.State.RunAt(ctx, run, size); err != nil {
		return nil, err
	}
	if m.standing, m.ofRelease, err = r.State.StandingAt(ctx, ledger.ReleaseStream(solution, version), size); err != nil {
		return nil, err
	}
	if len(m.ofRun) == 0 || m.standing.Registered == nil {
		return nil, fmt.Errorf("read facts of %s %s: the ledger holds no such release and run at size %d", solution, version, size)
	}
	for _, events := range [][]ledger.Event{m.ofRun, m.ofRelease} {
		m.time = max(m.time, events[len(events)-1].Time)
	}
	if m.ofInstallation, err = r.State.EventsAt(ctx, ledger.Installation, size); err != nil {
		return nil, err
	}
	if m.ofSolution, err = r.State.EventsAt(ctx, ledger.SolutionStream(solution), size); err != nil {
		return nil, err
	}
	for _, name := range policy.Places {
		var p place
		if p.Place, p.events, err = r.State.PlaceAt(ctx, solution, name, size); err != nil {
			return nil, err
		}
		m.places[name] = p
	}
	if err := m.readBaseline(solution); err != nil {
		return nil, err
	}
	if m.reports, err = r.State.Reports(ctx, m.run, m.baseline.Scans); err != nil {
		return nil, err
	}
	m.earlier, err = r.earlier(ctx, m)
	return m, err
}

// readBaseline takes the baseline from the ledger and not from a view, so that a
// later change does not reach into this moment.
func (m *moment) readBaseline(solution string) (err error) {
	for _, e := range m.ofSolution {
		if b, ok := policy.BaselineOf(e.Data); ok {
			m.revision++
			m.baseline = b
		}
	}
	if m.revision == 0 {
		return fmt.Errorf("read facts: solution %q has no baseline in the ledger", solution)
	}
	m.policy, err = canonical.Digest(m.baseline)
	return err
}

// fillLedger is the position of the moment.
func (r *Reporter) fillLedger(ctx context.Context, m *moment, f *document.Facts) error {
	f.Ledger.Size = m.size
	for _, e := range m.ofInstallation {
		if d, ok := e.Data.(*ledger.InstallationCreated); ok {
			f.Ledger.Origin = ledger.Origin(d.Installation, d.Epoch)
		}
	}
	if r.RootAt == nil {
		return nil
	}
	head, err := r.RootAt(ctx, m.size)
	if err != nil {
		return fmt.Errorf("root of the ledger at size %d: %w", m.size, err)
	}
	f.Ledger.Root = hex.EncodeToString(head.Root[:])
	return nil
}

// subject is a person at the moment.
func (r *Reporter) subject(ctx context.Context, m *moment, id string) (policy.Subject, error) {
	if s, ok := m.subjects[id]; ok {
		return s, nil
	}
	s, err := r.State.PersonAt(ctx, id, m.size)
	s = s.At(m.time)
	m.subjects[id] = s
	return s, err
}

// person is a person as documents print it.
func (r *Reporter) person(ctx context.Context, m *moment, id string) (document.Person, error) {
	if p, ok := m.people[id]; ok {
		return p, nil
	}
	s, err := r.subject(ctx, m, id)
	if err != nil {
		return document.Person{}, err
	}
	name, err := r.Names(ctx, id)
	if err != nil {
		return document.Person{}, fmt.Errorf("printed name of person %q: %w", id, err)
	}
	p := document.Person{ID: id, Name: name, Login: s.Login}
	m.people[id] = p
	return p, nil
}
