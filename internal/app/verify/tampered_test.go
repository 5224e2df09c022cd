package verify_test

import (
	"bytes"
	"crypto/ed25519"
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"unicode/utf8"

	"github.com/dc-release/dc-release/internal/app/publish/publishtest"
	"github.com/dc-release/dc-release/internal/app/verify"
	"github.com/dc-release/dc-release/internal/core/canonical"
	"github.com/dc-release/dc-release/internal/core/document"
	"github.com/dc-release/dc-release/internal/core/gate"
	"github.com/dc-release/dc-release/internal/core/ledger"
	"github.com/dc-release/dc-release/internal/core/releaselog"
	"github.com/dc-release/dc-release/internal/core/signature"
)

// tamperedFile are changes of the frozen release log with the rules that they
// break.
const tamperedFile = "../../../docs/testdata/format/tampered.json"

// tampering is one change.
type tampering struct {
	Name  string             `json:"name"`
	Base  string             `json:"base"`  // folder that is verified
	Rules []string           `json:"rules"` // of which a verifier names at least one
	Files map[string]*splice `json:"files"` // nil for a file that is taken away
}

// splice replaces the bytes from Start to End of a file by a text; a new file has
// neither.
type splice struct {
	Start int    `json:"start"`
	End   int    `json:"end"`
	Text  string `json:"text"`
}

func (c tampering) apply(log fstest.MapFS) fstest.MapFS {
	for path, s := range c.Files {
		if s == nil {
			log = with(log, path, nil)
			continue
		}
		var old []byte
		if f, ok := log[path]; ok {
			old = f.Data
		}
		log = with(log, path, slices.Concat(old[:s.Start], []byte(s.Text), old[s.End:]))
	}
	return log
}

// difference is a change as it is kept.
func difference(name, base string, before, after fstest.MapFS, rules ...string) tampering {
	c := tampering{Name: name, Base: base, Rules: rules, Files: map[string]*splice{}}
	for path := range before {
		if _, ok := after[path]; !ok {
			c.Files[path] = nil
		}
	}
	for path, f := range after {
		var old []byte
		if b, ok := before[path]; ok {
			old = b.Data
		}
		if !bytes.Equal(old, f.Data) {
			c.Files[path] = spliceOf(old, f.Data)
		}
	}
	return c
}

// spliceOf leaves out what both begin and end with, in whole characters.
func spliceOf(old, now []byte) *splice {
	most := min(len(old), len(now))
	start, end := 0, 0
	for start < most && old[start] == now[start] {
		start++
	}
	for start > 0 && start < len(now) && !utf8.RuneStart(now[start]) {
		start--
	}
	for end < most-start && old[len(old)-1-end] == now[len(now)-1-end] {
		end++
	}
	for end > 0 && !utf8.RuneStart(now[len(now)-end]) {
		end--
	}
	return &splice{Start: start, End: len(old) - end, Text: string(now[start : len(now)-end])}
}

// tampered are the changes; those of the second list are signed again.
func tampered(t *testing.T) []tampering {
	t.Helper()
	log := vector(t)
	const folder = "1.0.0/"
	var out []tampering
	plain := func(name string, after fstest.MapFS, rules ...string) {
		out = append(out, difference(name, "1.0.0", log, after, rules...))
	}
	replace := func(path, from, to string) fstest.MapFS {
		return with(log, path, bytes.Replace(log[path].Data, []byte(from), []byte(to), 1))
	}
	plain("a byte of the release note", replace(folder+"release-note.md", "Release", "release"), "F-305")
	plain("a file is gone", with(log, folder+"release-note.md", nil), "F-304")
	plain("a file is added", with(log, folder+"more.md", []byte("x")), "F-304")
	plain("no note", with(log, folder+"index.note", nil), "F-303")
	plain("the note of the root", with(log, folder+"index.note", log["index.note"].Data), "F-402")
	plain("white space in the index", replace(folder+"index.json", "{", "{ "), "F-202")
	plain("a fingerprint of another key", replace(folder+"keys.json", `"fingerprint":"`, `"fingerprint":"0`), "F-601")
	plain("a rotation is gone", edit(t, log, folder+"keys.json", func(k *releaselog.Keys) { k.Rotations = k.Rotations[:2] }), "F-402", "F-507", "F-604", "F-607", "F-804")
	plain("INDEX.md says effective", replace("INDEX.md", "re-instated", "effective"), "F-503")
	plain("the root index says effective", replace("index.json", "re-instated", "effective"), "F-502")
	plain("the root's keys are gone", with(log, "keys.json", nil), "F-507")
	for name, c := range signedAgain(t, log) {
		out = append(out, difference(name, "1.0.0", log, resignBy(t, c.log, "1.0.0", "document 2", "document 2", c.change), c.rules...))
	}
	slices.SortFunc(out, func(a, b tampering) int { return strings.Compare(a.Name, b.Name) })
	return out
}

type signedCase struct {
	log    fstest.MapFS
	change func(*releaselog.Index)
	rules  []string
}

// signedAgain are changes by somebody who has the document key.
func signedAgain(t *testing.T, log fstest.MapFS) map[string]signedCase {
	t.Helper()
	const part = "1.0.0/ledger/approve_for_use-1/"
	payload, envelope := find(log, "1.0.0/signatures/", "SIG"), find(log, "1.0.0/attestations/", "SIG")
	run, manifest := find(log, part, "run~"), "1.0.0/manifests/approve_for_use.json"
	installation, protocol := find(log, "1.0.0/evidence/prd/", "installation"), find(log, "1.0.0/evidence/val/person~", "acceptance-A1")
	statement, page := find(log, "1.0.0/attestations/", "deployment-"), find(log, "1.0.0/evidence/val/acceptance~A1/", "page.txt")
	final := "1.0.0/final/change-record.json"
	index := func(change func(*releaselog.Index), rules ...string) signedCase {
		return signedCase{log, change, rules}
	}
	file := func(after fstest.MapFS, rules ...string) signedCase { return signedCase{after, nil, rules} }
	drop := func(s *releaselog.Stream) { s.Records = s.Records[1:] }
	return map[string]signedCase{
		"a final index that says draft":     index(func(x *releaselog.Index) { x.State = releaselog.StateDraft }, "F-404", "F-506"),
		"an index of another gate":          index(func(x *releaselog.Index) { x.Gate = gate.PreVal }, "F-404", "F-405"),
		"an index without its predecessor":  index(func(x *releaselog.Index) { x.Previous = "" }, "F-406"),
		"an index of another position":      index(func(x *releaselog.Index) { x.Ledger.Size-- }, "F-405", "F-409"),
		"an index that leaves a log out":    index(func(x *releaselog.Index) { x.Externals = x.Externals[1:] }, "F-410"),
		"an external file without a digest": index(func(x *releaselog.Index) { x.Externals[0].SHA256 = "" }, "F-407"),
		"a path that leaves the folder":     index(func(x *releaselog.Index) { x.Files[0].Path = "../x" }, "F-302"),
		"an event is gone":                  file(edit(t, log, run, drop), "F-902", "F-904"),
		"an event was edited": file(edit(t, log, run, func(s *releaselog.Stream) {
			s.Records[0].Header = swap(s.Records[0].Header, `"build":"test"`, `"build":"best"`)
		}), "F-801"),
		"a public part was edited": file(edit(t, log, run, func(s *releaselog.Stream) {
			p := s.Records[0].Parts["public"]
			p.Body = swap(p.Body, "RUN", "FUN")
			s.Records[0].Parts["public"] = p
		}), "F-702"),
		"a proof is gone":                           file(edit(t, log, part+"proofs.json", func(p *releaselog.Proofs) { p.Inclusion = p.Inclusion[1:] }), "F-902"),
		"a proof is too long":                       file(edit(t, log, part+"proofs.json", func(p *releaselog.Proofs) { p.Inclusion[0].Path = append(p.Inclusion[0].Path, p.Inclusion[0].Path[0]) }), "F-801"),
		"a consistency proof of another size":       file(edit(t, log, part+"proofs.json", func(p *releaselog.Proofs) { p.Consistency[0].From-- }), "F-903"),
		"a checkpoint by another key":               file(with(log, part+"checkpoint", checkpointBy(t, log[part+"checkpoint"].Data, "ledger 2", "another")), "F-803", "F-804"),
		"a checkpoint by a key that was replaced":   file(with(log, part+"checkpoint", checkpointBy(t, log[part+"checkpoint"].Data, "ledger 2", "ledger")), "F-604"),
		"a payload was edited":                      file(edit(t, log, payload, func(p *signature.Payload) { p.Reason = "another" }), "F-1101"),
		"an envelope of another installation's key": file(with(log, envelope, seal(t, canonical.SHA256(log[payload].Data))), "F-1104"),
		"an exception list is gone":                 file(with(log, find(log, "1.0.0/reviews/", ""), nil), "F-1110"),
		"a manifest was edited":                     file(edit(t, log, manifest, func(m *gate.Manifest) { m.Evidence = m.Evidence[1:] }), "F-1001"),
		"a manifest is gone":                        file(with(log, manifest, nil), "F-1001"),
		"a draft was edited":                        file(with(log, "1.0.0/draft/pre_val/change-record.md", []byte("another")), "F-1501"),
		"a final of no candidate":                   file(edit(t, log, final, func(d *document.Tree) { d.Meta.CandidateSHA = strings.Repeat("0", 64) }), "F-1503"),
		"a final that is a draft":                   file(edit(t, log, final, func(d *document.Tree) { d.Meta.Stage = document.StageDraft }), "F-1503"),
		"the finals are gone":                       file(without(log, "1.0.0/final/"), "F-1502"),
		"a result file is gone":                     file(with(log, installation, nil), "F-1301"),
		"a result file nobody asks for":             file(with(log, "1.0.0/evidence/none/x/y.xml", []byte(publishtest.Passed+"\n")), "F-306"),
		"a protocol is gone":                        file(with(log, protocol, nil), "F-1301"),
		"what a tester captured is gone":            file(with(log, page, nil), "F-1401"),
		"a statement was sealed by another key":     file(with(log, statement, seal(t, "")), "F-1603"),
		"a statement is gone":                       file(with(log, statement, nil), "F-1603"),
		"another attest key":                        file(edit(t, log, "1.0.0/keys.json", otherAttest), "F-602", "F-607"),
		"a name of a field in another case":         file(with(log, final, swap(swap(log[final].Data, `"kind":"change-record",`, ""), `"version":""}`, `"version":"","`+"\u212a"+`ind":"change-record"}`)), "F-204"),
		"a release note that is not the tagged one": file(with(log, "1.0.0/release-note.md", []byte("# other\n")), "F-1002"),
	}
}

func otherAttest(k *releaselog.Keys) {
	k.Keys[1] = releaselog.NewKey("attest", k.Keys[1].ID, publishtest.Key("another").Public().(ed25519.PublicKey))
}

func swap(data []byte, from, to string) []byte {
	return bytes.Replace(data, []byte(from), []byte(to), 1)
}

func without(log fstest.MapFS, prefix string) fstest.MapFS {
	for path := range log {
		if strings.HasPrefix(path, prefix) {
			log = with(log, path, nil)
		}
	}
	return log
}

// checkpointBy signs a checkpoint with another key.
func checkpointBy(t *testing.T, data []byte, by, key string) []byte {
	t.Helper()
	origin := ledger.Origin(publishtest.Installation, 1)
	c := must2(ledger.OpenCheckpoint(data, ledger.NewVerifier(origin, publishtest.Key(by).Public().(ed25519.PublicKey))))(t)
	return must2(ledger.SignNote(c.Body(), ledger.NewSigner(origin, publishtest.Key(key))))(t)
}

func TestTheTamperedReleaseLogsOfTheFormatPageAreRefused(t *testing.T) {
	log, all := vector(t), tampered(t)
	var raw bytes.Buffer
	enc := json.NewEncoder(&raw)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", " ")
	must(t, enc.Encode(all))
	if *update {
		must(t, os.WriteFile(tamperedFile, raw.Bytes(), 0o644))
	}
	if got := must2(os.ReadFile(tamperedFile))(t); !bytes.Equal(got, raw.Bytes()) {
		t.Errorf("%s is not what is made of the release log: run the test with -update", tamperedFile)
	}
	for _, c := range all {
		t.Run(c.Name, func(t *testing.T) {
			if r := verify.Folder(c.apply(log), c.Base, options()); r.OK {
				t.Errorf("verified: %v", c.Rules)
			}
		})
	}
}
