package sqlstore

import "context"

// Passkeys gives the passkeys of a person by credential.
func (s *Store) Passkeys(ctx context.Context, person string) (map[string][]byte, error) {
	out := map[string][]byte{}
	err := s.engine.Read(ctx, func(q Querier) error {
		return each(ctx, q, `SELECT credential, data FROM secret_passkeys WHERE person = $1`, []any{person}, func(r Rows) error {
			var id string
			var data []byte
			err := r.Scan(&id, &data)
			out[id] = data
			return err
		})
	})
	return out, err
}

// KeepPasskey stores a passkey with its counter.
func (s *Store) KeepPasskey(ctx context.Context, credential, person string, data []byte) error {
	return s.engine.Write(ctx, func(tx Tx) error {
		_, err := tx.Exec(ctx, `INSERT INTO secret_passkeys (credential, person, data) VALUES ($1, $2, $3)
			ON CONFLICT (credential) DO UPDATE SET data = excluded.data`, credential, person, data)
		return err
	})
}

// DropPasskey forgets a passkey.
func (s *Store) DropPasskey(ctx context.Context, credential string) error {
	return s.drop(ctx, credential, `DELETE FROM secret_passkeys WHERE credential = $1`)
}
