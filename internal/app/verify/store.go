package verify

import (
	"cmp"
	"context"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/dc-release/dc-release/internal/core/ledger"
	"github.com/dc-release/dc-release/internal/core/releaselog"
)

// Row is an event as it is stored: header, the parts that are there, and the
// columns beside the header as one text: id, stream, version, type, type
// version, time in microseconds and command, a space between them.
type Row struct {
	Seq     int64
	Columns string
	ledger.Record
}

// Totals are the sizes of a store's tables.
type Totals struct {
	Last    int64 // highest seq
	Events  int64
	Hashes  int64
	Orphans int64 // parts without an event
}

// Source is a store as verification reads it.
type Source interface {
	Totals(ctx context.Context) (Totals, error)
	// Rows gives the events after a seq up to another, in order of seq. The
	// row is valid within use.
	Rows(ctx context.Context, after, upTo int64, use func(*Row) error) error
	// StoredHashes gives the hashes from an index up to another, exclusive.
	StoredHashes(ctx context.Context, from, to int64, use func(index int64, hash []byte) error) error
	// Heads gives the version of every stream as the decision table has it.
	Heads(ctx context.Context, use func(stream ledger.Stream, version int64) error) error
	// MissingGuards names the append-only triggers that are not as they were
	// made.
	MissingGuards(ctx context.Context) ([]string, error)
}

// StoreOptions of the verification of a store.
type StoreOptions struct {
	Trust *releaselog.Trust
	// Notes are all checkpoints that are known, by where they were found:
	// head.note, the branch of anchors, publications.
	Notes map[string][]byte
	// Stamped are the time stamps that stand beside them; Stamps verifies them.
	Stamped []Stamped
	Stamps  Stamps
	// Workers is how many chunks are read at once; 0 takes one for each
	// processor.
	Workers int
}

// chunkSize is the number of events that are read at once.
const chunkSize = 5000

// store is a store while it is checked.
type store struct {
	source  Source
	options StoreOptions
	report  *Report

	tree        frontier
	broken      bool // an event before was wrong: hashes are not compared any more
	last        *summary
	streams     map[ledger.Stream]int64
	checkpoints []known // not reached yet
	verified    []known // reached
	keys        ledger.Announced
	newest      struct { // of the checkpoints
		size int64
		link int // of the key that signed it
	}
	lasts  map[int64]time.Time // of the events that time stamps end with
	tokens map[string][]string // recorded, by the digest of their checkpoint
}

// known is a checkpoint with where it was found.
type known struct {
	where string
	note  []byte
	ledger.Checkpoint
}

// Store verifies a whole store: every event against its commitments and its
// stored hash, every sequence without gap, the tree against every checkpoint
// that is known, and the decision table of streams. Memory is bounded by the
// number of streams.
func Store(ctx context.Context, source Source, o StoreOptions) (Report, error) {
	s := &store{
		source: source, options: o, report: &Report{Subject: "store", Trust: TrustNone}, streams: map[ledger.Stream]int64{},
		lasts: map[int64]time.Time{}, tokens: map[string][]string{},
	}
	for _, x := range o.Stamped {
		s.lasts[x.Size] = time.Time{}
	}
	totals, err := source.Totals(ctx)
	if err != nil {
		return s.report.finish(), fmt.Errorf("verify store: %w", err)
	}
	s.readNotes()
	if err := s.walk(ctx, totals); err != nil {
		return s.report.finish(), fmt.Errorf("verify store: %w", err)
	}
	if want := hashCount(s.tree.size); !s.broken && totals.Hashes != want {
		s.add(0, "hash", "the store has %d hashes, a tree of size %d has %d", totals.Hashes, s.tree.size, want)
	}
	if totals.Orphans > 0 {
		s.add(0, "part", "%d parts belong to no event", totals.Orphans)
	}
	s.atCheckpoints()
	s.verifyNotes()
	s.verifyStamps()
	s.trust()
	if err := s.tables(ctx); err != nil {
		return s.report.finish(), fmt.Errorf("verify store: %w", err)
	}
	slices.SortStableFunc(s.report.Findings, func(a, b Finding) int { return rank(a) - rank(b) })
	return s.report.finish(), nil
}

// rank puts the findings at events first, in order of seq.
func rank(f Finding) int {
	if f.Seq > 0 {
		return int(min(f.Seq, 1<<40))
	}
	return 1<<40 + 1
}

func (s *store) add(seq int64, rule, format string, args ...any) {
	s.report.add("", seq, rule, format, args...)
}

// readNotes reads the checkpoints; their signatures are verified at the end,
// when the key that the ledger announced is known.
func (s *store) readNotes() {
	for where, raw := range s.options.Notes {
		text, _, _ := strings.Cut(string(raw), "\n\n")
		c, err := ledger.ParseCheckpoint(text + "\n")
		if err != nil {
			s.report.add(where, 0, "checkpoint", "%v", err)
			continue
		}
		s.checkpoints = append(s.checkpoints, known{where: where, note: raw, Checkpoint: c})
	}
	slices.SortFunc(s.checkpoints, func(a, b known) int {
		return cmp.Or(cmp.Compare(a.Size, b.Size), strings.Compare(a.where, b.where))
	})
}

// chunk is a part of the ledger, checked but for what comes before it.
type chunk struct {
	rows     []summary
	findings []Finding
	erased   []Erased
	hashes   []ledger.Hash // stored, from the first one of its first event
	err      error
}

// walk checks chunks side by side and puts them together in order.
func (s *store) walk(ctx context.Context, totals Totals) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	workers := s.options.Workers
	if workers < 1 {
		workers = runtime.GOMAXPROCS(0)
	}
	pending := make(chan chan chunk, workers)
	go func() {
		defer close(pending)
		for after := int64(0); after < totals.Last; after += chunkSize {
			done := make(chan chunk, 1)
			select {
			case pending <- done:
			case <-ctx.Done():
				return
			}
			go func() { done <- s.chunk(ctx, after, min(after+chunkSize, totals.Last)) }()
		}
	}()
	for done := range pending {
		c := <-done
		if c.err != nil {
			return c.err
		}
		s.join(c)
	}
	if s.report.Counts.Events != totals.Events {
		s.add(0, "seq", "%d events are in order, the store has %d", s.report.Counts.Events, totals.Events)
	}
	return ctx.Err()
}

// join continues everything that goes over the whole ledger.
func (s *store) join(c chunk) {
	s.report.Findings = append(s.report.Findings, c.findings...)
	s.report.Erased = append(s.report.Erased, c.erased...)
	hashes := c.hashes
	for i := range c.rows {
		row := &c.rows[i]
		s.report.Counts.Events++
		s.sequence(row)
		s.announced(row)
		s.remember(row)
		s.atCheckpoints()
		made := s.tree.add(row.leaf)
		if s.broken {
			continue
		}
		for n, h := range made {
			if len(hashes) == 0 || hashes[0] != h {
				what := "its header is not the one that was hashed"
				switch {
				case len(hashes) == 0:
					what = "its hash is not stored"
				case n > 0:
					what = "the hashes of the tree above it are not those of its events"
				}
				s.add(row.seq, "leaf", "%s", what)
				s.broken = true
				break
			}
			hashes = hashes[1:]
		}
	}
}

// sequence checks an event against the one before it.
func (s *store) sequence(row *summary) {
	before := int64(0)
	if s.last != nil {
		before = s.last.seq
		if row.time < s.last.time && row.stream != "" {
			s.add(row.seq, "time", "time runs backwards")
		}
	}
	if row.seq != before+1 {
		s.add(before+1, "seq", "is not there: event %d follows %d", row.seq, before)
		s.broken = true
	}
	if s.last = row; row.stream == "" {
		return // its header could not be read
	}
	if row.version != s.streams[row.stream]+1 {
		s.add(row.seq, "stream", "is version %d of %s, want %d", row.version, row.stream, s.streams[row.stream]+1)
	}
	s.streams[row.stream] = row.version
}

func (s *store) announced(row *summary) {
	if err := s.keys.Apply(row.seq, row.data); err != nil {
		s.add(row.seq, "keys", "%v", err)
	}
}

// atCheckpoints compares the tree with the checkpoints of its size; those
// beyond its end are left for the end.
func (s *store) atCheckpoints() {
	for len(s.checkpoints) > 0 && s.checkpoints[0].Size == s.tree.size {
		c := s.checkpoints[0]
		s.checkpoints = s.checkpoints[1:]
		if c.Root != s.tree.root() {
			s.hold(c, "the ledger differs from the checkpoint of size %d", c.Size)
		}
		s.done(c)
	}
}

// hold adds a finding that keeps an installation from changing anything.
func (s *store) hold(c known, format string, args ...any) {
	s.report.add(c.where, 0, "checkpoint", format, args...)
	s.report.Hold = append(s.report.Hold, c.where+": "+fmt.Sprintf(format, args...))
}

func (s *store) done(c known) {
	s.report.Counts.Checkpoints++
	s.verified = append(s.verified, c)
}

// verifyNotes verifies the signatures of all checkpoints with the key that the
// ledger announced, and names those that are beyond its end.
func (s *store) verifyNotes() {
	for _, c := range s.checkpoints {
		s.hold(c, "the ledger has %d events and differs from the checkpoint of size %d", s.tree.size, c.Size)
		s.done(c)
	}
	s.checkpoints = nil
	if len(s.verified) == 0 {
		return
	}
	chain := s.keys.Chain(releaselog.LedgerKey)
	if len(chain.Links) == 0 {
		s.add(0, "keys", "the ledger announced no key to verify checkpoints with")
		return
	}
	for _, c := range s.verified {
		_, link, err := chain.OpenCheckpoint(c.note)
		if err != nil {
			s.report.add(c.where, 0, "checkpoint", "%v", err)
			continue
		}
		if c.Size > s.newest.size || c.Size == s.newest.size && link > s.newest.link {
			s.newest.size, s.newest.link = c.Size, link
		}
	}
}

// trust compares the announced keys with those that are known from elsewhere: the
// newest checkpoint is by the ledger key that is known or one that follows it.
func (s *store) trust() {
	t := s.options.Trust
	if t == nil {
		return
	}
	s.report.Trust = TrustVerified
	refuse := func(format string, args ...any) {
		s.report.Trust = TrustRefused
		s.add(0, "trust", format, args...)
	}
	if t.Installation != s.keys.Installation {
		refuse("the ledger is of installation %q, the trust file of %q", s.keys.Installation, t.Installation)
	}
	for _, name := range releaselog.KeyNames {
		link := s.keys.Chain(name).Find(t.Fingerprints[name])
		if link < 0 {
			refuse("the %s key is not the one of the trust file", name)
		}
		if name == releaselog.LedgerKey && link > s.newest.link {
			refuse("the newest checkpoint is signed by a ledger key from before the one of the trust file")
		}
	}
}

// tables compares what is derived from the events with the decision table of
// streams, and looks for the triggers that keep the ledger append-only.
func (s *store) tables(ctx context.Context) error {
	seen := map[ledger.Stream]bool{}
	err := s.source.Heads(ctx, func(stream ledger.Stream, version int64) error {
		seen[stream] = true
		if want := s.streams[stream]; want != version {
			s.add(0, "heads", "stream %s is at version %d, the table says %d", stream, want, version)
		}
		return nil
	})
	if err != nil {
		return err
	}
	for stream := range s.streams {
		if !seen[stream] {
			s.add(0, "heads", "stream %s is not in the table", stream)
		}
	}
	missing, err := s.source.MissingGuards(ctx)
	for _, name := range missing {
		s.add(0, "guard", "trigger %s is not there as it was made: the ledger can be changed", name)
	}
	return err
}
