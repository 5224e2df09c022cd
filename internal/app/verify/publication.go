package verify

import (
	"strings"

	"github.com/dc-release/dc-release/internal/core/deployment"
	"github.com/dc-release/dc-release/internal/core/document"
	"github.com/dc-release/dc-release/internal/core/gate"
	"github.com/dc-release/dc-release/internal/core/ledger"
	"github.com/dc-release/dc-release/internal/core/policy"
	"github.com/dc-release/dc-release/internal/core/release"
	"github.com/dc-release/dc-release/internal/core/releaselog"
)

// subject is the stream that the folder is about.
func (f *folder) subject() ledger.Stream {
	if id, ok := strings.CutPrefix(f.name, "rollbacks/"); ok {
		place, _, _ := strings.Cut(id, "-")
		return ledger.EnvironmentStream(f.index.Solution, place)
	}
	return ledger.ReleaseStream(f.index.Solution, f.name)
}

// own are the events of the subject's stream that the folder is about: all of
// a release, those of a rollback since it was requested.
func (f *folder) own() []ledger.Event {
	events := f.history.streams[f.subject()]
	if !f.isRollback() {
		return events
	}
	for i, e := range events {
		if q, ok := e.Data.(*deployment.RollbackRequested); ok && "rollbacks/"+q.Rollback == f.name {
			return events[i:]
		}
	}
	return nil
}

func (f *folder) registered() *release.Registered {
	if own := f.own(); len(own) > 0 {
		r, _ := own[0].Data.(*release.Registered)
		return r
	}
	return nil
}

// profile is the profile that a gate is checked under when it is consumed.
func (f *folder) profile(consumed int64) policy.Profile {
	if r := f.registered(); r != nil {
		return policy.Profile(r.Profile)
	}
	return f.baseline(consumed).Profile
}

// baseline is the solution's baseline in force at an event: it may be revised
// between the gates of a release.
func (f *folder) baseline(before int64) policy.Baseline {
	var b policy.Baseline
	for _, e := range f.history.streams[ledger.SolutionStream(f.index.Solution)] {
		if now, ok := policy.BaselineOf(e.Data); ok && e.Seq < before {
			b = now
		}
	}
	return b
}

// baselines are those of the solution, the oldest first.
func (f *folder) baselines() []policy.Baseline {
	var out []policy.Baseline
	for _, e := range f.history.streams[ledger.SolutionStream(f.index.Solution)] {
		if b, ok := policy.BaselineOf(e.Data); ok {
			out = append(out, b)
		}
	}
	return out
}

// publication checks that the index is the one of the event that asked for it:
// the last of the subject's stream and the leaf that its checkpoint ends with.
func (f *folder) publication() {
	own := f.own()
	if len(own) == 0 {
		f.add(releaselog.IndexFile, "missing", "stream %s is not here", f.subject())
		return
	}
	if r := f.registered(); !f.isRollback() && (r == nil || r.Solution != f.index.Solution || r.Version != f.name || f.index.Version != f.name) {
		f.add(releaselog.IndexFile, "index", "the first event of %s does not register %s %s", f.subject(), f.index.Solution, f.name)
	}
	if f.isRollback() && !f.history.whole[f.subject()] {
		f.add("ledger", "missing", "stream %s is not here", f.subject())
	}
	last := own[len(own)-1]
	if d, ok := last.Data.(*document.PublicationIntended); !ok || last.Seq != f.index.Ledger.Size {
		f.report.add(f.at(f.history.file[last.Seq]), last.Seq, "publication", "the stream ends with %s and not with the publication of this index", last.Type)
	} else if d.Publication != f.index.Publication || d.Gate != f.index.Gate || d.Folder != f.name {
		f.add(releaselog.IndexFile, "publication", "is of publication %q at gate %q, event %d asked for %q at %q in %q", f.index.Publication, f.index.Gate, last.Seq, d.Publication, d.Gate, d.Folder)
	}
	f.predecessor(own)
	authorised := false
	for _, e := range own {
		switch e.Data.(type) {
		case *release.Authorised:
			authorised = true
		case *release.Rejected:
			f.report.add(f.at(f.history.file[e.Seq]), e.Seq, "state", "the version was rejected")
		}
	}
	if final := f.index.State == releaselog.StateAuthorised; !f.isRollback() && final != (f.index.Gate == gate.ApproveForUse) {
		f.add(releaselog.IndexFile, "state", "says %s after gate %s", f.index.State, f.index.Gate)
	} else if !f.isRollback() && final != authorised {
		f.add(releaselog.IndexFile, "state", "says %s, the ledger says otherwise", f.index.State)
	}
}

// predecessor checks that the index names the one before.
func (f *folder) predecessor(own []ledger.Event) {
	if first := len(f.history.parts) == 1; first != (f.index.Previous == "") {
		f.add(releaselog.IndexFile, "previous", "names predecessor %q in a folder of %d publications", f.index.Previous, len(f.history.parts))
	}
	for _, e := range own {
		d, ok := e.Data.(*document.Published)
		if !ok || len(f.history.parts) < 2 {
			continue
		}
		if before := f.history.parts[len(f.history.parts)-2]; d.Size == before.checkpoint.Size && d.Index != f.index.Previous {
			f.add(releaselog.IndexFile, "previous", "names predecessor %s, the ledger says %s", f.index.Previous, d.Index)
		}
	}
}
