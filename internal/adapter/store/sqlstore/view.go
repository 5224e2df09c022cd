package sqlstore

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/dc-release/dc-release/internal/core/canonical"
	"github.com/dc-release/dc-release/internal/core/event"
	"github.com/dc-release/dc-release/internal/core/ledger"
	"github.com/dc-release/dc-release/internal/core/pipeline"
	"github.com/dc-release/dc-release/internal/core/policy"
	"github.com/dc-release/dc-release/internal/core/release"
)

// view is a table that follows the ledger with a watermark of its own.
type view struct {
	name   string
	tables []string
	apply  func(ctx context.Context, tx Tx, e ledger.Event) error
}

// views is the list. To add one: its tables in a migration, a line here.
var views = []view{
	{"solutions", []string{"view_solutions"}, applySolution},
	{"persons", []string{"view_persons", "view_identities"}, applyPerson},
	{"runs", []string{"view_runs"}, applyRun},
	{"releases", []string{"view_releases"}, applyRelease},
	{"environments", []string{"view_environments"}, applyEnvironment},
	{"trail", []string{"view_trail"}, applyTrail},
}

const viewBatch = 1000

// CatchUp brings every view to the head of the ledger; those of a held store
// stay where they are.
func (s *Store) CatchUp(ctx context.Context) error {
	if s.engine.held.Load() != nil {
		return nil
	}
	for {
		behind, err := s.viewsBehind(ctx)
		if err != nil || !behind {
			return err
		}
		if err := s.engine.Write(ctx, func(tx Tx) error { return followViews(ctx, tx) }); err != nil {
			return err
		}
	}
}

// RebuildViews empties every view and follows from the first event; readers
// see the old state until the new one is complete.
func (s *Store) RebuildViews(ctx context.Context) error {
	return s.engine.Write(ctx, func(tx Tx) error {
		if _, err := tx.Exec(ctx, `DELETE FROM view_watermark`); err != nil {
			return err
		}
		for _, v := range views {
			for _, table := range v.tables {
				if _, err := tx.Exec(ctx, `DELETE FROM `+table); err != nil {
					return err
				}
			}
		}
		for {
			before, err := lowest(ctx, tx)
			if err != nil {
				return err
			}
			if err := followViews(ctx, tx); err != nil {
				return err
			}
			if after, err := lowest(ctx, tx); err != nil || after == before {
				return err
			}
		}
	})
}

func (s *Store) viewsBehind(ctx context.Context) (behind bool, err error) {
	err = s.engine.Read(ctx, func(q Querier) error {
		size, err := ledgerSize(ctx, q)
		if err != nil {
			return err
		}
		low, err := lowest(ctx, q)
		behind = low < size
		return err
	})
	return behind, err
}

// lowest is the smallest watermark of all views.
func lowest(ctx context.Context, q Querier) (int64, error) {
	low := int64(-1)
	for _, v := range views {
		seq, err := watermark(ctx, q, v.name)
		if err != nil {
			return 0, err
		}
		if low < 0 || seq < low {
			low = seq
		}
	}
	return low, nil
}

func watermark(ctx context.Context, q Querier, name string) (int64, error) {
	var seq int64
	err := one(ctx, q, `SELECT seq FROM view_watermark WHERE view = $1`, []any{name}, &seq)
	if errors.Is(err, errNoRow) {
		err = nil
	}
	return seq, err
}

func followViews(ctx context.Context, tx Tx) error {
	for _, v := range views {
		seq, err := watermark(ctx, tx, v.name)
		if err != nil {
			return err
		}
		rs, err := records(ctx, tx, `seq > $1 AND seq <= $2`, seq, seq+viewBatch)
		if err != nil {
			return err
		}
		for _, r := range rs {
			e, err := event.Open(r)
			if err != nil {
				return err
			}
			if err := v.apply(ctx, tx, e); err != nil {
				return err
			}
			seq = e.Seq
		}
		_, err = tx.Exec(ctx, `INSERT INTO view_watermark (view, seq) VALUES ($1, $2) ON CONFLICT (view) DO UPDATE SET seq = excluded.seq`, v.name, seq)
		if err != nil {
			return err
		}
	}
	return nil
}

func applySolution(ctx context.Context, tx Tx, e ledger.Event) error {
	b, ok := policy.BaselineOf(e.Data)
	if !ok {
		return nil
	}
	raw, err := canonical.Marshal(b)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `INSERT INTO view_solutions (solution, baseline, digest) VALUES ($1, $2, $3)
		ON CONFLICT (solution) DO UPDATE SET baseline = excluded.baseline, digest = excluded.digest`, b.Solution, string(raw), canonical.SHA256(raw))
	return err
}

func applyPerson(ctx context.Context, tx Tx, e ledger.Event) error {
	var err error
	switch d := e.Data.(type) {
	case *policy.PersonAdded:
		_, err = tx.Exec(ctx, `INSERT INTO view_persons (person, login) VALUES ($1, $2)`, d.Person, d.Login)
	case *policy.IdentityMapped:
		_, err = tx.Exec(ctx, `INSERT INTO view_identities (digest, person) VALUES ($1, $2)`, d.Digest, d.Person)
	case *policy.IdentityLinked:
		_, err = tx.Exec(ctx, `INSERT INTO view_identities (digest, person) VALUES ($1, $2)`, d.Digest, d.Person)
	}
	return err
}

func applyRun(ctx context.Context, tx Tx, e ledger.Event) error {
	var err error
	switch d := e.Data.(type) {
	case *pipeline.RunStarted:
		_, err = tx.Exec(ctx, `INSERT INTO view_runs (run, solution, number, event, ref, sha, version, conclusion, started_us, ended_us)
			VALUES ($1, $2, $3, $4, $5, $6, $7, '', $8, 0)`,
			d.Run, d.Solution, d.Number, d.Trigger.Name, d.Trigger.Ref, d.Trigger.SHA, d.Version, e.At().UnixMicro())
	case *pipeline.RerunRequested:
		_, err = tx.Exec(ctx, `UPDATE view_runs SET conclusion = '', ended_us = 0 WHERE run = $1`, d.Run)
	case *pipeline.RunFinished:
		_, err = tx.Exec(ctx, `UPDATE view_runs SET conclusion = $2, ended_us = $3 WHERE run = $1`, d.Run, string(d.Conclusion), e.At().UnixMicro())
	}
	return err
}

func applyRelease(ctx context.Context, tx Tx, e ledger.Event) error {
	if d, ok := e.Data.(*release.Registered); ok {
		_, err := tx.Exec(ctx, `INSERT INTO view_releases (solution, version, state, run, sha, seq) VALUES ($1, $2, $3, $4, $5, $6)`,
			d.Solution, d.Version, string(release.InProgress), d.Run, d.Commit, e.Seq)
		return err
	}
	state, ok := release.StateAfter(e.Data)
	if !ok {
		return nil
	}
	solution, version, ok := e.Stream.Release()
	if !ok {
		return nil
	}
	_, err := tx.Exec(ctx, `UPDATE view_releases SET state = $3 WHERE solution = $1 AND version = $2`, solution, version, string(state))
	return err
}

func applyEnvironment(ctx context.Context, tx Tx, e ledger.Event) error {
	d, ok := e.Data.(*release.Deployed)
	if !ok {
		return nil
	}
	solution, environment, ok := e.Stream.Environment()
	if !ok {
		return nil
	}
	_, err := tx.Exec(ctx, `INSERT INTO view_environments (solution, environment, version, sha, tree, run, since_us) VALUES ($1, $2, $3, $4, $5, $6, $7)
		ON CONFLICT (solution, environment) DO UPDATE SET version = excluded.version, sha = excluded.sha, tree = excluded.tree, run = excluded.run, since_us = excluded.since_us`,
		solution, environment, d.Version, d.Commit, d.Tree, d.Run, e.At().UnixMicro())
	return err
}

// baseline decodes what applySolution stored.
func baseline(raw string) (policy.Baseline, error) {
	var b policy.Baseline
	err := json.Unmarshal([]byte(raw), &b)
	return b, err
}
