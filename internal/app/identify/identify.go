// Package identify lets jobs prove who they are: a short-lived token for one
// audience, for executions whose plan gives them id-token: write. What deploys to
// a place proves itself likewise.
package identify

import (
	"context"
	"fmt"
	"strings"
	"time"
	"unicode"

	"github.com/dc-release/dc-release/internal/app/state"
	"github.com/dc-release/dc-release/internal/core/fault"
	"github.com/dc-release/dc-release/internal/core/ledger"
	"github.com/dc-release/dc-release/internal/core/pipeline"
	"github.com/dc-release/dc-release/internal/core/workflow"
)

// Issuer signs claims.
type Issuer interface {
	Issue(claims any, audience string, life time.Duration) (token string, err error)
	KeyID() string
}

// Claims finds the execution that asks, and refuses a stale fence.
type Claims interface {
	Current(ctx context.Context, execution string, fence int64) (pipeline.Slot, error)
}

// Identifier issues the tokens of jobs. Issuer is nil where none is configured.
type Identifier struct {
	Log    ledger.Log
	State  *state.Reader
	Claims Claims
	Issuer Issuer
}

// How long tokens are valid. That of a job is asked for anew whenever it is needed,
// as on GitHub. A program that deploys is given one at its start, and what it is
// exchanged for lives no longer.
const (
	JobLife   = 5 * time.Minute
	PlaceLife = time.Hour
)

// Limits of what a job may ask for: the ledger keeps each audience.
const (
	maxAudience  = 512 // characters
	maxAudiences = 4   // of one execution
)

// Token answers the current fence of an execution. The first token for an
// audience is recorded. "" is the audience that GitHub gives: the owner of the
// repository.
func (i *Identifier) Token(ctx context.Context, execution string, fence int64, audience string) (string, error) {
	slot, err := i.Claims.Current(ctx, execution, fence)
	if err != nil {
		return "", err
	}
	run, err := i.State.Run(ctx, slot.Run)
	if err != nil {
		return "", err
	}
	key := pipeline.JobOf(execution)
	job, _ := run.Plan.Job(key)
	identity := run.Identity(key)
	if audience == "" {
		audience = "https://github.com/" + identity.RepositoryOwner
	}
	switch {
	case !job.Permissions.Allows(workflow.IDToken, workflow.Write):
		return "", fault.New(fault.Forbidden, "job %q may not ask for identity tokens", key).WithHint("add permissions: {id-token: write} to the job")
	case i.Issuer == nil:
		return "", noIssuer()
	case len([]rune(audience)) > maxAudience || strings.ContainsFunc(audience, unicode.IsControl):
		return "", fault.New(fault.Invalid, "audience %.40q: want at most %d characters, none of them a control character", audience, maxAudience)
	}
	if err := i.record(ctx, execution, identity.Subject, audience); err != nil {
		return "", err
	}
	return i.Issuer.Issue(identity, audience, JobLife)
}

func (i *Identifier) record(ctx context.Context, execution, subject, audience string) error {
	_, err := ledger.Decide(ctx, i.Log, func() (ledger.Batch, error) {
		run, err := i.State.Run(ctx, pipeline.RunOf(execution))
		if err != nil {
			return ledger.Batch{}, err
		}
		given := run.Audiences[execution]
		for _, a := range given {
			if a == audience {
				return ledger.Batch{}, nil
			}
		}
		if len(given) >= maxAudiences {
			return ledger.Batch{}, fault.New(fault.Forbidden, "execution %s asked for tokens for %d audiences, and there are no more", execution, maxAudiences)
		}
		stream := ledger.RunStream(run.Run.Run)
		return ledger.Batch{
			Command: fmt.Sprintf("token/%s/%d", execution, len(given)), Correlation: run.Run.Run,
			Actor: ledger.Actor{Kind: ledger.Machine, ID: "issuer", Authentication: "internal"},
			Reads: []ledger.Read{{Stream: stream, Version: run.Version}},
			Events: []ledger.Draft{{Stream: stream, Data: &pipeline.TokenIssued{
				Execution: execution, Audience: audience, Subject: subject, Key: i.Issuer.KeyID(),
			}}},
		}, nil
	})
	return err
}

// PlaceClaims are what a token says of what deploys to a place. No job has such a
// subject, whatever its workflow says: those of jobs begin with "repo:".
type PlaceClaims struct {
	Subject     string `json:"sub"`
	Solution    string `json:"solution"`
	Environment string `json:"environment"`
}

// ClaimsOf are those of an environment of a solution.
func ClaimsOf(solution, environment string) PlaceClaims {
	return PlaceClaims{Subject: "solution:" + solution + ":environment:" + environment, Solution: solution, Environment: environment}
}

// Place is a token for what deploys to a place, with which the place can tell the
// environments of all solutions apart. Who asks has looked whether the environment
// may be entered; the record of the deployment says that there was one.
func (i *Identifier) Place(solution, environment, audience string) (string, error) {
	if i.Issuer == nil {
		return "", noIssuer()
	}
	return i.Issuer.Issue(ClaimsOf(solution, environment), audience, PlaceLife)
}

func noIssuer() error {
	return fault.New(fault.Forbidden, "this installation issues no identity tokens").WithHint("start it with: dc-release serve --listen ADDRESS --issuer URL")
}
