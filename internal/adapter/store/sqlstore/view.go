package sqlstore

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"slices"
	"strings"

	"github.com/dc-release/dc-release/internal/core/canonical"
	"github.com/dc-release/dc-release/internal/core/deployment"
	"github.com/dc-release/dc-release/internal/core/event"
	"github.com/dc-release/dc-release/internal/core/ledger"
	"github.com/dc-release/dc-release/internal/core/pipeline"
	"github.com/dc-release/dc-release/internal/core/policy"
	"github.com/dc-release/dc-release/internal/core/release"
)

// view is a table that follows the ledger with a watermark of its own.
type view struct {
	name   string
	tables []string
	of     []ledger.Payload // what apply looks at; it is called with nothing else
	apply  func(ctx context.Context, tx Tx, e ledger.Event) error
}

// views is the list. To add one: its tables in a migration, a line here.
var views = []view{
	{"solutions", []string{"view_solutions"}, []ledger.Payload{&policy.SolutionAdded{}, &policy.SolutionRevised{}}, applySolution},
	{"persons", []string{"view_persons", "view_identities"}, []ledger.Payload{&policy.PersonAdded{}, &policy.IdentityMapped{}, &policy.IdentityLinked{}}, applyPerson},
	{"runs", []string{"view_runs"}, []ledger.Payload{&pipeline.RunStarted{}, &pipeline.RerunRequested{}, &pipeline.RunFinished{}}, applyRun},
	{"releases", []string{"view_releases"}, releaseStates(), applyRelease},
	{"environments", []string{"view_environments"}, []ledger.Payload{&deployment.Deployed{}}, applyEnvironment},
}

// asked are the views that follow everything, and only when somebody asks: to
// follow at once would cost each append a second commit. They come after the
// others, which they may read.
var asked = []view{
	{"trail", []string{"view_trail"}, event.All, applyTrail},
}

// releaseStates are the payloads that change the state of a release.
func releaseStates() (list []ledger.Payload) {
	for _, p := range event.All {
		if _, ok := release.StateAfter(p); ok {
			list = append(list, p)
		}
	}
	return list
}

// types are the names of what a view follows, as a list of SQL.
func (v view) types() string {
	names := make([]string, len(v.of))
	for i, p := range v.of {
		name, _ := p.EventType()
		names[i] = "'" + name + "'" // a constant of this program
	}
	return strings.Join(names, ", ")
}

// allTypes is the same for all views.
var allTypes = func() string {
	list := make([]string, len(views))
	for i, v := range views {
		list[i] = v.types()
	}
	return strings.Join(list, ", ")
}()

const viewBatch = 1000

// CatchUp brings every view but those that are asked for to the state that the
// head of the ledger gives; those of a held store stay where they are. Events
// that no view follows cost no write.
func (s *Store) CatchUp(ctx context.Context) error {
	if s.engine.held.Load() != nil {
		return nil
	}
	for {
		behind, err := s.viewsBehind(ctx)
		if err != nil || !behind {
			return err
		}
		if err := s.engine.Write(ctx, func(tx Tx) error { return followViews(ctx, tx, views) }); err != nil {
			return err
		}
	}
}

// CatchUpAll brings the views that are asked for up to the head too.
func (s *Store) CatchUpAll(ctx context.Context) error {
	if s.engine.held.Load() != nil {
		return nil
	}
	if err := s.CatchUp(ctx); err != nil {
		return err
	}
	for {
		var low, size int64
		err := s.engine.Read(ctx, func(q Querier) (err error) {
			if size, err = ledgerSize(ctx, q); err != nil {
				return err
			}
			low, err = lowest(ctx, q, asked)
			return err
		})
		if err != nil || low >= size {
			return err
		}
		if err := s.engine.Write(ctx, func(tx Tx) error { return followViews(ctx, tx, asked) }); err != nil {
			return err
		}
	}
}

// RebuildViews empties every view and follows from the first event; readers
// see the old state until the new one is complete.
func (s *Store) RebuildViews(ctx context.Context) error {
	return s.engine.Write(ctx, func(tx Tx) error {
		if _, err := tx.Exec(ctx, `DELETE FROM view_watermark`); err != nil {
			return err
		}
		all := slices.Concat(views, asked)
		for _, v := range all {
			for _, table := range v.tables {
				if _, err := tx.Exec(ctx, `DELETE FROM `+table); err != nil {
					return err
				}
			}
		}
		for {
			before, err := lowest(ctx, tx, all)
			if err != nil {
				return err
			}
			if err := followViews(ctx, tx, all); err != nil {
				return err
			}
			if after, err := lowest(ctx, tx, all); err != nil || after == before {
				return err
			}
		}
	})
}

// viewsBehind reports whether a view has not seen an event that it follows. Up
// to where none has is remembered: views never go back.
func (s *Store) viewsBehind(ctx context.Context) (behind bool, err error) {
	err = s.engine.Read(ctx, func(q Querier) error {
		size, err := ledgerSize(ctx, q)
		if err != nil || size == s.followed.Load() {
			return err
		}
		low, err := lowest(ctx, q, views)
		if err != nil {
			return err
		}
		err = one(ctx, q, `SELECT EXISTS (SELECT 1 FROM events WHERE seq > $1 AND seq <= $2 AND type IN (`+allTypes+`))`,
			[]any{max(low, s.followed.Load()), size}, &behind)
		if err == nil && !behind {
			s.followed.Store(size)
		}
		return err
	})
	return behind, err
}

// lowest is the smallest watermark of the views.
func lowest(ctx context.Context, q Querier, views []view) (int64, error) {
	seen := map[string]int64{}
	err := each(ctx, q, `SELECT view, seq FROM view_watermark`, nil, func(r Rows) error {
		var name string
		var seq int64
		err := r.Scan(&name, &seq)
		seen[name] = seq
		return err
	})
	low := int64(math.MaxInt64)
	for _, v := range views {
		low = min(low, seen[v.name])
	}
	return low, err
}

func watermark(ctx context.Context, q Querier, name string) (int64, error) {
	var seq int64
	err := one(ctx, q, `SELECT seq FROM view_watermark WHERE view = $1`, []any{name}, &seq)
	if errors.Is(err, errNoRow) {
		err = nil
	}
	return seq, err
}

func followViews(ctx context.Context, tx Tx, views []view) error {
	size, err := ledgerSize(ctx, tx)
	if err != nil {
		return err
	}
	for _, v := range views {
		seq, err := watermark(ctx, tx, v.name)
		if err != nil {
			return err
		}
		to := min(seq+viewBatch, size)
		rs, err := records(ctx, tx, `seq > $1 AND seq <= $2 AND type IN (`+v.types()+`)`, seq, to)
		if err != nil {
			return err
		}
		for _, r := range rs {
			e, err := event.Open(r)
			if err != nil {
				return err
			}
			if err := v.apply(ctx, tx, e); err != nil {
				return err
			}
		}
		_, err = tx.Exec(ctx, `INSERT INTO view_watermark (view, seq) VALUES ($1, $2) ON CONFLICT (view) DO UPDATE SET seq = excluded.seq`, v.name, to)
		if err != nil {
			return err
		}
	}
	return nil
}

func applySolution(ctx context.Context, tx Tx, e ledger.Event) error {
	b, ok := policy.BaselineOf(e.Data)
	if !ok {
		return nil
	}
	raw, err := canonical.Marshal(b)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `INSERT INTO view_solutions (solution, baseline, digest) VALUES ($1, $2, $3)
		ON CONFLICT (solution) DO UPDATE SET baseline = excluded.baseline, digest = excluded.digest`, b.Solution, string(raw), canonical.SHA256(raw))
	return err
}

func applyPerson(ctx context.Context, tx Tx, e ledger.Event) error {
	var err error
	switch d := e.Data.(type) {
	case *policy.PersonAdded:
		_, err = tx.Exec(ctx, `INSERT INTO view_persons (person, login) VALUES ($1, $2)`, d.Person, d.Login)
	case *policy.IdentityMapped:
		_, err = tx.Exec(ctx, `INSERT INTO view_identities (digest, person) VALUES ($1, $2)`, d.Digest, d.Person)
	case *policy.IdentityLinked:
		_, err = tx.Exec(ctx, `INSERT INTO view_identities (digest, person) VALUES ($1, $2)`, d.Digest, d.Person)
	}
	return err
}

func applyRun(ctx context.Context, tx Tx, e ledger.Event) error {
	var err error
	switch d := e.Data.(type) {
	case *pipeline.RunStarted:
		_, err = tx.Exec(ctx, `INSERT INTO view_runs (run, solution, number, event, ref, sha, version, conclusion, started_us, ended_us)
			VALUES ($1, $2, $3, $4, $5, $6, $7, '', $8, 0)`,
			d.Run, d.Solution, d.Number, d.Trigger.Name, d.Trigger.Ref, d.Trigger.SHA, d.Version, e.At().UnixMicro())
	case *pipeline.RerunRequested:
		_, err = tx.Exec(ctx, `UPDATE view_runs SET conclusion = '', ended_us = 0 WHERE run = $1`, d.Run)
	case *pipeline.RunFinished:
		_, err = tx.Exec(ctx, `UPDATE view_runs SET conclusion = $2, ended_us = $3 WHERE run = $1`, d.Run, string(d.Conclusion), e.At().UnixMicro())
	}
	return err
}

func applyRelease(ctx context.Context, tx Tx, e ledger.Event) error {
	if d, ok := e.Data.(*release.Registered); ok {
		_, err := tx.Exec(ctx, `INSERT INTO view_releases (solution, version, state, run, sha, seq) VALUES ($1, $2, $3, $4, $5, $6)`,
			d.Solution, d.Version, string(release.InProgress), d.Run, d.Commit, e.Seq)
		return err
	}
	state, ok := release.StateAfter(e.Data)
	if !ok {
		return nil
	}
	solution, version, ok := e.Stream.Release()
	if !ok {
		return nil
	}
	_, err := tx.Exec(ctx, `UPDATE view_releases SET state = $3 WHERE solution = $1 AND version = $2`, solution, version, string(state))
	return err
}

func applyEnvironment(ctx context.Context, tx Tx, e ledger.Event) error {
	d, ok := e.Data.(*deployment.Deployed)
	if !ok {
		return nil
	}
	solution, environment, ok := e.Stream.Environment()
	if !ok {
		return nil
	}
	_, err := tx.Exec(ctx, `INSERT INTO view_environments (solution, environment, version, sha, tree, run, since_us) VALUES ($1, $2, $3, $4, $5, $6, $7)
		ON CONFLICT (solution, environment) DO UPDATE SET version = excluded.version, sha = excluded.sha, tree = excluded.tree, run = excluded.run, since_us = excluded.since_us`,
		solution, environment, d.Version, d.Commit, d.Tree, d.Run, e.At().UnixMicro())
	return err
}

// baseline decodes what applySolution stored.
func baseline(raw string) (policy.Baseline, error) {
	var b policy.Baseline
	err := json.Unmarshal([]byte(raw), &b)
	return b, err
}
