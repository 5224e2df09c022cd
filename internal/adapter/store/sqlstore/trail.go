package sqlstore

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	apptrail "github.com/dc-release/dc-release/internal/app/trail"
	"github.com/dc-release/dc-release/internal/core/ledger"
	"github.com/dc-release/dc-release/internal/core/trail"
)

// applyTrail follows the view of runs, which is before it in the list.
func applyTrail(ctx context.Context, tx Tx, e ledger.Event) error {
	solution, version, run := trail.ScopeOf(e)
	if run != "" {
		err := one(ctx, tx, `SELECT solution, version FROM view_runs WHERE run = $1`, []any{run}, &solution, &version)
		if err != nil && !errors.Is(err, errNoRow) {
			return err
		}
	}
	_, err := tx.Exec(ctx, `INSERT INTO view_trail (seq, time_us, stream, type, actor, why, solution, version) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
		e.Seq, e.At().UnixMicro(), string(e.Stream), e.Type, e.Actor.ID, trail.Fold(e.Reason), solution, version)
	return err
}

// conditions are those of a filter, as SQL with its arguments.
func conditions(f trail.Filter, p apptrail.Page) (where string, args []any, err error) {
	var all []string
	add := func(wanted bool, condition string, arg any) {
		if wanted {
			args = append(args, arg)
			all = append(all, strings.ReplaceAll(condition, "?", fmt.Sprintf("$%d", len(args))))
		}
	}
	for _, moment := range []struct{ text, condition string }{{f.Since, "time_us >= ?"}, {f.Until, "time_us < ?"}} {
		if moment.text == "" {
			continue
		}
		at, err := ledger.ParseTime(moment.text)
		if err != nil {
			return "", nil, err
		}
		add(true, moment.condition, at.UnixMicro())
	}
	add(f.Actor != "", "actor = ?", f.Actor)
	add(f.Type != "", "substr(type, 1, length(?)) = ?", f.Type)
	add(f.Stream != "", "substr(stream, 1, length(?)) = ?", f.Stream)
	add(f.Why != "", "instr(why, ?) > 0", trail.Fold(f.Why))
	add(f.Solution != "", "solution = ?", f.Solution)
	add(f.Version != "", "version = ?", f.Version)
	add(p.UpTo > 0, "seq <= ?", p.UpTo)
	if len(all) == 0 {
		return "1 = 1", args, nil
	}
	return strings.Join(all, " AND "), args, nil
}

// Trail implements trail.Store.
func (s *Store) Trail(ctx context.Context, f trail.Filter, p apptrail.Page) (out []ledger.Record, total int64, err error) {
	where, args, err := conditions(f, p)
	if err != nil {
		return nil, 0, err
	}
	if err := s.CatchUpAll(ctx); err != nil {
		return nil, 0, err
	}
	order := "seq"
	if p.Newest {
		order = "seq DESC"
	}
	err = s.engine.Read(ctx, func(q Querier) error {
		if err := one(ctx, q, `SELECT COUNT(*) FROM view_trail WHERE `+where, args, &total); err != nil {
			return err
		}
		var seqs []any
		paged := append(append([]any{}, args...), p.After, p.Limit)
		query := fmt.Sprintf(`SELECT seq FROM view_trail WHERE %s AND seq > $%d ORDER BY %s LIMIT $%d`, where, len(args)+1, order, len(args)+2)
		err := each(ctx, q, query, paged, func(r Rows) error {
			var seq int64
			err := r.Scan(&seq)
			seqs = append(seqs, seq)
			return err
		})
		if err != nil {
			return err
		}
		out, err = recordsOf(ctx, q, seqs, p.Newest)
		return err
	})
	return out, total, err
}

// manyAtOnce is how many events one statement names.
const manyAtOnce = 500

// recordsOf reads events by their seqs, which are in the given order.
func recordsOf(ctx context.Context, q Querier, seqs []any, newest bool) ([]ledger.Record, error) {
	var out []ledger.Record
	for len(seqs) > 0 {
		n := min(manyAtOnce, len(seqs))
		marks := make([]string, n)
		for i := range marks {
			marks[i] = fmt.Sprintf("$%d", i+1)
		}
		some, err := records(ctx, q, `seq IN (`+strings.Join(marks, ", ")+`)`, seqs[:n]...)
		if err != nil {
			return nil, err
		}
		if newest {
			slices.Reverse(some)
		}
		out, seqs = append(out, some...), seqs[n:]
	}
	return out, nil
}
