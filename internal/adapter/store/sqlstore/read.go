package sqlstore

import (
	"context"
	"fmt"
	"sort"

	"github.com/dc-release/dc-release/internal/core/event"
	"github.com/dc-release/dc-release/internal/core/ledger"
)

// Stream gives the events of a stream after a version, in order. A read
// decision names the last version it saw, 0 for a stream that does not exist.
func (s *Store) Stream(ctx context.Context, stream ledger.Stream, after int64) ([]ledger.Event, error) {
	var out []ledger.Event
	err := s.engine.Read(ctx, func(q Querier) (err error) {
		out, err = events(ctx, q, `stream = $1 AND version > $2`, string(stream), after)
		return err
	})
	return out, err
}

// Events gives at most limit events after a seq, in order.
func (s *Store) Events(ctx context.Context, after int64, limit int) ([]ledger.Event, error) {
	var out []ledger.Event
	err := s.engine.Read(ctx, func(q Querier) (err error) {
		out, err = events(ctx, q, `seq > $1 AND seq <= $2`, after, after+int64(limit))
		return err
	})
	return out, err
}

// Records gives the stored bytes of at most limit events after a seq.
func (s *Store) Records(ctx context.Context, after int64, limit int) ([]ledger.Record, error) {
	var out []ledger.Record
	err := s.engine.Read(ctx, func(q Querier) (err error) {
		out, err = records(ctx, q, `seq > $1 AND seq <= $2`, after, after+int64(limit))
		return err
	})
	return out, err
}

// StreamRecords gives the stored bytes of a stream's events up to a seq.
func (s *Store) StreamRecords(ctx context.Context, stream ledger.Stream, upTo int64) ([]ledger.Record, error) {
	var out []ledger.Record
	err := s.engine.Read(ctx, func(q Querier) (err error) {
		out, err = records(ctx, q, `stream = $1 AND seq <= $2`, string(stream), upTo)
		return err
	})
	return out, err
}

// Personal gives the personal part of an event; ok is false when it is erased
// or was never there.
func (s *Store) Personal(ctx context.Context, seq int64) (body []byte, ok bool, err error) {
	err = s.engine.Read(ctx, func(q Querier) error {
		rs, err := records(ctx, q, `seq = $1`, seq)
		if err != nil || len(rs) == 0 {
			return err
		}
		p, found := rs[0].Parts[ledger.Personal]
		body, ok = p.Body, found
		return nil
	})
	return body, ok, err
}

func events(ctx context.Context, q Querier, where string, args ...any) ([]ledger.Event, error) {
	rs, err := records(ctx, q, where, args...)
	if err != nil {
		return nil, err
	}
	out := make([]ledger.Event, len(rs))
	for i, r := range rs {
		if out[i], err = event.Open(r); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func records(ctx context.Context, q Querier, where string, args ...any) ([]ledger.Record, error) {
	bySeq := map[int64]*ledger.Record{}
	var seqs []int64
	err := each(ctx, q, `SELECT seq, header FROM events WHERE `+where, args, func(r Rows) error {
		var seq int64
		rec := &ledger.Record{Parts: map[string]ledger.Part{}}
		if err := r.Scan(&seq, &rec.Header); err != nil {
			return err
		}
		bySeq[seq], seqs = rec, append(seqs, seq)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read events: %w", err)
	}
	err = each(ctx, q, `SELECT seq, name, salt, body FROM event_parts WHERE seq IN (SELECT seq FROM events WHERE `+where+`)`, args, func(r Rows) error {
		var seq int64
		var name string
		var p ledger.Part
		if err := r.Scan(&seq, &name, &p.Salt, &p.Body); err != nil {
			return err
		}
		if rec, ok := bySeq[seq]; ok {
			rec.Parts[name] = p
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read event parts: %w", err)
	}
	sort.Slice(seqs, func(i, j int) bool { return seqs[i] < seqs[j] })
	out := make([]ledger.Record, len(seqs))
	for i, seq := range seqs {
		out[i] = *bySeq[seq]
	}
	return out, nil
}

// checkTypes refuses a store with event types that this program does not know.
func (s *Store) checkTypes(ctx context.Context) error {
	return s.engine.Read(ctx, func(q Querier) error {
		return each(ctx, q, `SELECT DISTINCT type, type_version FROM events`, nil, func(r Rows) error {
			var name string
			var version int
			if err := r.Scan(&name, &version); err != nil {
				return err
			}
			if !event.Known(name, version) {
				return fmt.Errorf("store holds event type %s version %d: use a newer program, this one writes nothing here", name, version)
			}
			return nil
		})
	})
}
