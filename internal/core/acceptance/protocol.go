package acceptance

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"github.com/dc-release/dc-release/internal/core/canonical"
	"github.com/dc-release/dc-release/internal/core/evidence"
)

// ProtocolSchema names the version of a protocol.
const ProtocolSchema = "dc-release/acceptance-protocol/v1"

// Protocol is what the tester signs: every step with what was expected and what
// was seen.
type Protocol struct {
	Schema      string     `json:"schema"` // ProtocolSchema
	Acceptance  string     `json:"acceptance"`
	Repeats     string     `json:"repeats"`
	Solution    string     `json:"solution"`
	Version     string     `json:"version"`
	Environment string     `json:"environment"`
	Commit      string     `json:"commit"`
	Tree        string     `json:"tree"`
	Script      string     `json:"script_sha256"`
	Tester      string     `json:"tester"` // person
	BegunAt     string     `json:"begun_at"`
	Tests       []Executed `json:"tests"`
}

// Executed is one test of a protocol.
type Executed struct {
	Test
	Verdict Verdict        `json:"verdict"` // failed when a step failed, else blocked when one was
	Records []ExecutedStep `json:"records"` // one a step
}

// ExecutedStep is one step of a protocol: the record that counts and those that
// it corrects.
type ExecutedStep struct {
	Observed
	Corrects []Observed `json:"corrects"`
}

// Observed is one record of a step.
type Observed struct {
	At          string       `json:"at"`
	Actual      string       `json:"actual"`
	Verdict     Verdict      `json:"verdict"`
	Reason      string       `json:"reason"` // of a correction
	Attachments []Attachment `json:"attachments"`
	Deviation   string       `json:"deviation"`
}

// Protocol makes the protocol of an execution whose steps are all recorded.
func (a Acceptance) Protocol(s Script) (Protocol, error) {
	p := Protocol{
		Schema: ProtocolSchema, Acceptance: a.Acceptance, Repeats: a.Repeats, Solution: s.Solution, Version: s.Version,
		Environment: a.Environment, Commit: a.Commit, Tree: a.Tree, Script: a.Script, Tester: a.Tester, BegunAt: a.Time, Tests: []Executed{},
	}
	if open := a.Unrecorded(s); len(open) > 0 {
		return p, fmt.Errorf("%d steps are not recorded, the first is %s", len(open), open[0])
	}
	for _, t := range s.Tests {
		e := Executed{Test: t, Verdict: Passed, Records: []ExecutedStep{}}
		for i := range t.Steps {
			latest, earlier, _ := a.Of(t.ID, i+1)
			step := ExecutedStep{Observed: latest.Observed(), Corrects: []Observed{}}
			for _, r := range earlier {
				step.Corrects = append(step.Corrects, r.Observed())
			}
			e.Records = append(e.Records, step)
			if latest.Verdict == Failed || latest.Verdict == Blocked && e.Verdict == Passed {
				e.Verdict = latest.Verdict
			}
		}
		p.Tests = append(p.Tests, e)
	}
	return p, nil
}

// Observed is the record as a protocol holds it.
func (r Record) Observed() Observed {
	o := Observed{At: r.Time, Actual: r.Actual, Verdict: r.Verdict, Attachments: r.Attachments, Deviation: r.Deviation}
	if r.Correction {
		o.Reason = r.Reason
	}
	if o.Attachments == nil {
		o.Attachments = []Attachment{}
	}
	return o
}

// JSON is the canonical form, which is what the tester signs.
func (p Protocol) JSON() ([]byte, error) {
	data, err := canonical.Marshal(p)
	if err != nil {
		return nil, fmt.Errorf("encode acceptance protocol %s: %w", p.Acceptance, err)
	}
	return data, nil
}

// ParseProtocol reads what JSON wrote and nothing else.
func ParseProtocol(data []byte) (Protocol, error) {
	var p Protocol
	if err := canonical.Unmarshal(data, &p); err != nil {
		return Protocol{}, fmt.Errorf("read acceptance protocol: %w", err)
	}
	if p.Schema != ProtocolSchema {
		return Protocol{}, fmt.Errorf("read acceptance protocol: schema %q, want %q", p.Schema, ProtocolSchema)
	}
	for _, t := range p.Tests {
		if len(t.Records) != len(t.Steps) {
			return Protocol{}, fmt.Errorf("read acceptance protocol: %s has %d records of %d steps", t.ID, len(t.Records), len(t.Steps))
		}
	}
	if again, err := p.JSON(); err != nil || !bytes.Equal(again, data) {
		return Protocol{}, errors.New("read acceptance protocol: it lacks fields")
	}
	return p, nil
}

// FileName is what the protocol is called as evidence. Attempts of the same
// tests have one name.
func (a Acceptance) FileName() string { return "acceptance-" + a.First() + ".json" }

// Report is the protocol as a result: one case a test. A blocked test is an
// error, since it gave no answer.
func (p Protocol) Report(sha256 string) evidence.Report {
	r := evidence.Report{Format: evidence.FormatAcceptance, SHA256: sha256, Cases: []evidence.Case{}}
	for i, t := range p.Tests {
		c := evidence.Case{Name: t.ID, IDs: []string{t.ID}, Line: i + 1, Outcome: evidence.Passed, Verification: evidence.AV}
		if t.Title != "" {
			c.Name += " " + t.Title
		}
		for n, s := range t.Records {
			switch {
			case s.Verdict == Failed && c.Outcome != evidence.Failed:
				c.Outcome, c.Message = evidence.Failed, t.said(n)
			case s.Verdict == Blocked && c.Outcome == evidence.Passed:
				c.Outcome, c.Message = evidence.Errored, t.said(n)
			}
		}
		r.Cases = append(r.Cases, c)
	}
	r.Totals = evidence.Count(r.Cases)
	return r
}

// said is what went wrong at a step.
func (t Executed) said(step int) string {
	s := t.Records[step]
	text := fmt.Sprintf("step %d %s: %s", step+1, s.Verdict, s.Actual)
	if len(text) > evidence.MaxMessage {
		text = strings.ToValidUTF8(text[:evidence.MaxMessage], "")
	}
	return text
}

// ReadProtocol reads a protocol as a result file.
func ReadProtocol(data []byte) (evidence.Report, error) {
	p, err := ParseProtocol(data)
	if err != nil {
		return evidence.Report{}, err
	}
	return p.Report(canonical.SHA256(data)), nil
}
