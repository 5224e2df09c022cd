package verify_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"flag"
	"fmt"
	"io/fs"
	"maps"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/dc-release/dc-release/internal/app/person/persontest"
	"github.com/dc-release/dc-release/internal/app/publish/publishtest"
	"github.com/dc-release/dc-release/internal/app/state"
	"github.com/dc-release/dc-release/internal/app/verify"
	"github.com/dc-release/dc-release/internal/core/acceptance"
	"github.com/dc-release/dc-release/internal/core/approval"
	"github.com/dc-release/dc-release/internal/core/canonical"
	"github.com/dc-release/dc-release/internal/core/deviation"
	"github.com/dc-release/dc-release/internal/core/document"
	"github.com/dc-release/dc-release/internal/core/evidence"
	"github.com/dc-release/dc-release/internal/core/gate"
	"github.com/dc-release/dc-release/internal/core/ledger"
	"github.com/dc-release/dc-release/internal/core/policy"
	"github.com/dc-release/dc-release/internal/core/release"
	"github.com/dc-release/dc-release/internal/core/signature"
)

var update = flag.Bool("update", false, "write the release log of docs/release-log-format.md anew")

// frozen is the release log that docs/release-log-format.md names; formats never
// change for folders that exist.
const frozen = "../../../docs/testdata/format/release-log"

// vector is that release log as it is made today.
func vector(t *testing.T) fstest.MapFS {
	t.Helper()
	vectorOnce.Do(func() { vectorLog = vectorMade(t) })
	if vectorLog == nil {
		t.Fatal("the release log was not built")
	}
	return vectorLog
}

var (
	vectorOnce sync.Once
	vectorLog  fstest.MapFS
)

// vectorMade plays one version through all its gates, with people's own keys, manual
// tests, a deviation, a waiver, a new baseline and new keys in between, and one rollback.
func vectorMade(t *testing.T) fstest.MapFS {
	t.Helper()
	s := start(t)
	s.Publisher.Documents = twins{s.Scenario}
	s.Authenticate = ownKeys(t, s)
	quinn := publishtest.Person("quinn")
	s.Append(
		ledger.Draft{Stream: ledger.PersonStream(quinn), Data: &policy.PersonAdded{Person: quinn, Login: "quinn", Kind: policy.Human}, Personal: policy.PrintedName{Name: "Printed quinn"}},
		ledger.Draft{Stream: ledger.PersonStream(quinn), Data: &policy.CredentialEnrolled{Person: quinn, Kind: "password+totp"}},
		ledger.Draft{Stream: ledger.PersonStream(quinn), Data: &policy.RoleGranted{Person: quinn, Grant: policy.Grant{Role: policy.QC}}},
	)
	for _, p := range persontest.Prepared(quinn, policy.QC) {
		s.Append(ledger.Draft{Stream: ledger.PersonStream(quinn), Data: p})
	}
	one := s.Register("1.0.0", "")
	one.Accepting = func() { byHand(t, s, one) }
	on := func(d ledger.Payload) { s.Append(ledger.Draft{Stream: one.Stream(), Data: d}) }
	on(&release.Classified{Type: release.Normal, Declared: release.Declared{Type: release.Normal}})
	on(&deviation.Opened{Deviation: "D1", Source: "person", Text: "a report was late"})
	publishOf(t, s, one, gate.PreVal)

	for _, name := range []string{"attest", "ledger", "document"} {
		s.Rotate(name, name+" 2")
	}
	s.Revise(func(b *policy.Baseline) { b.Category = 4 })
	on(&deviation.Disposed{Deviation: "D1", Disposition: deviation.Operator, Cause: "holiday", Action: "none", Signature: "none"})
	on(&approval.Requested{Approval: "waiver-1", Kind: approval.WaiverKind, Solution: publishtest.Solution, Version: "1.0.0", Waiver: &approval.Waiver{
		Check: "matrix-without-gaps", Item: "FS-corp-procurement-2", Risk: "low", Control: "looked at by hand", Expires: "2099-12-31T00:00:00.000000Z",
	}})
	on(&approval.Granted{Approval: "waiver-1"})
	publishOf(t, s, one, gate.ApproveToPrd)

	list := must2(canonical.Marshal(document.ExceptionList{Schema: document.ExceptionListSchema, Solution: publishtest.Solution, Version: "1.0.0", Exceptions: []document.Exception{
		{Kind: "deviation", At: "2026-03-04T13:23:00.000000Z", Seq: 50, Subject: "D1", Text: "a report was late", Disposition: "operator"},
	}}))(t)
	one.SignAs(one.Stream(), "audit-trail", "audit-trail", s.Put(string(list)), "quinn", policy.QC, signature.AuditTrailReviewed)
	publishOf(t, s, one, gate.ApproveForUse)

	must(t, s.Register("1.1.0", "1.0.0").Road(t.Context(), s.effects))
	solution, err := s.Solution(t.Context(), publishtest.Solution)
	must(t, err)
	_, err = s.Publisher.PublishRollback(t.Context(), solution, "prd", one.Rollback("1.1.0"))
	must(t, err)
	out := clone(t, s.source)
	maps.DeleteFunc(out, func(path string, _ *fstest.MapFile) bool { return strings.HasPrefix(path, "1.1.0/") })
	return out
}

func publishOf(t *testing.T, s *installation, r *publishtest.Release, name string) {
	t.Helper()
	_, _, err := r.Publish(t.Context(), name, s.effects)
	must(t, err)
}

func must2[T any](v T, err error) func(t *testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		must(t, err)
		return v
	}
}

// twins are final documents with their twins.
type twins struct{ *publishtest.Scenario }

func (w twins) Finals(ctx context.Context, _ state.Run, s gate.Standing) ([]gate.RenderedDocument, error) {
	var out []gate.RenderedDocument
	for _, name := range []string{"certificate", "change-record"} {
		tree := document.Tree{Schema: document.TreeSchema, Blocks: []document.Block{{Paragraph: &document.Paragraph{Runs: []document.Run{{Style: document.Plain, Text: "≥ 95 %"}}}}}, Meta: document.Meta{
			Number: name, Kind: name, Title: name, Stage: document.StageFinal, Revision: 1, Tool: "test",
		}}
		if name != "certificate" {
			tree.Meta.CandidateSHA = s.Gate(gate.ApproveForUse).Opened.Documents[0].Files["json"]
		}
		raw, err := tree.JSON()
		if err != nil {
			return nil, err
		}
		d := gate.RenderedDocument{Kind: name, Number: name, Name: name, Files: map[string]string{}}
		for extension, data := range map[string]string{"json": string(raw), "md": "# " + name + "\n"} {
			if d.Files[extension], err = w.Blobs.PutBytes(ctx, []byte(data)); err != nil {
				return nil, err
			}
		}
		out = append(out, d)
	}
	return out, nil
}

// byHand is an acceptance test step by step: a step that failed first and was
// corrected, a file that was captured, and a second person's review.
func byHand(t *testing.T, s *installation, r *publishtest.Release) {
	t.Helper()
	script := acceptance.Script{Schema: acceptance.ScriptSchema, Solution: publishtest.Solution, Version: r.Version, Environment: "val", Commit: r.Commit, Tests: []acceptance.Test{{
		ID: "TEST-corp-procurement-1", Title: "Orders are shown", Text: "Look at it.", Source: "tests.md:3", Fingerprint: "3f9a12bcdd44", Verifies: []string{"FS-corp-procurement-1"},
		Steps: []acceptance.Step{{Action: "Open the page.", Expected: "Orders ≥ 1"}, {Action: "Press <all>.", Expected: "All of them."}},
	}}}
	raw := must2(script.JSON())(t)
	run := ledger.RunStream(r.Run)
	tess := ledger.Actor{Kind: ledger.Person, ID: publishtest.Person("tess"), Role: "acceptance-tester", Authentication: "password+totp"}
	var a acceptance.Acceptance
	record := func(reason string, d ledger.Payload) {
		for _, e := range s.Append(ledger.Draft{Stream: run, Actor: tess, Reason: reason, Data: d}) {
			a = acceptance.Apply([]acceptance.Acceptance{a}, e)[0]
			if b, ok := d.(*acceptance.Begun); ok {
				a = acceptance.Acceptance{Begun: *b, Seq: e.Seq, Time: e.Time, Tester: e.Actor.ID}
			}
		}
	}
	record("begin", &acceptance.Begun{Acceptance: "A1", Environment: "val", Script: s.Put(string(raw)), Commit: r.Commit, Tree: r.Tree})
	step := func(n int, v acceptance.Verdict, correction bool, files ...acceptance.Attachment) {
		record("seen", &acceptance.StepRecorded{Acceptance: "A1", Test: script.Tests[0].ID, Step: n, Actual: "as expected", Verdict: v, Correction: correction, Attachments: files})
	}
	step(1, acceptance.Failed, false)
	step(1, acceptance.Passed, true, acceptance.Attachment{Name: "page.txt", SHA256: s.Put("the page\n"), Size: 9})
	step(2, acceptance.Passed, false)
	protocol := must2(must2(a.Protocol(script))(t).JSON())(t)
	digest := s.Put(string(protocol))
	id := r.Sign(r.Stream(), "evidence", "val", digest, "tess", signature.TestExecuted)
	record("submit", &acceptance.Submitted{Acceptance: "A1", Protocol: digest, Signature: id})
	report := must2(acceptance.ReadProtocol(protocol))(t)
	item := evidence.Items(evidence.Item{Name: a.FileName(), SHA256: digest, Size: int64(len(protocol)), Commit: r.Commit}, report, evidence.Tested(a.FileName(), evidence.AV, "val"), r.Tree)[0]
	r.Record("tess", id, item)
	id = r.Sign(r.Stream(), "evidence", "val", digest, "bob", signature.Reviewed)
	s.Append(ledger.Draft{Stream: run, Data: &acceptance.Reviewed{Acceptance: "A1", Signature: id, Person: publishtest.Person("bob")}})
}

// The primes of dan's key; a key that signs nothing but this release log.
const (
	primeP = "C0A58DFE43DA72FB35CD09768AD086730C588595EB49A3652689D7B0B5A1A46B60F6C9731634571C6C74F0BCA1F3D348D12C23C87370062BB9E8C6E18032EF9D1AE45B79C5C744E6EB158F308714DE5F083CC2FA5A0BAA1AAD591E777AEF4F307962A305D6F2F2A5D1A9B7613F0D9CFAC9CDA71868745B7C78DF90869C57462F"
	primeQ = "C4668CF6810FF36C460185DD0033A867EF3C713CC5F885F30CAA27DB80F01CB23B2DBE8ABE8F7F753EF1B2CD32A6F132607FC7FECDC7FD891403870D25CCCA8FE811A6A1C019E6F484AA5EEB386D9A89840347C0EF03A2BF5CA31F5EE97BC15C4E75EE8594D9135EFAE1DE92629D6F930A82AFF51600CAB26B3F08E10EC4EAB1"
)

// ownKeys lets bob, cleo and dan sign with passkeys of the three kinds, which
// always give the same signature.
func ownKeys(t *testing.T, s *installation) func(login string, payload []byte) signature.Authentication {
	t.Helper()
	ec := must2(ecdsa.ParseRawPrivateKey(elliptic.P256(), bytes.Repeat([]byte{5}, 32)))(t)
	p, _ := new(big.Int).SetString(primeP, 16)
	q, _ := new(big.Int).SetString(primeQ, 16)
	one, e := big.NewInt(1), big.NewInt(65537)
	phi := new(big.Int).Mul(new(big.Int).Sub(p, one), new(big.Int).Sub(q, one))
	rsaKey := &rsa.PrivateKey{PublicKey: rsa.PublicKey{N: new(big.Int).Mul(p, q), E: 65537}, D: new(big.Int).ModInverse(e, phi), Primes: []*big.Int{p, q}}
	rsaKey.Precompute()
	keys := map[string]crypto.Signer{"bob": ec, "cleo": publishtest.Key("cleo"), "dan": rsaKey}
	const domain = "release.example"
	public := map[string]string{}
	for _, login := range slices.Sorted(maps.Keys(keys)) {
		public[login] = base64.StdEncoding.EncodeToString(must2(x509.MarshalPKIXPublicKey(keys[login].Public()))(t))
		id := publishtest.Person(login)
		s.Append(ledger.Draft{Stream: ledger.PersonStream(id), Data: &policy.PasskeyEnrolled{Person: id, Credential: "credential-" + login, PublicKey: public[login], RPID: domain}})
	}
	return func(login string, payload []byte) signature.Authentication {
		auth := signature.Authentication{Methods: []string{"password", "totp"}, AuthTime: "2026-03-04T13:22:05.000000Z", Kind: signature.ServerAttested}
		key, ok := keys[login]
		if !ok {
			return auth
		}
		challenge := sha256.Sum256(payload)
		client := fmt.Appendf(nil, `{"type":"webauthn.get","challenge":%q,"origin":"https://www.%s:8443","crossOrigin":false}`, base64.RawURLEncoding.EncodeToString(challenge[:]), domain)
		place, said := sha256.Sum256([]byte(domain)), sha256.Sum256(client)
		authenticator := append(place[:], 0x05, 0, 0, 0, 1)
		message := append(bytes.Clone(authenticator), said[:]...)
		digest := sha256.Sum256(message)
		var sig []byte
		if k, ok := key.(ed25519.PrivateKey); ok {
			sig = ed25519.Sign(k, message)
		} else {
			sig = must2(key.Sign(nil, digest[:], crypto.SHA256))(t) // RFC 6979, PKCS #1 v1.5
		}
		text := base64.StdEncoding.EncodeToString
		auth.Methods, auth.Kind = []string{"passkey"}, signature.UserKey
		auth.Assertion = &signature.Assertion{Credential: "credential-" + login, RPID: domain, PublicKey: public[login], Authenticator: text(authenticator), Client: text(client), Signature: text(sig)}
		return auth
	}
}

func TestTheReleaseLogOfTheFormatPageIsWhatIsPublished(t *testing.T) {
	log := vector(t)
	if *update {
		must(t, os.RemoveAll(frozen))
		for path, f := range log {
			must(t, os.MkdirAll(filepath.Dir(filepath.Join(frozen, path)), 0o755))
			must(t, os.WriteFile(filepath.Join(frozen, path), f.Data, 0o644))
		}
	}
	there := 0
	must(t, fs.WalkDir(os.DirFS(frozen), ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		there++
		data, err := os.ReadFile(filepath.Join(frozen, path))
		if f, ok := log[path]; !ok || !bytes.Equal(f.Data, data) {
			t.Errorf("%s differs: formats never change for folders that exist", path)
		}
		return err
	}))
	if there != len(log) {
		t.Errorf("%d files are published, %d are frozen", len(log), there)
	}
	for folder, s := range map[string]string{"1.0.0": "re-instated", "rollbacks/prd-1": "authorised"} {
		r := verify.Folder(log, folder, options())
		if !r.OK || r.State != s {
			t.Errorf("%s", r.Text())
		}
	}
}
