package sqlstore

import (
	"context"
	"slices"

	"github.com/dc-release/dc-release/internal/app/verify"
	"github.com/dc-release/dc-release/internal/core/ledger"
)

// guards are the triggers that keep the ledger append-only.
var guards = []string{
	"event_parts_no_delete", "event_parts_no_update", "events_no_delete", "events_no_update", "ledger_hashes_no_delete", "ledger_hashes_no_update",
}

// Verified reads a store for verification. It migrates nothing and refuses
// nothing: what is wrong is for verification to find.
type Verified struct{ engine Engine }

var _ verify.Source = (*Verified)(nil)

// ForVerification opens the store of an engine for reading alone.
func ForVerification(e Engine) *Verified { return &Verified{engine: e} }

// ForVerification reads the store for verification.
func (s *Store) ForVerification() *Verified { return ForVerification(s.engine) }

// Totals implements verify.Source.
func (v *Verified) Totals(ctx context.Context) (t verify.Totals, err error) {
	err = v.engine.Read(ctx, func(q Querier) error {
		if err := one(ctx, q, `SELECT COALESCE(MAX(seq), 0), COUNT(*) FROM events`, nil, &t.Last, &t.Events); err != nil {
			return err
		}
		if err := one(ctx, q, `SELECT COUNT(*) FROM ledger_hashes`, nil, &t.Hashes); err != nil {
			return err
		}
		return one(ctx, q, `SELECT COUNT(*) FROM event_parts p WHERE NOT EXISTS (SELECT 1 FROM events e WHERE e.seq = p.seq)`, nil, &t.Orphans)
	})
	return t, err
}

// Rows implements verify.Source.
func (v *Verified) Rows(ctx context.Context, after, upTo int64, use func(*verify.Row) error) error {
	return v.engine.Read(ctx, func(q Querier) error {
		row := verify.Row{Record: ledger.Record{Parts: map[string]ledger.Part{}}}
		var seq int64
		var columns string
		var header []byte
		var name *string
		var part ledger.Part
		err := each(ctx, q, `SELECT e.seq, e.id || ' ' || e.stream || ' ' || e.version || ' ' || e.type || ' ' || e.type_version || ' ' || e.time_us || ' ' || e.command,
			e.header, p.name, p.salt, p.body FROM events e LEFT JOIN event_parts p ON p.seq = e.seq WHERE e.seq > $1 AND e.seq <= $2 ORDER BY e.seq`, []any{after, upTo}, func(r Rows) error {
			if err := r.Scan(&seq, &columns, &header, &name, &part.Salt, &part.Body); err != nil {
				return err
			}
			if seq != row.Seq {
				if row.Seq != 0 {
					if err := use(&row); err != nil {
						return err
					}
				}
				row.Seq, row.Columns, row.Header = seq, columns, header
				clear(row.Parts)
			}
			if name != nil {
				row.Parts[*name] = part
			}
			return nil
		})
		if err == nil && row.Seq != 0 {
			err = use(&row)
		}
		return err
	})
}

// StoredHashes implements verify.Source.
func (v *Verified) StoredHashes(ctx context.Context, from, to int64, use func(index int64, hash []byte) error) error {
	return v.engine.Read(ctx, func(q Querier) error {
		var index int64
		var hash []byte
		return each(ctx, q, `SELECT idx, hash FROM ledger_hashes WHERE idx >= $1 AND idx < $2 ORDER BY idx`, []any{from, to}, func(r Rows) error {
			if err := r.Scan(&index, &hash); err != nil {
				return err
			}
			return use(index, hash)
		})
	})
}

// Heads implements verify.Source.
func (v *Verified) Heads(ctx context.Context, use func(stream ledger.Stream, version int64) error) error {
	return v.engine.Read(ctx, func(q Querier) error {
		return each(ctx, q, `SELECT stream, version FROM stream_heads ORDER BY stream`, nil, func(r Rows) error {
			var stream string
			var version int64
			if err := r.Scan(&stream, &version); err != nil {
				return err
			}
			return use(ledger.Stream(stream), version)
		})
	})
}

// MissingGuards implements verify.Source.
func (v *Verified) MissingGuards(ctx context.Context) ([]string, error) {
	there, err := v.engine.Guards(ctx)
	return slices.DeleteFunc(slices.Clone(guards), func(name string) bool { return slices.Contains(there, name) }), err
}
