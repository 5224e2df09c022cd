package sign

import (
	"context"
	"fmt"

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
	Solution     string      `json:"solution"`
	Version      string      `json:"version"`
	Environment  string      `json:"environment"`
	Verification string      `json:"verification"` // AV
	Name         string      `json:"name"`
	Data         []byte      `json:"data"`
	As           string      `json:"as"`
	Reason       string      `json:"reason"`
	Credentials  Credentials `json:"credentials"`
}

// Execute records a manual test that a tester executed in an environment.
func (s *Signer) Execute(ctx context.Context, x Execution) (Signed, error) {
	v, err := evidence.ParseVerification(x.Verification)
	if err != nil || v != evidence.AV {
		return Signed{}, fault.New(fault.Invalid, "verification %q: people record AV; machines record the others", x.Verification)
	}
	stream := ledger.ReleaseStream(x.Solution, x.Version)
	who, err := s.authenticate(ctx, x.As, x.Credentials, stream)
	if err != nil {
		return Signed{}, err
	}
	solution, err := s.Solutions.Solution(ctx, x.Solution)
	if err != nil {
		return Signed{}, err
	}
	file, err := s.Blobs.PutBytes(ctx, x.Data)
	if err != nil {
		return Signed{}, err
	}
	ceremony := s.NewID()
	var out Signed
	var refused []string
	_, err = ledger.Decide(ctx, s.Log, func() (ledger.Batch, error) {
		st, err := s.State.Standing(ctx, stream)
		if err != nil {
			return ledger.Batch{}, err
		}
		if who.subject, err = s.State.Person(ctx, who.subject.ID); err != nil {
			return ledger.Batch{}, err
		}
		refused = mayExecute(st, who.subject, x)
		if len(refused) > 0 {
			return ledger.Batch{}, nil
		}
		run, err := s.State.Run(ctx, st.Registered.Run)
		if err != nil {
			return ledger.Batch{}, err
		}
		place, err := s.State.Place(ctx, x.Solution, x.Environment)
		if err != nil {
			return ledger.Batch{}, err
		}
		deployed, ok := place.Of(run.Run.Run)
		if !ok {
			refused = []string{fmt.Sprintf("version %s is not deployed to %s", x.Version, x.Environment)}
			return ledger.Batch{}, nil
		}
		made, at, err := s.seal(ctx, who, ceremony, "execute", x.Reason, signature.TestExecuted, solution, signature.Subject{
			Type: "evidence", ID: string(stream), Solution: x.Solution, Version: x.Version, Stage: x.Environment, Manifest: file,
		}, file)
		if err != nil {
			return ledger.Batch{}, err
		}
		out = Signed{Signature: made.Signature, Manifest: file, Role: string(made.Role), Time: at}
		items := s.accepted(x, file, st.Registered.Commit, deployed.Tree)
		reason := x.Reason
		if reason == "" {
			reason = "executed acceptance tests in " + x.Environment
		}
		return ledger.Batch{
			Command: "sign/" + ceremony, Actor: who.actor(policy.Tester), Correlation: run.Run.Run, Policy: solution.Digest,
			Reads: []ledger.Read{
				{Stream: stream, Version: st.Version},
				{Stream: ledger.PersonStream(who.subject.ID), Version: who.subject.Version},
				{Stream: ledger.EnvironmentStream(x.Solution, x.Environment), Version: place.Version},
			},
			Events: []ledger.Draft{
				{Stream: stream, Data: made, Reason: reason},
				{Stream: ledger.RunStream(run.Run.Run), Data: &evidence.Recorded{Person: who.subject.ID, Signature: made.Signature, Items: items}, Reason: reason},
			},
		}, nil
	})
	if err != nil {
		return Signed{}, err
	}
	if len(refused) > 0 {
		return Signed{}, s.refuse(ctx, who, stream, "evidence.add", refused)
	}
	return out, nil
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
