package verify

import (
	"cmp"
	"path"
	"slices"
	"strings"

	"github.com/dc-release/dc-release/internal/core/canonical"
	"github.com/dc-release/dc-release/internal/core/event"
	"github.com/dc-release/dc-release/internal/core/ledger"
	"github.com/dc-release/dc-release/internal/core/releaselog"
)

// part is one ledger part of a folder.
type part struct {
	folder     string
	checkpoint ledger.Checkpoint
	signer     int // which ledger key of the chain
	proofs     releaselog.Proofs
	records    map[int64]bool
}

// history is the folder's part of the ledger, put together.
type history struct {
	streams map[ledger.Stream][]ledger.Event // with those of context
	file    map[int64]string                 // where an event was read
	whole   map[ledger.Stream]bool           // published as a stream, not as context
	parts   []part
}

// ledger reads all parts: every record against its commitments and its proof,
// every stream without gap, every checkpoint against its signature and the one
// before.
func (f *folder) ledger() *history {
	h := &history{streams: map[ledger.Stream][]ledger.Event{}, file: map[int64]string{}, whole: map[ledger.Stream]bool{}}
	for _, name := range f.partFolders() {
		p := part{folder: name, records: map[int64]bool{}}
		file := name + "/" + releaselog.CheckpointFile
		var err error
		if p.checkpoint, p.signer, err = f.keys.Chain(releaselog.LedgerKey).OpenCheckpoint(f.files[file]); err != nil {
			f.add(file, "checkpoint", "%v", err)
			return nil
		}
		h.parts = append(h.parts, p)
		f.report.Counts.Checkpoints++
	}
	if len(h.parts) == 0 {
		f.add("ledger", "missing", "there is no part of the ledger")
		return nil
	}
	slices.SortFunc(h.parts, func(a, b part) int { return cmp.Compare(a.checkpoint.Size, b.checkpoint.Size) })
	for i := range h.parts {
		f.part(h, i)
	}
	last := h.parts[len(h.parts)-1]
	if want := (releaselog.Position{Origin: last.checkpoint.Origin, Size: last.checkpoint.Size, Part: last.folder}); f.index.Ledger != want {
		f.add(releaselog.IndexFile, "ledger", "says ledger %+v, the last part is %+v", f.index.Ledger, want)
	}
	f.established(last.folder+"/"+releaselog.CheckpointFile, releaselog.LedgerKey, last.signer)
	f.gapless(h)
	f.announced(h)
	return h
}

func (f *folder) partFolders() []string {
	var out []string
	for name := range f.files {
		if dir := path.Dir(name); strings.HasPrefix(name, "ledger/") {
			out = append(out, dir)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// part reads one part and checks its proofs.
func (f *folder) part(h *history, i int) {
	p := &h.parts[i]
	file := p.folder + "/" + releaselog.ProofsFile
	if err := canonical.Unmarshal(f.files[file], &p.proofs); err != nil {
		f.add(file, "proofs", "%v", err)
		return
	}
	if p.proofs.Schema != releaselog.ProofsSchema || p.proofs.Origin != p.checkpoint.Origin || p.proofs.Size != p.checkpoint.Size {
		f.add(file, "proofs", "are not proofs in the checkpoint of size %d", p.checkpoint.Size)
		return
	}
	f.consistent(h, i)
	proofs := map[int64][]string{}
	for n, x := range p.proofs.Inclusion {
		if n > 0 && x.Seq <= p.proofs.Inclusion[n-1].Seq {
			f.add(file, "proofs", "event %d: proofs are not in order", x.Seq)
		}
		proofs[x.Seq] = x.Path
	}
	for _, name := range f.filesOf(p.folder) {
		switch path.Base(name) {
		case releaselog.ProofsFile, releaselog.CheckpointFile:
		case releaselog.ContextFile:
			var c releaselog.Context
			if err := canonical.Unmarshal(f.files[name], &c); err != nil || c.Schema != releaselog.ContextSchema {
				f.add(name, "record", "is no context: %v", err)
				continue
			}
			f.records(h, p, name, c.Records, proofs, "", 0)
		default:
			var s releaselog.Stream
			if err := canonical.Unmarshal(f.files[name], &s); err != nil || s.Schema != releaselog.StreamSchema {
				f.add(name, "record", "is no stream: %v", err)
				continue
			}
			if path.Base(name) != releaselog.StreamFile(s.Stream) {
				f.add(name, "record", "holds stream %s", s.Stream)
			}
			h.whole[s.Stream] = true
			f.records(h, p, name, s.Records, proofs, s.Stream, s.From)
		}
	}
	for seq := range proofs {
		if !p.records[seq] {
			f.add(file, "proofs", "event %d is proven and not here", seq)
		}
	}
}

func (f *folder) filesOf(folder string) []string {
	var out []string
	for name := range f.files {
		if path.Dir(name) == folder {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out
}

// consistent checks that a part's checkpoint extends that of the part before.
func (f *folder) consistent(h *history, i int) {
	p := h.parts[i]
	file := p.folder + "/" + releaselog.ProofsFile
	if i == 0 {
		if len(p.proofs.Consistency) != 0 {
			f.add(file, "consistency", "the first part extends nothing")
		}
		return
	}
	before := h.parts[i-1]
	if len(p.proofs.Consistency) != 1 || p.proofs.Consistency[0].Part != before.folder || p.proofs.Consistency[0].From != before.checkpoint.Size {
		f.add(file, "consistency", "there is no proof that size %d extends size %d of %s", p.checkpoint.Size, before.checkpoint.Size, before.folder)
		return
	}
	err := ledger.CheckConsistency(p.proofs.Consistency[0].Path,
		ledger.Head{Size: before.checkpoint.Size, Root: before.checkpoint.Root}, ledger.Head{Size: p.checkpoint.Size, Root: p.checkpoint.Root})
	if err != nil {
		f.add(file, "consistency", "size %d does not extend size %d: %v", p.checkpoint.Size, before.checkpoint.Size, err)
	}
}

// records checks the records of a file; stream is "" for context.
func (f *folder) records(h *history, p *part, file string, records []ledger.Record, proofs map[int64][]string, stream ledger.Stream, from int64) {
	for i, r := range records {
		e, err := event.Open(r)
		if err != nil {
			f.add(file, "record", "record %d: %v", i+1, err)
			continue
		}
		bad := func(format string, args ...any) { f.report.add(f.at(file), e.Seq, "record", format, args...) }
		if len(r.Parts) != 1 {
			bad("holds other parts than the public one")
		}
		if stream != "" && (e.Stream != stream || e.Version != from+int64(i)) {
			bad("is version %d of %s, want version %d of %s", e.Version, e.Stream, from+int64(i), stream)
		}
		if _, twice := h.file[e.Seq]; twice {
			bad("stands twice")
			continue
		}
		h.file[e.Seq], p.records[e.Seq] = file, true
		h.streams[e.Stream] = append(h.streams[e.Stream], e)
		f.report.Counts.Events++
		path, ok := proofs[e.Seq]
		if !ok {
			f.report.add(f.at(p.folder+"/"+releaselog.ProofsFile), e.Seq, "inclusion", "there is no proof")
			continue
		}
		if err := ledger.CheckInclusion(path, p.checkpoint.Size, p.checkpoint.Root, e.Seq, r.LeafHash()); err != nil {
			bad("is not in the tree of size %d: %v", p.checkpoint.Size, err)
		}
	}
}

// gapless checks the streams over all parts. Those of the release, its run, its
// solution and of people begin at 1; an environment's begins after the release
// before; of the installation only some events are here.
func (f *folder) gapless(h *history) {
	for s, events := range h.streams {
		slices.SortFunc(events, func(a, b ledger.Event) int { return cmp.Compare(a.Seq, b.Seq) })
		if s == ledger.Installation {
			continue
		}
		for i, e := range events {
			switch {
			case i == 0 && e.Version != 1 && (s.Kind() != "environment" || f.isRollback()):
				f.report.add(f.at(h.file[e.Seq]), e.Seq, "stream", "stream %s begins with version %d", s, e.Version)
			case i > 0 && e.Version != events[i-1].Version+1:
				f.report.add(f.at(h.file[e.Seq]), e.Seq, "stream", "stream %s has a gap: version %d follows %d", s, e.Version, events[i-1].Version)
			case i > 0 && e.Time < events[i-1].Time:
				f.report.add(f.at(h.file[e.Seq]), e.Seq, "stream", "time runs backwards")
			}
		}
	}
}

func (f *folder) isRollback() bool { return strings.HasPrefix(f.name, "rollbacks/") }
