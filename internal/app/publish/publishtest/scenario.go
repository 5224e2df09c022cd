// Package publishtest plays the road of a release into a ledger, so that what
// is published and verified in tests is a real one: people, a run with
// evidence, deployments, gates with signatures.
package publishtest

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/dc-release/dc-release/internal/app/inspect"
	"github.com/dc-release/dc-release/internal/app/keys"
	"github.com/dc-release/dc-release/internal/app/person/persontest"
	"github.com/dc-release/dc-release/internal/app/publish"
	"github.com/dc-release/dc-release/internal/app/state"
	"github.com/dc-release/dc-release/internal/core/canonical"
	"github.com/dc-release/dc-release/internal/core/component"
	"github.com/dc-release/dc-release/internal/core/deployment"
	"github.com/dc-release/dc-release/internal/core/evidence"
	"github.com/dc-release/dc-release/internal/core/gate"
	"github.com/dc-release/dc-release/internal/core/ledger"
	"github.com/dc-release/dc-release/internal/core/pipeline"
	"github.com/dc-release/dc-release/internal/core/policy"
	"github.com/dc-release/dc-release/internal/core/release"
	"github.com/dc-release/dc-release/internal/core/releaselog"
	"github.com/dc-release/dc-release/internal/core/signature"
	"github.com/dc-release/dc-release/internal/core/workflow"
)

// Solution of the scenario.
const Solution = "corp-procurement"

// Installation of the scenario.
const Installation = "01J0000000000000000000INST"

// Store is the ledger that the scenario plays into.
type Store interface {
	publish.Log
	Head(ctx context.Context) (ledger.Head, error)
	Releases(ctx context.Context, solution string) ([]inspect.Release, error)
	Solutions(ctx context.Context) ([]policy.Solution, error)
	Execution(ctx context.Context, execution string) (pipeline.Slot, bool, error)
}

// Blobs is where the scenario puts files.
type Blobs interface {
	publish.Blobs
}

// Scenario is one installation with one solution.
type Scenario struct {
	t         *testing.T
	Store     Store
	Blobs     Blobs
	State     *state.Reader
	Publisher *publish.Publisher
	Attest    ed25519.PrivateKey
	Read      func(name string, data []byte) evidence.Report

	// Authenticate is how people sign; nil is with password and one-time code.
	Authenticate func(login string, payload []byte) signature.Authentication

	n        int
	policy   string
	prepared bool
}

// Key is a private key made from a name; tests only.
func Key(name string) ed25519.PrivateKey {
	seed := bytes.Repeat([]byte{0}, ed25519.SeedSize)
	copy(seed, name)
	return ed25519.NewKeyFromSeed(seed)
}

// People are those who sign; ada is the author.
var People = map[string]policy.Role{
	"ada": policy.DataEngineer, "bob": policy.SME, "cleo": policy.QC, "dan": policy.ReleaseManager, "eve": policy.DataProductOwner, "tess": policy.Tester,
}

// New begins the installation: keys, people, solution.
func New(t *testing.T, store Store, blobs Blobs, logs publish.ReleaseLogs, read func(string, []byte) evidence.Report) *Scenario {
	t.Helper()
	s := &Scenario{t: t, Store: store, Blobs: blobs, State: &state.Reader{Log: store, Blobs: blobs}, Attest: Key("attest"), Read: read}
	s.Publisher = &publish.Publisher{
		Log: store, State: s.State, Blobs: blobs, Claims: s, Solutions: s, Lists: store, Documents: s, ReleaseLogs: logs,
		Now:  func() time.Time { return time.Date(2026, 3, 4, 14, 0, 0, 0, time.UTC) },
		Keys: keys.New(Installation, 1, map[string]ed25519.PrivateKey{releaselog.LedgerKey: Key("ledger"), releaselog.DocumentKey: Key("document"), releaselog.AttestKey: s.Attest}),
	}
	begin := []ledger.Draft{{Stream: ledger.Installation, Data: &ledger.InstallationCreated{Installation: Installation, Epoch: 1}}}
	for _, name := range releaselog.KeyNames {
		begin = append(begin, ledger.Draft{Stream: ledger.Installation, Data: &ledger.KeyCreated{
			Name: name, Algorithm: "ed25519", Public: base64.StdEncoding.EncodeToString(Key(name).Public().(ed25519.PublicKey)), Purpose: name,
		}})
	}
	s.Append(begin...)
	for _, login := range []string{"ada", "bob", "cleo", "dan", "eve", "tess"} {
		stream := ledger.PersonStream(Person(login))
		s.Append(
			ledger.Draft{Stream: stream, Data: &policy.PersonAdded{Person: Person(login), Login: login}, Personal: policy.PrintedName{Name: "Printed " + login}},
			ledger.Draft{Stream: stream, Data: &policy.CredentialEnrolled{Person: Person(login), Kind: "password+totp"}},
			ledger.Draft{Stream: stream, Data: &policy.RoleGranted{Person: Person(login), Grant: policy.Grant{Role: People[login], Solution: Solution}}},
		)
	}
	b := policy.Baseline{
		Solution: Solution, Profile: policy.GxP, Code: "/code", Requirements: "/requirements", ReleaseLog: "/release-log", Branch: "main",
		Workflow: ".github/workflows/main.yaml", Environments: map[string]policy.Environment{},
	}
	s.Append(ledger.Draft{Stream: ledger.SolutionStream(Solution), Data: &policy.SolutionAdded{Baseline: b}})
	s.policy, _ = canonical.Digest(b)
	return s
}

// Revise changes the baseline of the solution.
func (s *Scenario) Revise(change func(*policy.Baseline)) {
	s.t.Helper()
	now, err := s.Solution(s.t.Context(), Solution)
	if err != nil {
		s.t.Fatal(err)
	}
	change(&now.Baseline)
	s.Append(ledger.Draft{Stream: ledger.SolutionStream(Solution), Data: &policy.SolutionRevised{Baseline: now.Baseline, Approval: "baseline-1"}})
	s.policy, _ = canonical.Digest(now.Baseline)
}

// prepare asks everybody for what comes before a signature, and gives it.
func (s *Scenario) prepare() {
	s.t.Helper()
	if s.prepared {
		return
	}
	s.prepared = true
	s.Append(ledger.Draft{Stream: policy.Signing, Data: persontest.Asked()})
	for _, login := range slices.Sorted(maps.Keys(People)) {
		for _, p := range persontest.Prepared(Person(login), People[login]) {
			s.Append(ledger.Draft{Stream: ledger.PersonStream(Person(login)), Data: p})
		}
	}
}

// Person is the id of a login.
func Person(login string) string { return "01J0000000000000000P-" + login }

var machine = ledger.Actor{Kind: ledger.Machine, ID: "test", Authentication: "internal"}

// Append appends events as one batch.
func (s *Scenario) Append(drafts ...ledger.Draft) []ledger.Event {
	s.t.Helper()
	return s.appendBy(machine, drafts...)
}

func (s *Scenario) appendBy(by ledger.Actor, drafts ...ledger.Draft) []ledger.Event {
	s.t.Helper()
	s.n++
	for i := range drafts {
		if drafts[i].Reason == "" {
			drafts[i].Reason = "test"
		}
	}
	events, err := s.Store.Append(s.t.Context(), ledger.Batch{Command: fmt.Sprintf("scenario/%d", s.n), Actor: by, Policy: s.policy, Events: drafts})
	if err != nil {
		s.t.Fatal(err)
	}
	return events
}

// Rotate replaces a key by the one of another name, see Key.
func (s *Scenario) Rotate(name, next string) keys.Rotation {
	s.t.Helper()
	s.n++
	r := keys.Rotator{
		Log: s.Store, Keys: s.Publisher.Keys, Files: made(next), NewID: func() string { return fmt.Sprintf("rotation-%d", s.n) },
		Anchors: func(context.Context, string) ([]ledger.Effect, error) { return nil, nil },
	}
	out, err := r.Rotate(s.t.Context(), machine, name, "test")
	if err != nil {
		s.t.Fatal(err)
	}
	if name == releaselog.AttestKey {
		s.Attest = Key(next)
	}
	return out
}

// made is a key that is kept nowhere.
type made string

func (m made) Next(string) (ed25519.PrivateKey, error) { return Key(string(m)), nil }
func (made) Settle(string, bool) error                 { return nil }

// Put stores a blob.
func (s *Scenario) Put(data string) string {
	s.t.Helper()
	digest, err := s.Blobs.PutBytes(s.t.Context(), []byte(data))
	if err != nil {
		s.t.Fatal(err)
	}
	return digest
}

// Current implements publish.Claims.
func (s *Scenario) Current(ctx context.Context, execution string, fence int64) (pipeline.Slot, error) {
	slot, ok, err := s.Store.Execution(ctx, execution)
	if err == nil && (!ok || slot.Fence != fence || slot.State != "claimed") {
		err = fmt.Errorf("fence %d of %s is stale", fence, execution)
	}
	return slot, err
}

// Solution implements publish.Solutions.
func (s *Scenario) Solution(ctx context.Context, key string) (policy.Solution, error) {
	all, err := s.Store.Solutions(ctx)
	if err != nil || len(all) != 1 || all[0].Solution != key {
		return policy.Solution{}, fmt.Errorf("solution %q: %v, %w", key, all, err)
	}
	return all[0], nil
}

// Finals implements publish.Documents.
func (s *Scenario) Finals(ctx context.Context, run state.Run, st gate.Standing) ([]gate.RenderedDocument, error) {
	text := fmt.Sprintf("final of %s with %d signatures\n", run.Run.Version, len(st.Gate(gate.ApproveForUse).Consumed.Signatures))
	digest, err := s.Blobs.PutBytes(ctx, []byte(text))
	return []gate.RenderedDocument{
		{Kind: "change-record", Number: "CR", Name: "change-record", Files: map[string]string{"md": digest}},
		{Kind: "certificate", Number: "CERT", Name: "certificate", Files: map[string]string{"md": digest}},
	}, err
}

// Release is one version on its road.
type Release struct {
	s       *Scenario
	Version string
	Run     string
	Commit  string
	Tree    string
	Files   deployment.Tree
	Parts   []deployment.Part // that Files binds, none for one artifact without a name
	Items   []gate.ManifestEvidence
	// Accepting records the acceptance test, nil for Accept.
	Accepting func()
	// Describing are the bytes of reports about the artifact, by kind; the job that
	// deploys to TST hands them in.
	Describing map[component.Kind]string

	plan  string
	plans map[string]string // of the deployments behind gates, by place
	gates string            // manifest of the gate before

	reports []gate.ManifestReport
}

// Register begins a release and its run.
func (s *Scenario) Register(version, previous string) *Release {
	s.t.Helper()
	s.prepare()
	r := &Release{s: s, Version: version, Run: "01J00000000000000000RUN" + fmt.Sprintf("%03d", s.n), Commit: fmt.Sprintf("%040d", s.n), Files: files(version)}
	r.Tree = r.Files.Digest()
	plan := pipeline.Plan{Schema: "dc-release/plan/v1", Engine: 1, File: ".github/workflows/main.yaml"}
	for _, j := range []struct {
		key, environment string
		kind             pipeline.EnvironmentKind
	}{
		{"unit", "", ""},
		{"tst", "tst", pipeline.Place},
		{"pre_val", "pre_val", pipeline.Gate},
		{"val", "val", pipeline.Place},
		{"approve_to_prd", "approve_to_prd", pipeline.Gate},
		{"prd", "prd", pipeline.Place},
		{"approve_for_use", "approve_for_use", pipeline.Gate},
	} {
		plan.Jobs = append(plan.Jobs, pipeline.Job{Key: j.key, Environment: j.environment, Kind: j.kind, Body: workflow.Job{ID: j.key}})
	}
	raw, err := json.Marshal(plan)
	if err != nil {
		s.t.Fatal(err)
	}
	r.plan = s.Put(string(raw))
	note := s.Put("# Release " + version + "\n\nFS-corp-procurement-1\n")
	trigger := pipeline.Trigger{Name: "push", Ref: "refs/tags/v" + version, SHA: r.Commit, TagObject: r.Commit, Repository: "corp/procurement"}
	s.Append(
		ledger.Draft{Stream: ledger.ReleaseStream(Solution, version), Data: &release.Registered{
			Solution: Solution, Version: version, Tag: "v" + version, TagObject: r.Commit, Commit: r.Commit, Files: canonical.SHA256(nil), Note: note,
			Authors: []release.Author{{Person: Person("ada"), Identity: canonical.SHA256([]byte("ada")), As: "author"}}, Previous: previous, Run: r.Run, Profile: "gxp",
		}},
		ledger.Draft{Stream: ledger.RunStream(r.Run), Data: &pipeline.RunStarted{
			Run: r.Run, Solution: Solution, Number: int64(s.n), Trigger: trigger, File: plan.File, Plan: r.plan, Version: version, Profile: "gxp", Counted: true, Sandbox: "namespace",
		}},
	)
	return r
}

// files are those of the artifact of a version.
func files(version string) deployment.Tree {
	return deployment.Tree{
		{Path: "bin/start", Executable: true, SHA256: canonical.SHA256([]byte("start")), Size: 5},
		{Path: "main.py", SHA256: canonical.SHA256([]byte(version)), Size: int64(len(version))},
	}
}

// Several makes the artifact of the version two by their names.
func (r *Release) Several() {
	r.s.t.Helper()
	for i, folder := range []string{"bundle", "wheels"} {
		r.Files[i].Path = folder + "/" + r.Files[i].Path
	}
	parts, err := r.Files.Parts([]string{"bundle", "wheels"})
	if err != nil {
		r.s.t.Fatal(err)
	}
	r.Tree, r.Parts = r.Files.Digest(), parts
}

// Keep records that an execution handed the artifact in.
func (r *Release) Keep(execution string) {
	r.s.t.Helper()
	raw, err := canonical.Marshal(r.Files)
	if err != nil {
		r.s.t.Fatal(err)
	}
	r.s.Append(ledger.Draft{Stream: ledger.RunStream(r.Run), Data: &pipeline.ArtifactKept{Execution: execution, Tree: r.Tree, Manifest: r.s.Put(string(raw)), Files: len(r.Files), Parts: r.Parts}})
}

// describe records that an execution handed reports in.
func (r *Release) describe(execution string) {
	r.s.t.Helper()
	d := component.Described{Execution: execution, Tree: r.Tree}
	for _, kind := range component.Kinds() {
		text, ok := r.Describing[kind]
		if !ok {
			continue
		}
		read, err := component.Read(kind, []byte(text))
		if err != nil {
			r.s.t.Fatal(err)
		}
		d.Reports = append(d.Reports, read.Hand(kind, string(kind)+".json", r.s.Put(text), int64(len(text))))
	}
	if len(d.Reports) > 0 {
		r.Describe(d)
	}
}

// Describe records that an execution handed reports in, whatever stands in them.
func (r *Release) Describe(d component.Described) {
	r.s.t.Helper()
	r.s.Append(ledger.Draft{Stream: ledger.RunStream(r.Run), Data: &d})
	for _, h := range d.Reports {
		r.reports = append(r.reports, gate.ManifestReport{Execution: d.Execution, Kind: h.Kind, Name: h.Name, SHA256: h.SHA256, Tree: d.Tree, Latest: true})
	}
}

// Stream is the release's stream.
func (r *Release) Stream() ledger.Stream { return ledger.ReleaseStream(Solution, r.Version) }

// Execute queues and claims a job.
func (r *Release) Execute(job, environment, gateName string) (execution string, fence int64) {
	r.s.t.Helper()
	execution = pipeline.ExecutionID(r.Run, 1, job, 1)
	events := r.s.Append(
		ledger.Draft{Stream: ledger.RunStream(r.Run), Data: &pipeline.ExecutionQueued{
			Execution: execution, Run: r.Run, Solution: Solution, Job: job, Name: job, Attempt: 1, Try: 1, Environment: environment, Gate: gateName, Pool: "build", Labels: []string{},
		}},
		ledger.Draft{Stream: ledger.RunStream(r.Run), Data: &pipeline.ExecutionClaimed{Execution: execution, Worker: "w1"}},
	)
	return execution, events[1].Seq
}

// Finish ends a job with a log, an artifact and result files.
func (r *Release) Finish(execution string, fence int64, items ...evidence.Item) {
	r.s.t.Helper()
	job := pipeline.JobOf(execution)
	drafts := []ledger.Draft{{Stream: ledger.RunStream(r.Run), Data: &pipeline.ExecutionFinished{
		Execution: execution, Job: job, Fence: fence, Conclusion: pipeline.Success, Outcome: r.s.Put("{}"), Log: r.s.Put("log of " + execution),
		Artifacts: []pipeline.Artifact{{Name: "dist", SHA256: r.s.Put("dist of " + execution), Size: int64(len("dist of " + execution))}},
	}}}
	if len(items) > 0 {
		drafts = append(drafts, ledger.Draft{Stream: ledger.RunStream(r.Run), Data: &evidence.Recorded{Execution: execution, Job: job, Items: items}})
		r.remember(execution, items)
	}
	r.s.Append(drafts...)
}

func (r *Release) remember(execution string, items []evidence.Item) {
	for _, i := range items {
		r.Items = append(r.Items, gate.ManifestEvidence{
			Execution: execution, Name: i.Name, SHA256: i.SHA256, Verification: i.Verification, Environment: i.Environment, Verdict: i.Verdict, Counted: i.Counted, Latest: true,
		})
	}
}

// JUnit makes the items of a result file.
func (r *Release) JUnit(name, environment, xml string, v ...evidence.Verification) []evidence.Item {
	r.s.t.Helper()
	digest := r.s.Put(xml)
	origin := evidence.Origin{Path: name, Environment: environment}
	for _, one := range v {
		where := environment
		if one.BoundToCommit() {
			where = ""
		}
		origin.Proves = append(origin.Proves, evidence.Proof{Verification: one, Environment: where})
	}
	base := evidence.Item{Name: name, SHA256: digest, Size: int64(len(xml)), Commit: r.Commit}
	return evidence.Items(base, r.s.Read(name, []byte(xml)), origin, r.Tree)
}

// at is a fixed time for payloads.
var at = ledger.FormatTime(time.Date(2026, 3, 4, 13, 22, 5, 0, time.UTC))

// Sign signs in the role that the person has.
func (r *Release) Sign(stream ledger.Stream, kind, stage, manifest, login string, m signature.Meaning) string {
	r.s.t.Helper()
	return r.SignAs(stream, kind, stage, manifest, login, People[login], m)
}

// SignAs signs an open gate, or something else: kind is release, rollback,
// evidence, audit-trail.
func (r *Release) SignAs(stream ledger.Stream, kind, stage, manifest, login string, role policy.Role, m signature.Meaning) string {
	r.s.t.Helper()
	s := r.s
	def, _ := signature.Find(m)
	head, err := s.Store.Head(s.t.Context())
	if err != nil {
		s.t.Fatal(err)
	}
	id := fmt.Sprintf("01J00000000000000000SIG%03d", s.n)
	decision, gateName := "approve", ""
	switch m {
	case signature.TestExecuted:
		decision = "execute"
	case signature.AuditTrailReviewed:
		decision = "review"
	}
	if kind == "release" || kind == "rollback" {
		gateName = stage
	}
	payload, err := canonical.Marshal(signature.Payload{
		Schema: signature.Schema, ID: id, Ceremony: "c" + id,
		Subject: signature.Subject{Type: kind, ID: string(stream), Solution: Solution, Version: r.Version, Stage: stage, Manifest: manifest},
		Meaning: signature.MeaningText{Code: m, Text: def.Text}, Decision: decision, Reason: "looked at it",
		Signer:   signature.Signer{Person: Person(login), PrintedName: "Printed " + login, Login: login},
		Capacity: signature.Capacity{Role: role}, Policy: s.policy, Time: at, Method: "password+totp", Rendering: manifest,
		Log: signature.LedgerPosition{Size: head.Size, Root: base64.StdEncoding.EncodeToString(head.Root[:])},
	})
	if err != nil {
		s.t.Fatal(err)
	}
	auth := signature.Authentication{Methods: []string{"password", "totp"}, AuthTime: at, Kind: signature.ServerAttested}
	if s.Authenticate != nil {
		auth = s.Authenticate(login, payload)
	}
	envelope, err := signature.Seal(signature.PayloadType, releaselog.AttestKeyID(Installation), s.Attest, signature.Statement{PayloadSHA256: canonical.SHA256(payload), Auth: auth})
	if err != nil {
		s.t.Fatal(err)
	}
	s.Append(ledger.Draft{
		Stream: stream, Actor: ledger.Actor{Kind: ledger.Person, ID: Person(login), Role: string(role), Authentication: "password+totp"},
		Data: &signature.Made{
			Signature: id, Payload: s.Put(string(payload)), Envelope: s.Put(string(envelope)), Gate: gateName, Manifest: manifest,
			Meaning: m, Decision: decision, Role: role, Person: Person(login), Method: "password+totp",
		},
	})
	return id
}
