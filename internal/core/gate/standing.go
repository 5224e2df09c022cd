package gate

import (
	"maps"
	"slices"
	"time"

	"github.com/dc-release/dc-release/internal/core/approval"
	"github.com/dc-release/dc-release/internal/core/deployment"
	"github.com/dc-release/dc-release/internal/core/deviation"
	"github.com/dc-release/dc-release/internal/core/ledger"
	"github.com/dc-release/dc-release/internal/core/policy"
	"github.com/dc-release/dc-release/internal/core/release"
	"github.com/dc-release/dc-release/internal/core/signature"
)

// Phase is how far a gate has come.
type Phase string

// A gate is closed while facts are missing, open while people may sign, and
// ends consumed or rejected.
const (
	PhaseClosed   Phase = "closed"
	PhaseOpen     Phase = "open"
	PhaseConsumed Phase = "consumed"
	PhaseRejected Phase = "rejected"
)

// Signed is a signature as the ledger tells it.
type Signed struct {
	signature.Made
	Seq       int64
	Time      string
	For       string // person whose role was delegated to the signer
	Withdrawn bool
}

// State is one gate's life so far.
type State struct {
	Phase      Phase
	Missing    []string
	Opened     *Opened
	OpenedSeq  int64
	Openings   int
	Consumed   *Consumed
	Signatures []Signed // of every opening
	Voided     []Voided
}

// Standing is what the events of a subject's stream (a release, or an
// environment for its rollbacks) say about its gates.
type Standing struct {
	Version    int64 // of the stream
	Seq        int64 // of its last event
	Registered *release.Registered
	State      release.State
	Gates      map[string]State
	Moved      *release.TagMoved
	Change     release.Classified
	Held       string // reason while the release is on hold, "" else
	Deviations []deviation.Deviation
	Approvals  []approval.Approval // waivers
	// ForUseSince is when the release became effective first, "" before.
	ForUseSince string
	Unsignable  []string
	CaughtUp    bool // of an emergency: everything that was left out is there
	Comments    []Comment
	Reviews     []Signed // of the audit trail
	Automatic   bool     // of a rollback: nobody asked for it, and nobody signs it
}

// Gate is a gate's state; one that was never heard of is closed.
func (s Standing) Gate(name string) State {
	g, ok := s.Gates[name]
	if !ok {
		return State{Phase: PhaseClosed}
	}
	return g
}

// Own is the person's signature over the open manifest that was not withdrawn.
func (s State) Own(person string) (Signed, bool) {
	for _, sig := range s.Signatures {
		if s.Opened != nil && sig.Person == person && !sig.Withdrawn && sig.Manifest == s.Opened.Manifest && sig.Decision == "approve" {
			return sig, true
		}
	}
	return Signed{}, false
}

// LastOf is the person's last approval at any gate, withdrawn or not: what the
// person has seen before.
func (s Standing) LastOf(person string) (Signed, bool) {
	var last Signed
	for _, g := range s.Gates {
		for _, sig := range g.Signatures {
			if sig.Person == person && sig.Decision == "approve" && sig.Seq > last.Seq {
				last = sig
			}
		}
	}
	return last, last.Seq > 0
}

// Apply copies the facts of an event.
func Apply(s Standing, e ledger.Event) Standing {
	s.Version, s.Seq = e.Version, e.Seq
	if st, ok := release.StateAfter(e.Data); ok {
		s.State = st
	}
	switch d := e.Data.(type) {
	case *release.Registered:
		s.Registered = d
	case *release.TagMoved:
		s.Moved = d
	case *Commented:
		s.Comments = append(slices.Clip(s.Comments), Comment{Commented: *d, Person: e.Actor.ID, Time: e.Time})
	case *release.Classified:
		s.Change = *d
	case *release.Held:
		s.Held = d.Because
	case *release.Resumed:
		s.Held = ""
	case *release.ForUse:
		s.ForUseSince = e.Time
	case *Unsignable:
		s.Unsignable = d.Reasons
	case *release.CaughtUp:
		s.CaughtUp = true
	case *deviation.Opened, *deviation.Disposed:
		s.Deviations = deviation.Apply(s.Deviations, e)
	case *approval.Requested, *approval.Signed, *approval.Granted, *approval.Refused:
		s.Approvals = approval.Apply(s.Approvals, e)
	case *deployment.RollbackRequested: // a new subject of the same stream
		s.Automatic = e.Actor.Kind == ledger.Machine
		s = s.with(ApproveRollback, func(g *State) { *g = State{Phase: PhaseClosed, Openings: g.Openings} })
	case *Closed:
		s = s.with(d.Gate, func(g *State) { g.Missing = d.Missing })
	case *Opened:
		s = s.with(d.Gate, func(g *State) {
			g.Phase, g.Missing, g.Opened, g.OpenedSeq, g.Openings = PhaseOpen, nil, d, e.Seq, d.Opening
		})
	case *Voided:
		s = s.with(d.Gate, func(g *State) {
			g.Phase, g.Opened, g.Voided = PhaseClosed, nil, append(slices.Clip(g.Voided), *d)
		})
	case *Consumed:
		s = s.with(d.Gate, func(g *State) { g.Phase, g.Consumed = PhaseConsumed, d })
	case *Rejected:
		s = s.with(d.Gate, func(g *State) { g.Phase = PhaseRejected })
	case *signature.Made:
		if d.Meaning == signature.AuditTrailReviewed {
			s.Reviews = append(slices.Clip(s.Reviews), Signed{Made: *d, Seq: e.Seq, Time: e.Time})
		}
		if d.Gate != "" {
			s = s.with(d.Gate, func(g *State) {
				g.Signatures = append(slices.Clip(g.Signatures), Signed{Made: *d, Seq: e.Seq, Time: e.Time, For: e.OnBehalf})
			})
		}
	case *signature.Withdrawn:
		s = s.withdrawn(d.Signature)
	}
	return s
}

func (s Standing) with(name string, change func(*State)) Standing {
	g := s.Gate(name)
	change(&g)
	s.Gates = maps.Clone(s.Gates)
	if s.Gates == nil {
		s.Gates = map[string]State{}
	}
	s.Gates[name] = g
	return s
}

func (s Standing) withdrawn(id string) Standing {
	for name := range s.Gates {
		s = s.with(name, func(g *State) {
			g.Signatures = slices.Clone(g.Signatures)
			for i := range g.Signatures {
				if g.Signatures[i].Signature == id {
					g.Signatures[i].Withdrawn = true
				}
			}
		})
	}
	return s
}

// Definition is what a gate demands of this subject in a profile; ok is false for
// a gate that opens unsigned. The signatures of an automatic rollback stand under
// the baseline that lets it go by itself.
func (s Standing) Definition(p policy.Profile, name string) (def Definition, ok bool) {
	if s.Automatic && name == ApproveRollback {
		return Definition{Name: name, Checks: []Check{rollbackCheck}}, false
	}
	return Find(p, s.Change.Type, name)
}

// Restricted reports whether the release is in use before everything about it
// is done: an emergency that is not caught up on.
func (s Standing) Restricted() bool {
	return s.Change.Type == release.Emergency && s.ForUseSince != "" && !s.CaughtUp
}

// CatchUpDays are the working days that an emergency has to be caught up on in.
const CatchUpDays = 5

// CatchUpBy is when everything that an emergency left out has to be there: the
// end of the fifth working day (Monday to Friday, UTC) after it became
// effective; zero before.
func (s Standing) CatchUpBy() time.Time {
	at, err := time.Parse(ledger.TimeLayout, s.ForUseSince)
	if err != nil {
		return time.Time{}
	}
	for left := CatchUpDays; left > 0; {
		at = at.AddDate(0, 0, 1)
		if day := at.Weekday(); day != time.Saturday && day != time.Sunday {
			left--
		}
	}
	return time.Date(at.Year(), at.Month(), at.Day(), 23, 59, 59, 0, time.UTC)
}
