package sqlstore

import (
	"context"
	"errors"
	"time"

	"github.com/dc-release/dc-release/internal/app/person"
)

// NameTaken reports whether somebody is printed with the name of a digest.
func (s *Store) NameTaken(ctx context.Context, digest string) (taken bool, err error) {
	err = s.engine.Read(ctx, func(q Querier) error {
		var seq int64
		err := one(ctx, q, `SELECT seq FROM unique_values WHERE scope = 'name' AND value = $1`, []any{digest}, &seq)
		if errors.Is(err, errNoRow) {
			return nil
		}
		taken = err == nil
		return err
	})
	return taken, err
}

// KeepLink replaces the links of a person by one.
func (s *Store) KeepLink(ctx context.Context, l person.Link) error {
	return s.engine.Write(ctx, func(tx Tx) error {
		if _, err := tx.Exec(ctx, `DELETE FROM secret_links WHERE person = $1 OR until_us < $2`, l.Person, s.config.Now().UnixMicro()); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `INSERT INTO secret_links (sha256, person, purpose, seed, since_us, until_us) VALUES ($1, $2, $3, $4, $5, $6)`,
			l.SHA256, l.Person, l.Purpose, l.Seed, l.Since.UnixMicro(), l.Until.UnixMicro())
		return err
	})
}

// Link finds a link by the digest of its secret.
func (s *Store) Link(ctx context.Context, sha256 string) (l person.Link, ok bool, err error) {
	err = s.engine.Read(ctx, func(q Querier) error {
		var since, until int64
		err := one(ctx, q, `SELECT sha256, person, purpose, seed, since_us, until_us FROM secret_links WHERE sha256 = $1`, []any{sha256},
			&l.SHA256, &l.Person, &l.Purpose, &l.Seed, &since, &until)
		if errors.Is(err, errNoRow) {
			return nil
		}
		l.Since, l.Until, ok = time.UnixMicro(since).UTC(), time.UnixMicro(until).UTC(), err == nil
		return err
	})
	return l, ok, err
}

// SeedLink gives a link its seed, once, and answers the one that it has.
func (s *Store) SeedLink(ctx context.Context, sha256, seed string) (kept string, err error) {
	err = s.engine.Write(ctx, func(tx Tx) error {
		if _, err := tx.Exec(ctx, `UPDATE secret_links SET seed = $2 WHERE sha256 = $1 AND seed = ''`, sha256, seed); err != nil {
			return err
		}
		return one(ctx, tx, `SELECT seed FROM secret_links WHERE sha256 = $1`, []any{sha256}, &kept)
	})
	return kept, err
}

// TakeLink uses a link; ok is false when it was used before.
func (s *Store) TakeLink(ctx context.Context, sha256 string) (ok bool, err error) {
	err = s.engine.Write(ctx, func(tx Tx) error {
		n, err := tx.Exec(ctx, `DELETE FROM secret_links WHERE sha256 = $1`, sha256)
		ok = n == 1
		return err
	})
	return ok, err
}

// DropLinks makes the links of a person void.
func (s *Store) DropLinks(ctx context.Context, id string) error {
	return s.drop(ctx, id, `DELETE FROM secret_links WHERE person = $1`)
}

// DropCredential forgets a person's password and seed.
func (s *Store) DropCredential(ctx context.Context, id string) error {
	return s.drop(ctx, id, `DELETE FROM secret_credentials WHERE person = $1`)
}

// ForgetFailures forgets the failed ceremonies of a person.
func (s *Store) ForgetFailures(ctx context.Context, id string) error {
	return s.drop(ctx, id, `DELETE FROM secret_failures WHERE person = $1`)
}

// EndAccess ends the sessions and API tokens of a person.
func (s *Store) EndAccess(ctx context.Context, id string) error {
	return s.drop(ctx, id, `DELETE FROM secret_sessions WHERE person = $1`, `DELETE FROM secret_tokens WHERE person = $1`)
}

func (s *Store) drop(ctx context.Context, id string, statements ...string) error {
	return s.engine.Write(ctx, func(tx Tx) error {
		for _, statement := range statements {
			if _, err := tx.Exec(ctx, statement, id); err != nil {
				return err
			}
		}
		return nil
	})
}
