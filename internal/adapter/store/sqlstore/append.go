package sqlstore

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/dc-release/dc-release/internal/core/canonical"
	"github.com/dc-release/dc-release/internal/core/fault"
	"github.com/dc-release/dc-release/internal/core/ledger"
)

// Append stores a batch: every event with its hashes, the decision tables and
// the effects, in one durable transaction. A command that was appended before
// changes nothing and gives the events it made then. A stream that moved since
// it was read, a taken lock or a value that is not unique gives ledger.ErrConflict.
func (s *Store) Append(ctx context.Context, b ledger.Batch) ([]ledger.Event, error) {
	return s.append(ctx, b, func(Tx) error { return nil })
}

// append is Append with what else is done in the transaction of a new batch.
func (s *Store) append(ctx context.Context, b ledger.Batch, beside func(Tx) error) ([]ledger.Event, error) {
	if b.Command == "" {
		return nil, errors.New("append: no command id")
	}
	var events []ledger.Event
	var head ledger.Head
	var replay bool
	err := s.engine.Write(ctx, func(tx Tx) error {
		var err error
		if events, replay, err = replayed(ctx, tx, b.Command); err != nil || replay {
			return err
		}
		w := writer{ctx: ctx, tx: tx, config: s.config, batch: b, versions: map[ledger.Stream]int64{}}
		if err := w.begin(s.edge.Load()); err != nil {
			return err
		}
		for i := range b.Events {
			e, err := w.append(b.Events[i])
			if err != nil {
				return err
			}
			events = append(events, e)
		}
		if head, err = w.finish(); err != nil {
			return err
		}
		s.edge.Store(&edge{w.last, w.fresh})
		if err := beside(tx); err != nil {
			return err
		}
		if len(b.Effects) > 0 {
			return s.config.Enqueue(ctx, tx, b.Effects)
		}
		return nil
	}, func() error {
		if replay || s.config.Head == nil {
			return nil
		}
		return s.config.Head(head, events)
	})
	if s.engine.Unique(err) {
		err = fmt.Errorf("%w: %w", ledger.ErrConflict, err)
	}
	if err != nil {
		return nil, fmt.Errorf("append %s: %w", b.Command, err)
	}
	if !replay {
		s.announce()
	}
	return events, nil
}

func replayed(ctx context.Context, q Querier, command string) ([]ledger.Event, bool, error) {
	var first, count int64
	err := one(ctx, q, `SELECT first, count FROM commands WHERE command = $1`, []any{command}, &first, &count)
	if errors.Is(err, errNoRow) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, err
	}
	events, err := events(ctx, q, `seq >= $1 AND seq < $2`, first, first+count)
	return events, true, err
}

// edge are the hashes that the tree which ends with an event grows from, so that
// no append reads them again. They belong to the event, whose id no other ledger
// has: those of a transaction that failed are never taken for the tree's.
type edge struct {
	last   string // id of the event
	hashes map[int64]tlog.Hash
}

// writer appends the events of one batch inside its transaction.
type writer struct {
	ctx    context.Context
	tx     Tx
	config Config
	batch  ledger.Batch

	size     int64
	now      time.Time
	versions map[ledger.Stream]int64
	last     string              // id of the last event
	fresh    map[int64]tlog.Hash // known without the store
	first    int64
}

// begin checks the reads and finds the end of the ledger.
func (w *writer) begin(known *edge) error {
	for _, r := range w.batch.Reads {
		v, err := w.version(r.Stream)
		if err != nil {
			return err
		}
		if v != r.Version {
			return fmt.Errorf("%w: stream %s is at %d, was read at %d", ledger.ErrConflict, r.Stream, v, r.Version)
		}
	}
	var us int64
	err := one(w.ctx, w.tx, `SELECT seq, time_us, id FROM events ORDER BY seq DESC LIMIT 1`, nil, &w.size, &us, &w.last)
	if err != nil && !errors.Is(err, errNoRow) {
		return err
	}
	w.first = w.size + 1
	w.fresh = map[int64]tlog.Hash{}
	if known != nil && known.last == w.last {
		w.fresh = maps.Clone(known.hashes)
	}
	w.now = w.config.Now().UTC().Truncate(time.Microsecond)
	if last := time.UnixMicro(us).UTC(); w.now.Before(last) {
		w.now = last // order is seq; time never runs backwards
	}
	return nil
}

func (w *writer) version(s ledger.Stream) (int64, error) {
	if v, ok := w.versions[s]; ok {
		return v, nil
	}
	var v int64
	err := one(w.ctx, w.tx, `SELECT version FROM stream_heads WHERE stream = $1`, []any{string(s)}, &v)
	if err != nil && !errors.Is(err, errNoRow) {
		return 0, err
	}
	w.versions[s] = v
	return v, nil
}

func (w *writer) append(d ledger.Draft) (ledger.Event, error) {
	header, parts, err := w.compose(d)
	if err != nil {
		return ledger.Event{}, err
	}
	raw, err := canonical.Marshal(header)
	if err != nil {
		return ledger.Event{}, err
	}
	size := len(raw)
	for _, p := range parts {
		size += len(p.Body)
	}
	if size > ledger.MaxEvent {
		return ledger.Event{}, fmt.Errorf("event %s: %d bytes, want at most %d: put what is large into a blob", header.Type, size, ledger.MaxEvent)
	}
	if err := w.insert(header, raw, parts); err != nil {
		return ledger.Event{}, err
	}
	e := ledger.Event{Header: header, Data: d.Data}
	return e, decide(w.ctx, w.tx, e)
}

func (w *writer) compose(d ledger.Draft) (ledger.Header, map[string]ledger.Part, error) {
	if err := d.Stream.Check(); err != nil {
		return ledger.Header{}, nil, err
	}
	version, err := w.version(d.Stream)
	if err != nil {
		return ledger.Header{}, nil, err
	}
	actor := w.batch.Actor
	if d.Actor.Kind != "" {
		actor = d.Actor
	}
	name, typeVersion := d.Data.EventType()
	if actor.Kind == "" || actor.ID == "" {
		return ledger.Header{}, nil, fmt.Errorf("event %s: no actor", name)
	}
	if actor.Kind == ledger.Person && !ledger.SaysWhy(d.Reason) {
		return ledger.Header{}, nil, fault.New(fault.Invalid, "event %s: a person's event needs a reason, not %q", name, d.Reason).WithHint("add --reason TEXT")
	}
	h := ledger.Header{
		Schema: ledger.Schema, Seq: w.size + 1, ID: w.config.NewID(), Stream: d.Stream, Version: version + 1,
		Type: name, TypeVersion: typeVersion, Time: ledger.FormatTime(w.now), Actor: actor,
		OnBehalf: d.OnBehalf, Reason: d.Reason, AuthorisedBy: d.AuthorisedBy, Cause: d.Cause,
		Correlation: w.batch.Correlation, Command: w.batch.Command, Policy: w.batch.Policy, Build: w.config.Build,
		Parts: map[string]string{},
	}
	parts := map[string]ledger.Part{}
	for part, body := range map[string]any{ledger.Public: d.Data, ledger.Personal: d.Personal, ledger.Purgeable: d.Purgeable} {
		if body == nil {
			continue
		}
		raw, err := canonical.Marshal(body)
		if err != nil {
			return h, nil, fmt.Errorf("event %s: part %s: %w", name, part, err)
		}
		salt, err := w.config.NewSalt()
		if err != nil {
			return h, nil, err
		}
		p := ledger.Part{Salt: salt, Body: raw}
		parts[part], h.Parts[part] = p, p.Commitment()
	}
	return h, parts, nil
}

func (w *writer) insert(h ledger.Header, raw []byte, parts map[string]ledger.Part) error {
	_, err := w.tx.Exec(w.ctx, `INSERT INTO events (seq, id, stream, version, type, type_version, time_us, command, header)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
		h.Seq, h.ID, string(h.Stream), h.Version, h.Type, h.TypeVersion, w.now.UnixMicro(), h.Command, raw)
	if err != nil {
		return err
	}
	for name, p := range parts {
		if _, err := w.tx.Exec(w.ctx, `INSERT INTO event_parts (seq, name, salt, body) VALUES ($1, $2, $3, $4)`,
			h.Seq, name, p.Salt, p.Body); err != nil {
			return err
		}
	}
	first, hashes, err := ledger.Extend(w.size, tlog.RecordHash(raw), w.hashes())
	if err != nil {
		return err
	}
	for i, hash := range hashes {
		idx := first + int64(i)
		w.fresh[idx] = hash
		if _, err := w.tx.Exec(w.ctx, `INSERT INTO ledger_hashes (idx, hash) VALUES ($1, $2)`, idx, hash[:]); err != nil {
			return err
		}
	}
	w.size++
	w.last = h.ID
	w.versions[h.Stream] = h.Version
	_, err = w.tx.Exec(w.ctx, `INSERT INTO stream_heads (stream, version) VALUES ($1, $2)
		ON CONFLICT (stream) DO UPDATE SET version = excluded.version`, string(h.Stream), h.Version)
	return err
}

func (w *writer) finish() (ledger.Head, error) {
	_, err := w.tx.Exec(w.ctx, `INSERT INTO commands (command, first, count) VALUES ($1, $2, $3)`,
		w.batch.Command, w.first, w.size-w.first+1)
	if err != nil {
		return ledger.Head{}, err
	}
	grown := edgeReader{w.hashes(), map[int64]tlog.Hash{}}
	root, err := ledger.Root(w.size, grown)
	w.fresh = grown.read
	return ledger.Head{Size: w.size, Root: root}, err
}

func (w *writer) hashes() tlog.HashReader {
	return ledger.Overlay{Stored: hashReader{w.ctx, w.tx}, Fresh: w.fresh}
}

// edgeReader keeps what is read through it: the root of a tree is made of
// exactly the hashes that the next leaves need.
type edgeReader struct {
	tlog.HashReader
	read map[int64]tlog.Hash
}

// ReadHashes implements tlog.HashReader.
func (r edgeReader) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	out, err := r.HashReader.ReadHashes(indexes)
	for i, h := range out {
		r.read[indexes[i]] = h
	}
	return out, err
}
