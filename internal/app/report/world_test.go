package report_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	blobdir "github.com/dc-release/dc-release/internal/adapter/blob/dir"
	"github.com/dc-release/dc-release/internal/adapter/itemfile"
	"github.com/dc-release/dc-release/internal/adapter/pagefile"
	"github.com/dc-release/dc-release/internal/adapter/render/html"
	"github.com/dc-release/dc-release/internal/adapter/render/markdown"
	"github.com/dc-release/dc-release/internal/adapter/store/sqlite"
	"github.com/dc-release/dc-release/internal/adapter/store/sqlstore"
	"github.com/dc-release/dc-release/internal/adapter/testresult"
	"github.com/dc-release/dc-release/internal/app/person/persontest"
	"github.com/dc-release/dc-release/internal/app/report"
	"github.com/dc-release/dc-release/internal/app/state"
	"github.com/dc-release/dc-release/internal/app/traceability"
	"github.com/dc-release/dc-release/internal/core/canonical"
	"github.com/dc-release/dc-release/internal/core/document"
	"github.com/dc-release/dc-release/internal/core/evidence"
	"github.com/dc-release/dc-release/internal/core/ledger"
	"github.com/dc-release/dc-release/internal/core/policy"
	"github.com/dc-release/dc-release/internal/core/release"
	"github.com/dc-release/dc-release/internal/core/signature"
)

const (
	solution = "corp-procurement"
	runID    = "01JNHRUN000000000000000002"
	before   = "01JNHRUN000000000000000001"
	commit   = "c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00"
)

// The persons; ada is the author.
const (
	ada, bob, cleo   = "01JNHADA0000000000000000AD", "01JNHB0B0000000000000000B0", "01JNHC1E000000000000000C1E"
	dora, emil, fine = "01JNHD0RA00000000000000D0R", "01JNHEM1L0000000000000EM1L", "01JNHF1NE0000000000000F1NE"
)

// world is a small real ledger that a test drives event by event.
type world struct {
	t        *testing.T
	store    *sqlstore.Store
	blobs    *blobdir.Store
	reporter *report.Reporter
	now      time.Time
	n        int
	names    map[string]string
	note     string
	key      ed25519.PrivateKey
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{
		t: t, now: time.Date(2026, 3, 4, 8, 0, 0, 0, time.UTC), note: note,
		names: map[string]string{
			ada: "Ada Lindqvist", bob: "Bob Østergaard", cleo: "Cleo Papadopoulou", dora: "Dora Nagy", emil: "Emil Sørensen", fine: "Fine Holm",
		},
		key: ed25519.NewKeyFromSeed(bytes.Repeat([]byte{7}, ed25519.SeedSize)),
	}
	engine, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "ledger.db"))
	w.must(err)
	w.store, err = sqlstore.Open(t.Context(), engine, sqlstore.Config{
		Now: w.clock, NewID: w.id, NewSalt: func() ([]byte, error) { return make([]byte, ledger.SaltSize), nil }, Build: "0.1.0",
	})
	w.must(err)
	t.Cleanup(func() { w.store.Close() })
	w.store.OnEffects(func(context.Context, sqlstore.Tx, []ledger.Effect) error { return nil })
	w.blobs, err = blobdir.Open(filepath.Join(t.TempDir(), "blobs"))
	w.must(err)
	w.reporter = w.newReporter()
	return w
}

// newReporter reads the same ledger with nothing kept from before.
func (w *world) newReporter() *report.Reporter {
	reader := &state.Reader{Log: w.store, Blobs: w.blobs}
	return &report.Reporter{
		State: reader, Blobs: w.blobs,
		Tracer: &traceability.Tracer{Repositories: trees{}, Blobs: w.blobs, Solutions: baselines{}, Results: readResult, Sources: itemfile.Sources{}, Page: pagefile.Read, Releases: reader},
		Names:  func(_ context.Context, id string) (string, error) { return w.names[id], nil },
		People: func(context.Context) ([]string, error) { return slices.Sorted(maps.Keys(w.names)), nil },
		RootAt: w.rootAt,
		Renderers: []report.Renderer{
			{Extension: "md", Render: markdown.Render}, {Extension: "html", Render: html.Render},
		},
		Tool: document.Tool{Name: "dc-release", Version: "0.1.0"},
	}
}

func (w *world) rootAt(ctx context.Context, size int64) (head ledger.Head, err error) {
	err = w.store.Hashes(ctx, func(_ int64, r tlog.HashReader) error {
		head.Size = size
		head.Root, err = ledger.Root(size, r)
		return err
	})
	return head, err
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) clock() time.Time {
	w.now = w.now.Add(time.Minute + 13*time.Microsecond)
	return w.now
}

func (w *world) id() string {
	w.n++
	return fmt.Sprintf("01JNHEVT%018d", w.n)
}

// blob stores bytes.
func (w *world) blob(data []byte) string {
	w.t.Helper()
	digest, err := w.blobs.PutBytes(w.t.Context(), data)
	w.must(err)
	return digest
}

func (w *world) json(v any) string {
	w.t.Helper()
	raw, err := json.Marshal(v)
	w.must(err)
	return w.blob(raw)
}

func (w *world) canonical(v any) string {
	w.t.Helper()
	raw, err := canonical.Marshal(v)
	w.must(err)
	return w.blob(raw)
}

// append appends one batch by a machine.
func (w *world) append(stream ledger.Stream, payloads ...ledger.Payload) []ledger.Event {
	w.t.Helper()
	return w.by(ledger.Actor{Kind: ledger.Machine, ID: "test", Authentication: "internal"}, "", stream, payloads...)
}

// as appends one batch by a person.
func (w *world) as(person, reason string, stream ledger.Stream, payloads ...ledger.Payload) []ledger.Event {
	w.t.Helper()
	return w.by(ledger.Actor{Kind: ledger.Person, ID: person, Authentication: "password+totp"}, reason, stream, payloads...)
}

func (w *world) by(who ledger.Actor, reason string, stream ledger.Stream, payloads ...ledger.Payload) []ledger.Event {
	w.t.Helper()
	b := ledger.Batch{Command: "c/" + w.id(), Actor: who}
	for _, p := range payloads {
		b.Events = append(b.Events, ledger.Draft{Stream: stream, Data: p, Reason: reason})
	}
	events, err := w.store.Append(w.t.Context(), b)
	w.must(err)
	return events
}

func (w *world) found() {
	w.t.Helper()
	w.append(ledger.Installation, &ledger.InstallationCreated{Installation: "01JNH000000000000000000000", Epoch: 1})
	w.append(ledger.SolutionStream(solution), &policy.SolutionAdded{Baseline: baseline})
	w.append(policy.Signing, persontest.Asked())
	for _, p := range []struct {
		id, login string
		role      policy.Role
	}{
		{ada, "ada", policy.DataEngineer},
		{bob, "bob", policy.SME},
		{cleo, "cleo", policy.QC},
		{dora, "dora", policy.DataProductOwner},
		{emil, "emil", policy.ReleaseManager},
		{fine, "fine", policy.Tester},
	} {
		w.append(ledger.PersonStream(p.id),
			&policy.PersonAdded{Person: p.id, Login: p.login}, &policy.CredentialEnrolled{Person: p.id, Kind: "password+totp"},
			&policy.RoleGranted{Person: p.id, Grant: policy.Grant{Role: p.role, Solution: solution}})
		w.append(ledger.PersonStream(p.id), persontest.Prepared(p.id, p.role)...)
	}
}

// sign makes a signature at a gate.
func (w *world) sign(person, gateName string, meaning signature.Meaning, decision string) *signature.Made {
	w.t.Helper()
	_, s := w.state()
	m := w.made(person, "", signature.Subject{Type: "release", Stage: gateName, Manifest: s.Gate(gateName).Opened.Manifest}, meaning, decision)
	w.as(person, decision+" "+gateName, ledger.ReleaseStream(solution, "1.2.0"), m)
	return m
}

// made is a signature event with its payload and envelope; instead is the person
// whose role was delegated.
func (w *world) made(person, instead string, of signature.Subject, meaning signature.Meaning, decision string) *signature.Made {
	w.t.Helper()
	subject, err := w.reporter.State.Person(w.t.Context(), person)
	w.must(err)
	def, _ := signature.Find(meaning)
	role := subject.Grants[0].Role
	of.Solution, of.Version = solution, "1.2.0"
	m := &signature.Made{
		Signature: w.id(), Gate: of.Gate(), Manifest: of.Manifest, Meaning: meaning, Decision: decision,
		Role: role, Person: person, Method: "password+totp",
	}
	at := ledger.FormatTime(w.now)
	raw, err := canonical.Marshal(signature.Payload{
		Schema: signature.Schema, ID: m.Signature, Ceremony: w.id(), Decision: decision, Subject: of,
		Meaning: signature.MeaningText{Code: meaning, Text: def.Text}, Reason: "reviewed",
		Signer:   signature.Signer{Person: person, PrintedName: w.names[person], Login: subject.Login},
		Capacity: signature.Capacity{Role: role, For: instead}, Time: at, Method: "password+totp",
	})
	w.must(err)
	m.Payload = w.blob(raw)
	envelope, err := signature.Seal(signature.PayloadType, "k", w.key, signature.Statement{
		PayloadSHA256: m.Payload, Auth: signature.Authentication{Methods: []string{"password", "totp"}, AuthTime: at, Kind: "server-attested"},
	})
	w.must(err)
	m.Envelope = w.blob(envelope)
	return m
}

func readResult(name string, in io.Reader) evidence.Report {
	r, err := testresult.Read(name, in)
	if err != nil {
		r.Problems = append(r.Problems, evidence.Problem{Message: err.Error(), Fatal: true})
	}
	return r
}

var baseline = policy.Baseline{
	Solution: solution, Profile: policy.GxP, Code: "org/corp-procurement", Requirements: "org/corp-procurement-requirements",
	ReleaseLog: "org/corp-procurement-release-log", Branch: "main", Workflow: ".github/workflows/main.yaml",
	Environments: map[string]policy.Environment{"tst": {Target: "localdir"}, "val": {Target: "localdir"}, "prd": {Target: "localdir"}},
}

type baselines struct{}

func (baselines) Solution(context.Context, string) (policy.Solution, error) {
	return policy.Solution{Baseline: baseline}, nil
}

// trees are the repositories of the release.
type trees struct{}

func (trees) CodeTree(context.Context, policy.Baseline) (traceability.Tree, error) {
	return tree{"documentation/specification.md": "## FS-corp-procurement-1: Load orders\n\n- Implements: URS-corp-procurement-1\n\nOrders are loaded.\n\n" +
		"## TEST-corp-procurement-1: The code is checked\n\n- Verifies: FS-corp-procurement-1\n\n" +
		"## TEST-corp-procurement-2: Orders are loaded\n\n- Verifies: FS-corp-procurement-1\n"}, nil
}

func (trees) RequirementsTree(context.Context, policy.Baseline) (traceability.Tree, error) {
	return tree{"orders.md": "## URS-corp-procurement-1: Orders are there at 06:00\n\nOrders of the day before are there.\n"}, nil
}

// History implements traceability.Repositories: one commit by a pull request,
// one without, one by nobody who is known.
func (trees) History(context.Context, policy.Baseline, traceability.Repository) (traceability.History, error) {
	return tree{}, nil
}

// Commits implements traceability.History.
func (tree) Commits(context.Context, string, string) ([]release.Commit, error) {
	return []release.Commit{
		{SHA: strings.Repeat("3", 40), Subject: "Load orders (#1)", Email: "ada@example.com", Parents: []string{strings.Repeat("2", 40)}},
		{SHA: strings.Repeat("2", 40), Subject: "Fix the build", Email: "nobody@example.com"},
	}, nil
}

// History implements traceability.History.
func (t tree) History(ctx context.Context, from, to, _ string) ([]release.Commit, error) {
	return t.Commits(ctx, from, to)
}

type tree map[string]string

func (t tree) ReadFile(_ context.Context, _, path string) ([]byte, bool, error) {
	s, ok := t[path]
	return []byte(s), ok, nil
}

func (t tree) Files(_ context.Context, _, folder string) ([]release.File, error) {
	var out []release.File
	for path := range t {
		if strings.HasPrefix(path, folder) {
			out = append(out, release.File{Path: path})
		}
	}
	return out, nil
}

const note = `# Release note

This release contains the following changes:

* [#123 - Add customer lifecycle segmentation](https://github.com/org/repo/pull/123)

## Impact assessment

New segmentation, no breaking changes.

## Risk assessment

- **Low Risk**: New functionality is isolated and well-tested
- **Data Quality**: Enhanced validation
`
