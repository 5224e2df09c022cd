package sqlstore

import (
	"context"

	"github.com/dc-release/dc-release/internal/app/cache"
)

// CacheEntries gives the entries of one version in a scope, the newest first.
func (s *Store) CacheEntries(ctx context.Context, solution, scope, version string) ([]cache.Entry, error) {
	var list []cache.Entry
	err := s.engine.Read(ctx, func(q Querier) error {
		return each(ctx, q, `SELECT key, digest, size, created_us, used_us FROM caches
			WHERE solution = $1 AND scope = $2 AND version = $3 ORDER BY created_us DESC, key`,
			[]any{solution, scope, version}, func(r Rows) error {
				e := cache.Entry{Solution: solution, Scope: scope, Version: version}
				err := r.Scan(&e.Key, &e.Digest, &e.Size, &e.CreatedUS, &e.UsedUS)
				list = append(list, e)
				return err
			})
	})
	return list, err
}

// AddCache reports false where solution, scope, version and key are taken.
func (s *Store) AddCache(ctx context.Context, e cache.Entry) (added bool, err error) {
	err = s.engine.Write(ctx, func(tx Tx) error {
		n, err := tx.Exec(ctx, `INSERT INTO caches (solution, scope, version, key, digest, size, created_us, used_us)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING`,
			e.Solution, e.Scope, e.Version, e.Key, e.Digest, e.Size, e.CreatedUS, e.UsedUS)
		added = n == 1
		return err
	})
	return added, err
}

// UseCache sets the time of the last use.
func (s *Store) UseCache(ctx context.Context, e cache.Entry) error {
	return s.engine.Write(ctx, func(tx Tx) error {
		_, err := tx.Exec(ctx, `UPDATE caches SET used_us = $5 WHERE solution = $1 AND scope = $2 AND version = $3 AND key = $4`,
			e.Solution, e.Scope, e.Version, e.Key, e.UsedUS)
		return err
	})
}

// DropCache removes an entry.
func (s *Store) DropCache(ctx context.Context, e cache.Entry) error {
	return s.engine.Write(ctx, func(tx Tx) error { return drop(ctx, tx, e) })
}

func drop(ctx context.Context, tx Tx, e cache.Entry) error {
	_, err := tx.Exec(ctx, `DELETE FROM caches WHERE solution = $1 AND scope = $2 AND version = $3 AND key = $4`,
		e.Solution, e.Scope, e.Version, e.Key)
	return err
}

// TrimCaches removes entries of a solution, the longest unused first, until the
// others have at most limit bytes; it gives the digests that no entry has any
// more.
func (s *Store) TrimCaches(ctx context.Context, solution string, limit int64) (unused []string, err error) {
	err = s.engine.Write(ctx, func(tx Tx) error {
		unused = nil
		goes, err := tooMuch(ctx, tx, solution, limit)
		if err != nil {
			return err
		}
		for _, e := range goes {
			if err := drop(ctx, tx, e); err != nil {
				return err
			}
			var left int
			if err := one(ctx, tx, `SELECT COUNT(*) FROM caches WHERE digest = $1`, []any{e.Digest}, &left); err != nil {
				return err
			}
			if left == 0 {
				unused = append(unused, e.Digest)
			}
		}
		return nil
	})
	return unused, err
}

// tooMuch gives the entries of a solution that do not fit.
func tooMuch(ctx context.Context, q Querier, solution string, limit int64) ([]cache.Entry, error) {
	var goes []cache.Entry
	err := each(ctx, q, `SELECT scope, version, key, digest, size FROM caches WHERE solution = $1 ORDER BY used_us DESC, created_us DESC`,
		[]any{solution}, func(r Rows) error {
			e := cache.Entry{Solution: solution}
			if err := r.Scan(&e.Scope, &e.Version, &e.Key, &e.Digest, &e.Size); err != nil {
				return err
			}
			if limit -= e.Size; limit < 0 {
				goes = append(goes, e)
			}
			return nil
		})
	return goes, err
}

// CacheDigests are the digests that entries have.
func (s *Store) CacheDigests(ctx context.Context) (map[string]bool, error) {
	used := map[string]bool{}
	err := s.engine.Read(ctx, func(q Querier) error {
		return each(ctx, q, `SELECT DISTINCT digest FROM caches`, nil, func(r Rows) error {
			var digest string
			err := r.Scan(&digest)
			used[digest] = true
			return err
		})
	})
	return used, err
}
