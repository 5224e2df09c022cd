package acceptance

import (
	"fmt"
	"slices"

	"github.com/dc-release/dc-release/internal/core/ledger"
)

// Acceptance is one execution of a script as the ledger tells it.
type Acceptance struct {
	Begun
	Seq       int64
	Time      string // when it began
	Tester    string // person
	Records   []Record
	Submitted *Submitted // nil until the tester signed
	Reviewed  *Reviewed  // nil until a second person signed
	Abandoned string     // the reason, "" while it is not
}

// Record is one record of a step with its time and, for a correction, the reason.
type Record struct {
	StepRecorded
	Seq    int64
	Time   string
	Reason string
}

// Apply copies an event of a run's stream into its list of executions.
func Apply(list []Acceptance, e ledger.Event) []Acceptance {
	if d, ok := e.Data.(*Begun); ok {
		return append(slices.Clip(list), Acceptance{Begun: *d, Seq: e.Seq, Time: e.Time, Tester: e.Actor.ID})
	}
	id := of(e.Data)
	at := slices.IndexFunc(list, func(a Acceptance) bool { return a.Acceptance == id })
	if id == "" || at < 0 {
		return list
	}
	list = slices.Clone(list)
	a := &list[at]
	switch d := e.Data.(type) {
	case *StepRecorded:
		a.Records = append(slices.Clip(a.Records), Record{StepRecorded: *d, Seq: e.Seq, Time: e.Time, Reason: e.Reason})
	case *Submitted:
		a.Submitted = d
	case *Reviewed:
		a.Reviewed = d
	case *Abandoned:
		a.Abandoned = e.Reason
	}
	return list
}

func of(data ledger.Payload) string {
	switch d := data.(type) {
	case *StepRecorded:
		return d.Acceptance
	case *Submitted:
		return d.Acceptance
	case *Reviewed:
		return d.Acceptance
	case *Abandoned:
		return d.Acceptance
	}
	return ""
}

// Next is the identity of the next execution of a list.
func Next(list []Acceptance) string { return fmt.Sprintf("A%d", len(list)+1) }

// Find is an execution of a list.
func Find(list []Acceptance, id string) (Acceptance, bool) {
	at := slices.IndexFunc(list, func(a Acceptance) bool { return a.Acceptance == id })
	if at < 0 {
		return Acceptance{}, false
	}
	return list[at], true
}

// Open reports whether steps can still be recorded.
func (a Acceptance) Open() bool { return a.Submitted == nil && a.Abandoned == "" }

// State is a word for lists: running, submitted, reviewed, abandoned.
func (a Acceptance) State() string {
	switch {
	case a.Abandoned != "":
		return "abandoned"
	case a.Reviewed != nil:
		return "reviewed"
	case a.Submitted != nil:
		return "submitted"
	}
	return "running"
}

// First is the execution that this one repeats, or itself. Executions of one
// first are attempts of the same tests.
func (a Acceptance) First() string {
	if a.Repeats != "" {
		return a.Repeats
	}
	return a.Acceptance
}

// Of is the record of a step that counts, which is the latest, with the earlier
// ones.
func (a Acceptance) Of(test string, step int) (latest Record, earlier []Record, ok bool) {
	for _, r := range a.Records {
		if r.Test != test || r.Step != step {
			continue
		}
		if ok {
			earlier = append(earlier, latest)
		}
		latest, ok = r, true
	}
	return latest, earlier, ok
}

// Place names one step.
type Place struct {
	Test string `json:"test"`
	Step int    `json:"step"` // 1-based
}

// String is "TEST-x-1 step 2".
func (p Place) String() string { return fmt.Sprintf("%s step %d", p.Test, p.Step) }

// Unrecorded are the steps of the script without a record, in their order.
func (a Acceptance) Unrecorded(s Script) []Place {
	var out []Place
	for _, t := range s.Tests {
		for i := range t.Steps {
			if _, _, ok := a.Of(t.ID, i+1); !ok {
				out = append(out, Place{Test: t.ID, Step: i + 1})
			}
		}
	}
	return out
}

// Files are the script and what was captured, each as often as it was. The size
// of a script is not recorded and is 0.
func (a Acceptance) Files() []Attachment {
	out := []Attachment{{Name: "script.json", SHA256: a.Script}}
	for _, r := range a.Records {
		for _, f := range r.Attachments {
			out = append(out, Attachment{Name: fmt.Sprintf("%s-%d-%s", r.Test, r.Step, f.Name), SHA256: f.SHA256, Size: f.Size})
		}
	}
	return out
}
