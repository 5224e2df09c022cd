package sign_test

import (
	"context"
	"crypto/ed25519"
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"github.com/dc-release/dc-release/internal/adapter/blob/dir"
	"github.com/dc-release/dc-release/internal/adapter/identity/password"
	idtotp "github.com/dc-release/dc-release/internal/adapter/identity/totp"
	"github.com/dc-release/dc-release/internal/adapter/store/sqlite"
	"github.com/dc-release/dc-release/internal/adapter/store/sqlstore"
	"github.com/dc-release/dc-release/internal/adapter/store/storetest"
	"github.com/dc-release/dc-release/internal/app/keys"
	"github.com/dc-release/dc-release/internal/app/person"
	"github.com/dc-release/dc-release/internal/app/person/persontest"
	"github.com/dc-release/dc-release/internal/app/sign"
	"github.com/dc-release/dc-release/internal/app/state"
	"github.com/dc-release/dc-release/internal/core/canonical"
	"github.com/dc-release/dc-release/internal/core/fault"
	"github.com/dc-release/dc-release/internal/core/gate"
	"github.com/dc-release/dc-release/internal/core/ledger"
	"github.com/dc-release/dc-release/internal/core/policy"
	"github.com/dc-release/dc-release/internal/core/release"
	"github.com/dc-release/dc-release/internal/core/signature"
)

const (
	solution = "corp-procurement"
	secret   = "correct horse battery staple"
)

var release100 = ledger.ReleaseStream(solution, "1.0.0")

// world is an installation with a release that waits at approve_to_prd.
type world struct {
	*sign.Signer
	t     testing.TB
	store *sqlstore.Store
	clock *storetest.Clock
	blobs *dir.Store
	seed  string
	hash  string
	n     int
}

type factors struct{ *password.Hasher }

func (factors) Match(seed, code string, at time.Time) (int64, bool, error) {
	return idtotp.Match(seed, code, at)
}

type rightClock struct{}

func (rightClock) Trusted(context.Context) error { return nil }

type solutions struct{}

func (solutions) Solution(context.Context, string) (policy.Solution, error) {
	return policy.Solution{Baseline: policy.Baseline{Solution: solution, Profile: policy.GxP}, Digest: "policy-digest"}, nil
}

func begin(t testing.TB) *world {
	t.Helper()
	engine, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "ledger.db"))
	if err != nil {
		t.Fatal(err)
	}
	store, clock := storetest.On(t, engine)
	store.OnEffects(func(context.Context, sqlstore.Tx, []ledger.Effect) error { return nil })
	blobs, err := dir.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	f := factors{password.NewHasher(2)}
	hash, err := f.Hash(t.Context(), secret)
	if err != nil {
		t.Fatal(err)
	}
	seed, err := idtotp.NewSeed()
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, store: store, clock: clock, blobs: blobs, seed: seed, hash: hash}
	var mu sync.Mutex
	w.Signer = &sign.Signer{
		Log: store, State: &state.Reader{Log: store, Blobs: blobs}, Blobs: blobs, Vault: store, Ceremonies: store, Solutions: solutions{},
		Provers: map[string]sign.Prover{sign.Password: sign.PasswordProver{Vault: store, Factors: f, Now: clock.Now}},
		Keys:    keys.New("test", 1, map[string]ed25519.PrivateKey{"attest": ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))}), Now: clock.Now, Clock: rightClock{},
		NewID: func() string { mu.Lock(); defer mu.Unlock(); w.n++; return fmt.Sprintf("id%d", w.n) },
	}
	w.append(policy.Signing, persontest.Asked())
	for login, role := range map[string]policy.Role{"cleo": policy.SME, "quinn": policy.QC, "rune": policy.ReleaseManager} {
		w.join(login, role)
	}
	w.open("m1")
	return w
}

func (w *world) join(login string, role policy.Role) {
	w.t.Helper()
	stream := ledger.PersonStream(login)
	w.append(stream, &policy.PersonAdded{Person: login, Login: login}, &policy.CredentialEnrolled{Person: login, Kind: sign.Password},
		&policy.RoleGranted{Person: login, Grant: policy.Grant{Role: role, Solution: solution}})
	w.append(stream, persontest.Prepared(login, role)...)
	if err := w.store.SetCredential(w.t.Context(), login, person.Credential{Password: w.hash, Seed: w.seed}); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) append(stream ledger.Stream, payloads ...ledger.Payload) {
	w.t.Helper()
	for _, p := range payloads {
		w.n++
		if _, err := w.store.Append(w.t.Context(), ledger.Batch{
			Command: fmt.Sprintf("test/%d", w.n), Actor: ledger.Actor{Kind: ledger.Machine, ID: "test"}, Events: []ledger.Draft{{Stream: stream, Data: p}},
		}); err != nil {
			w.t.Fatal(err)
		}
	}
}

// open freezes a manifest with one source and opens the gate; the first time it
// registers the release.
func (w *world) open(commit string) {
	w.t.Helper()
	raw, err := canonical.Marshal(gate.Manifest{
		Schema: gate.ManifestSchema, Gate: gate.ApproveToPrd, Opening: 1, Solution: solution, Version: "1.0.0",
		Sources: []gate.ManifestSource{{Repository: "acme/corp", Tag: "v1.0.0", Commit: commit}},
	})
	if err != nil {
		w.t.Fatal(err)
	}
	digest, err := w.blobs.PutBytes(w.t.Context(), raw)
	if err != nil {
		w.t.Fatal(err)
	}
	st, err := w.State.Standing(w.t.Context(), release100)
	if err != nil {
		w.t.Fatal(err)
	}
	if st.Registered == nil {
		w.append(release100, &release.Registered{Solution: solution, Version: "1.0.0", Tag: "v1.0.0", Profile: "gxp"})
	}
	w.append(release100, &gate.Opened{Gate: gate.ApproveToPrd, Manifest: digest, Opening: st.Gate(gate.ApproveToPrd).Openings + 1})
}

// proof is the right one, with a code of the next period.
func (w *world) proof() sign.Proof {
	w.t.Helper()
	w.clock.Move(30 * time.Second)
	code, err := totp.GenerateCode(w.seed, w.clock.Now())
	if err != nil {
		w.t.Fatal(err)
	}
	return sign.Proof{Credentials: sign.Credentials{Password: secret, Code: code}}
}

func (w *world) act(decision string, m signature.Meaning) sign.Act {
	w.t.Helper()
	r := sign.Request{Solution: solution, Version: "1.0.0", Gate: gate.ApproveToPrd, Meaning: m, By: sign.By{Reason: "reviewed"}}
	do := w.Approve
	if decision == "reject" {
		do = w.Reject
	}
	act, err := do(r)
	if err != nil {
		w.t.Fatal(err)
	}
	return act
}

func (w *world) begins(login string, act sign.Act) sign.Ceremony {
	w.t.Helper()
	c, err := w.Begin(w.t.Context(), login, sign.Password, []byte("{}"), act)
	if err != nil {
		w.t.Fatal(err)
	}
	return c
}

func (w *world) completes(login, ceremony string, act sign.Act, proof sign.Proof) error {
	p, err := w.Take(w.t.Context(), login, ceremony)
	if err != nil {
		return err
	}
	_, err = w.Complete(w.t.Context(), p, proof, act)
	return err
}

func (w *world) standing() gate.State {
	w.t.Helper()
	st, err := w.State.Standing(w.t.Context(), release100)
	if err != nil {
		w.t.Fatal(err)
	}
	return st.Gate(gate.ApproveToPrd)
}

func wantRefusal(t *testing.T, err error, why string) {
	t.Helper()
	if fault.KindOf(err) != fault.Forbidden || !strings.Contains(err.Error(), why) {
		t.Errorf("got %v, want a refusal with %q", err, why)
	}
}

func TestACeremonyInTwoSteps(t *testing.T) {
	w := begin(t)
	act := w.act("approve", signature.QCApproved)
	c := w.begins("quinn", act)
	for _, want := range []string{"Gate approve_to_prd of corp-procurement 1.0.0", "commit m1", "signed nothing", "The process was followed"} {
		if !strings.Contains(c.Sheet, want) {
			t.Errorf("the sheet lacks %q:\n%s", want, c.Sheet)
		}
	}
	var payload signature.Payload
	if err := canonical.Unmarshal([]byte(c.Payload), &payload); err != nil {
		t.Fatal(err)
	}
	if payload.Rendering != canonical.SHA256([]byte(c.Sheet)) || c.Challenge != canonical.SHA256([]byte(c.Payload)) || payload.Ceremony != c.ID {
		t.Errorf("sheet, challenge and payload do not belong together: %+v", payload)
	}
	if err := w.completes("quinn", c.ID, act, w.proof()); err != nil {
		t.Fatal(err)
	}
	g := w.standing()
	if len(g.Signatures) != 1 || g.Signatures[0].Person != "quinn" || g.Signatures[0].Role != policy.QC {
		t.Fatalf("signatures %+v", g.Signatures)
	}
	stored, err := w.blobs.Bytes(t.Context(), g.Signatures[0].Payload)
	if err != nil || string(stored) != c.Payload {
		t.Errorf("the stored payload is not what was shown: %v", err)
	}
}

func TestAttack15_ACeremonyIsUsedOnce(t *testing.T) {
	w := begin(t)
	act := w.act("approve", signature.QCApproved)
	c := w.begins("quinn", act)
	wrong := w.proof()
	wrong.Password = "guess"
	wantRefusal(t, w.completes("quinn", c.ID, act, wrong), "wrong password")
	wantRefusal(t, w.completes("quinn", c.ID, act, w.proof()), "was used")
	c = w.begins("quinn", act)
	wantRefusal(t, w.completes("cleo", c.ID, act, w.proof()), "never began")
	c = w.begins("quinn", act)
	w.clock.Move(sign.Patience + time.Second)
	wantRefusal(t, w.completes("quinn", c.ID, act, w.proof()), "waited longer")
	if n := len(w.standing().Signatures); n != 0 {
		t.Errorf("%d signatures", n)
	}
}

func TestGXP025_Attack16_ASignatureIsBoundToItsSubject(t *testing.T) {
	w := begin(t)
	c := w.begins("quinn", w.act("approve", signature.QCApproved))
	wantRefusal(t, w.completes("quinn", c.ID, w.act("reject", ""), w.proof()), "begin again")
}

func TestAttack18_AStalePageSignsNothing(t *testing.T) {
	w := begin(t)
	act := w.act("approve", signature.QCApproved)
	c := w.begins("quinn", act)
	w.append(release100, &gate.Voided{Gate: gate.ApproveToPrd, Manifest: w.standing().Opened.Manifest, Because: "another artifact"})
	w.open("m2")
	wantRefusal(t, w.completes("quinn", c.ID, act, w.proof()), "was replaced: look again")
	c = w.begins("quinn", act)
	w.append(release100, &gate.Voided{Gate: gate.ApproveToPrd, Manifest: w.standing().Opened.Manifest, Because: "another artifact"})
	wantRefusal(t, w.completes("quinn", c.ID, act, w.proof()), "is closed")
}

func TestGXP017_ARoleRevokedDuringTheCeremonyRefuses(t *testing.T) {
	w := begin(t)
	act := w.act("approve", signature.QCApproved)
	c := w.begins("quinn", act)
	w.append(ledger.PersonStream("quinn"), &policy.RoleRevoked{Person: "quinn", Grant: policy.Grant{Role: policy.QC, Solution: solution}})
	wantRefusal(t, w.completes("quinn", c.ID, act, w.proof()), "holds none of the roles")
}

func TestAttack22_TwoSignAtOnceAndBothAreKept(t *testing.T) {
	w := begin(t)
	qc, sme := w.act("approve", signature.QCApproved), w.act("approve", signature.SMEApproved)
	first, second := w.begins("quinn", qc), w.begins("cleo", sme)
	proof := w.proof()
	var both sync.WaitGroup
	errs := make([]error, 2)
	both.Go(func() { errs[0] = w.completes("quinn", first.ID, qc, proof) })
	both.Go(func() { errs[1] = w.completes("cleo", second.ID, sme, proof) })
	both.Wait()
	if errs[0] != nil || errs[1] != nil || len(w.standing().Signatures) != 2 {
		t.Errorf("%v, %d signatures", errs, len(w.standing().Signatures))
	}
}

func TestAttack23_ARejectionEndsTheGateForEverybody(t *testing.T) {
	w := begin(t)
	approve, reject := w.act("approve", signature.QCApproved), w.act("reject", "")
	first, second := w.begins("quinn", approve), w.begins("cleo", reject)
	if err := w.completes("cleo", second.ID, reject, w.proof()); err != nil {
		t.Fatal(err)
	}
	wantRefusal(t, w.completes("quinn", first.ID, approve, w.proof()), "is rejected")
	if g := w.standing(); g.Phase != gate.PhaseRejected {
		t.Errorf("gate is %s", g.Phase)
	}
}

func TestWhoSignedBeforeIsShownWhatChanged(t *testing.T) {
	w := begin(t)
	act := w.act("approve", signature.QCApproved)
	if err := w.completes("quinn", w.begins("quinn", act).ID, act, w.proof()); err != nil {
		t.Fatal(err)
	}
	w.append(release100, &gate.Voided{Gate: gate.ApproveToPrd, Manifest: w.standing().Opened.Manifest, Because: "tag"})
	w.open("m2")
	c := w.begins("quinn", act)
	if !strings.Contains(c.Sheet, ": 1 change\n") || !strings.Contains(c.Sheet, "changed: Source acme/corp: tag v1.0.0, object , commit m2") {
		t.Errorf("the sheet does not say what changed:\n%s", c.Sheet)
	}
}

func TestEveryRefusalIsRecordedWithThePerson(t *testing.T) {
	w := begin(t)
	_, err := w.Begin(t.Context(), "quinn", sign.Password, []byte("{}"), w.act("approve", signature.AuthorisedToPRD))
	wantRefusal(t, err, "holds none of the roles")
	events, err := w.store.Stream(t.Context(), ledger.Installation, 0)
	if err != nil || len(events) == 0 {
		t.Fatal(err)
	}
	last := events[len(events)-1]
	raw, _ := json.Marshal(last.Data)
	if last.Actor.ID != "quinn" || !strings.Contains(string(raw), string(release100)) {
		t.Errorf("recorded %+v %s", last.Actor, raw)
	}
}
