package operation

import (
	"context"

	"github.com/dc-release/dc-release/internal/app/consult"
	"github.com/dc-release/dc-release/internal/app/inspect"
	"github.com/dc-release/dc-release/internal/core/approval"
	"github.com/dc-release/dc-release/internal/core/policy"
)

// deciders are the roles that may ask for exceptions and stop releases.
var deciders = []policy.Role{policy.QC, policy.ReleaseManager, policy.SME, policy.DataProductOwner}

// ReportDeviation opens a deviation that a person has seen.
type ReportDeviation struct {
	ByAdministrator
	Version
	Text string `json:"text"`
}

func reportDeviation(ctx context.Context, a *App, q ReportDeviation) (Named, error) {
	by, err := a.People.Holder(ctx, q.As, q.Solution, append(deciders, policy.Tester, policy.DataEngineer)...)
	if err != nil {
		return Named{}, err
	}
	id, err := a.Deviations.Report(ctx, by, q.Solution, q.Version.Version, q.Text, q.Reason)
	return Named{ID: id}, err
}

// Named answers with the identity of what was made.
type Named struct {
	ID string `json:"id"`
	// Lost are the controls that it would take away.
	Lost []string `json:"lost,omitempty"`
}

// RequestWaiver asks for an exception.
type RequestWaiver struct {
	ByAdministrator
	Version
	Waiver approval.Waiver `json:"waiver"`
}

func requestWaiver(ctx context.Context, a *App, q RequestWaiver) (Named, error) {
	by, err := a.People.Holder(ctx, q.As, q.Solution, deciders...)
	if err != nil {
		return Named{}, err
	}
	id, err := a.Approvals.Waive(ctx, by, q.Solution, q.Version.Version, q.Waiver, q.Reason)
	return Named{ID: id}, err
}

// RequestTemplate asks for a template of standard changes.
type RequestTemplate struct {
	ByAdministrator
	Solution string            `json:"solution"`
	Template approval.Template `json:"template"`
}

func requestTemplate(ctx context.Context, a *App, q RequestTemplate) (Named, error) {
	by, err := a.People.Holder(ctx, q.As, q.Solution, append(deciders, policy.DataEngineer)...)
	if err != nil {
		return Named{}, err
	}
	id, err := a.Approvals.Template(ctx, by, q.Solution, q.Template, q.Reason)
	return Named{ID: id}, err
}

// HoldRelease names a release to be held or resumed.
type HoldRelease struct {
	ByAdministrator
	Version
}

func holdRelease(ctx context.Context, a *App, q HoldRelease) (None, error) {
	by, err := a.People.Holder(ctx, q.As, q.Solution, deciders...)
	if err != nil {
		return None{}, err
	}
	return None{}, a.Halts.Hold(ctx, by, q.Solution, q.Version.Version, q.Reason)
}

func resumeRelease(ctx context.Context, a *App, q HoldRelease) (None, error) {
	by, err := a.People.Holder(ctx, q.As, q.Solution, policy.QC, policy.ReleaseManager)
	if err != nil {
		return None{}, err
	}
	return None{}, a.Halts.Resume(ctx, by, q.Solution, q.Version.Version, q.Reason)
}

// FreezeSolution says when nothing enters production.
type FreezeSolution struct {
	ByAdministrator
	Solution string `json:"solution"`
	Since    string `json:"since"` // UTC in the ledger's form, "" for now
	Until    string `json:"until"`
	Freeze   string `json:"freeze"` // the one to lift
}

func freezeSolution(ctx context.Context, a *App, q FreezeSolution) (Named, error) {
	by, err := a.People.Holder(ctx, q.As, q.Solution, policy.QC, policy.ReleaseManager, policy.DataProductOwner)
	if err != nil {
		return Named{}, err
	}
	id, err := a.Halts.Freeze(ctx, by, q.Solution, q.Since, q.Until, q.Reason)
	return Named{ID: id}, err
}

func unfreezeSolution(ctx context.Context, a *App, q FreezeSolution) (None, error) {
	by, err := a.People.Holder(ctx, q.As, q.Solution, policy.QC, policy.ReleaseManager, policy.DataProductOwner)
	if err != nil {
		return None{}, err
	}
	return None{}, a.Halts.Unfreeze(ctx, by, q.Solution, q.Freeze, q.Reason)
}

// Tasks are what waits for a person: signatures, and the rest by the matrix.
type Tasks struct {
	Signatures []inspect.Waiting `json:"signatures"`
	Tasks      []consult.Task    `json:"tasks"`
}

func tasks(ctx context.Context, a *App, q Login) (Tasks, error) {
	p, err := a.People.ByLogin(ctx, q.Login)
	if err != nil {
		return Tasks{}, err
	}
	signatures, err := a.Inspector.Signatures(ctx, p.ID)
	if err != nil {
		return Tasks{}, err
	}
	rest, err := a.Consultations.Tasks(ctx, p)
	return Tasks{Signatures: signatures.Waiting, Tasks: rest}, err
}

func comment(ctx context.Context, a *App, q CommentGate) (None, error) {
	p, err := a.People.ByLogin(ctx, q.As)
	if err != nil {
		return None{}, err
	}
	return None{}, a.Consultations.Comment(ctx, p, q.Solution, q.Version.Version, q.Gate, q.Text)
}

// CommentGate is the word of somebody who is consulted.
type CommentGate struct {
	Version
	As   string `json:"as"`
	Gate string `json:"gate"`
	Text string `json:"text"`
}

// Matrix is the RACI matrix of a solution, "" for the default one, beside the
// guide's with what is wrong there.
type Matrix struct {
	Activities []policy.Activity `json:"activities"`
	Guide      []policy.Activity `json:"guide"`
	Findings   []string          `json:"findings"` // of the guide's
}

func matrix(ctx context.Context, a *App, solution string) (Matrix, error) {
	m := Matrix{Activities: policy.Default, Guide: policy.Guide, Findings: policy.RACIFindings(policy.Guide)}
	if solution == "" {
		return m, nil
	}
	s, err := a.Solutions.Solution(ctx, solution)
	if err == nil {
		m.Activities = s.Activities()
	}
	return m, err
}
