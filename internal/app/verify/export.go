package verify

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/dc-release/dc-release/internal/core/canonical"
	"github.com/dc-release/dc-release/internal/core/event"
	"github.com/dc-release/dc-release/internal/core/ledger"
	"github.com/dc-release/dc-release/internal/core/pipeline"
	"github.com/dc-release/dc-release/internal/core/releaselog"
	"github.com/dc-release/dc-release/internal/core/trail"
)

// maxLine bounds one line of an export, in bytes: an event with its parts and
// proof, which are at most 64 KiB and 3 KiB, written as JSON.
const maxLine = 8 << 20

// Gap is a range of events that an export does not show.
type Gap struct {
	From int64 `json:"from"`
	To   int64 `json:"to"`
}

// export is an export while it is checked.
type export struct {
	report  *Report
	head    trail.Head
	point   ledger.Checkpoint
	last    int64
	shown   int64
	streams map[ledger.Stream]int64
	runs    map[string]pipeline.RunStarted
}

// Export verifies an audit trail in JSON lines with nothing else: every event
// against its commitments and its proof, that each is what the filter selects,
// and that what is counted is there. What is not shown is a gap; in an export
// without a filter, and in a stream that the filter takes whole, a gap is a
// finding.
func Export(r io.Reader, trust *releaselog.Trust) Report {
	x := export{report: &Report{Subject: "audit export", Trust: TrustNone}, streams: map[ledger.Stream]int64{}, runs: map[string]pipeline.RunStarted{}}
	in := bufio.NewScanner(r)
	in.Buffer(make([]byte, 64<<10), maxLine)
	for n := 1; in.Scan(); n++ {
		if n == 1 {
			if err := x.begin(in.Bytes(), trust); err != nil {
				x.add(0, "head", "line 1: %v", err)
				return x.report.finish()
			}
			continue
		}
		if err := x.line(in.Bytes()); err != nil {
			x.add(0, "record", "line %d: %v", n, err)
		}
	}
	if err := in.Err(); err != nil {
		x.add(0, "read", "%v", err)
	}
	x.end()
	return x.report.finish()
}

func (x *export) add(seq int64, rule, format string, args ...any) {
	x.report.add("", seq, rule, format, args...)
}

// begin reads the head: keys, checkpoint, and what it says of itself.
func (x *export) begin(raw []byte, trust *releaselog.Trust) error {
	h := &x.head
	if err := canonical.Unmarshal(raw, h); err != nil {
		return err
	}
	if h.Schema != trail.ExportSchema {
		return fmt.Errorf("schema %q, want %q", h.Schema, trail.ExportSchema)
	}
	keys, err := canonical.Marshal(h.Keys)
	if err == nil {
		h.Keys, err = releaselog.ParseKeys(keys)
	}
	if err != nil {
		return err
	}
	var signer int
	if x.point, signer, err = h.Keys.Chain(releaselog.LedgerKey).OpenCheckpoint([]byte(h.Checkpoint)); err != nil {
		return err
	}
	if x.point.Size != h.Size {
		return fmt.Errorf("is of size %d, its checkpoint of size %d", h.Size, x.point.Size)
	}
	x.report.Counts.Checkpoints = 1
	x.report.Range, x.report.Filter = h.Range(), h.Stated
	if err := h.Filter.Check(); err != nil || h.Stated != h.Filter.String() {
		return errors.Join(errors.New("states another filter than it has"), err)
	}
	x.issuer(trust, signer)
	return nil
}

// issuer compares the keys with those that are known from elsewhere.
func (x *export) issuer(trust *releaselog.Trust, signer int) {
	if trust == nil {
		return
	}
	x.report.Trust = TrustVerified
	for _, name := range releaselog.KeyNames {
		known := trust.Known(x.head.Keys, name)
		if known < 0 {
			x.report.Trust = TrustRefused
			x.add(0, "trust", "the %s key is not the one of the trust file", name)
		}
		if name == releaselog.LedgerKey && known > signer {
			x.report.Trust = TrustRefused
			x.add(0, "trust", "the checkpoint is signed by a ledger key from before the one of the trust file")
		}
	}
}

// rotated checks that an event which rotates a key is among the keys of the head.
func (x *export) rotated(r ledger.Record, e ledger.Event) {
	d, ok := e.Data.(*ledger.KeyRotated)
	if !ok {
		return
	}
	for _, known := range x.head.Keys.Rotations {
		if known.LeafHash() == r.LeafHash() {
			return
		}
	}
	x.add(e.Seq, "keys", "rotates the %s key, which the keys of this export do not say", d.Name)
}

// line checks one event.
func (x *export) line(raw []byte) error {
	var l trail.Line
	if err := canonical.Unmarshal(bytes.Clone(raw), &l); err != nil {
		return err
	}
	e, err := event.Open(l.Record)
	if err != nil {
		return err
	}
	x.shown++
	x.report.Counts.Events++
	if e.Seq <= x.last {
		x.add(e.Seq, "order", "follows event %d", x.last)
	}
	x.gap(x.last+1, e.Seq-1)
	x.last = max(x.last, e.Seq)
	if len(l.Record.Parts) != 1 {
		x.add(e.Seq, "record", "holds other parts than the public one")
	}
	if err := ledger.CheckInclusion(l.Inclusion, x.point.Size, x.point.Root, e.Seq, l.Record.LeafHash()); err != nil {
		x.add(e.Seq, "inclusion", "is not in the tree of size %d: %v", x.point.Size, err)
	}
	x.selected(e)
	x.rotated(l.Record, e)
	return nil
}

// selected checks that the filter selects the event, as far as the export tells
// what it is about, and that a stream that is shown whole has no gap.
func (x *export) selected(e ledger.Event) {
	solution, version, run := trail.ScopeOf(e)
	if d, ok := e.Data.(*pipeline.RunStarted); ok {
		x.runs[d.Run] = *d
	}
	known := true
	if run != "" {
		var started pipeline.RunStarted
		if started, known = x.runs[run]; known {
			solution, version = started.Solution, started.Version
		}
	}
	f := x.head.Filter
	if !known {
		solution, version = f.Solution, f.Version
	}
	if !f.Match(e.Header, solution, version) {
		x.add(e.Seq, "filter", "is not what the filter selects")
	}
	if !f.WholeStreams() || !whole(f, e.Stream) {
		return
	}
	if want := x.streams[e.Stream] + 1; e.Version != want {
		x.add(e.Seq, "gap", "stream %s is to be shown whole: version %d follows %d", e.Stream, e.Version, want-1)
	}
	x.streams[e.Stream] = e.Version
}

// whole reports whether a filter of whole streams takes all of this one: some
// streams have events about several solutions.
func whole(f trail.Filter, s ledger.Stream) bool {
	if f.Solution == "" {
		return true
	}
	switch s.Kind() {
	case "release", "run":
		return true
	case "environment", "solution", "policy":
		return f.Version == ""
	}
	return false
}

func (x *export) gap(from, to int64) {
	if from <= to {
		x.report.Gaps = append(x.report.Gaps, Gap{from, to})
	}
}

// end checks what was counted.
func (x *export) end() {
	if x.point.Origin == "" {
		x.add(0, "head", "is empty")
		return
	}
	x.gap(x.last+1, x.point.Size)
	if x.shown != x.head.Shown {
		x.add(0, "count", "says %d events are shown, here are %d", x.head.Shown, x.shown)
	}
	if x.head.Filter.Whole() {
		for _, g := range x.report.Gaps {
			x.add(g.From, "gap", "events %d to %d are not shown and no filter says so", g.From, g.To)
		}
	}
}
