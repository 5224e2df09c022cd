package sqlstore

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/dc-release/dc-release/internal/core/ledger"
	"github.com/dc-release/dc-release/internal/core/pipeline"
	"github.com/dc-release/dc-release/internal/core/policy"
)

// decide keeps the decision tables in step with an event, in its transaction.
// A broken uniqueness constraint here is what makes two concurrent decisions
// impossible: one lock per environment, one login, one number per run.
func decide(ctx context.Context, tx Tx, e ledger.Event) error {
	switch d := e.Data.(type) {
	case *policy.PersonAdded:
		if err := unique(ctx, tx, "login", d.Login, e.Seq); err != nil || d.Name == "" {
			return err
		}
		return unique(ctx, tx, "name", d.Name, e.Seq)
	case *policy.Bootstrapped:
		return unique(ctx, tx, "bootstrap", "", e.Seq)
	case *policy.IdentityMapped:
		return unique(ctx, tx, "identity", d.Digest, e.Seq)
	case *policy.IdentityLinked:
		return unique(ctx, tx, "identity", d.Digest, e.Seq)
	case *pipeline.RunStarted:
		return unique(ctx, tx, "run-number/"+d.Solution, strconv.FormatInt(d.Number, 10), e.Seq)
	case *pipeline.ExecutionQueued:
		return enqueue(ctx, tx, d, e)
	case *pipeline.ExecutionClaimed:
		return claim(ctx, tx, d, e)
	case *pipeline.ExecutionFinished:
		return end(ctx, tx, d.Execution)
	case *pipeline.ExecutionGivenUp:
		return end(ctx, tx, d.Execution)
	}
	return nil
}

func unique(ctx context.Context, tx Tx, scope, value string, seq int64) error {
	_, err := tx.Exec(ctx, `INSERT INTO unique_values (scope, value, seq) VALUES ($1, $2, $3)`, scope, value, seq)
	return err
}

func enqueue(ctx context.Context, tx Tx, d *pipeline.ExecutionQueued, e ledger.Event) error {
	labels, err := json.Marshal(d.Labels)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `INSERT INTO executions (execution, run, solution, environment, pool, labels, state, worker, fence, queued_seq)
		VALUES ($1, $2, $3, $4, $5, $6, 'queued', '', 0, $7)`,
		d.Execution, d.Run, d.Solution, d.Environment, d.Pool, string(labels), e.Seq)
	return err
}

// claim takes an execution and its place, and makes the first lease with it, so
// that no claim is ever without one.
func claim(ctx context.Context, tx Tx, d *pipeline.ExecutionClaimed, e ledger.Event) error {
	n, err := tx.Exec(ctx, `UPDATE executions SET state = 'claimed', worker = $2, fence = $3 WHERE execution = $1 AND state = 'queued'`,
		d.Execution, d.Worker, e.Seq)
	if err != nil {
		return err
	}
	if n != 1 {
		return fmt.Errorf("%w: execution %s is not queued", ledger.ErrConflict, d.Execution)
	}
	_, err = tx.Exec(ctx, `INSERT INTO leases (execution, worker, fence, expires_us) VALUES ($1, $2, $3, $4)`,
		d.Execution, d.Worker, e.Seq, e.At().UnixMicro()+pipeline.LeaseSeconds*1_000_000)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `INSERT INTO environment_locks (solution, environment, execution)
		SELECT solution, environment, execution FROM executions WHERE execution = $1 AND environment <> ''`, d.Execution)
	return err
}

func end(ctx context.Context, tx Tx, execution string) error {
	n, err := tx.Exec(ctx, `UPDATE executions SET state = 'ended' WHERE execution = $1 AND state <> 'ended'`, execution)
	if err != nil {
		return err
	}
	if n != 1 {
		return fmt.Errorf("%w: execution %s has ended", ledger.ErrConflict, execution)
	}
	if _, err := tx.Exec(ctx, `DELETE FROM environment_locks WHERE execution = $1`, execution); err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `DELETE FROM leases WHERE execution = $1`, execution)
	return err
}
