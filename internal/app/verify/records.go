package verify

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/dc-release/dc-release/internal/app/deploy"
	"github.com/dc-release/dc-release/internal/core/canonical"
	"github.com/dc-release/dc-release/internal/core/deployment"
	"github.com/dc-release/dc-release/internal/core/evidence"
	"github.com/dc-release/dc-release/internal/core/ledger"
	"github.com/dc-release/dc-release/internal/core/releaselog"
)

// said wants what programs and places said to be here, or external, and to be
// what the records name: of the subject's plans and deployments, of every
// read-back, and of what a target ran.
func (f *folder) said() {
	f.saidIn = map[string]bool{}
	for stream, events := range f.history.streams {
		if !strings.HasPrefix(string(stream), "environment/") {
			continue
		}
		for _, e := range events {
			if record, run, rollback, ok := deployment.Recorded(e.Data); ok && f.did(e, run, rollback) {
				f.saidOf(e.Seq, record, func(read reads) ([]string, error) { return deploy.NamedBy(record, read) })
			}
		}
	}
	here := f.evidenceHere()
	for _, o := range f.observations() {
		raw := here[o.SHA256]
		named := func(read reads) ([]string, error) { return deploy.Named(o.Format, raw, read) }
		// What is no record is found where evidence is counted; what names nothing has
		// no file.
		if list, err := named(func(string) ([]byte, error) { return nil, errElsewhere }); raw == nil || err != nil && !errors.Is(err, errElsewhere) || err == nil && len(list) == 0 {
			continue
		}
		f.saidOf(o.seq, o.SHA256, named)
	}
}

// reads gives a file by its digest.
type reads = func(digest string) ([]byte, error)

var errElsewhere = errors.New("it is in the published record")

// observation is a record of a place that the ledger names.
type observation struct {
	evidence.Item
	seq int64
}

func (f *folder) observations() []observation {
	events := f.own()
	if r := f.registered(); r != nil {
		events = slices.Concat(events, f.history.streams[ledger.RunStream(r.Run)])
	}
	var out []observation
	for _, e := range events {
		d, ok := e.Data.(*evidence.Recorded)
		if !ok {
			continue
		}
		for _, i := range d.Items {
			if _, own := evidence.OwnOrigin(i.Format, i.Environment); own {
				out = append(out, observation{i, e.Seq})
			}
		}
	}
	return out
}

// evidenceHere are the evidence files that are here, by digest.
func (f *folder) evidenceHere() map[string][]byte {
	out := map[string][]byte{}
	for name, data := range f.files {
		if strings.HasPrefix(name, "evidence/") {
			out[canonical.SHA256(data)] = data
		}
	}
	return out
}

// did reports whether what was done to a place belongs to the folder's subject.
func (f *folder) did(e ledger.Event, run, rollback string) bool {
	if r := f.registered(); r != nil {
		return run == r.Run && rollback == "" || deployment.Rehearses(rollback, r.Version)
	}
	q, ok := f.own()[0].Data.(*deployment.RollbackRequested)
	return ok && rollback == q.Rollback && e.Seq > f.own()[0].Seq
}

// saidOf checks one published record against the digests that it has to hold.
func (f *folder) saidOf(seq int64, of string, named func(reads) ([]string, error)) {
	path := releaselog.RecordPath(of)
	f.saidIn[path] = true
	data, ok := f.files[path]
	if !ok {
		if !slices.ContainsFunc(f.index.Externals, func(x releaselog.External) bool { return x.Name == path }) {
			f.report.add(f.at(releaselog.IndexFile), seq, "evidence", "%s is neither here nor external", path)
		}
		return
	}
	r, err := releaselog.ParseRecord(data)
	if err != nil {
		f.report.add(f.at(path), seq, "evidence", "%v", err)
		return
	}
	want, err := named(func(digest string) ([]byte, error) {
		file, ok := r.Find(digest)
		if !ok {
			return nil, fmt.Errorf("%s is not in it", digest)
		}
		return file, nil
	})
	switch {
	case err != nil:
		f.report.add(f.at(path), seq, "evidence", "%v", err)
	case r.Of != of:
		f.report.add(f.at(path), seq, "evidence", "is of record %s", r.Of)
	default:
		if wrong := r.Differs(want); wrong != "" {
			f.report.add(f.at(path), seq, "evidence", "%s", wrong)
		}
	}
}
