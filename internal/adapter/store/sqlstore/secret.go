package sqlstore

import (
	"context"
	"errors"
	"fmt"
)

// Credential is a person's factors; it never leaves the store's process.
type Credential struct {
	Password string // argon2id in PHC form
	Seed     string // TOTP seed, base32
	LastStep int64  // last accepted TOTP step
}

// SetCredential stores a person's factors.
func (s *Store) SetCredential(ctx context.Context, person string, c Credential) error {
	return s.engine.Write(ctx, func(tx Tx) error {
		_, err := tx.Exec(ctx, `INSERT INTO secret_credentials (person, password, totp_seed, last_step) VALUES ($1, $2, $3, $4)
			ON CONFLICT (person) DO UPDATE SET password = excluded.password, totp_seed = excluded.totp_seed, last_step = excluded.last_step`,
			person, c.Password, c.Seed, c.LastStep)
		return err
	})
}

// Credential reads a person's factors; ok is false when there are none.
func (s *Store) Credential(ctx context.Context, person string) (c Credential, ok bool, err error) {
	err = s.engine.Read(ctx, func(q Querier) error {
		err := one(ctx, q, `SELECT password, totp_seed, last_step FROM secret_credentials WHERE person = $1`, []any{person}, &c.Password, &c.Seed, &c.LastStep)
		if errors.Is(err, errNoRow) {
			return nil
		}
		ok = err == nil
		return err
	})
	return c, ok, err
}

// UseStep accepts a TOTP step once: it must be later than the last accepted
// one, else ErrConflict.
func (s *Store) UseStep(ctx context.Context, person string, step int64) error {
	return s.engine.Write(ctx, func(tx Tx) error {
		n, err := tx.Exec(ctx, `UPDATE secret_credentials SET last_step = $2 WHERE person = $1 AND last_step < $2`, person, step)
		if err == nil && n != 1 {
			err = fmt.Errorf("%w: step %d was used", ErrConflict, step)
		}
		return err
	})
}

// Fail counts a failed ceremony of a person and gives the number within the
// last window seconds.
func (s *Store) Fail(ctx context.Context, person string, window int64) (count int, err error) {
	err = s.engine.Write(ctx, func(tx Tx) error {
		now := s.config.Now().UnixMicro()
		if _, err := tx.Exec(ctx, `INSERT INTO secret_failures (person, time_us) VALUES ($1, $2)`, person, now); err != nil {
			return err
		}
		return one(ctx, tx, `SELECT COUNT(*) FROM secret_failures WHERE person = $1 AND time_us > $2`, []any{person, now - window*1_000_000}, &count)
	})
	return count, err
}

// Failures counts the failed ceremonies of a person in the last window seconds.
func (s *Store) Failures(ctx context.Context, person string, window int64) (count int, err error) {
	err = s.engine.Read(ctx, func(q Querier) error {
		return one(ctx, q, `SELECT COUNT(*) FROM secret_failures WHERE person = $1 AND time_us > $2`,
			[]any{person, s.config.Now().UnixMicro() - window*1_000_000}, &count)
	})
	return count, err
}
