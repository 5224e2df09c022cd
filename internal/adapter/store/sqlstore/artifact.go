package sqlstore

import (
	"context"

	"github.com/dc-release/dc-release/internal/app/artifact"
)

// TakeName gives a name to an execution when it is free or when over is set; it
// reports the execution that has it then.
func (s *Store) TakeName(ctx context.Context, n artifact.Name, over bool) (owner string, err error) {
	err = s.engine.Write(ctx, func(tx Tx) error {
		free := `ON CONFLICT DO NOTHING`
		if over {
			free = `ON CONFLICT (run, attempt, name) DO UPDATE SET execution = excluded.execution, digest = excluded.digest`
		}
		if _, err := tx.Exec(ctx, `INSERT INTO artifact_names (run, attempt, name, execution, digest) VALUES ($1, $2, $3, $4, $5) `+free,
			n.Run, n.Attempt, n.Name, n.Execution, n.Digest); err != nil {
			return err
		}
		return one(ctx, tx, `SELECT execution FROM artifact_names WHERE run = $1 AND attempt = $2 AND name = $3`,
			[]any{n.Run, n.Attempt, n.Name}, &owner)
	})
	return owner, err
}

// KeepDigest sets the digest of a name if the execution has it still.
func (s *Store) KeepDigest(ctx context.Context, n artifact.Name) error {
	return s.engine.Write(ctx, func(tx Tx) error {
		_, err := tx.Exec(ctx, `UPDATE artifact_names SET digest = $5 WHERE run = $1 AND attempt = $2 AND name = $3 AND execution = $4`,
			n.Run, n.Attempt, n.Name, n.Execution, n.Digest)
		return err
	})
}

// Names gives the names of a run's artifacts.
func (s *Store) Names(ctx context.Context, run string) ([]artifact.Name, error) {
	var list []artifact.Name
	err := s.engine.Read(ctx, func(q Querier) error {
		return each(ctx, q, `SELECT attempt, name, execution, digest FROM artifact_names WHERE run = $1 ORDER BY attempt, name`,
			[]any{run}, func(r Rows) error {
				n := artifact.Name{Run: run}
				err := r.Scan(&n.Attempt, &n.Name, &n.Execution, &n.Digest)
				list = append(list, n)
				return err
			})
	})
	return list, err
}
