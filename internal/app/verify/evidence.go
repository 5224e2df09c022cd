package verify

import (
	"fmt"
	"slices"
	"strings"

	"github.com/dc-release/dc-release/internal/app/deploy"
	"github.com/dc-release/dc-release/internal/core/acceptance"
	"github.com/dc-release/dc-release/internal/core/canonical"
	"github.com/dc-release/dc-release/internal/core/component"
	"github.com/dc-release/dc-release/internal/core/deployment"
	"github.com/dc-release/dc-release/internal/core/document"
	"github.com/dc-release/dc-release/internal/core/evidence"
	"github.com/dc-release/dc-release/internal/core/gate"
	"github.com/dc-release/dc-release/internal/core/ledger"
	"github.com/dc-release/dc-release/internal/core/pipeline"
	"github.com/dc-release/dc-release/internal/core/provenance"
	"github.com/dc-release/dc-release/internal/core/releaselog"
	"github.com/dc-release/dc-release/internal/core/signature"
)

// evidence finds the raw file of every item that the ledger names and counts
// it again.
func (f *folder) evidence() {
	events := f.own()
	if r := f.registered(); r != nil {
		events = slices.Concat(events, f.history.streams[ledger.RunStream(r.Run)])
	}
	f.outputs(events)
	f.described(events)
	files := map[string]string{}
	for name, data := range f.files {
		if strings.HasPrefix(name, "evidence/") {
			files[canonical.SHA256(data)] = name
		}
	}
	for _, e := range events {
		d, ok := e.Data.(*evidence.Recorded)
		if !ok {
			continue
		}
		groups := map[string][]evidence.Item{}
		var order []string
		for _, i := range d.Items {
			f.report.Counts.Evidence++
			if groups[i.SHA256] == nil {
				order = append(order, i.SHA256)
			}
			groups[i.SHA256] = append(groups[i.SHA256], i)
		}
		for _, digest := range order {
			f.file(e, digest, groups[digest], files[digest])
		}
		f.signed(e, d)
		f.ofRelease(e, d)
	}
	f.acceptances(events, files)
}

// ofRelease refuses evidence that counts and is of another commit than the
// release, whoever let it into the ledger.
func (f *folder) ofRelease(e ledger.Event, d *evidence.Recorded) {
	r := f.registered()
	if r == nil {
		return
	}
	for _, i := range d.Items {
		if i.Counted && i.Commit != r.Commit && i.Verification != string(evidence.RR) {
			f.report.add(f.at(f.history.file[e.Seq]), e.Seq, "evidence", "%s is of commit %s, the release of %s", i.Name, i.Commit, r.Commit)
		}
	}
}

// file counts one result file against the items that were made of it.
func (f *folder) file(e ledger.Event, digest string, items []evidence.Item, name string) {
	data, where := f.files[name], f.at(name)
	if name == "" {
		x := slices.IndexFunc(f.index.Externals, func(x releaselog.External) bool { return x.SHA256 == digest })
		if x < 0 {
			f.report.add(f.at(f.history.file[e.Seq]), e.Seq, "evidence", "%s with SHA-256 %s is neither here nor external", items[0].Name, digest)
			return
		}
		var ok bool
		if data, ok = f.external(digest); !ok || canonical.SHA256(data) != digest {
			return
		}
		where = f.at(releaselog.IndexFile)
	}
	wrong, counted := f.recount(data, digest, items)
	if counted {
		f.report.Counts.Recounted += len(items)
	}
	for _, w := range wrong {
		f.report.add(where, e.Seq, "recount", "%s", w)
	}
}

// outputs are the logs and artifacts that the ledger names; each is external.
func (f *folder) outputs(events []ledger.Event) {
	named := map[string]bool{}
	for _, x := range f.index.Externals {
		named[x.SHA256] = true
	}
	for _, e := range events {
		var digests []string
		switch d := e.Data.(type) {
		case *pipeline.ExecutionFinished:
			if d.Log != "" {
				digests = append(digests, d.Log)
			}
			for _, a := range d.Artifacts {
				digests = append(digests, a.SHA256)
			}
		case *pipeline.LogKept:
			digests = append(digests, d.Log)
		case *pipeline.ArtifactKept:
			digests = append(digests, d.Manifest)
		}
		for _, digest := range digests {
			if !named[digest] {
				f.report.add(f.at(releaselog.IndexFile), e.Seq, "external", "%s is in the ledger and not external", digest)
			}
		}
	}
}

// recount counts a raw file and names every difference from its items.
func (f *folder) recount(data []byte, digest string, items []evidence.Item) (wrong []string, counted bool) {
	if int64(len(data)) != items[0].Size {
		wrong = append(wrong, fmt.Sprintf("has %d bytes, the ledger says %d", len(data), items[0].Size))
	}
	one := func(got evidence.Item) []string {
		for _, i := range items {
			if got.Passed != i.Passed || got.Failed != i.Failed || got.Errors != i.Errors || got.Verdict != i.Verdict ||
				got.Verification != i.Verification || got.Environment != i.Environment || got.Commit != i.Commit || got.Tree != i.Tree {
				wrong = append(wrong, fmt.Sprintf("counted again it is %s: %s", describe(got), describe(i)))
			}
		}
		return wrong
	}
	switch items[0].Format {
	case evidence.FormatConclusion:
		var c evidence.Conclusion
		if err := canonical.Unmarshal(data, &c); err != nil {
			return append(wrong, err.Error()), false
		}
		if _, err := evidence.ReadConclusion(data); err != nil {
			return append(wrong, err.Error()), false
		}
		_, got, ok, err := evidence.OfConclusion(c)
		if err != nil || !ok {
			return append(wrong, "is no conclusion of a test"), false
		}
		return one(got), true
	case evidence.FormatInstallation:
		return recounted[deploy.Installation](data, digest, wrong, one)
	case evidence.FormatRehearsal:
		return recounted[deploy.Rehearsal](data, digest, wrong, one)
	case evidence.FormatTaskRuns:
		return recounted[deploy.TaskRuns](data, digest, wrong, one)
	case evidence.FormatAcceptance:
		r, err := acceptance.ReadProtocol(data)
		if err != nil {
			return append(wrong, err.Error()), false
		}
		return append(wrong, cases(r, items)...), true
	}
	if f.options.Results == nil {
		return append(wrong, "cannot be counted here: no reader of result files"), false
	}
	return append(wrong, cases(f.options.Results(items[0].Name, data), items)...), true
}

// recounted counts a raw record that the server made.
func recounted[R deploy.Raw](data []byte, digest string, wrong []string, compare func(evidence.Item) []string) ([]string, bool) {
	r, err := deploy.ReadRaw[R](data)
	if err != nil {
		return append(wrong, err.Error()), false
	}
	return compare(deploy.Judge(r, digest, int64(len(data)))), true
}

// cases compares the cases of a report with the items that they were divided
// into: the sums, and the verdict of each.
func cases(r evidence.Report, items []evidence.Item) []string {
	var out []string
	t := evidence.Count(r.Cases)
	var sum evidence.Item
	fatal := slices.ContainsFunc(r.Problems, func(p evidence.Problem) bool { return p.Fatal })
	for _, i := range items {
		sum.Passed, sum.Failed, sum.Errors, sum.Skipped = sum.Passed+i.Passed, sum.Failed+i.Failed, sum.Errors+i.Errors, sum.Skipped+i.Skipped
		want := evidence.VerdictPassed
		if fatal || !i.Counted || i.Failed+i.Errors > 0 || i.Passed == 0 {
			want = evidence.VerdictFailed
		}
		if i.Verdict != want {
			out = append(out, fmt.Sprintf("is %s, the ledger says %s", want, describe(i)))
		}
		if i.Format != r.Format {
			out = append(out, fmt.Sprintf("is of format %q, the ledger says %q", r.Format, i.Format))
		}
	}
	if int64(sum.Passed) != t.Passed || int64(sum.Failed) != t.Failed || int64(sum.Errors) != t.Errored || int64(sum.Skipped) != t.Skipped {
		out = append(out, fmt.Sprintf("holds %d passed, %d failed, %d errors, %d skipped, the ledger says %d, %d, %d, %d",
			t.Passed, t.Failed, t.Errored, t.Skipped, sum.Passed, sum.Failed, sum.Errors, sum.Skipped))
	}
	return out
}

func describe(i evidence.Item) string {
	return fmt.Sprintf("%s %s of %.12s in %q with %.12s: %d passed, %d failed, %d errors", i.Verdict, i.Verification, i.Commit, i.Environment, i.Tree, i.Passed, i.Failed, i.Errors)
}

// signed checks that what a person recorded is what they signed.
func (f *folder) signed(e ledger.Event, d *evidence.Recorded) {
	if d.Person == "" {
		for _, i := range d.Items {
			if evidence.Verification(i.Verification).ByPeople() && i.Counted {
				f.report.add(f.at(f.history.file[e.Seq]), e.Seq, "evidence", "%s counts as %s and was recorded by a machine", i.Name, i.Verification)
			}
		}
		return
	}
	for _, x := range f.own() {
		if m, ok := x.Data.(*signature.Made); ok && m.Signature == d.Signature && m.Person == d.Person && m.Meaning == signature.TestExecuted {
			if !slices.ContainsFunc(d.Items, func(i evidence.Item) bool { return i.SHA256 != m.Manifest }) {
				return
			}
		}
	}
	f.report.add(f.at(f.history.file[e.Seq]), e.Seq, "evidence", "is not what signature %q signed", d.Signature)
}

// documents finds every document that was signed, and ties the final ones to
// the candidates.
func (f *folder) documents() {
	candidates := map[string]bool{}
	for name, g := range f.consumedGates() {
		for _, d := range g.Documents {
			for extension, digest := range d.Files {
				f.here(releaselog.DraftPath(name, d.Name, extension), digest, 0, "document")
				candidates[digest] = true
			}
		}
	}
	finals := 0
	for file, data := range f.files {
		if !strings.HasPrefix(file, "final/") {
			continue
		}
		finals++
		if !strings.HasSuffix(file, ".json") {
			continue
		}
		tree, err := document.ParseTree(data)
		if err != nil {
			f.add(file, "document", "%v", err)
			continue
		}
		if tree.Meta.Stage != document.StageFinal || (tree.Meta.CandidateSHA != "" && !candidates[tree.Meta.CandidateSHA]) {
			f.add(file, "document", "is not the final of a candidate that was signed")
		}
	}
	if final := f.index.State == releaselog.StateAuthorised && !f.isRollback(); final != (finals > 0) {
		f.add("final", "document", "%d final documents in a folder that is %s", finals, f.index.State)
	}
}

// consumedGates are the openings that were consumed, by gate.
func (f *folder) consumedGates() map[string]*gate.Opened {
	out := map[string]*gate.Opened{}
	var s gate.Standing
	for _, e := range f.own() {
		s = gate.Apply(s, e)
	}
	for name, g := range s.Gates {
		if g.Phase == gate.PhaseConsumed && g.Opened != nil {
			out[name] = g.Opened
		}
	}
	return out
}

// known names every file that nothing in the ledger asks for.
func (f *folder) known() {
	asked := map[string]bool{releaselog.IndexFile: true, releaselog.NoteFile: true, releaselog.KeysFile: true}
	if f.registered() != nil {
		asked["release-note.md"] = true
		asked[releaselog.SealsFile] = f.index.State == releaselog.StateAuthorised
	}
	for name, o := range f.consumedGates() {
		asked[releaselog.ManifestPath(name)], asked[releaselog.PlanPath(name)] = true, f.planOf(name) != ""
		for _, d := range o.Documents {
			for extension := range d.Files {
				asked[releaselog.DraftPath(name, d.Name, extension)] = true
			}
		}
	}
	evidenced := map[string]bool{}
	for _, events := range f.history.streams {
		for _, e := range events {
			switch d := e.Data.(type) {
			case *signature.Made:
				asked[releaselog.SignaturePath(d.Signature)], asked[releaselog.AttestationPath(d.Signature)] = true, true
				asked[releaselog.ReviewPath(d.Signature)] = d.Meaning == signature.AuditTrailReviewed
			case *provenance.Attested:
				for _, s := range d.Statements {
					asked[releaselog.AttestationPath(s.Name)] = true
				}
			case *component.Described:
				for _, r := range d.Reports {
					asked[releaselog.ReportPath(r.Kind, r.SHA256)] = true
				}
			case *acceptance.Begun:
				evidenced[d.Script] = true
			case *acceptance.StepRecorded:
				for _, a := range d.Attachments {
					evidenced[a.SHA256] = true
				}
			case *evidence.Recorded:
				for _, i := range d.Items {
					evidenced[i.SHA256] = true
				}
			}
		}
	}
	for name, data := range f.files {
		top, _, _ := strings.Cut(name, "/")
		switch {
		case asked[name], f.saidIn[name], top == "ledger", top == "final":
		case top == "evidence" && evidenced[canonical.SHA256(data)]:
		default:
			f.add(name, "unknown", "nothing in the ledger asks for it")
		}
	}
}

// rollback compares the manifest of a rollback with its request.
func (f *folder) rollback(m gate.Manifest) []string {
	own := f.own()
	q, ok := own[0].Data.(*deployment.RollbackRequested)
	if !ok || m.Rollback == nil {
		return []string{"is of no rollback"}
	}
	want := gate.ManifestRollback{Rollback: q.Rollback, Environment: q.Environment, From: q.From, To: q.To, Tree: q.Tree, Irreversible: q.Irreversible}
	var out []string
	if *m.Rollback != want {
		out = append(out, fmt.Sprintf("is of rollback %+v, requested was %+v", *m.Rollback, want))
	}
	deployed := false
	for _, e := range own {
		if d, is := e.Data.(*deployment.Deployed); is && d.Rollback == q.Rollback && d.Tree == q.Tree && d.Version == q.To {
			deployed = true
		}
	}
	if !deployed {
		out = append(out, "the artifact of the rollback was not deployed")
	}
	return out
}
