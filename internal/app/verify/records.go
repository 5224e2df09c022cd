package verify

import (
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
// what the records name: of the subject's plans and deployments, and of every
// read-back.
func (f *folder) said() {
	f.saidIn = map[string]bool{}
	for stream, events := range f.history.streams {
		if !strings.HasPrefix(string(stream), "environment/") {
			continue
		}
		for _, e := range events {
			if record, run, rollback, ok := deployment.Recorded(e.Data); ok && f.did(e, run, rollback) {
				f.saidOf(e.Seq, record, func(r releaselog.Record) ([]string, error) {
					raw, _ := r.Find(record)
					var d deployment.Record
					err := canonical.Unmarshal(raw, &d)
					return d.Named(record), err
				})
			}
		}
	}
	for _, digest := range f.installations() {
		var d deploy.Installation
		if err := canonical.Unmarshal(f.withDigest(digest.sha256), &d); err != nil || len(d.Answers) == 0 {
			continue // what is no record is found where evidence is counted
		}
		f.saidOf(digest.seq, digest.sha256, func(releaselog.Record) ([]string, error) { return deployment.Answered(d.Answers), nil })
	}
}

// installation is an installation record that the ledger names.
type installation struct {
	seq    int64
	sha256 string
}

func (f *folder) installations() []installation {
	events := f.own()
	if r := f.registered(); r != nil {
		events = slices.Concat(events, f.history.streams[ledger.RunStream(r.Run)])
	}
	var out []installation
	for _, e := range events {
		d, ok := e.Data.(*evidence.Recorded)
		if !ok {
			continue
		}
		for _, i := range d.Items {
			if i.Format == evidence.FormatInstallation {
				out = append(out, installation{e.Seq, i.SHA256})
			}
		}
	}
	return out
}

// withDigest is an evidence file that is here, nil for none.
func (f *folder) withDigest(digest string) []byte {
	for name, data := range f.files {
		if strings.HasPrefix(name, "evidence/") && canonical.SHA256(data) == digest {
			return data
		}
	}
	return nil
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
func (f *folder) saidOf(seq int64, of string, named func(releaselog.Record) ([]string, error)) {
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
	want, err := named(r)
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
