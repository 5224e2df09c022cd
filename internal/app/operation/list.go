package operation

import (
	"context"
	"time"

	"github.com/dc-release/dc-release/internal/app/acceptance"
	"github.com/dc-release/dc-release/internal/app/access"
	"github.com/dc-release/dc-release/internal/app/actions"
	"github.com/dc-release/dc-release/internal/app/approve"
	"github.com/dc-release/dc-release/internal/app/claim"
	"github.com/dc-release/dc-release/internal/app/consult"
	"github.com/dc-release/dc-release/internal/app/deploy"
	"github.com/dc-release/dc-release/internal/app/deviation"
	"github.com/dc-release/dc-release/internal/app/halt"
	"github.com/dc-release/dc-release/internal/app/inspect"
	"github.com/dc-release/dc-release/internal/app/intake"
	"github.com/dc-release/dc-release/internal/app/keys"
	"github.com/dc-release/dc-release/internal/app/person"
	"github.com/dc-release/dc-release/internal/app/publish"
	"github.com/dc-release/dc-release/internal/app/report"
	"github.com/dc-release/dc-release/internal/app/rollback"
	"github.com/dc-release/dc-release/internal/app/secret"
	"github.com/dc-release/dc-release/internal/app/sign"
	"github.com/dc-release/dc-release/internal/app/solution"
	"github.com/dc-release/dc-release/internal/app/traceability"
	"github.com/dc-release/dc-release/internal/app/trail"
	"github.com/dc-release/dc-release/internal/core/approval"
	"github.com/dc-release/dc-release/internal/core/document"
	"github.com/dc-release/dc-release/internal/core/ledger"
	"github.com/dc-release/dc-release/internal/core/pipeline"
	"github.com/dc-release/dc-release/internal/core/policy"
)

// App is what operations are done with.
type App struct {
	Log           ledger.Log
	Now           func() time.Time
	Held          func() error // why nothing may be changed, nil when it may
	NewID         func() string
	Solutions     *solution.Registry
	Environments  EnvironmentsReader
	People        *person.People
	Intake        *intake.Intake
	Inspector     *inspect.Inspector
	Tracer        *traceability.Tracer
	Signer        *sign.Signer
	Claims        *claim.Server
	Deployer      *deploy.Deployer
	Rollbacks     *rollback.Rollbacks
	Publisher     *publish.Publisher
	Trail         *trail.Trail
	Reporter      *report.Reporter
	Actions       *actions.Actions
	Deviations    *deviation.Deviations
	Approvals     *approve.Approvals
	Acceptances   *acceptance.Acceptances
	Consultations *consult.Consultations
	Rotator       *keys.Rotator
	Halts         *halt.Halts
	Access        *access.Access
	Secrets       *secret.Secrets
}

// All is the list. To add an operation: a line here, its request and response
// beside its use case, a command in face/cli.
var All = []Operation{
	command("solution.add", Administrator, []string{"solution.added"}, addSolution),
	query("solution.list", func(ctx context.Context, a *App, _ None) ([]policy.Solution, error) { return a.Solutions.List(ctx) }),

	command("person.bootstrap", Local, []string{"installation.bootstrapped", "person.added", "credential.enrolled", "role.granted"}, bootstrap),
	command("person.add", Administrator, []string{"person.added", "credential.enrolled"}, addPerson),
	command("person.map", Administrator, []string{"identity.mapped"}, mapIdentity),
	command("person.check-identity", Administrator, []string{"person.identity_checked"}, checkIdentity),
	command("person.review", Administrator, []string{"person.access_reviewed"}, reviewAccess),
	command("person.train", Administrator, []string{"person.trained"}, train),
	command("person.accept-statement", Signature, []string{"person.statement_accepted", "operation.refused"}, acceptStatement),
	query("person.statement", statement),
	command("person.invite", Administrator, []string{"person.added", "person.invited"}, invite),
	query("person.enrolment", func(ctx context.Context, a *App, q UseLink) (person.Enrolment, error) {
		return a.People.Enrolment(ctx, q.Secret)
	}),
	command("person.enrol", Local, []string{"credential.enrolled"}, enrol),
	command("person.lose", Administrator, []string{"factor.lost"}, lose),
	command("person.reset", Signature, []string{"reset.requested", "reset.approved", "signing.locked", "operation.refused"}, reset),
	command("person.cancel-reset", Signature, []string{"reset.cancelled", "signing.locked", "operation.refused"}, cancelReset),
	command("person.unlock", Administrator, []string{"signing.unlocked"}, unlock),
	query("person.show", func(ctx context.Context, a *App, q Login) (inspect.PersonDetail, error) {
		return a.Inspector.Person(ctx, q.Login)
	}),
	command("person.disable", Administrator, []string{"person.disabled"}, disablePerson),
	query("person.list", func(ctx context.Context, a *App, _ None) ([]inspect.Person, error) { return a.Inspector.Persons(ctx) }),
	command("role.grant", Administrator, []string{"role.granted"}, grantRole),
	command("role.revoke", Administrator, []string{"role.revoked"}, revokeRole),

	signing("role.delegate", []string{"role.delegated"}, func(a *App, d sign.Delegation) (sign.Act, error) { return a.Signer.Delegate(d) }),
	signing("role.recall", []string{"delegation.ended"}, func(a *App, d sign.Delegation) (sign.Act, error) { return a.Signer.Recall(d) }),

	command("session.start", Signature, []string{"session.started", "operation.refused"}, startSession),
	command("session.end", Local, []string{"session.ended"}, endSession),
	query("session.visit", startVisit),
	command("session.enter", Local, []string{"session.started", "role.granted", "role.revoked", "operation.refused"}, enterByVisit),
	command("identity.begin", Signature, []string{"signing.locked", "operation.refused"}, beginLink),
	command("identity.link", Local, []string{"identity.linked", "operation.refused"}, linkIdentity),
	query("signature.list", mySignatures),
	command("passkey.begin", Signature, []string{"signing.locked", "operation.refused"}, beginPasskey),
	command("passkey.enrol", Local, []string{"passkey.enrolled"}, enrolPasskey),

	command("token.create", Administrator, []string{"api_token.created"}, createToken),
	command("token.revoke", Administrator, []string{"api_token.revoked"}, revokeToken),
	query("token.list", func(ctx context.Context, a *App, _ None) ([]access.Token, error) { return a.Access.Store.Tokens(ctx) }),

	command("secret.set", Administrator, []string{"secret.set"}, setSecret),
	command("secret.remove", Administrator, []string{"secret.removed"}, removeSecret),
	command("secret.rotate-key", Administrator, []string{"secret.key_rotated"}, rotateSecretsKey),
	query("secret.list", func(ctx context.Context, a *App, q Scope) ([]secret.Listed, error) {
		return a.Secrets.List(ctx, q.Solution)
	}),

	command("intake.accept", Local, []string{"run.started", "release.registered", "release.classified", "gate.unsignable", "intake.refused", "release.tag_moved"}, accept),

	query("run.list", func(ctx context.Context, a *App, q inspect.RunsQuery) ([]inspect.Run, error) {
		return a.Inspector.Runs(ctx, q)
	}),
	query("run.show", func(ctx context.Context, a *App, q RunID) (inspect.RunDetail, error) {
		return a.Inspector.Run(ctx, q.Run)
	}),
	query("run.log", func(ctx context.Context, a *App, q inspect.LogQuery) (inspect.LogPage, error) {
		return a.Inspector.Log(ctx, q)
	}),
	query("run.watch", func(ctx context.Context, a *App, q inspect.WatchQuery) (inspect.Watched, error) {
		return a.Inspector.Watch(ctx, q)
	}),
	command("run.cancel", Administrator, []string{"run.cancel_requested"}, cancelRun),
	command("run.rerun", Administrator, []string{"execution.given_up", "run.rerun_requested"}, rerun),

	command("actions.add", Local, []string{"action.pinned"}, func(ctx context.Context, a *App, q actions.Request) (pipeline.Pin, error) {
		return a.Actions.Add(ctx, q)
	}),
	query("actions.list", func(_ context.Context, a *App, _ None) ([]pipeline.Pin, error) { return a.Actions.List() }),
	query("actions.verify", func(ctx context.Context, a *App, q VerifyActions) ([]actions.Verified, error) {
		return a.Actions.Verify(ctx, q.Sources)
	}),

	query("release.list", func(ctx context.Context, a *App, q inspect.AsOf) ([]inspect.Release, error) {
		return a.Inspector.ReleasesAt(ctx, q)
	}),
	query("release.show", func(ctx context.Context, a *App, q Version) (inspect.ReleaseDetail, error) {
		return a.Inspector.Release(ctx, q.Solution, q.Version)
	}),
	query("trace.show", func(ctx context.Context, a *App, q traceability.Query) (traceability.Report, error) {
		return a.Tracer.Show(ctx, q, ledger.FormatTime(a.Now()))
	}),
	query("release.diff", func(ctx context.Context, a *App, q traceability.DiffQuery) (traceability.Difference, error) {
		return a.Tracer.Diff(ctx, q, ledger.FormatTime(a.Now()))
	}),
	query("document.test", func(ctx context.Context, a *App, q traceability.TestQuery) (document.Tested, error) {
		return a.Tracer.TestRelease(ctx, q, ledger.FormatTime(a.Now()))
	}),
	query("gate.list", func(ctx context.Context, a *App, q Scope) ([]inspect.Gate, error) {
		return a.Inspector.Gates(ctx, q.Solution)
	}),
	command("deviation.open", Person, []string{"deviation.opened"}, reportDeviation),
	signing("deviation.close", []string{"deviation.disposed"}, func(a *App, d sign.Disposition) (sign.Act, error) { return a.Signer.Dispose(d) }),
	command("deviation.waive", Person, []string{"approval.requested"}, requestWaiver),
	command("template.propose", Person, []string{"approval.requested"}, requestTemplate),
	command("solution.revise", Administrator, []string{"approval.requested"}, reviseSolution),
	command("review.request", Person, []string{"approval.requested"}, requestReview),
	query("review.show", reviewFiles),
	query("approval.list", func(ctx context.Context, a *App, q Version) ([]approval.Approval, error) {
		return a.Approvals.List(ctx, q.Solution, q.Version)
	}),
	signing("approval.sign", []string{"approval.signed", "approval.granted", "solution.revised"}, func(a *App, r sign.ApprovalRequest) (sign.Act, error) { return a.Signer.GiveApproval(r) }),
	signing("approval.refuse", []string{"approval.refused"}, func(a *App, r sign.ApprovalRequest) (sign.Act, error) { return a.Signer.RefuseApproval(r) }),
	command("release.hold", Person, []string{"release.held"}, holdRelease),
	command("release.resume", Person, []string{"release.resumed"}, resumeRelease),
	command("solution.freeze", Person, []string{"freeze.declared"}, freezeSolution),
	command("solution.unfreeze", Person, []string{"freeze.lifted"}, unfreezeSolution),

	query("gate.tasks", tasks),
	command("gate.comment", Person, []string{"gate.commented"}, comment),
	query("role.matrix", func(ctx context.Context, a *App, q Scope) (Matrix, error) { return matrix(ctx, a, q.Solution) }),
	signing("gate.sign", nil, func(a *App, r sign.Request) (sign.Act, error) { return a.Signer.Approve(r) }),
	signing("gate.reject", []string{"gate.rejected", "release.rejected"}, func(a *App, r sign.Request) (sign.Act, error) { return a.Signer.Reject(r) }),
	signing("gate.withdraw", []string{"signature.withdrawn"}, func(a *App, r sign.Request) (sign.Act, error) { return a.Signer.Withdraw(r) }),

	signing("evidence.add", []string{"evidence.recorded"}, func(a *App, x sign.Execution) (sign.Act, error) { return a.Signer.Execute(x) }),
	query("acceptance.list", func(ctx context.Context, a *App, q Version) ([]acceptance.Shown, error) {
		return a.Acceptances.Show(ctx, q.release())
	}),
	command("acceptance.begin", Person, []string{"acceptance.begun"}, beginAcceptance),
	command("acceptance.record", Person, []string{"acceptance.step_recorded", "deviation.opened"}, recordStep),
	command("acceptance.abandon", Person, []string{"acceptance.abandoned"}, abandonAcceptance),
	signing("acceptance.submit", []string{"acceptance.submitted", "evidence.recorded"}, func(a *App, q sign.Protocol) (sign.Act, error) { return a.Signer.Submit(q) }),
	signing("acceptance.review", []string{"acceptance.reviewed"}, func(a *App, q sign.Protocol) (sign.Act, error) { return a.Signer.Agree(q) }),
	query("evidence.list", func(ctx context.Context, a *App, q RunID) ([]inspect.Evidence, error) {
		return a.Inspector.Evidence(ctx, q.Run)
	}),

	query("environment.list", func(ctx context.Context, a *App, q inspect.AsOf) ([]inspect.Environment, error) {
		return a.Inspector.EnvironmentsAt(ctx, q)
	}),
	query("environment.show", showPlace),
	query("environment.drift", drift),
	query("environment.verify", verifyPlace),
	query("environment.check", checkPlace),
	command("environment.plan", Person, []string{"environment.planned"}, planPlace),
	command("deletion.request", Person, []string{"approval.requested"}, requestDeletion),
	command("rollback.rehearse", Person, []string{"evidence.recorded", "environment.planned", "environment.deploying", "environment.deployed", "environment.failed"}, rehearseRollback),
	command("rollback.request", Administrator, []string{"rollback.requested"}, requestRollback),

	query("audit.list", func(ctx context.Context, a *App, q trail.Query) (trail.List, error) { return a.Trail.List(ctx, q) }),
	query("audit.export", func(ctx context.Context, a *App, q trail.ExportQuery) (trail.Exported, error) {
		return a.Trail.Export(ctx, q)
	}),
	query("audit.exceptions", func(ctx context.Context, a *App, q Version) (report.Review, error) {
		return a.Reporter.Review(ctx, q.Solution, q.Version)
	}),
	signing("audit.review", nil, func(a *App, r sign.Review) (sign.Act, error) { return a.Signer.Review(r) }),
	command("audit.checkpoint", Local, []string{"checkpoint.diverged", "checkpoint.timestamp_requested"}, checkpoint),
	command("audit.rotate", Administrator, []string{"key.rotated"}, rotateKey),
}

// Scope limits a list to a solution; "" is all.
type Scope struct {
	Solution string `json:"solution"`
}

// RunID names a run.
type RunID struct {
	Run string `json:"run"`
}

// Version names a release.
type Version struct {
	Solution string `json:"solution"`
	Version  string `json:"version"`
}

// ByAdministrator is who changes something, and why.
type ByAdministrator struct {
	As     string `json:"as"`
	Reason string `json:"reason"`
}

func (b ByAdministrator) because() string { return b.Reason }

func accept(ctx context.Context, a *App, p intake.Push) (intake.Started, error) {
	s, err := a.Solutions.Solution(ctx, p.Solution)
	if err != nil {
		return intake.Started{}, err
	}
	return a.Intake.Accept(ctx, s, p)
}

// VerifyActions says whether the sources of pins are asked too.
type VerifyActions struct {
	Sources bool `json:"sources"`
}

// ChangeRun names a run and what a person does with it.
type ChangeRun struct {
	ByAdministrator
	Run string `json:"run"`
	Job string `json:"job"`
	// Failed asks a rerun for what did not succeed and what depends on it.
	Failed bool `json:"failed"`
}

func cancelRun(ctx context.Context, a *App, q ChangeRun) (None, error) {
	by, err := a.People.Administrator(ctx, q.As)
	if err != nil {
		return None{}, err
	}
	return None{}, a.Claims.Cancel(ctx, q.Run, by, q.Reason)
}

func rerun(ctx context.Context, a *App, q ChangeRun) (None, error) {
	by, err := a.People.Administrator(ctx, q.As)
	if err != nil {
		return None{}, err
	}
	return None{}, a.Claims.Rerun(ctx, q.Run, claim.Again{Job: q.Job, Failed: q.Failed}, by, q.Reason)
}

// RequestRollback asks for an earlier release to be put back.
type RequestRollback struct {
	ByAdministrator
	rollback.Request
}

func requestRollback(ctx context.Context, a *App, q RequestRollback) (rollback.Requested, error) {
	by, err := a.People.Administrator(ctx, q.As)
	if err != nil {
		return rollback.Requested{}, err
	}
	return a.Rollbacks.Request(ctx, by, q.Request, q.Reason)
}
