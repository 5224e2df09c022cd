package verify

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"slices"

	"github.com/dc-release/dc-release/internal/core/canonical"
	"github.com/dc-release/dc-release/internal/core/event"
	"github.com/dc-release/dc-release/internal/core/ledger"
)

var errPartName = errors.New("names a part that there is not")

// summary is what is kept of an event for the sequence.
type summary struct {
	seq     int64
	version int64
	time    int64 // microseconds
	stream  ledger.Stream
	leaf    ledger.Hash
	data    ledger.Payload // of the installation's stream only
}

// kind is a type of event.
type kind struct {
	name    string
	version int
}

// checker checks events each for itself.
type checker struct {
	known   map[kind]bool
	streams map[string]ledger.Stream // so that each name is kept once
	hash    hash.Hash
	sum     []byte
	text    []byte
	columns []byte
}

// chunk reads and checks a range of events.
func (s *store) chunk(ctx context.Context, after, upTo int64) chunk {
	c := chunk{rows: make([]summary, 0, upTo-after)}
	k := checker{known: map[kind]bool{}, streams: map[string]ledger.Stream{}, hash: sha256.New()}
	c.err = s.source.Rows(ctx, after, upTo, func(r *Row) error {
		row, gone, err := k.check(r)
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
	from, to := hashCount(after), hashCount(upTo)
	c.hashes = make([]ledger.Hash, 0, to-from)
	c.err = s.source.StoredHashes(ctx, from, to, func(index int64, h []byte) error {
		if index == from+int64(len(c.hashes)) && len(h) == sha256.Size {
			c.hashes = append(c.hashes, ledger.Hash(h))
		}
		return nil
	})
	return c
}

// check checks one event: the header is canonical and says what the columns
// say, and every part fits its commitment. It names the parts that were
// erased.
func (k *checker) check(r *Row) (out summary, gone []string, err error) {
	out = summary{seq: r.Seq, leaf: r.LeafHash()}
	h, err := read(r.Header)
	if err != nil {
		return out, nil, err
	}
	var errs []error
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	at, err := ledger.ParseTime(string(h.time))
	if err != nil {
		bad("%v", err)
	}
	out.version, out.stream, out.time = h.version, k.stream(h.stream), at.UnixMicro()
	if string(h.schema) != ledger.Schema {
		bad("schema %q", h.schema)
	}
	if k.columns = h.columns(k.columns[:0], out.time); h.seq != r.Seq || string(k.columns) != r.Columns {
		bad("its columns say something else than its header")
	}
	for name, part := range r.Parts {
		if err := k.part(&h, name, part); err != nil {
			bad("part %q %w", name, err)
		}
	}
	public, ok := r.Parts[ledger.Public]
	if !ok {
		bad("the public part is not there")
	}
	if t := (kind{string(h.kind), int(h.typeVersion)}); !k.known[t] {
		if k.known[t] = true; !event.Known(t.name, t.version) {
			bad("type %s version %d is unknown to this program", t.name, t.version)
		}
	}
	if ok && out.stream == ledger.Installation {
		if out.data, err = event.Decode(string(h.kind), int(h.typeVersion), public.Body); err != nil {
			bad("%v", err)
		}
	}
	for _, p := range h.parts[:h.count] {
		if _, there := r.Parts[string(p.name)]; !there && string(p.name) != ledger.Public {
			gone = append(gone, string(p.name))
		}
	}
	slices.Sort(gone)
	return out, gone, errors.Join(errs...)
}

func (k *checker) stream(name []byte) ledger.Stream {
	s, ok := k.streams[string(name)]
	if !ok {
		s = ledger.Stream(name)
		k.streams[string(s)] = s
	}
	return s
}

// part compares a part with its commitment, SHA-256(salt || part).
func (k *checker) part(h *lean, name string, p ledger.Part) error {
	want, ok := h.part(name)
	if !ok {
		return errors.New("is not in its header")
	}
	k.hash.Reset()
	k.hash.Write(p.Salt)
	k.hash.Write(p.Body)
	k.sum = k.hash.Sum(k.sum[:0])
	k.text = hex.AppendEncode(k.text[:0], k.sum)
	if !bytes.Equal(k.text, want) {
		return errors.New("differs from its commitment")
	}
	return canonical.Check(p.Body)
}
