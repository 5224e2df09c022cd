package sqlstore

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/dc-release/dc-release/internal/core/ledger"
	"github.com/dc-release/dc-release/internal/core/pipeline"
)

// Queue gives queued executions of the pools, first in first out, without
// those whose environment is locked or has an earlier one waiting.
func (s *Store) Queue(ctx context.Context, pools []string) ([]pipeline.Slot, error) {
	var out []pipeline.Slot
	err := s.engine.Read(ctx, func(q Querier) error {
		taken := map[string]bool{}
		err := each(ctx, q, `SELECT solution, environment FROM environment_locks`, nil, func(r Rows) error {
			var solution, environment string
			if err := r.Scan(&solution, &environment); err != nil {
				return err
			}
			taken[solution+"/"+environment] = true
			return nil
		})
		if err != nil {
			return err
		}
		return eachQueued(ctx, q, `state = 'queued' ORDER BY queued_seq`, nil, func(row pipeline.Slot) {
			place := row.Solution + "/" + row.Environment
			if row.Environment != "" {
				if taken[place] {
					return
				}
				taken[place] = true
			}
			for _, pool := range pools {
				if pool == row.Pool {
					out = append(out, row)
					return
				}
			}
		})
	})
	return out, err
}

// Claimed gives the executions that a worker holds now.
func (s *Store) Claimed(ctx context.Context) ([]pipeline.Slot, error) {
	var out []pipeline.Slot
	err := s.engine.Read(ctx, func(q Querier) error {
		return eachQueued(ctx, q, `state = 'claimed' ORDER BY queued_seq`, nil, func(row pipeline.Slot) { out = append(out, row) })
	})
	return out, err
}

// Execution gives one row of the queue; ok is false when there is none.
func (s *Store) Execution(ctx context.Context, execution string) (row pipeline.Slot, ok bool, err error) {
	err = s.engine.Read(ctx, func(q Querier) error {
		return eachQueued(ctx, q, `execution = $1`, []any{execution}, func(r pipeline.Slot) { row, ok = r, true })
	})
	return row, ok, err
}

func eachQueued(ctx context.Context, q Querier, where string, args []any, use func(pipeline.Slot)) error {
	return each(ctx, q, `SELECT execution, run, solution, environment, pool, labels, state, worker, fence FROM executions WHERE `+where, args, func(r Rows) error {
		var row pipeline.Slot
		var labels string
		if err := r.Scan(&row.Execution, &row.Run, &row.Solution, &row.Environment, &row.Pool, &labels, &row.State, &row.Worker, &row.Fence); err != nil {
			return err
		}
		if err := json.Unmarshal([]byte(labels), &row.Labels); err != nil {
			return fmt.Errorf("labels of execution %s: %w", row.Execution, err)
		}
		use(row)
		return nil
	})
}

// Renew extends the lease of an execution until a time of the store's clock; it
// refuses a fence that is not the execution's.
func (s *Store) Renew(ctx context.Context, execution, worker string, fence, seconds int64) error {
	return s.engine.Write(ctx, func(tx Tx) error {
		var current int64
		err := one(ctx, tx, `SELECT fence FROM executions WHERE execution = $1 AND state = 'claimed'`, []any{execution}, &current)
		if errors.Is(err, errNoRow) || (err == nil && current != fence) {
			return fmt.Errorf("%w: fence %d of execution %s is stale", ledger.ErrConflict, fence, execution)
		}
		if err != nil {
			return err
		}
		return s.lease(ctx, tx, execution, worker, fence, seconds)
	})
}

func (s *Store) lease(ctx context.Context, tx Tx, execution, worker string, fence, seconds int64) error {
	_, err := tx.Exec(ctx, `INSERT INTO leases (execution, worker, fence, expires_us) VALUES ($1, $2, $3, $4)
		ON CONFLICT (execution) DO UPDATE SET worker = excluded.worker, fence = excluded.fence, expires_us = excluded.expires_us`,
		execution, worker, fence, s.config.Now().UnixMicro()+seconds*1_000_000)
	return err
}

// RenewAll begins the lease of every claimed execution again, also of one that
// an earlier program claimed without.
func (s *Store) RenewAll(ctx context.Context, seconds int64) error {
	return s.engine.Write(ctx, func(tx Tx) error {
		var all []pipeline.Slot
		err := eachQueued(ctx, tx, `state = 'claimed'`, nil, func(row pipeline.Slot) { all = append(all, row) })
		for _, row := range all {
			if err == nil {
				err = s.lease(ctx, tx, row.Execution, row.Worker, row.Fence, seconds)
			}
		}
		return err
	})
}

// Expired gives the claimed executions whose lease has run out.
func (s *Store) Expired(ctx context.Context) ([]pipeline.Slot, error) {
	var out []pipeline.Slot
	err := s.engine.Read(ctx, func(q Querier) error {
		return eachQueued(ctx, q, `state = 'claimed' AND execution NOT IN (SELECT execution FROM leases WHERE expires_us > $1) ORDER BY queued_seq`,
			[]any{s.config.Now().UnixMicro()}, func(row pipeline.Slot) { out = append(out, row) })
	})
	return out, err
}
