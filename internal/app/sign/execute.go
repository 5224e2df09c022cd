package sign

import (
	"context"
	"fmt"
	"strings"

	"github.com/dc-release/dc-release/internal/core/evidence"
	"github.com/dc-release/dc-release/internal/core/fault"
	"github.com/dc-release/dc-release/internal/core/gate"
	"github.com/dc-release/dc-release/internal/core/ledger"
	"github.com/dc-release/dc-release/internal/core/policy"
	"github.com/dc-release/dc-release/internal/core/signature"
)

// ResultReader reads a result file of any known format.
type ResultReader func(name string, data []byte) evidence.Report

// Execution is a person's manual test: the result file with the signature
// test-executed over it.
type Execution struct {
	By
	Solution     string `json:"solution"`
	Version      string `json:"version"`
	Environment  string `json:"environment"`
	Verification string `json:"verification"` // AV
	Name         string `json:"name"`
	Data         []byte `json:"data"`
}

// Execute records a manual test that a tester executed in an environment.
func (s *Signer) Execute(x Execution) (Act, error) {
	v, err := evidence.ParseVerification(x.Verification)
	if err != nil || v != evidence.AV {
		return Act{}, fault.New(fault.Invalid, "verification %q: people record AV; machines record the others", x.Verification)
	}
	if x.Reason == "" {
		x.Reason = "executed acceptance tests in " + x.Environment
	}
	stream := ledger.ReleaseStream(x.Solution, x.Version)
	return Act{Name: "evidence.add", About: stream, Propose: func(ctx context.Context, by policy.Subject) (Proposal, error) {
		p := Proposal{Stream: stream, Meaning: signature.TestExecuted, Decision: "execute", Reason: x.Reason, Capacity: gate.CapacityFor(by, signature.TestExecuted, x.Solution)}
		st, err := s.State.Standing(ctx, stream)
		if err != nil {
			return p, err
		}
		if p.Refused = mayExecute(st, by, x); len(p.Refused) > 0 {
			return p, nil
		}
		if p.Solution, err = s.Solutions.Solution(ctx, x.Solution); err != nil {
			return p, err
		}
		return s.executed(ctx, p, st, by, x)
	}}, nil
}

// executed fills what a permitted execution signs and records.
func (s *Signer) executed(ctx context.Context, p Proposal, st gate.Standing, by policy.Subject, x Execution) (Proposal, error) {
	run, err := s.State.Run(ctx, st.Registered.Run)
	if err != nil {
		return p, err
	}
	place, err := s.State.Place(ctx, x.Solution, x.Environment)
	if err != nil {
		return p, err
	}
	deployed, ok := place.Of(run.Run.Run)
	if !ok {
		p.Refused = []string{fmt.Sprintf("version %s is not deployed to %s", x.Version, x.Environment)}
		return p, nil
	}
	file, err := s.Blobs.PutBytes(ctx, x.Data)
	if err != nil {
		return p, err
	}
	p.Subject = signature.Subject{Type: "evidence", ID: string(p.Stream), Solution: x.Solution, Version: x.Version, Stage: x.Environment, Manifest: file}
	items := s.accepted(x, file, st.Registered.Commit, deployed.Tree)
	p.Sheet = executionSheet(x, file, items)
	p.Correlation = run.Run.Run
	p.Reads = []ledger.Read{
		{Stream: p.Stream, Version: st.Version},
		{Stream: ledger.EnvironmentStream(x.Solution, x.Environment), Version: place.Version},
	}
	p.Follows = func(made signature.Made) []ledger.Draft {
		return []ledger.Draft{{
			Stream: ledger.RunStream(run.Run.Run),
			Data:   &evidence.Recorded{Person: by.ID, Signature: made.Signature, Items: items},
		}}
	}
	return p, nil
}

// executionSheet is what a tester is shown before signing.
func executionSheet(x Execution, file string, items []evidence.Item) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s of %s %s in %s\nFile %s, %d bytes, SHA-256 %s\n", x.Verification, x.Solution, x.Version, x.Environment, x.Name, len(x.Data), file)
	for _, i := range items {
		fmt.Fprintf(&b, "%s: %s\n", i.Verification, i.Verdict)
	}
	def, _ := signature.Find(signature.TestExecuted)
	fmt.Fprintf(&b, "You declare as %s: %s\n", def.Meaning, def.Text)
	return b.String()
}

func mayExecute(st gate.Standing, p policy.Subject, x Execution) []string {
	var out []string
	if st.Registered == nil {
		return []string{fmt.Sprintf("version %q of %s is not registered", x.Version, x.Solution)}
	}
	if x.Environment != "val" {
		out = append(out, "acceptance tests are executed in val")
	}
	return append(out, gate.MayTest(st, p, x.Solution)...)
}

// accepted are the items of the tester's file: what it says, as AV.
func (s *Signer) accepted(x Execution, file, commit, tree string) []evidence.Item {
	base := evidence.Item{Name: x.Name, SHA256: file, Size: int64(len(x.Data)), Commit: commit}
	return evidence.Items(base, s.Results(x.Name, x.Data), evidence.Tested(x.Name, evidence.AV, x.Environment), tree)
}
