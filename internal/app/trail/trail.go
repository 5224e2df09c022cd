// Package trail answers questions about the audit trail and exports it with
// proofs. It changes nothing.
package trail

import (
	"context"
	"encoding/json"
	"time"

	"github.com/dc-release/dc-release/internal/app/signed"
	"github.com/dc-release/dc-release/internal/core/canonical"
	"github.com/dc-release/dc-release/internal/core/document"
	"github.com/dc-release/dc-release/internal/core/event"
	"github.com/dc-release/dc-release/internal/core/fault"
	"github.com/dc-release/dc-release/internal/core/ledger"
	"github.com/dc-release/dc-release/internal/core/releaselog"
	"github.com/dc-release/dc-release/internal/core/signature"
	"github.com/dc-release/dc-release/internal/core/trail"
)

// Page is a part of what a filter selects.
type Page struct {
	After  int64 // seq
	UpTo   int64 // seq, 0 for the end
	Newest bool  // the newest first
	Limit  int
}

// Store finds events.
type Store interface {
	// Trail gives the records of a page in its order, and how many events the
	// filter selects up to its end.
	Trail(ctx context.Context, f trail.Filter, p Page) (records []ledger.Record, total int64, err error)
	// Hashes reads stored hashes of the tree; valid within do.
	Hashes(ctx context.Context, do func(size int64, r ledger.HashReader) error) error
	PersonByLogin(ctx context.Context, login string) (id string, err error)
	// Persons gives every person's id by login.
	Persons(ctx context.Context) (map[string]string, error)
}

// Trail is the audit trail of an installation.
type Trail struct {
	Store Store
	// Checkpoint signs the checkpoint of a size; Keys verify it.
	Checkpoint func(size int64, root ledger.Hash) ([]byte, error)
	Keys       func(ctx context.Context) (releaselog.Keys, error)
	Now        func() time.Time
	Signed     signed.Reader
}

// Query asks for a list, the newest first.
type Query struct {
	trail.Filter
	Limit int `json:"limit"` // 0 for DefaultLimit
}

// The limits of one answer.
const (
	DefaultLimit = 1000
	maxLimit     = 100000
	pageSize     = 500
)

// Row is one event as people read it.
type Row struct {
	Seq     int64           `json:"seq"`
	Time    string          `json:"time"`
	Stream  string          `json:"stream"`
	Version int64           `json:"version"`
	Type    string          `json:"type"`
	Actor   ledger.Actor    `json:"actor"`
	Login   string          `json:"login,omitempty"` // of a person
	Reason  string          `json:"reason,omitempty"`
	Data    json.RawMessage `json:"data"`
	// Signature is what was signed, of signature.made.
	Signature  *document.Manifestation `json:"signature,omitempty"`
	Unreadable string                  `json:"unreadable,omitempty"` // why what was signed is not shown
}

// List is an answer.
type List struct {
	Filter trail.Filter `json:"filter"`
	Total  int64        `json:"total"` // that the filter selects
	Events []Row        `json:"events"`
}

// List gives the newest events that the filter selects.
func (t *Trail) List(ctx context.Context, q Query) (List, error) {
	out := List{Events: []Row{}}
	var err error
	if out.Filter, err = t.resolve(ctx, q.Filter); err != nil {
		return out, err
	}
	if q.Limit < 0 || q.Limit > maxLimit {
		return out, fault.New(fault.Invalid, "limit %d: want 1 to %d", q.Limit, maxLimit)
	}
	if q.Limit == 0 {
		q.Limit = DefaultLimit
	}
	logins, err := t.logins(ctx)
	if err != nil {
		return out, err
	}
	records, total, err := t.Store.Trail(ctx, out.Filter, Page{Newest: true, Limit: q.Limit})
	if err != nil {
		return out, err
	}
	out.Total = total
	for _, r := range records {
		row, err := t.row(ctx, r, logins)
		if err != nil {
			return out, err
		}
		out.Events = append(out.Events, row)
	}
	return out, nil
}

func (t *Trail) row(ctx context.Context, r ledger.Record, logins map[string]string) (Row, error) {
	e, err := event.Open(r)
	if err != nil {
		return Row{}, err
	}
	row := Row{
		Seq: e.Seq, Time: e.Time, Stream: string(e.Stream), Version: e.Version, Type: e.Type, Actor: e.Actor, Login: logins[e.Actor.ID],
		Reason: e.Reason, Data: r.Parts[ledger.Public].Body,
	}
	if made, ok := e.Data.(*signature.Made); ok {
		s, err := t.Signed.Signature(ctx, *made, e.Seq)
		if err != nil {
			row.Unreadable = err.Error()
			return row, nil
		}
		printed := s.Printed()
		row.Signature = &printed
	}
	return row, nil
}

// resolve finds whom the filter means.
func (t *Trail) resolve(ctx context.Context, f trail.Filter) (trail.Filter, error) {
	if err := f.Check(); err != nil || f.Who == "" {
		f.Actor = ""
		return f, err
	}
	id, err := t.Store.PersonByLogin(ctx, f.Who)
	if f.Actor = id; id == "" {
		f.Actor = f.Who
	}
	return f, err
}

func (t *Trail) logins(ctx context.Context) (map[string]string, error) {
	all, err := t.Store.Persons(ctx)
	out := map[string]string{}
	for login, id := range all {
		out[id] = login
	}
	return out, err
}

// ExportQuery asks for a page of an export: the first one with Size 0, the
// others with the size of the first one's head.
type ExportQuery struct {
	trail.Filter
	Size  int64 `json:"size"`
	After int64 `json:"after"` // seq
}

// Exported is a page. Lines are canonical JSON of trail.Line, as text so that no
// byte of them changes on the way; rows are the same events as people read them.
type Exported struct {
	Head  trail.Head `json:"head"`
	Lines []string   `json:"lines"`
	Rows  []Row      `json:"rows"`
	More  bool       `json:"more"`
}

// Export gives events in order, each proven in the checkpoint of one size.
func (t *Trail) Export(ctx context.Context, q ExportQuery) (Exported, error) {
	f, err := t.resolve(ctx, q.Filter)
	if err != nil {
		return Exported{}, err
	}
	logins, err := t.logins(ctx) // and the views are at the head
	if err != nil {
		return Exported{}, err
	}
	out := Exported{Head: trail.Head{Schema: trail.ExportSchema, Filter: f, Stated: f.String(), Time: ledger.FormatTime(t.Now())}, Lines: []string{}, Rows: []Row{}}
	var root ledger.Hash
	err = t.Store.Hashes(ctx, func(end int64, r ledger.HashReader) error {
		if out.Head.Size = q.Size; q.Size == 0 {
			out.Head.Size = end
		}
		if out.Head.Size > end || out.Head.Size < 1 {
			return fault.New(fault.Invalid, "size %d: the ledger has %d events", out.Head.Size, end)
		}
		if root, err = ledger.Root(out.Head.Size, r); err != nil {
			return err
		}
		return t.page(ctx, q, r, logins, &out)
	})
	if err != nil {
		return out, err
	}
	note, err := t.Checkpoint(out.Head.Size, root)
	if err != nil {
		return out, err
	}
	out.Head.Checkpoint = string(note)
	out.Head.Keys, err = t.Keys(ctx) // after it was signed, so that its key is among them
	return out, err
}

// page fills in the events up to the checkpoint's size.
func (t *Trail) page(ctx context.Context, q ExportQuery, r ledger.HashReader, logins map[string]string, out *Exported) error {
	records, total, err := t.Store.Trail(ctx, out.Head.Filter, Page{After: q.After, UpTo: out.Head.Size, Limit: pageSize})
	if err != nil {
		return err
	}
	out.Head.Shown, out.More = total, len(records) == pageSize
	for _, record := range records {
		row, err := t.row(ctx, record, logins)
		if err != nil {
			return err
		}
		path, err := ledger.ProveInclusion(out.Head.Size, row.Seq, r)
		if err != nil {
			return err
		}
		line, err := canonical.Marshal(trail.Line{Inclusion: path, Record: ledger.Record{Header: record.Header, Parts: map[string]ledger.Part{ledger.Public: record.Parts[ledger.Public]}}})
		if err != nil {
			return err
		}
		out.Lines, out.Rows = append(out.Lines, string(line)), append(out.Rows, row)
	}
	return nil
}
