package provenance_test

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"flag"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dc-release/dc-release/internal/core/canonical"
	"github.com/dc-release/dc-release/internal/core/deployment"
	"github.com/dc-release/dc-release/internal/core/evidence"
	"github.com/dc-release/dc-release/internal/core/ledger"
	"github.com/dc-release/dc-release/internal/core/pipeline"
	"github.com/dc-release/dc-release/internal/core/provenance"
	"github.com/dc-release/dc-release/internal/core/signature"
)

var update = flag.Bool("update", false, "write the test vector of docs/release-log-format.md anew")

// page is the normative description; vector the envelope that it shows.
const (
	page   = "../../../docs/release-log-format.md"
	vector = "../../../docs/testdata/format/attestation.json"
)

const installation = "01J0000000000000000000INST"

// key is that of the page's vectors: 32 bytes of value 2.
var key = ed25519.NewKeyFromSeed(bytes.Repeat([]byte{2}, ed25519.SeedSize))

var (
	files = deployment.Tree{
		{Path: "bin/start", Executable: true, SHA256: strings.Repeat("1", 64), Size: 1},
		{Path: "main.py", SHA256: strings.Repeat("2", 64), Size: 2},
	}
	commit = strings.Repeat("c", 40)
)

const execution = "01J00000000000000000000RUN/2/tst/1"

// facts are a release with one build, two results, one deployment and one
// signature.
func facts(t *testing.T) provenance.Facts {
	t.Helper()
	payload, err := os.ReadFile("../../../docs/testdata/format/payload.json")
	if err != nil {
		t.Fatal(err)
	}
	at := func(seq int64, stream ledger.Stream, data ledger.Payload) ledger.Event {
		return ledger.Event{Header: ledger.Header{
			Seq: seq, ID: fmt.Sprintf("01J000000000000000000EV%03d", seq), Stream: stream, Time: fmt.Sprintf("2026-03-04T13:22:%02d.000000Z", seq), Build: "0.1.0",
		}, Data: data}
	}
	run, place := ledger.Stream("run/01J00000000000000000000RUN"), ledger.Stream("environment/corp-procurement/tst")
	item := evidence.Item{
		Name: "unit.xml", SHA256: strings.Repeat("3", 64), Size: 9, Format: "junit", Verification: "UT", Commit: commit, Passed: 2, Verdict: "passed", Counted: true,
	}
	installed := evidence.Item{
		Name: "installation-tst.json", SHA256: strings.Repeat("4", 64), Format: evidence.FormatInstallation, Verification: "IV", Environment: "tst",
		Commit: commit, Tree: files.Digest(), Passed: 2, Verdict: "passed", Counted: true,
	}
	other := *deployed()
	other.Run = "01J0000000000000000000ELSE"
	return provenance.Facts{
		Installation: installation, Solution: "corp-procurement", Version: "1.0.0",
		Run: []ledger.Event{
			at(1, run, &pipeline.RunStarted{
				Run: "01J00000000000000000000RUN", Solution: "corp-procurement", File: ".github/workflows/main.yaml", Plan: strings.Repeat("5", 64), Version: "1.0.0", Sandbox: "namespace",
				Trigger: pipeline.Trigger{Name: "push", Ref: "refs/tags/v1.0.0", SHA: commit, Repository: "corp/procurement"},
			}),
			at(2, run, &pipeline.ExecutionClaimed{Execution: execution, Worker: "w1"}),
			at(3, run, &pipeline.ArtifactKept{Execution: execution, Tree: files.Digest(), Files: 2}),
			at(6, run, &evidence.Recorded{Execution: execution, Job: "tst", Items: []evidence.Item{item, installed}}),
		},
		Places: []ledger.Event{at(4, place, deployed()), at(5, place, &other)},
		Subject: []ledger.Event{at(7, "release/corp-procurement/1.0.0", &signature.Made{
			Signature: "01J00000000000000000000SIG", Payload: canonical.SHA256(payload), Gate: "pre_val", Manifest: strings.Repeat("ab", 32),
			Meaning: signature.SMEApproved, Decision: "approve", Role: "sme", Person: "01J00000000000000000000BOB", Method: "password+totp",
		})},
		Tree: func(pipeline.ArtifactKept) (deployment.Tree, error) { return files, nil },
	}
}

func deployed() *deployment.Deployed {
	return &deployment.Deployed{
		Environment: "tst", Version: "1.0.0", Commit: commit, Tree: files.Digest(), Target: "localdir", Run: "01J00000000000000000000RUN", Execution: execution,
	}
}

func stated(t *testing.T, f provenance.Facts, after, before int64) map[string]string {
	t.Helper()
	made, err := f.Statements(after, before)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for _, m := range made {
		raw, err := canonical.Marshal(m.Statement)
		if err != nil {
			t.Fatal(err)
		}
		out[m.Name] = string(raw)
	}
	return out
}

// TestTheStatementsAreThoseOfThePage writes each by hand from the words of
// docs/release-log-format.md.
func TestTheStatementsAreThoseOfThePage(t *testing.T) {
	base := "https://github.com/dc-release/dc-release/blob/main/docs/release-log-format.md#"
	tree := files.Digest()
	ones, twos, threes, fours, fives := strings.Repeat("1", 64), strings.Repeat("2", 64), strings.Repeat("3", 64), strings.Repeat("4", 64), strings.Repeat("5", 64)
	whole := `{"digest":{"sha256":"` + tree + `"},"mediaType":"application/vnd.dc-release.tree","name":"."}`
	statement := func(predicateType, subject, predicate string) string {
		return `{"_type":"https://in-toto.io/Statement/v1","predicate":` + predicate + `,"predicateType":"` + predicateType + `","subject":[` + subject + `]}`
	}
	result := func(seq int, commit, environment, format, verification, tree string) string {
		return `{"attempt":2,"commit":"` + commit + `","counted":true,"environment":"` + environment + `","errors":0,"event":"01J000000000000000000EV006","execution":"` + execution +
			`","failed":0,"format":"` + format + `","installation":"` + installation + `","job":"tst","passed":2,"person":"","run":"01J00000000000000000000RUN",` + fmt.Sprintf(`"seq":%d`, seq) +
			`,"signature":"","skipped":0,"solution":"corp-procurement","time":"2026-03-04T13:22:06.000000Z","tree":"` + tree + `","verdict":"passed","verification":"` + verification + `","version":"1.0.0"}`
	}
	want := map[string]string{
		"build-3": statement("https://slsa.dev/provenance/v1",
			whole+`,{"annotations":{"executable":true},"digest":{"sha256":"`+ones+`"},"name":"bin/start"},{"digest":{"sha256":"`+twos+`"},"name":"main.py"}`,
			`{"buildDefinition":{"buildType":"`+base+`build-v1","externalParameters":{"event":"push","ref":"refs/tags/v1.0.0","repository":"corp/procurement","solution":"corp-procurement","version":"1.0.0","workflow":".github/workflows/main.yaml"},`+
				`"internalParameters":{"attempt":2,"evaluation":false,"job":"tst","run":"01J00000000000000000000RUN","sandbox":"namespace","worker":"w1"},`+
				`"resolvedDependencies":[{"digest":{"gitCommit":"`+commit+`"},"uri":"git:corp/procurement@refs/tags/v1.0.0"},{"digest":{"sha256":"`+fives+`"},"name":"plan"}]},`+
				`"runDetails":{"builder":{"id":"urn:dc-release:`+installation+`","version":{"dc-release":"0.1.0"}},"metadata":{"invocationId":"`+execution+`","startedOn":"2026-03-04T13:22:02.000000Z"}}}`),
		"deployment-4": statement(base+"deployment-v1", whole,
			`{"commit":"`+commit+`","deployed":"1.0.0","environment":"tst","event":"01J000000000000000000EV004","execution":"`+execution+`","installation":"`+installation+
				`","observed":[{"errors":0,"failed":0,"passed":2,"sha256":"`+fours+`","verdict":"passed"}],"rollback":"","run":"01J00000000000000000000RUN","seq":4`+
				`,"solution":"corp-procurement","target":"localdir","time":"2026-03-04T13:22:04.000000Z","tree":"`+tree+`","version":"1.0.0"}`),
		"test-result-6-1": statement(base+"test-result-v1", `{"digest":{"sha256":"`+threes+`"},"name":"unit.xml"}`, result(6, commit, "", "junit", "UT", "")),
		"test-result-6-2": statement(base+"test-result-v1", `{"digest":{"sha256":"`+fours+`"},"name":"installation-tst.json"}`, result(6, commit, "tst", "installation", "IV", tree)),
		"approval-7": statement(base+"approval-v1",
			`{"digest":{"sha256":"`+payloadDigest(t)+`"},"name":"payload"},{"digest":{"sha256":"`+strings.Repeat("ab", 32)+`"},"name":"signed"}`,
			`{"decision":"approve","event":"01J000000000000000000EV007","for":"","gate":"pre_val","installation":"`+installation+
				`","meaning":"sme-approved","method":"password+totp","person":"01J00000000000000000000BOB","role":"sme","seq":7`+
				`,"signature":"01J00000000000000000000SIG","solution":"corp-procurement","time":"2026-03-04T13:22:07.000000Z","version":"1.0.0"}`),
	}
	if diff := cmp.Diff(want, stated(t, facts(t), 0, math.MaxInt64)); diff != "" {
		t.Errorf("-page +stated:\n%s", diff)
	}
	if got := stated(t, facts(t), 3, 6); len(got) != 1 || strings.Contains(got["deployment-4"], fours) {
		t.Errorf("between 3 and 6 nothing was read back, stated is %v", got)
	}
}

func payloadDigest(t *testing.T) string {
	t.Helper()
	raw, err := os.ReadFile("../../../docs/testdata/format/payload.json")
	if err != nil {
		t.Fatal(err)
	}
	return canonical.SHA256(raw)
}

// TestTheVectorOfThePageIsWhatIsWritten compares the envelope, opens it by the
// words of the page alone, and finds every type on the page.
func TestTheVectorOfThePageIsWhatIsWritten(t *testing.T) {
	made, err := facts(t).Statements(6, 8)
	if err != nil {
		t.Fatal(err)
	}
	want, err := signature.Seal(provenance.PayloadType, installation+"/attest", key, made[0].Statement)
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(vector, want, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(filepath.FromSlash(vector))
	if err != nil || !bytes.Equal(got, want) {
		t.Fatalf("formats never change for data that exists: %v\ngot  %s\nwant %s", err, got, want)
	}
	var e struct {
		Payload    string `json:"payload"`
		Signatures []struct{ Sig string }
	}
	if err := json.Unmarshal(got, &e); err != nil {
		t.Fatal(err)
	}
	body, err := base64.StdEncoding.DecodeString(e.Payload)
	if err != nil {
		t.Fatal(err)
	}
	sig, err := base64.StdEncoding.DecodeString(e.Signatures[0].Sig)
	if err != nil {
		t.Fatal(err)
	}
	if !ed25519.Verify(key.Public().(ed25519.PublicKey), fmt.Appendf(nil, "DSSEv1 28 application/vnd.in-toto+json %d %s", len(body), body), sig) {
		t.Error("the envelope does not verify")
	}
	raw, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []string{
		provenance.PayloadType, provenance.StatementType, provenance.BuildPredicate, provenance.TreeMediaType, "`test-result-v1`", "`deployment-v1`", "`approval-v1`", "`build-v1`",
	} {
		if !strings.Contains(string(raw), s) {
			t.Errorf("docs/release-log-format.md does not say %q", s)
		}
	}
}

// FuzzTreeOf reads statements of others: any bytes give files or an error.
func FuzzTreeOf(f *testing.F) {
	f.Add([]byte(`{"_type":"https://in-toto.io/Statement/v1","predicate":{},"predicateType":"x","subject":[{"digest":{},"name":"."},{"digest":{"sha256":"a"},"name":"b"}]}`))
	f.Add([]byte(`{}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		if tree, err := provenance.TreeOf(data); err == nil && len(tree) == 0 {
			t.Error("no files and no error")
		}
	})
}
