package sqlstore

import (
	"context"
	"errors"
	"fmt"

	"github.com/dc-release/dc-release/internal/app/person"
	"github.com/dc-release/dc-release/internal/core/ledger"
)

// SetCredential stores a person's factors.
func (s *Store) SetCredential(ctx context.Context, id string, c person.Credential) error {
	return s.engine.Write(ctx, func(tx Tx) error {
		_, err := tx.Exec(ctx, `INSERT INTO secret_credentials (person, password, totp_seed, last_step) VALUES ($1, $2, $3, $4)
			ON CONFLICT (person) DO UPDATE SET password = excluded.password, totp_seed = excluded.totp_seed, last_step = excluded.last_step`,
			id, c.Password, c.Seed, c.LastStep)
		return err
	})
}

// Credential reads a person's factors; ok is false when there are none.
func (s *Store) Credential(ctx context.Context, id string) (c person.Credential, ok bool, err error) {
	err = s.engine.Read(ctx, func(q Querier) error {
		err := one(ctx, q, `SELECT password, totp_seed, last_step FROM secret_credentials WHERE person = $1`, []any{id}, &c.Password, &c.Seed, &c.LastStep)
		if errors.Is(err, errNoRow) {
			return nil
		}
		ok = err == nil
		return err
	})
	return c, ok, err
}

// UseStep accepts a TOTP step once: it must be later than the last accepted
// one, else ledger.ErrConflict.
func (s *Store) UseStep(ctx context.Context, id string, step int64) error {
	return s.engine.Write(ctx, func(tx Tx) error {
		n, err := tx.Exec(ctx, `UPDATE secret_credentials SET last_step = $2 WHERE person = $1 AND last_step < $2`, id, step)
		if err == nil && n != 1 {
			err = fmt.Errorf("%w: step %d was used", ledger.ErrConflict, step)
		}
		return err
	})
}

// Fail counts a failed ceremony of a person and gives the number within the
// last window seconds.
func (s *Store) Fail(ctx context.Context, id string, window int64) (count int, err error) {
	err = s.engine.Write(ctx, func(tx Tx) error {
		now := s.config.Now().UnixMicro()
		if _, err := tx.Exec(ctx, `INSERT INTO secret_failures (person, time_us) VALUES ($1, $2)`, id, now); err != nil {
			return err
		}
		return one(ctx, tx, `SELECT COUNT(*) FROM secret_failures WHERE person = $1 AND time_us > $2`, []any{id, now - window*1_000_000}, &count)
	})
	return count, err
}
