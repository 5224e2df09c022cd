package verify_test

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/dc-release/dc-release/internal/app/publish/publishtest"
	"github.com/dc-release/dc-release/internal/app/verify"
	"github.com/dc-release/dc-release/internal/core/canonical"
	"github.com/dc-release/dc-release/internal/core/document"
	"github.com/dc-release/dc-release/internal/core/evidence"
	"github.com/dc-release/dc-release/internal/core/gate"
	"github.com/dc-release/dc-release/internal/core/ledger"
	"github.com/dc-release/dc-release/internal/core/provenance"
	"github.com/dc-release/dc-release/internal/core/releaselog"
	"github.com/dc-release/dc-release/internal/core/signature"
)

func TestEveryFactIsStatedOnce(t *testing.T) {
	w := published(t)
	for folder, want := range map[string]map[string]int{
		"1.0.0":           {"build": 1, "test-result": 11, "deployment": 3, "approval": 8},
		"rollbacks/prd-1": {"test-result": 1, "deployment": 1, "approval": 2},
	} {
		got := map[string]int{}
		for _, path := range statements(w.log, folder, "") {
			kind, _, _ := strings.Cut(strings.TrimPrefix(path, folder+"/attestations/"), "-")
			got[strings.Replace(kind, "test", "test-result", 1)]++
		}
		if !maps.Equal(got, want) {
			t.Errorf("%s states %v, want %v", folder, got, want)
		}
		sum := 0
		for _, n := range want {
			sum += n
		}
		if r := verify.Folder(w.log, folder, options()); r.Counts.Statements != sum {
			t.Errorf("%s: %d statements were compared, want %d", folder, r.Counts.Statements, sum)
		}
	}
}

// statements are the files of statements of a folder, of a kind.
func statements(log fstest.MapFS, folder, kind string) []string {
	var out []string
	for _, path := range slices.Sorted(maps.Keys(log)) {
		if name, ok := strings.CutPrefix(path, folder+"/attestations/"); ok && strings.Contains(name, "-") && strings.HasPrefix(name, kind) && !strings.HasPrefix(name, "01J") {
			out = append(out, path)
		}
	}
	return out
}

// opened is the statement in an envelope, as a tree.
func opened(t *testing.T, data []byte) map[string]any {
	t.Helper()
	var body json.RawMessage
	if err := signature.Peek(data, provenance.PayloadType, &body); err != nil {
		t.Fatal(err)
	}
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.UseNumber()
	var out map[string]any
	if err := dec.Decode(&out); err != nil {
		t.Fatal(err)
	}
	return out
}

// restate changes a statement and seals it again with the key of the
// installation, as somebody who has both keys could.
func restate(t *testing.T, log fstest.MapFS, path string, change func(statement, predicate map[string]any)) fstest.MapFS {
	t.Helper()
	s := opened(t, log[path].Data)
	change(s, s["predicate"].(map[string]any))
	return with(log, path, sealed(t, provenance.PayloadType, publishtest.Key("attest"), s))
}

func sealed(t *testing.T, payloadType string, key ed25519.PrivateKey, statement any) []byte {
	t.Helper()
	out, err := signature.Seal(payloadType, releaselog.AttestKeyID(publishtest.Installation), key, statement)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// refused expects a finding of the rule in the file that says why, after the
// index was signed again.
func refused(t *testing.T, log fstest.MapFS, file, rule, says string) {
	t.Helper()
	r := judged(t, resign(t, log, "1.0.0", nil), "1.0.0", options())
	if r.OK || !slices.ContainsFunc(r.Findings, func(f verify.Finding) bool {
		return f.File == file && f.Rule == rule && strings.Contains(f.Message, says)
	}) {
		t.Errorf("want %s [%s] %q:\n%s", file, rule, says, r.Text())
	}
}

const (
	otherSubject   = "has subject "
	otherPredicate = "has predicate "
)

// TestAttack32_EvidenceOfSomethingElse puts a statement of another commit,
// environment or product in the place of the one that the ledger names.
func TestAttack32_EvidenceOfSomethingElse(t *testing.T) {
	log := published(t).log
	path := statements(log, "1.0.0", "test-result")[1]
	for field, value := range map[string]any{
		"commit": strings.Repeat("f", 40), "environment": "dev", "solution": "another", "version": "9.9.9", "tree": strings.Repeat("f", 64),
		"execution": "R/1/other/1", "installation": "01JANOTHER", "run": "01JANOTHER",
	} {
		t.Run(field, func(t *testing.T) {
			refused(t, restate(t, log, path, func(_, p map[string]any) { p[field] = value }), path, "statement", otherPredicate)
		})
	}
	t.Run("of another version of the product", func(t *testing.T) {
		other := statements(log, "1.1.0", "test-result")[1]
		refused(t, with(log, path, log[other].Data), path, "statement", otherPredicate)
	})
}

// TestAttack32_EvidenceOfAnotherCommitInTheLedger is the same by whoever can
// append to the ledger: every statement fits, and the evidence is refused.
func TestAttack32_EvidenceOfAnotherCommitInTheLedger(t *testing.T) {
	s := start(t)
	r := s.Register("1.0.0", "")
	x, fence := r.Execute("first", "", "")
	items := r.JUnit("reports/first.xml", "", publishtest.Passed, evidence.UT)
	items[0].Commit = strings.Repeat("f", 40)
	r.Finish(x, fence, items...)
	if _, _, err := r.Publish(t.Context(), gate.PreVal, s.effects); err != nil {
		t.Fatal(err)
	}
	report := judged(t, clone(t, s.source), "1.0.0", options())
	if len(report.Findings) != 1 || report.Findings[0].Rule != "evidence" || !strings.Contains(report.Findings[0].Message, "is of commit ffff") {
		t.Errorf("%s", report.Text())
	}
}

// TestAttack33_AnEditedResultFile edits the raw file, with and without the
// statement that is over it.
func TestAttack33_AnEditedResultFile(t *testing.T) {
	log := published(t).log
	junit := find(log, "1.0.0/evidence/", "unit.xml")
	edited := bytes.ReplaceAll(log[junit].Data, []byte("one"), []byte("two"))
	refused(t, with(log, junit, edited), junit, "unknown", "")
	for _, path := range statements(log, "1.0.0", "test-result") {
		s := opened(t, log[path].Data)
		subject := s["subject"].([]any)[0].(map[string]any)
		if subject["digest"].(map[string]any)["sha256"] != canonical.SHA256(log[junit].Data) {
			continue
		}
		subject["digest"] = map[string]any{"sha256": canonical.SHA256(edited)}
		refused(t, with(with(log, junit, edited), path, sealed(t, provenance.PayloadType, publishtest.Key("attest"), s)), path, "statement", otherSubject)
		refused(t, restate(t, log, path, func(_, p map[string]any) { p["failed"], p["passed"] = 0, 3 }), path, "statement", otherPredicate)
		return
	}
	t.Fatalf("no statement is over %s", junit)
}

// TestAttack38_ResultsOfAnEarlierAttempt says of a result that it is of another
// attempt.
func TestAttack38_ResultsOfAnEarlierAttempt(t *testing.T) {
	log := published(t).log
	path := statements(log, "1.0.0", "test-result")[0]
	if got := opened(t, log[path].Data)["predicate"].(map[string]any)["attempt"]; got != json.Number("1") {
		t.Fatalf("attempt %v", got)
	}
	refused(t, restate(t, log, path, func(_, p map[string]any) { p["attempt"] = 2 }), path, "statement", otherPredicate)
}

// TestAttack41_AnArtifactWithOtherFiles states a build of other files, and a
// deployment of another tree.
func TestAttack41_AnArtifactWithOtherFiles(t *testing.T) {
	log := published(t).log
	build, deployment := statements(log, "1.0.0", "build")[0], statements(log, "1.0.0", "deployment")[0]
	refused(t, restate(t, log, build, func(s, _ map[string]any) {
		s["subject"].([]any)[1].(map[string]any)["digest"] = map[string]any{"sha256": strings.Repeat("f", 64)}
	}), build, "statement", "lists the files of artifact")
	refused(t, restate(t, log, build, func(s, _ map[string]any) {
		delete(s["subject"].([]any)[1].(map[string]any), "annotations")
	}), build, "statement", "lists the files of artifact")
	refused(t, restate(t, log, deployment, func(s, _ map[string]any) {
		s["subject"].([]any)[0].(map[string]any)["digest"] = map[string]any{"sha256": strings.Repeat("f", 64)}
	}), deployment, "statement", otherSubject)
	refused(t, restate(t, log, deployment, func(_, p map[string]any) { p["observed"] = []any{} }), deployment, "statement", otherPredicate)
}

// TestAttack56_ADowngradedStatement changes types, algorithm and key of an
// envelope.
func TestAttack56_ADowngradedStatement(t *testing.T) {
	log := published(t).log
	path := statements(log, "1.0.0", "approval")[0]
	s := opened(t, log[path].Data)
	envelope := func(change func(*signature.Envelope)) fstest.MapFS { return edit(t, log, path, change) }
	key := publishtest.Key
	for name, c := range map[string]struct {
		log  fstest.MapFS
		says string
	}{
		"an older _type":       {restate(t, log, path, func(s, _ map[string]any) { s["_type"] = "https://in-toto.io/Statement/v0.1" }), "read statement: type"},
		"an unknown predicate": {restate(t, log, path, func(s, _ map[string]any) { s["predicateType"] = "https://example.com/v0" }), "is of type"},
		"an unknown field":     {restate(t, log, path, func(s, _ map[string]any) { s["more"] = true }), "read statement"},
		"a weaker digest": {restate(t, log, path, func(s, _ map[string]any) {
			s["subject"].([]any)[0].(map[string]any)["digest"] = map[string]any{"sha1": strings.Repeat("f", 40)}
		}), otherSubject},
		"another payload type":       {with(log, path, sealed(t, "application/json", key("attest"), s)), "open envelope: type"},
		"the type of a signature":    {with(log, path, sealed(t, signature.PayloadType, key("attest"), s)), "open envelope: type"},
		"another key":                {with(log, path, sealed(t, provenance.PayloadType, key("another"), s)), "signature is not by key"},
		"the ledger's key":           {with(log, path, sealed(t, provenance.PayloadType, key("ledger"), s)), "signature is not by key"},
		"no signature":               {envelope(func(e *signature.Envelope) { e.Signatures = []signature.EnvelopeSignature{} }), "0 signatures"},
		"two signatures":             {envelope(func(e *signature.Envelope) { e.Signatures = append(e.Signatures, e.Signatures[0]) }), "2 signatures"},
		"an HMAC instead":            {envelope(func(e *signature.Envelope) { e.Signatures[0].Sig = base64.StdEncoding.EncodeToString(make([]byte, 32)) }), "signature is not by key"},
		"a type that was not signed": {envelope(func(e *signature.Envelope) { e.PayloadType = "application/vnd.in-toto+json;v=0" }), "open envelope: type"},
		"the id of another key":      {envelope(func(e *signature.Envelope) { e.Signatures[0].KeyID = "rsa" }), "want one signature by key"},
	} {
		t.Run(name, func(t *testing.T) { refused(t, c.log, path, "statement", c.says) })
	}
}

func TestAMissingAndAnExtraStatementAreFound(t *testing.T) {
	log := published(t).log
	path := statements(log, "1.0.0", "approval")[0]
	refused(t, with(log, path, nil), path, "missing", "")
	extra := "1.0.0/attestations/approval-999.json"
	refused(t, with(log, extra, log[path].Data), extra, "unknown", "")
}

// TestAPublicationNamesAnyNumberOfStatements has more than one event has room
// for, and tells those of the next publication apart.
func TestAPublicationNamesAnyNumberOfStatements(t *testing.T) {
	s := start(t)
	r := s.Register("1.0.0", "")
	const files = 2*provenance.MaxReferences + 50
	for n := range files / 50 {
		x, fence := r.Execute("unit"+strconv.Itoa(n), "", "")
		var items []evidence.Item
		for i := range 50 {
			xml := strings.Replace(publishtest.Passed, "two", strconv.Itoa(50*n+i), 1)
			items = append(items, r.JUnit("reports/"+strconv.Itoa(i)+".xml", "", xml, evidence.UT)...)
		}
		r.Finish(x, fence, items...)
	}
	for _, name := range []string{gate.PreVal, gate.ApproveToPrd} {
		if _, _, err := r.Publish(t.Context(), name, s.effects); err != nil {
			t.Fatal(err)
		}
	}
	log := clone(t, s.source)
	report := judged(t, log, "1.0.0", options())
	if !report.OK || report.Counts.Statements < files || report.Counts.Statements != len(statements(log, "1.0.0", "")) {
		t.Errorf("%d files of results:\n%s", files, report.Text())
	}
	events, err := s.Store.Stream(t.Context(), r.Stream(), 0)
	if err != nil {
		t.Fatal(err)
	}
	named := map[string]int{}
	for _, e := range events {
		if d, ok := e.Data.(*provenance.Attested); ok {
			named[d.Publication]++
		}
	}
	if named["1.0.0-pre_val-1"] != 3 || named["1.0.0-approve_to_prd-1"] != 1 {
		t.Errorf("events that name statements: %v", named)
	}
}

// TestALedgerThatNamesOtherStatementsIsFound lets the installation itself leave
// statements out, make one up, and publish without any.
func TestALedgerThatNamesOtherStatementsIsFound(t *testing.T) {
	s := start(t)
	r := s.Register("1.0.0", "")
	x, fence := r.Execute("first", "", "")
	r.Finish(x, fence, r.JUnit("reports/first.xml", "", publishtest.Passed, evidence.UT)...)
	made := s.Put(string(sealed(t, provenance.PayloadType, publishtest.Key("attest"), provenance.Statement{Type: provenance.StatementType})))
	s.Append(ledger.Draft{Stream: r.Stream(), Data: &provenance.Attested{
		Publication: "forged", Statements: []provenance.Reference{{Seq: 1, Name: "approval-1", Envelope: made}},
	}})
	if _, _, err := r.Publish(t.Context(), gate.PreVal, s.effects); err != nil {
		t.Fatal(err)
	}
	s.Append(ledger.Draft{Stream: r.Stream(), Data: &document.PublicationIntended{Publication: "bare", Folder: "elsewhere", Gate: gate.PreVal}})
	if _, _, err := r.Publish(t.Context(), gate.ApproveToPrd, s.effects); err != nil {
		t.Fatal(err)
	}
	report := judged(t, clone(t, s.source), "1.0.0", options())
	for _, says := range []string{
		"publication forged has no statement test-result-", "states nothing that happened before publication forged", "publication bare states nothing of what happened",
	} {
		if !slices.ContainsFunc(report.Findings, func(f verify.Finding) bool { return f.Rule == "statement" && strings.Contains(f.Message, says) }) {
			t.Errorf("want %q:\n%s", says, report.Text())
		}
	}
	if len(report.Findings) != 3 {
		t.Errorf("%s", report.Text())
	}
}
