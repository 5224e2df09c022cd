package sqlstore

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/dc-release/dc-release/internal/app/access"
)

// FindSession gives a session's data by the digest of its id.
func (s *Store) FindSession(ctx context.Context, sha256 string) (data []byte, ok bool, err error) {
	err = s.engine.Read(ctx, func(q Querier) error {
		err := one(ctx, q, `SELECT data FROM secret_sessions WHERE sha256 = $1 AND expires_us > $2`, []any{sha256, s.config.Now().UnixMicro()}, &data)
		if errors.Is(err, errNoRow) {
			return nil
		}
		ok = err == nil
		return err
	})
	return data, ok, err
}

// KeepSession stores a session of a person, "" before sign-in, and forgets
// those that ran out.
func (s *Store) KeepSession(ctx context.Context, sha256, person string, data []byte, expires time.Time) error {
	return s.engine.Write(ctx, func(tx Tx) error {
		if _, err := tx.Exec(ctx, `DELETE FROM secret_sessions WHERE expires_us <= $1`, s.config.Now().UnixMicro()); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `INSERT INTO secret_sessions (sha256, person, data, expires_us) VALUES ($1, $2, $3, $4)
			ON CONFLICT (sha256) DO UPDATE SET person = excluded.person, data = excluded.data, expires_us = excluded.expires_us`,
			sha256, person, data, expires.UnixMicro())
		return err
	})
}

// DropSession ends a session.
func (s *Store) DropSession(ctx context.Context, sha256 string) error {
	return s.drop(ctx, sha256, `DELETE FROM secret_sessions WHERE sha256 = $1`)
}

// KeepToken stores an API token with the digest of its secret.
func (s *Store) KeepToken(ctx context.Context, t access.Token, sha256 string) error {
	return s.engine.Write(ctx, func(tx Tx) error {
		_, err := tx.Exec(ctx, `INSERT INTO secret_tokens (token, sha256, person, scopes, expires_us) VALUES ($1, $2, $3, $4, $5)`,
			t.ID, sha256, t.Person, strings.Join(t.Scopes, " "), t.Until.UnixMicro())
		return err
	})
}

// TokenBySecret finds a token by the digest of its secret.
func (s *Store) TokenBySecret(ctx context.Context, sha256 string) (t access.Token, ok bool, err error) {
	err = s.engine.Read(ctx, func(q Querier) error {
		return each(ctx, q, `SELECT token, person, scopes, expires_us FROM secret_tokens WHERE sha256 = $1`, []any{sha256}, func(r Rows) error {
			ok = true
			return scanToken(r, &t)
		})
	})
	return t, ok, err
}

// Tokens lists all API tokens.
func (s *Store) Tokens(ctx context.Context) ([]access.Token, error) {
	out := []access.Token{}
	err := s.engine.Read(ctx, func(q Querier) error {
		return each(ctx, q, `SELECT token, person, scopes, expires_us FROM secret_tokens ORDER BY token`, nil, func(r Rows) error {
			var t access.Token
			err := scanToken(r, &t)
			out = append(out, t)
			return err
		})
	})
	return out, err
}

func scanToken(r Rows, t *access.Token) error {
	var scopes string
	var until int64
	err := r.Scan(&t.ID, &t.Person, &scopes, &until)
	t.Scopes, t.Until = strings.Fields(scopes), time.UnixMicro(until).UTC()
	return err
}

// DropToken ends a token; ok is false when there is none.
func (s *Store) DropToken(ctx context.Context, token string) (ok bool, err error) {
	err = s.engine.Write(ctx, func(tx Tx) error {
		n, err := tx.Exec(ctx, `DELETE FROM secret_tokens WHERE token = $1`, token)
		ok = n == 1
		return err
	})
	return ok, err
}
