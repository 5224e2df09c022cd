// Package event is the one list of everything that can stand in the ledger.
package event

import (
	"fmt"
	"reflect"

	"github.com/dc-release/dc-release/internal/core/acceptance"
	"github.com/dc-release/dc-release/internal/core/approval"
	"github.com/dc-release/dc-release/internal/core/canonical"
	"github.com/dc-release/dc-release/internal/core/component"
	"github.com/dc-release/dc-release/internal/core/deployment"
	"github.com/dc-release/dc-release/internal/core/deviation"
	"github.com/dc-release/dc-release/internal/core/document"
	"github.com/dc-release/dc-release/internal/core/evidence"
	"github.com/dc-release/dc-release/internal/core/gate"
	"github.com/dc-release/dc-release/internal/core/ledger"
	"github.com/dc-release/dc-release/internal/core/pipeline"
	"github.com/dc-release/dc-release/internal/core/policy"
	"github.com/dc-release/dc-release/internal/core/provenance"
	"github.com/dc-release/dc-release/internal/core/release"
	"github.com/dc-release/dc-release/internal/core/releaselog"
	"github.com/dc-release/dc-release/internal/core/secret"
	"github.com/dc-release/dc-release/internal/core/signature"
)

// All lists every payload. To add one: its struct in the core package of its
// noun, a line here, a fixture in testdata/. A changed struct is a new type
// version; the old struct stays with an upcaster.
var All = []ledger.Payload{
	&ledger.InstallationCreated{}, &ledger.KeyCreated{}, &ledger.KeyRotated{}, &ledger.Refused{}, &ledger.ClockObserved{},
	&policy.Bootstrapped{}, &policy.PersonAdded{}, &policy.CredentialEnrolled{}, &policy.RoleGranted{},
	&policy.RoleRevoked{}, &policy.PersonDisabled{}, &policy.IdentityMapped{}, &policy.RoleDelegated{}, &policy.DelegationEnded{}, &policy.SolutionAdded{}, &policy.SolutionAddedV1{}, &policy.SolutionAddedV2{}, &policy.SolutionAddedV3{}, &policy.SolutionAddedV4{}, &policy.SolutionAddedV5{}, &policy.SolutionRevised{}, &policy.SolutionRevisedV1{}, &policy.SolutionRevisedV2{}, &policy.SolutionRevisedV3{},
	&policy.PersonAddedV1{}, &policy.SigningRequired{}, &policy.IdentityChecked{}, &policy.AccessReviewed{}, &policy.Trained{}, &policy.StatementAccepted{},
	&policy.Invited{}, &policy.PasskeyEnrolled{}, &policy.IdentityLinked{}, &policy.FactorLost{}, &policy.ResetRequested{}, &policy.ResetApproved{},
	&policy.SessionStarted{}, &policy.SessionEnded{}, &policy.TokenCreated{}, &policy.TokenRevoked{},
	&policy.ResetCancelled{}, &policy.SigningLocked{}, &policy.SigningUnlocked{},
	&release.IntakeRefused{}, &release.Registered{}, &release.TagMoved{}, &release.Rejected{}, &release.Authorised{},
	&release.ForUse{}, &release.Superseded{}, &release.Reinstated{},
	&deployment.Planned{}, &deployment.PlannedV1{}, &deployment.Begun{}, &deployment.Failed{}, &deployment.Deployed{}, &deployment.DeployedV1{},
	&deployment.RollbackRequested{}, &deployment.RolledBack{}, &deployment.TasksStarted{},
	&pipeline.RunStarted{}, &pipeline.ScopeOpened{}, &pipeline.ScopeClosed{}, &pipeline.JobConcluded{}, &pipeline.GateAwaited{},
	&pipeline.ExecutionQueued{}, &pipeline.ExecutionClaimed{}, &pipeline.ExecutionFinished{}, &pipeline.ExecutionGivenUp{},
	&pipeline.LateResult{}, &pipeline.LogKept{}, &pipeline.ValuesKept{}, &pipeline.ResultConflict{}, &pipeline.ArtifactKept{}, &pipeline.ArtifactKeptV1{},
	&pipeline.RunCancelRequested{}, &pipeline.RunFinished{},
	&pipeline.MatrixOpened{}, &pipeline.JobDecided{}, &pipeline.JobHeld{}, &pipeline.JobCancelRequested{}, &pipeline.RerunRequested{},
	&pipeline.GroupJoined{}, &pipeline.GroupEntered{}, &pipeline.GroupLeft{}, &pipeline.ActionPinned{}, &pipeline.TokenIssued{},
	&release.Classified{}, &release.Held{}, &release.Resumed{}, &release.CaughtUp{}, &release.FreezeDeclared{}, &release.FreezeLifted{},
	&approval.Requested{}, &approval.RequestedV1{}, &approval.RequestedV2{}, &approval.RequestedV3{}, &approval.RequestedV4{}, &approval.Signed{}, &approval.Granted{}, &approval.Refused{},
	&deviation.Opened{}, &deviation.Disposed{},
	&evidence.Recorded{},
	&acceptance.Begun{}, &acceptance.StepRecorded{}, &acceptance.Submitted{}, &acceptance.Reviewed{}, &acceptance.Abandoned{},
	&gate.Unsignable{}, &gate.Commented{}, &gate.Closed{}, &gate.Opened{}, &gate.Voided{}, &gate.Consumed{}, &gate.Rejected{},
	&signature.Made{}, &signature.Withdrawn{},
	&document.PublicationIntended{}, &document.Published{}, &releaselog.Diverged{},
	&releaselog.TimestampRequested{}, &releaselog.Timestamped{}, &releaselog.TimestampFailed{},
	&provenance.Attested{}, &component.Described{},
	&secret.Set{}, &secret.Removed{}, &secret.KeyRotated{},
}

type key struct {
	name    string
	version int
}

var byType = func() map[key]reflect.Type {
	m := make(map[key]reflect.Type, len(All))
	for _, p := range All {
		name, version := p.EventType()
		m[key{name, version}] = reflect.TypeOf(p).Elem()
	}
	return m
}()

// Upcaster is an old version of a payload; it gives itself as the newest one.
type Upcaster interface{ Upcast() ledger.Payload }

// Decode gives the payload of a public part, in its newest version. An unknown type or version is an
// error: whoever meets one must stop reading and write nothing.
func Decode(name string, version int, body []byte) (ledger.Payload, error) {
	t, ok := byType[key{name, version}]
	if !ok {
		return nil, fmt.Errorf("event type %s version %d is unknown to this program: use a newer one", name, version)
	}
	p := reflect.New(t).Interface().(ledger.Payload)
	if err := canonical.Unmarshal(body, p); err != nil {
		return nil, fmt.Errorf("event type %s version %d: %w", name, version, err)
	}
	if old, ok := p.(Upcaster); ok {
		return old.Upcast(), nil
	}
	return p, nil
}

// Open decodes a stored record whole.
func Open(r ledger.Record) (ledger.Event, error) {
	h, err := r.Open()
	if err != nil {
		return ledger.Event{}, err
	}
	public, ok := r.Parts[ledger.Public]
	if !ok {
		return ledger.Event{}, fmt.Errorf("event %d: public part is missing", h.Seq)
	}
	data, err := Decode(h.Type, h.TypeVersion, public.Body)
	if err != nil {
		return ledger.Event{}, fmt.Errorf("event %d: %w", h.Seq, err)
	}
	return ledger.Event{Header: h, Data: data}, nil
}

// Known reports whether the type and version are in the list.
func Known(name string, version int) bool {
	_, ok := byType[key{name, version}]
	return ok
}
