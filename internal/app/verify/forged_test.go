package verify_test

import (
	"bytes"
	"crypto/ed25519"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/dc-release/dc-release/internal/app/deploy"
	"github.com/dc-release/dc-release/internal/app/person"
	"github.com/dc-release/dc-release/internal/app/publish/publishtest"
	"github.com/dc-release/dc-release/internal/app/verify"
	"github.com/dc-release/dc-release/internal/core/canonical"
	"github.com/dc-release/dc-release/internal/core/deployment"
	"github.com/dc-release/dc-release/internal/core/evidence"
	"github.com/dc-release/dc-release/internal/core/gate"
	"github.com/dc-release/dc-release/internal/core/ledger"
	"github.com/dc-release/dc-release/internal/core/policy"
	"github.com/dc-release/dc-release/internal/core/releaselog"
	"github.com/dc-release/dc-release/internal/core/signature"
)

// resign makes index, note and root index of a folder fit its files again, as
// somebody with the document key could.
func resign(t *testing.T, log fstest.MapFS, folder string, change func(*releaselog.Index)) fstest.MapFS {
	t.Helper()
	return resignBy(t, log, folder, "document", "document", change)
}

// resignBy is the same with a document key for the folder and one for the root.
func resignBy(t *testing.T, log fstest.MapFS, folder, key, rootKey string, change func(*releaselog.Index)) fstest.MapFS {
	t.Helper()
	must := func(data []byte, err error) []byte {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	out := maps.Clone(log)
	x, err := releaselog.ParseIndex(log[folder+"/index.json"].Data)
	must(nil, err)
	x.Files = nil
	for _, path := range slices.Sorted(maps.Keys(out)) { // a change names files by their place
		f := out[path]
		name, ok := strings.CutPrefix(path, folder+"/")
		if ok && name != "index.json" && name != "index.note" {
			x.Files = append(x.Files, releaselog.File{Path: name, SHA256: canonical.SHA256(f.Data), Size: int64(len(f.Data))})
		}
	}
	if change != nil {
		change(&x)
	}
	signer := func(key string) ledger.Signer {
		return ledger.NewSigner(releaselog.DocumentKeyID(publishtest.Installation), publishtest.Key(key))
	}
	index := must(x.Encode())
	note := must(ledger.SignNote(releaselog.NoteText(publishtest.Installation, x.Solution, folder, x.Publication, canonical.SHA256(index)), signer(key)))
	root, err := releaselog.ParseRoot(log["index.json"].Data)
	must(nil, err)
	for i := range root.Releases {
		if root.Releases[i].Version == folder {
			root.Releases[i].Index = canonical.SHA256(index)
		}
	}
	raw := must(root.Encode())
	for path, data := range map[string][]byte{
		folder + "/index.json": index, folder + "/index.note": note, "index.json": raw, "INDEX.md": root.Markdown(),
		"index.note": must(ledger.SignNote(root.NoteText(canonical.SHA256(raw)), signer(rootKey))),
	} {
		out[path] = &fstest.MapFile{Data: data, Mode: 0o644}
	}
	return out
}

// edit changes a canonical JSON file.
func edit[T any](t *testing.T, log fstest.MapFS, path string, change func(*T)) fstest.MapFS {
	t.Helper()
	var v T
	if err := canonical.Unmarshal(log[path].Data, &v); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	change(&v)
	raw, err := canonical.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return with(log, path, raw)
}

func find(log fstest.MapFS, prefix, part string) string {
	for _, path := range slices.Sorted(maps.Keys(log)) {
		if strings.HasPrefix(path, prefix) && strings.Contains(path, part) {
			return path
		}
	}
	return "nothing-like-" + prefix + part
}

// TestWhoeverHasTheDocumentKeyIsStillFound changes a folder and signs its index
// again: the ledger part says otherwise.
func TestWhoeverHasTheDocumentKeyIsStillFound(t *testing.T) {
	w := published(t)
	log := w.draft
	if r := verify.Folder(resign(t, log, "1.0.0", nil), "1.0.0", options()); !r.OK {
		t.Fatalf("signed again without a change: %s", r.Text())
	}
	const part = "1.0.0/ledger/pre_val-1/"
	junit, run := find(log, "1.0.0/evidence/", "unit.xml"), find(log, part, "run~")
	payload, envelope := find(log, "1.0.0/signatures/", ""), find(log, "1.0.0/attestations/", "")
	subject := part + "release~corp-procurement~1.0.0.json"
	drop := func(from, to int) func(*releaselog.Stream) {
		return func(s *releaselog.Stream) { s.Records = slices.Delete(s.Records, from, to) }
	}
	for name, c := range map[string]struct {
		log  fstest.MapFS
		file string
		rule string
	}{
		"a result file was edited":    {with(log, junit, bytes.ReplaceAll(log[junit].Data, []byte("one"), []byte("two"))), junit, "unknown"},
		"a result file was left out":  {with(log, junit, nil), run, "evidence"},
		"a result file was added":     {with(log, "1.0.0/evidence/none/x/y.xml", []byte(publishtest.Passed+"\n")), "1.0.0/evidence/none/x/y.xml", "unknown"},
		"a payload was edited":        {edit(t, log, payload, func(p *signature.Payload) { p.Reason = "another" }), payload, "signature"},
		"a payload was left out":      {with(log, payload, nil), payload, "missing"},
		"an envelope was left out":    {with(log, envelope, nil), envelope, "missing"},
		"an envelope was made anew":   {with(log, envelope, seal(t, canonical.SHA256(log[payload].Data))), envelope, "attestation"},
		"a signature was added":       {with(log, "1.0.0/signatures/X.json", log[payload].Data), "1.0.0/signatures/X.json", "unknown"},
		"the manifest was edited":     {edit(t, log, "1.0.0/manifests/pre_val.json", func(m *gate.Manifest) { m.Evidence = m.Evidence[1:] }), "1.0.0/manifests/pre_val.json", "manifest"},
		"the note was edited":         {with(log, "1.0.0/release-note.md", []byte("# other\n")), "1.0.0/manifests/pre_val.json", "manifest"},
		"a document was edited":       {with(log, "1.0.0/draft/pre_val/change-record.md", []byte("other")), "1.0.0/draft/pre_val/change-record.md", "document"},
		"a document was added":        {with(log, "1.0.0/draft/pre_val/more.md", []byte("other")), "1.0.0/draft/pre_val/more.md", "unknown"},
		"an event was left out":       {edit(t, log, run, drop(3, 4)), run, "record"},
		"the first event is not here": {edit(t, log, run, drop(0, 1)), run, "stream"},
		"the last event is not here":  {edit(t, log, subject, func(s *releaselog.Stream) { s.Records = s.Records[:len(s.Records)-1] }), subject, "publication"},
		"a stream is not here":        {with(log, run, nil), "1.0.0/manifests/pre_val.json", "frozen"},
		"an event was edited": {edit(t, log, run, func(s *releaselog.Stream) {
			s.Records[0].Header = bytes.Replace(s.Records[0].Header, []byte(`"reason":"test"`), []byte(`"reason":"best"`), 1)
		}), run, "record"},
		"a body was edited with its commitment": {edit(t, log, run, func(s *releaselog.Stream) {
			r := &s.Records[0]
			before, public := r.Parts["public"].Commitment(), r.Parts["public"]
			public.Body = bytes.Replace(public.Body, []byte("gxp"), []byte("pxg"), 1)
			r.Parts["public"] = public
			r.Header = bytes.Replace(r.Header, []byte(before), []byte(public.Commitment()), 1)
		}), run, "record"},
		"a body was edited": {edit(t, log, run, func(s *releaselog.Stream) {
			public := s.Records[0].Parts["public"]
			public.Body = bytes.Replace(public.Body, []byte("gxp"), []byte("pxg"), 1)
			s.Records[0].Parts["public"] = public
		}), run, "record"},
		"a proof is not here": {edit(t, log, part+"proofs.json", func(p *releaselog.Proofs) { p.Inclusion = p.Inclusion[1:] }), part + "proofs.json", "inclusion"},
		"a proof is another's": {edit(t, log, part+"proofs.json", func(p *releaselog.Proofs) {
			p.Inclusion[0].Path, p.Inclusion[1].Path = p.Inclusion[1].Path, p.Inclusion[0].Path
		}), part + "context.json", "record"},
		"a person's roles are not here": {edit(t, log, part+"context.json", func(c *releaselog.Context) { c.Records = c.Records[:len(c.Records)-1] }), part + "proofs.json", "proofs"},
		"a checkpoint by another key":   {with(log, part+"checkpoint", checkpoint(t, log[part+"checkpoint"].Data, "another")), part + "checkpoint", "checkpoint"},
		"a checkpoint of another tree":  {with(log, part+"checkpoint", checkpoint(t, log[part+"checkpoint"].Data, "ledger")), part + "context.json", "record"},
		"another attest key": {edit(t, log, "1.0.0/keys.json", func(k *releaselog.Keys) {
			k.Keys[1] = releaselog.NewKey("attest", k.Keys[1].ID, publishtest.Key("another").Public().(ed25519.PublicKey))
		}), "1.0.0/keys.json", "keys"},
	} {
		t.Run(name, func(t *testing.T) {
			r := judged(t, resign(t, c.log, "1.0.0", nil), "1.0.0", options())
			if r.OK || !slices.ContainsFunc(r.Findings, func(f verify.Finding) bool { return f.File == c.file && f.Rule == c.rule }) {
				t.Errorf("want %s [%s]:\n%s", c.file, c.rule, r.Text())
			}
		})
	}
	for name, change := range map[string]func(*releaselog.Index){
		"the index says that it is final":    func(x *releaselog.Index) { x.State = releaselog.StateAuthorised },
		"the index names a predecessor":      func(x *releaselog.Index) { x.Previous = strings.Repeat("0", 64) },
		"the index is of another gate":       func(x *releaselog.Index) { x.Gate = gate.ApproveToPrd },
		"the index names another position":   func(x *releaselog.Index) { x.Ledger.Size++ },
		"the index leaves a log out":         func(x *releaselog.Index) { x.Externals = x.Externals[1:] },
		"the index is of another version":    func(x *releaselog.Index) { x.Version = "2.0.0" },
		"an external file without a digest":  func(x *releaselog.Index) { x.Externals[0].SHA256 = "" },
		"the index is of another repository": func(x *releaselog.Index) { x.Solution = "other" },
	} {
		t.Run(name, func(t *testing.T) {
			if r := judged(t, resign(t, log, "1.0.0", change), "1.0.0", options()); r.OK || !names(r, "1.0.0/index.json") {
				t.Errorf("%s", r.Text())
			}
		})
	}
}

func seal(t *testing.T, payload string) []byte {
	t.Helper()
	raw, err := signature.Seal(signature.PayloadType, releaselog.AttestKeyID(publishtest.Installation), publishtest.Key("another"), signature.Statement{PayloadSHA256: payload})
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// checkpoint signs a checkpoint of the same size with another root.
func checkpoint(t *testing.T, data []byte, key string) []byte {
	t.Helper()
	origin := ledger.Origin(publishtest.Installation, 1)
	c, err := ledger.OpenCheckpoint(data, ledger.NewVerifier(origin, publishtest.Key("ledger").Public().(ed25519.PublicKey)))
	if err != nil {
		t.Fatal(err)
	}
	c.Root[0] ^= 1
	raw, err := ledger.SignNote(c.Body(), ledger.NewSigner(origin, publishtest.Key(key)))
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// TestTheLedgerIsNotBelieved lets a ledger record what the rules or the raw
// files do not bear.
func TestTheLedgerIsNotBelieved(t *testing.T) {
	for name, c := range map[string]struct {
		play func(s *installation, r *publishtest.Release) (execution string, fence int64)
		rule string
	}{
		"TestAttack33 failed tests that were recorded as passed": {func(_ *installation, r *publishtest.Release) (string, int64) {
			x, fence := r.Execute("unit", "", "")
			items := r.JUnit("unit.xml", "", strings.Replace(publishtest.Passed, `name="two"/>`, `name="two"><failure/></testcase>`, 1), evidence.UT)
			items[0].Passed, items[0].Failed, items[0].Verdict, items[0].Flags = 2, 0, evidence.VerdictPassed, nil
			r.Finish(x, fence, items...)
			return r.Pass(gate.PreVal)
		}, "recount"},
		"an installation that differs and was recorded as passed": {func(_ *installation, r *publishtest.Release) (string, int64) {
			x, fence := r.Execute("tst", "tst", "")
			item := r.Installation("tst")
			item.Passed = 5
			r.Finish(x, fence, item)
			return r.Pass(gate.PreVal)
		}, "recount"},
		"an acceptance test that nobody signed": {func(s *installation, r *publishtest.Release) (string, int64) {
			s.Append(ledger.Draft{Stream: ledger.RunStream(r.Run), Data: &evidence.Recorded{Person: publishtest.Person("tess"), Signature: "none", Items: r.JUnit("a.xml", "", publishtest.Passed, evidence.UT)}})
			r.Items = append(r.Items, gate.ManifestEvidence{})
			return r.Pass(gate.PreVal)
		}, "evidence"},
		"a gate that was consumed unsigned": {func(s *installation, r *publishtest.Release) (string, int64) {
			manifest := r.Open(gate.PreVal)
			s.Append(ledger.Draft{Stream: r.Stream(), Data: &gate.Consumed{Gate: gate.PreVal, Manifest: manifest}})
			return r.Execute(gate.PreVal, "", gate.PreVal)
		}, "gate"},
		"TestAttack19 a gate that its author signed": {func(s *installation, r *publishtest.Release) (string, int64) {
			s.Append(ledger.Draft{Stream: ledger.PersonStream(publishtest.Person("ada")), Data: &policy.RoleGranted{Person: publishtest.Person("ada"), Grant: policy.Grant{Role: policy.SME}}})
			manifest := r.Open(gate.PreVal)
			id := r.SignAs(r.Stream(), "release", gate.PreVal, manifest, "ada", policy.SME, signature.SMEApproved)
			s.Append(ledger.Draft{Stream: r.Stream(), Data: &gate.Consumed{Gate: gate.PreVal, Manifest: manifest, Signatures: []string{id}}})
			return r.Execute(gate.PreVal, "", gate.PreVal)
		}, "gate"},
		"TestAttack24 a gate that was signed by somebody without the role": {func(s *installation, r *publishtest.Release) (string, int64) {
			s.Append(ledger.Draft{Stream: ledger.PersonStream(publishtest.Person("bob")), Data: &policy.RoleRevoked{Person: publishtest.Person("bob"), Grant: policy.Grant{Role: policy.SME, Solution: publishtest.Solution}}})
			return r.Pass(gate.PreVal)
		}, "gate"},
		"a signature in a role that does not declare its meaning": {func(s *installation, r *publishtest.Release) (string, int64) {
			manifest := r.Open(gate.PreVal)
			id := r.SignAs(r.Stream(), "release", gate.PreVal, manifest, "bob", policy.QC, signature.SMEApproved)
			s.Append(ledger.Draft{Stream: r.Stream(), Data: &gate.Consumed{Gate: gate.PreVal, Manifest: manifest, Signatures: []string{id}}})
			return r.Execute(gate.PreVal, "", gate.PreVal)
		}, "signature"},
		"an installation record of a schema that nobody knows": {func(s *installation, r *publishtest.Release) (string, int64) {
			x, fence := r.Execute("tst", "tst", "")
			record := deploy.Installation{About: deploy.About{Schema: "dc-release/installation/v9", Solution: publishtest.Solution, Environment: "tst", Version: r.Version, Commit: r.Commit, Tree: r.Tree}, Checks: []deployment.Difference{{Path: "main.py", Expected: "a", Actual: "a"}}}
			raw := must2(canonical.Marshal(record))(s.t)
			r.Finish(x, fence, deploy.Judge(record, s.Put(string(raw)), int64(len(raw))))
			return r.Pass(gate.PreVal)
		}, "recount"},
		"TestGXP020 a gate whose signer had not accepted the statement": {func(s *installation, r *publishtest.Release) (string, int64) {
			next := person.Asked()
			next.Statement++
			s.Append(ledger.Draft{Stream: policy.Signing, Data: &next})
			return r.Pass(gate.PreVal)
		}, "gate"},
		"TestGXP019 a gate whose signer's training had run out": {func(s *installation, r *publishtest.Release) (string, int64) {
			bob := publishtest.Person("bob")
			s.Append(ledger.Draft{Stream: ledger.PersonStream(bob), Data: &policy.Trained{Person: bob, Procedure: person.Asked().For(policy.SME)[0], Until: "2001-01-01"}})
			return r.Pass(gate.PreVal)
		}, "gate"},
		"TestAttack57 a manifest that leaves a failed attempt out": {func(_ *installation, r *publishtest.Release) (string, int64) {
			x, fence := r.Execute("unit", "", "")
			r.Finish(x, fence, r.JUnit("unit.xml", "", strings.Replace(publishtest.Passed, `name="two"/>`, `name="two"><failure/></testcase>`, 1), evidence.UT)...)
			r.Items = nil
			return r.Pass(gate.PreVal)
		}, "frozen"},
	} {
		t.Run(name, func(t *testing.T) {
			s := start(t)
			r := s.Register("1.0.0", "")
			execution, fence := c.play(s, r)
			if _, _, err := r.Await(t.Context(), execution, fence, gate.PreVal, s.effects); err != nil {
				t.Fatal(err)
			}
			report := judged(t, clone(t, s.source), "1.0.0", options())
			if report.OK || !slices.ContainsFunc(report.Findings, func(f verify.Finding) bool { return f.Rule == c.rule }) {
				t.Errorf("want [%s]:\n%s", c.rule, report.Text())
			}
		})
	}
}
