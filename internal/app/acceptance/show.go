package acceptance

import (
	"context"

	"github.com/dc-release/dc-release/internal/core/acceptance"
)

// Shown is one execution of manual tests for people.
type Shown struct {
	Acceptance  string      `json:"acceptance"`
	Repeats     string      `json:"repeats,omitempty"`
	Release     Release     `json:"release"`
	Environment string      `json:"environment"`
	State       string      `json:"state"`  // running, submitted, reviewed, abandoned
	Tester      string      `json:"tester"` // login
	BegunAt     string      `json:"begun_at"`
	Protocol    string      `json:"protocol,omitempty"` // digest, when it is submitted
	Recorded    int         `json:"recorded"`           // steps
	Steps       int         `json:"steps"`
	Tests       []ShownTest `json:"tests"`
}

// ShownTest is one test of an execution.
type ShownTest struct {
	ID     string      `json:"id"`
	Title  string      `json:"title"`
	Text   string      `json:"text"`
	Source string      `json:"source"`
	Steps  []ShownStep `json:"steps"`
}

// ShownStep is one step with the record that counts, if there is one.
type ShownStep struct {
	acceptance.Step
	Seen     *acceptance.Observed  `json:"seen,omitempty"`
	Corrects []acceptance.Observed `json:"corrects,omitempty"`
}

// Next is the first step without a record; false when there is none.
func (s Shown) Next() (test ShownTest, at acceptance.Place, ok bool) {
	for _, t := range s.Tests {
		for i, step := range t.Steps {
			if step.Seen == nil {
				return t, acceptance.Place{Test: t.ID, Step: i + 1}, true
			}
		}
	}
	return ShownTest{}, acceptance.Place{}, false
}

// Show gives the executions of a release in their order.
func (a *Acceptances) Show(ctx context.Context, r Release) ([]Shown, error) {
	w, err := a.world(ctx, r)
	if err != nil {
		return nil, err
	}
	out := []Shown{}
	for _, x := range w.run.Acceptances {
		script, err := a.scriptOf(ctx, x)
		if err != nil {
			return nil, err
		}
		tester, err := a.State.Person(ctx, x.Tester)
		if err != nil {
			return nil, err
		}
		out = append(out, shown(r, x, script, tester.Login))
	}
	return out, nil
}

func shown(r Release, x acceptance.Acceptance, script acceptance.Script, tester string) Shown {
	s := Shown{Acceptance: x.Acceptance, Repeats: x.Repeats, Release: r, Environment: x.Environment, State: x.State(), Tester: tester, BegunAt: x.Time, Tests: []ShownTest{}}
	if x.Submitted != nil {
		s.Protocol = x.Submitted.Protocol
	}
	for _, t := range script.Tests {
		test := ShownTest{ID: t.ID, Title: t.Title, Text: t.Text, Source: t.Source}
		for i, step := range t.Steps {
			seen := ShownStep{Step: step}
			if latest, earlier, ok := x.Of(t.ID, i+1); ok {
				o := latest.Observed()
				seen.Seen = &o
				for _, e := range earlier {
					seen.Corrects = append(seen.Corrects, e.Observed())
				}
				s.Recorded++
			}
			s.Steps++
			test.Steps = append(test.Steps, seen)
		}
		s.Tests = append(s.Tests, test)
	}
	return s
}
