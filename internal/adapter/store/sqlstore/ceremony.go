package sqlstore

import (
	"context"
	"errors"
	"time"

	"github.com/dc-release/dc-release/internal/app/sign"
)

// KeepCeremony stores a ceremony that has begun, and forgets those that nobody
// answered in time.
func (s *Store) KeepCeremony(ctx context.Context, p sign.Pending) error {
	return s.engine.Write(ctx, func(tx Tx) error {
		if _, err := tx.Exec(ctx, `DELETE FROM secret_ceremonies WHERE expires_us < $1`, s.config.Now().UnixMicro()); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `INSERT INTO secret_ceremonies (ceremony, person, operation, request, method, payload, expires_us) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
			p.Ceremony, p.Person, p.Operation, p.Request, p.Method, p.Payload, p.Expires.UnixMicro())
		return err
	})
}

// TakeCeremony gives a ceremony once; ok is false for one that was taken or
// never began.
func (s *Store) TakeCeremony(ctx context.Context, id string) (p sign.Pending, ok bool, err error) {
	err = s.engine.Write(ctx, func(tx Tx) error {
		var expires int64
		err := one(ctx, tx, `SELECT ceremony, person, operation, request, method, payload, expires_us FROM secret_ceremonies WHERE ceremony = $1`, []any{id},
			&p.Ceremony, &p.Person, &p.Operation, &p.Request, &p.Method, &p.Payload, &expires)
		if errors.Is(err, errNoRow) {
			return nil
		}
		if err != nil {
			return err
		}
		p.Expires, ok = time.UnixMicro(expires).UTC(), true
		_, err = tx.Exec(ctx, `DELETE FROM secret_ceremonies WHERE ceremony = $1`, id)
		return err
	})
	return p, ok, err
}
