package verify

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/dc-release/dc-release/internal/core/canonical"
	"github.com/dc-release/dc-release/internal/core/event"
	"github.com/dc-release/dc-release/internal/core/ledger"
)

// summary is what is kept of an event for the sequence.
type summary struct {
	seq     int64
	version int64
	time    int64 // microseconds
	stream  ledger.Stream
	leaf    ledger.Hash
	data    ledger.Payload // of the installation's stream only
}

// chunk reads and checks a range of events, each for itself.
func (s *store) chunk(ctx context.Context, after, upTo int64) chunk {
	var c chunk
	known := map[kind]bool{}
	c.err = s.source.Rows(ctx, after, upTo, func(r *Row) error {
		row, gone, err := check(r, known)
		if err != nil {
			c.findings = append(c.findings, Finding{Seq: r.Seq, Rule: "record", Message: err.Error()})
		}
		if len(gone) > 0 {
			c.erased = append(c.erased, Erased{Seq: r.Seq, Parts: gone})
		}
		c.rows = append(c.rows, row)
		return nil
	})
	if c.err != nil {
		return c
	}
	c.err = s.source.StoredHashes(ctx, hashCount(after), hashCount(upTo), func(_ int64, h []byte) error {
		c.hashes = append(c.hashes, slices.Clone(h))
		return nil
	})
	return c
}

// check checks an event for itself: the header is canonical and says what the
// columns say, and every part fits its commitment. It names the parts that
// were erased.
func check(r *Row, known map[kind]bool) (out summary, gone []string, err error) {
	out = summary{seq: r.Seq, version: r.Version, time: r.TimeUS, stream: ledger.Stream(r.Stream), leaf: r.LeafHash()}
	var errs []error
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	h, err := header(r.Header)
	if err != nil {
		return out, nil, err
	}
	at, err := ledger.ParseTime(h.Time)
	if err != nil {
		bad("%v", err)
	}
	if h.Schema != ledger.Schema {
		bad("schema %q", h.Schema)
	}
	if h.Seq != r.Seq || h.ID != r.ID || string(h.Stream) != r.Stream || h.Version != r.Version || h.Type != r.Type ||
		h.TypeVersion != r.TypeVersion || at.UnixMicro() != r.TimeUS || h.Command != r.Command {
		bad("its columns say something else than its header")
	}
	for name, part := range r.Parts {
		want, ok := h.Parts[name]
		switch {
		case !ok:
			bad("part %q is not in its header", name)
		case part.Commitment() != want:
			bad("part %q differs from its commitment", name)
		}
		if err := canonical.Check(part.Body); err != nil {
			bad("part %q: %v", name, err)
		}
	}
	public, ok := r.Parts[ledger.Public]
	if !ok {
		bad("the public part is not there")
	}
	if t := (kind{h.Type, h.TypeVersion}); !known[t] {
		if !event.Known(h.Type, h.TypeVersion) {
			bad("type %s version %d is unknown to this program", h.Type, h.TypeVersion)
		}
		known[t] = true
	}
	if ok && h.Stream == ledger.Installation {
		if out.data, err = event.Decode(h.Type, h.TypeVersion, public.Body); err != nil {
			bad("%v", err)
		}
	}
	if len(h.Parts) != len(r.Parts) {
		gone = slices.DeleteFunc(r.Erased(h), func(name string) bool { return name == ledger.Public })
	}
	return out, gone, errors.Join(errs...)
}

// kind is a type of event.
type kind struct {
	name    string
	version int
}

// header decodes a canonical header.
func header(data []byte) (ledger.Header, error) {
	if h, ok := scan(data); ok {
		return h, nil
	}
	var h ledger.Header
	err := canonical.Unmarshal(data, &h)
	return h, err
}
