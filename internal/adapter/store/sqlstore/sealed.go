package sqlstore

import (
	"context"
	"errors"

	"github.com/dc-release/dc-release/internal/app/secret"
	"github.com/dc-release/dc-release/internal/core/ledger"
	coresecret "github.com/dc-release/dc-release/internal/core/secret"
)

const sealedColumns = `SELECT solution, environment, name, version, key, box FROM secret_values`

// AppendWith appends a batch and changes sealed values in the same transaction:
// both are there afterwards, or neither.
func (s *Store) AppendWith(ctx context.Context, b ledger.Batch, change func(secret.Boxes) error) ([]ledger.Event, error) {
	return s.append(ctx, b, func(tx Tx) error { return change(boxes{ctx, tx}) })
}

// SealedKeys are the ids of the keys that values are sealed with; none while
// nothing is sealed.
func (s *Store) SealedKeys(ctx context.Context) (ids []string, err error) {
	err = s.engine.Read(ctx, func(q Querier) error {
		return each(ctx, q, `SELECT DISTINCT key FROM secret_values ORDER BY key`, nil, func(r Rows) error {
			ids = append(ids, "")
			return r.Scan(&ids[len(ids)-1])
		})
	})
	return ids, err
}

// Sealed reads one sealed value.
func (s *Store) Sealed(ctx context.Context, scope coresecret.Scope, name string) (v secret.Sealed, ok bool, err error) {
	err = s.engine.Read(ctx, func(q Querier) error {
		err := one(ctx, q, sealedColumns+` WHERE solution = $1 AND environment = $2 AND name = $3`,
			[]any{scope.Solution, scope.Environment, name}, &v.Solution, &v.Environment, &v.Name, &v.Version, &v.Key, &v.Box)
		if errors.Is(err, errNoRow) {
			return nil
		}
		ok = err == nil
		return err
	})
	return v, ok, err
}

// boxes changes sealed values in a transaction.
type boxes struct {
	ctx context.Context
	tx  Tx
}

// All implements secret.Boxes.
func (b boxes) All() (all []secret.Sealed, err error) {
	err = each(b.ctx, b.tx, sealedColumns+` ORDER BY solution, environment, name`, nil, func(r Rows) error {
		var v secret.Sealed
		err := r.Scan(&v.Solution, &v.Environment, &v.Name, &v.Version, &v.Key, &v.Box)
		all = append(all, v)
		return err
	})
	return all, err
}

// Put implements secret.Boxes.
func (b boxes) Put(v secret.Sealed) error {
	_, err := b.tx.Exec(b.ctx, `INSERT INTO secret_values (solution, environment, name, version, key, box) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (solution, environment, name) DO UPDATE SET version = excluded.version, key = excluded.key, box = excluded.box`,
		v.Solution, v.Environment, v.Name, v.Version, v.Key, v.Box)
	return err
}

// Drop implements secret.Boxes.
func (b boxes) Drop(scope coresecret.Scope, name string) error {
	_, err := b.tx.Exec(b.ctx, `DELETE FROM secret_values WHERE solution = $1 AND environment = $2 AND name = $3`, scope.Solution, scope.Environment, name)
	return err
}
