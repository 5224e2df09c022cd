package sign

import (
	"context"
	"fmt"
	"strings"

	"github.com/dc-release/dc-release/internal/app/state"
	"github.com/dc-release/dc-release/internal/core/acceptance"
	"github.com/dc-release/dc-release/internal/core/canonical"
	"github.com/dc-release/dc-release/internal/core/evidence"
	"github.com/dc-release/dc-release/internal/core/gate"
	"github.com/dc-release/dc-release/internal/core/ledger"
	"github.com/dc-release/dc-release/internal/core/policy"
	"github.com/dc-release/dc-release/internal/core/signature"
)

// Protocol names the execution of manual tests whose protocol is signed.
type Protocol struct {
	By
	Solution   string `json:"solution"`
	Version    string `json:"version"`
	Acceptance string `json:"acceptance"`
}

// executedTests is an execution with what its protocol is made of.
type executedTests struct {
	stream     ledger.Stream
	standing   gate.Standing
	run        state.Run
	acceptance acceptance.Acceptance
	script     acceptance.Script
}

// read finds the execution; false says why there is none in p.Refused.
func (s *Signer) read(ctx context.Context, p *Proposal, q Protocol) (t executedTests, ok bool, err error) {
	t.stream = p.Stream
	if p.Solution, err = s.Solutions.Solution(ctx, q.Solution); err != nil {
		return t, false, err
	}
	if t.standing, err = s.State.Standing(ctx, p.Stream); err != nil {
		return t, false, err
	}
	if t.standing.Registered == nil {
		p.Refused = []string{fmt.Sprintf("version %q of %s is not registered", q.Version, q.Solution)}
		return t, false, nil
	}
	if t.run, err = s.State.Run(ctx, t.standing.Registered.Run); err != nil {
		return t, false, err
	}
	if t.acceptance, ok = acceptance.Find(t.run.Acceptances, q.Acceptance); !ok {
		p.Refused = []string{fmt.Sprintf("no execution %q of manual tests", q.Acceptance)}
		return t, false, nil
	}
	raw, err := s.Blobs.Bytes(ctx, t.acceptance.Script)
	if err != nil {
		return t, false, err
	}
	t.script, err = acceptance.ParseScript(raw)
	p.Correlation = t.run.Run.Run
	p.Reads = []ledger.Read{
		{Stream: p.Stream, Version: t.standing.Version},
		{Stream: ledger.RunStream(t.run.Run.Run), Version: t.run.Version},
	}
	return t, err == nil, err
}

// Submit signs the protocol of an execution whose steps are all recorded: the
// tester declares it, and it becomes evidence.
func (s *Signer) Submit(q Protocol) (Act, error) {
	if q.Reason == "" {
		q.Reason = "executed " + q.Acceptance
	}
	stream := ledger.ReleaseStream(q.Solution, q.Version)
	return Act{Name: "acceptance.submit", About: stream, Propose: func(ctx context.Context, by policy.Subject) (Proposal, error) {
		p := Proposal{Stream: stream, Meaning: signature.TestExecuted, Decision: "execute", Reason: q.Reason, Capacity: gate.CapacityFor(by, signature.TestExecuted, q.Solution)}
		t, ok, err := s.read(ctx, &p, q)
		if err != nil || !ok {
			return p, err
		}
		place, err := s.State.Place(ctx, q.Solution, t.acceptance.Environment)
		if err != nil {
			return p, err
		}
		if p.Refused = t.unsubmittable(by, q, place); len(p.Refused) > 0 {
			return p, nil
		}
		p.Reads = append(p.Reads, ledger.Read{Stream: ledger.EnvironmentStream(q.Solution, t.acceptance.Environment), Version: place.Version})
		return s.submitted(ctx, p, t, by)
	}}, nil
}

// unsubmittable is every reason against a submission.
func (t executedTests) unsubmittable(by policy.Subject, q Protocol, place state.Place) []string {
	a := t.acceptance
	out := gate.MayTest(t.standing, by, q.Solution)
	if a.Tester != by.ID {
		out = append(out, a.Acceptance+" was executed by another tester")
	}
	if !a.Open() {
		out = append(out, fmt.Sprintf("%s is %s", a.Acceptance, a.State()))
	}
	if d, ok := place.Of(t.run.Run.Run); !ok || d.Tree != a.Tree {
		out = append(out, fmt.Sprintf("%s was deployed again since %s began", a.Environment, a.Acceptance))
	}
	for _, open := range a.Unrecorded(t.script) {
		out = append(out, open.String()+" is not recorded")
	}
	return out
}

func (s *Signer) submitted(ctx context.Context, p Proposal, t executedTests, by policy.Subject) (Proposal, error) {
	a := t.acceptance
	protocol, err := a.Protocol(t.script)
	if err != nil {
		return p, err
	}
	raw, err := protocol.JSON()
	if err != nil {
		return p, err
	}
	file, err := s.Blobs.PutBytes(ctx, raw)
	if err != nil {
		return p, err
	}
	base := evidence.Item{Name: a.FileName(), SHA256: file, Size: int64(len(raw)), Commit: a.Commit}
	items := evidence.Items(base, protocol.Report(file), evidence.Tested(base.Name, evidence.AV, a.Environment), a.Tree)
	p.Subject = protocolSubject(t, file)
	p.Sheet = protocolSheet(protocol, file, p.Meaning)
	p.Follows = func(made signature.Made) []ledger.Draft {
		run := ledger.RunStream(t.run.Run.Run)
		return []ledger.Draft{
			{Stream: run, Data: &acceptance.Submitted{Acceptance: a.Acceptance, Protocol: file, Signature: made.Signature}},
			{Stream: run, Data: &evidence.Recorded{Person: by.ID, Signature: made.Signature, Items: items}},
		}
	}
	return p, nil
}

func protocolSubject(t executedTests, file string) signature.Subject {
	return signature.Subject{Type: "evidence", ID: string(t.stream), Solution: t.script.Solution, Version: t.script.Version, Stage: t.acceptance.Environment, Manifest: file}
}

// protocolSheet is the whole protocol as it is shown before it is signed.
func protocolSheet(p acceptance.Protocol, file string, m signature.Meaning) string {
	var b strings.Builder
	fmt.Fprintf(&b, "Protocol %s of %s %s in %s, SHA-256 %s\n", p.Acceptance, p.Solution, p.Version, p.Environment, file)
	for _, t := range p.Tests {
		fmt.Fprintf(&b, "%s %s: %s\n", t.ID, t.Title, t.Verdict)
		for i, r := range t.Records {
			fmt.Fprintf(&b, "  %d. %s\n     expected: %s\n     seen %s: %s (%s)\n", i+1, t.Steps[i].Action, t.Steps[i].Expected, r.At, r.Actual, r.Verdict)
			for _, f := range r.Attachments {
				fmt.Fprintf(&b, "     file %s, %d bytes, SHA-256 %s\n", f.Name, f.Size, f.SHA256)
			}
			if len(r.Corrects) > 0 {
				fmt.Fprintf(&b, "     corrected %d times, the last because: %s\n", len(r.Corrects), r.Reason)
			}
		}
	}
	def, _ := signature.Find(m)
	fmt.Fprintf(&b, "You declare as %s: %s\n", def.Meaning, def.Text)
	return b.String()
}

// Agree signs the protocol of another person: a result that was typed in counts
// after a second person has read it (EU GMP Annex 11, 6).
func (s *Signer) Agree(q Protocol) (Act, error) {
	if q.Reason == "" {
		q.Reason = "reviewed the protocol " + q.Acceptance
	}
	stream := ledger.ReleaseStream(q.Solution, q.Version)
	return Act{Name: "acceptance.review", About: stream, Propose: func(ctx context.Context, by policy.Subject) (Proposal, error) {
		p := Proposal{Stream: stream, Meaning: signature.Reviewed, Decision: "approve", Reason: q.Reason, Capacity: gate.CapacityFor(by, signature.Reviewed, q.Solution)}
		t, ok, err := s.read(ctx, &p, q)
		if err != nil || !ok {
			return p, err
		}
		a := t.acceptance
		p.Refused = gate.MayAgree(t.standing, by, q.Solution, a.Tester)
		switch {
		case a.Submitted == nil:
			p.Refused = append(p.Refused, a.Acceptance+" is not submitted")
		case a.Reviewed != nil:
			p.Refused = append(p.Refused, a.Acceptance+" is reviewed")
		}
		if len(p.Refused) > 0 {
			return p, nil
		}
		raw, err := s.Blobs.Bytes(ctx, a.Submitted.Protocol)
		if err != nil {
			return p, err
		}
		protocol, err := acceptance.ParseProtocol(raw)
		if err != nil {
			return p, err
		}
		p.Subject = protocolSubject(t, canonical.SHA256(raw))
		p.Sheet = protocolSheet(protocol, p.Subject.Manifest, p.Meaning)
		p.Follows = func(made signature.Made) []ledger.Draft {
			return []ledger.Draft{{Stream: ledger.RunStream(t.run.Run.Run), Data: &acceptance.Reviewed{Acceptance: a.Acceptance, Signature: made.Signature, Person: by.ID}}}
		}
		return p, nil
	}}, nil
}
