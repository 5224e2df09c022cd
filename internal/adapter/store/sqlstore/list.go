package sqlstore

import (
	"context"
	"errors"
	"math"
	"slices"
	"time"

	"github.com/dc-release/dc-release/internal/app/inspect"
	"github.com/dc-release/dc-release/internal/core/policy"
)

// list catches up and reads one consistent state.
func (s *Store) list(ctx context.Context, query string, args []any, scan func(Rows) error) error {
	if err := s.CatchUp(ctx); err != nil {
		return err
	}
	return s.engine.Read(ctx, func(q Querier) error { return each(ctx, q, query, args, scan) })
}

// Solutions lists all solutions by key.
func (s *Store) Solutions(ctx context.Context) ([]policy.Solution, error) {
	return s.solutions(ctx, "")
}

// Solution finds one; ok is false when there is none.
func (s *Store) Solution(ctx context.Context, key string) (found policy.Solution, ok bool, err error) {
	if key == "" {
		return found, false, nil
	}
	one, err := s.solutions(ctx, key)
	if err != nil || len(one) == 0 {
		return found, false, err
	}
	return one[0], true, nil
}

// solutions are those of a key, "" for all.
func (s *Store) solutions(ctx context.Context, key string) ([]policy.Solution, error) {
	var out []policy.Solution
	err := s.list(ctx, `SELECT baseline, digest FROM view_solutions WHERE solution = $1 OR $1 = '' ORDER BY solution`, []any{key}, func(r Rows) error {
		var raw string
		var row policy.Solution
		if err := r.Scan(&raw, &row.Digest); err != nil {
			return err
		}
		b, err := baseline(raw)
		row.Baseline = b
		out = append(out, row)
		return err
	})
	return out, err
}

// Runs lists runs, the oldest first.
func (s *Store) Runs(ctx context.Context, q inspect.RunsQuery) ([]inspect.Run, error) {
	last := int64(q.Last)
	if last <= 0 {
		last = math.MaxInt64
	}
	var out []inspect.Run
	err := s.list(ctx, `SELECT run, solution, number, event, ref, sha, version, conclusion, started_us, ended_us FROM view_runs
		WHERE (solution = $1 OR $1 = '') AND ($2 = '' OR (started_us, run) < (SELECT started_us, run FROM view_runs WHERE run = $2))
			AND (NOT $3 OR conclusion = '')
		ORDER BY started_us DESC, run DESC LIMIT $4`, []any{q.Solution, q.Before, q.Open, last}, func(r Rows) error {
		var row inspect.Run
		var started, ended int64
		if err := r.Scan(&row.Run, &row.Solution, &row.Number, &row.Event, &row.Ref, &row.SHA, &row.Version, &row.Conclusion, &started, &ended); err != nil {
			return err
		}
		row.Started = time.UnixMicro(started).UTC()
		if ended != 0 {
			row.Ended = time.UnixMicro(ended).UTC()
		}
		out = append(out, row)
		return nil
	})
	slices.Reverse(out)
	return out, err
}

// Releases lists the releases of a solution ("" for all) in order of tagging.
func (s *Store) Releases(ctx context.Context, solution string) ([]inspect.Release, error) {
	var out []inspect.Release
	err := s.list(ctx, `SELECT solution, version, state, run, sha FROM view_releases WHERE solution = $1 OR $1 = '' ORDER BY seq`, []any{solution}, func(r Rows) error {
		var row inspect.Release
		err := r.Scan(&row.Solution, &row.Version, &row.State, &row.Run, &row.SHA)
		out = append(out, row)
		return err
	})
	return out, err
}

// Environments lists what is deployed where for a solution ("" for all).
func (s *Store) Environments(ctx context.Context, solution string) ([]inspect.Environment, error) {
	var out []inspect.Environment
	err := s.list(ctx, `SELECT solution, environment, version, sha, tree, run, since_us FROM view_environments
		WHERE solution = $1 OR $1 = '' ORDER BY solution, environment`, []any{solution}, func(r Rows) error {
		var row inspect.Environment
		var since int64
		err := r.Scan(&row.Solution, &row.Environment, &row.Version, &row.SHA, &row.Tree, &row.Run, &since)
		row.Since = time.UnixMicro(since).UTC()
		out = append(out, row)
		return err
	})
	return out, err
}

// PersonByLogin gives a person's id, "" for an unknown login.
func (s *Store) PersonByLogin(ctx context.Context, login string) (person string, err error) {
	err = s.list(ctx, `SELECT person FROM view_persons WHERE login = $1`, []any{login}, func(r Rows) error { return r.Scan(&person) })
	return person, err
}

// Persons lists every person's id by login.
func (s *Store) Persons(ctx context.Context) (map[string]string, error) {
	out := map[string]string{}
	err := s.list(ctx, `SELECT login, person FROM view_persons`, nil, func(r Rows) error {
		var login, person string
		err := r.Scan(&login, &person)
		out[login] = person
		return err
	})
	return out, err
}

// PersonByIdentity gives the person that a git identity's digest is mapped to,
// "" for none.
func (s *Store) PersonByIdentity(ctx context.Context, digest string) (person string, err error) {
	err = s.list(ctx, `SELECT person FROM view_identities WHERE digest = $1`, []any{digest}, func(r Rows) error { return r.Scan(&person) })
	if errors.Is(err, errNoRow) {
		err = nil
	}
	return person, err
}
