package wire

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/dc-release/dc-release/internal/adapter/identity/totp"
	"github.com/dc-release/dc-release/internal/app/access"
	"github.com/dc-release/dc-release/internal/app/actions"
	"github.com/dc-release/dc-release/internal/app/operation"
	"github.com/dc-release/dc-release/internal/app/person"
	"github.com/dc-release/dc-release/internal/app/person/persontest"
	"github.com/dc-release/dc-release/internal/app/report"
	"github.com/dc-release/dc-release/internal/app/secret"
	"github.com/dc-release/dc-release/internal/app/sign"
	"github.com/dc-release/dc-release/internal/core/approval"
	"github.com/dc-release/dc-release/internal/core/canonical"
	"github.com/dc-release/dc-release/internal/core/deviation"
	"github.com/dc-release/dc-release/internal/core/gate"
	"github.com/dc-release/dc-release/internal/core/ledger"
	"github.com/dc-release/dc-release/internal/core/policy"
	coresecret "github.com/dc-release/dc-release/internal/core/secret"
	"github.com/dc-release/dc-release/internal/core/signature"
)

// joined adds a person who may sign in the role, with the factors that cleo
// enrolled.
func (v *visitors) joined(login string, kind policy.Kind, grants ...policy.Grant) string {
	v.t.Helper()
	id := newID()
	stream := ledger.PersonStream(id)
	v.append(stream, &policy.PersonAdded{Person: id, Login: login, Kind: kind, Name: canonical.SHA256([]byte(login))})
	if kind == policy.Human {
		v.append(stream, &policy.CredentialEnrolled{Person: id, Kind: sign.Password})
	}
	for _, g := range grants {
		v.append(stream, &policy.RoleGranted{Person: id, Grant: g})
		for _, p := range persontest.Prepared(id, g.Role) {
			v.append(stream, p)
		}
	}
	return id
}

// staffed is an installation with one person in each role, whose login is the
// role's name, a second administrator, somebody disabled and a service account.
func staffed(t *testing.T) *visitors {
	t.Helper()
	v := openPagesFor(t, Config{})
	v.enrols()
	factors, ok, err := v.Store.Credential(t.Context(), v.cleo)
	if err != nil || !ok {
		t.Fatal(err)
	}
	for _, r := range policy.Roles {
		scope := pageProduct
		if r == policy.Administrator {
			scope = ""
		}
		v.must(v.Store.SetCredential(t.Context(), v.joined(string(r), policy.Human, policy.Grant{Role: r, Solution: scope}), factors))
	}
	left := v.joined("left", policy.Human, policy.Grant{Role: policy.QC})
	v.append(ledger.PersonStream(left), &policy.PersonDisabled{Person: left})
	v.joined("robot", policy.Service, policy.Grant{Role: policy.DataEngineer})
	return v
}

// as is a person with password and a code that was not used.
func (v *visitors) as(login, reason string) sign.By {
	v.t.Helper()
	id, err := v.Store.PersonByLogin(v.t.Context(), login)
	v.must(err)
	c, ok, err := v.Store.Credential(v.t.Context(), id)
	if err != nil || !ok {
		v.t.Fatalf("%s has no factors: %v", login, err)
	}
	c.LastStep = 0
	v.must(v.Store.SetCredential(v.t.Context(), id, c))
	code, err := totp.Code(v.seed, time.Now())
	v.must(err)
	return sign.By{As: login, Reason: reason, Credentials: sign.Credentials{Password: cleoPassword, Code: code}}
}

// change is a request that succeeds when it is made in its turn.
type change struct {
	operation string
	request   func(v *visitors) any
}

func by(login string) operation.ByAdministrator {
	return operation.ByAdministrator{As: login, Reason: "it is needed"}
}

var released = operation.Version{Solution: pageProduct, Version: "1.0.0"}

// setting sets a secret of the first product.
func setting(name string) operation.SetSecret {
	return operation.SetSecret{ChangeSecret: operation.ChangeSecret{ByAdministrator: by("admin"), Scope: coresecret.Scope{Solution: pageProduct}, Name: name}, Value: "canary in a cage"}
}

func about(login string) operation.ChangePerson {
	return operation.ChangePerson{ByAdministrator: by("admin"), Login: login}
}

// changes drive operations in an order in which each can be done. Those that
// need a pipeline are driven by the demo, see byTheDemo.
var changes = []change{
	{"solution.add", func(v *visitors) any {
		b := policy.Baseline{Solution: "another", Profile: policy.NonGxP, Code: "/code", Branch: "main", Workflow: ".github/workflows/main.yaml", Environments: map[string]policy.Environment{}}
		for _, place := range policy.Places {
			b.Environments[place] = policy.Environment{Target: "localdir", Config: map[string]string{"dir": "/" + place}}
		}
		return operation.AddSolution{ByAdministrator: by("admin"), Baseline: b}
	}},
	{"person.add", func(*visitors) any {
		return operation.NewPerson{ByAdministrator: by("admin"), Login: "nora", Name: "Nora Lie", Password: "a long password"}
	}},
	{"person.map", func(*visitors) any { q := about("nora"); q.Email = "nora@example.com"; return q }},
	{"person.check-identity", func(*visitors) any { return about("nora") }},
	{"person.review", func(*visitors) any { return about("nora") }},
	{"person.train", func(*visitors) any {
		q := about("nora")
		q.Training = policy.Trained{Procedure: person.Asked().For(policy.SME)[0], Until: persontest.Far}
		return q
	}},
	{"role.grant", func(*visitors) any {
		q := about("nora")
		q.Grant = policy.Grant{Role: policy.SME, Solution: pageProduct}
		return q
	}},
	{"role.revoke", func(*visitors) any {
		q := about("nora")
		q.Grant = policy.Grant{Role: policy.SME, Solution: pageProduct}
		return q
	}},
	{"person.accept-statement", func(v *visitors) any { return operation.AcceptStatement{By: v.as("qc", "")} }},
	{"person.invite", func(*visitors) any {
		return operation.InvitePerson{ByAdministrator: by("admin"), Login: "ivan", Name: "Ivan Moe"}
	}},
	{"person.enrol", func(v *visitors) any {
		i := call[person.Invitation](v, "person.invite", operation.InvitePerson{ByAdministrator: by("admin"), Login: "ines", Name: "Ines Dal"})
		shown := call[person.Enrolment](v, "person.enrolment", operation.UseLink{Secret: i.Secret})
		code, err := totp.Code(shown.Seed, time.Now())
		v.must(err)
		return operation.UseLink{Secret: i.Secret, Password: "only ines knows it", Code: code}
	}},
	{"person.reset", func(v *visitors) any {
		return operation.AboutPerson{By: v.as("administrator", "lost the phone"), Login: "sme"}
	}},
	{"person.cancel-reset", func(v *visitors) any { return operation.AboutPerson{By: v.as("sme", "found the phone"), Login: "sme"} }},
	{"person.unlock", func(v *visitors) any {
		id, err := v.Store.PersonByLogin(v.t.Context(), "nora")
		v.must(err)
		v.append(ledger.PersonStream(id), &policy.SigningLocked{Person: id, Failures: 5})
		return about("nora")
	}},
	{"person.lose", func(*visitors) any { return operation.LoseFactor{ByAdministrator: by("admin"), Login: "nora"} }},
	{"person.disable", func(*visitors) any { return about("nora") }},
	{"session.start", func(v *visitors) any {
		return operation.StartSession{Login: "sme", Credentials: v.as("sme", "").Credentials, Source: "127.0.0.1"}
	}},
	{"session.end", func(v *visitors) any { return operation.EndSession{Person: v.cleo} }},
	{"token.create", func(*visitors) any {
		return operation.CreateToken{ByAdministrator: by("admin"), Login: "sme", Scopes: []string{"run.*"}, Days: 1}
	}},
	{"token.revoke", func(v *visitors) any {
		made := call[access.NewToken](v, "token.create", operation.CreateToken{ByAdministrator: by("admin"), Login: "sme", Scopes: []string{"run.*"}, Days: 1})
		return operation.RevokeToken{ByAdministrator: by("admin"), Token: made.ID}
	}},
	{"secret.set", func(*visitors) any { return setting("API_TOKEN") }},
	{"secret.rotate-key", func(*visitors) any { return operation.RotateSecretsKey{ByAdministrator: by("admin")} }},
	{"secret.remove", func(v *visitors) any {
		call[secret.Listed](v, "secret.set", setting("OLD"))
		return setting("OLD").ChangeSecret
	}},
	{"actions.add", func(v *visitors) any {
		dir := v.t.TempDir()
		v.must(os.WriteFile(filepath.Join(dir, "action.yml"), []byte("name: nothing\nruns:\n  using: composite\n  steps: []\n"), 0o600))
		for _, args := range [][]string{{"init", "--quiet"}, {"add", "."}, {"-c", "user.name=a", "-c", "user.email=a@example.com", "commit", "--quiet", "-m", "one"}, {"tag", "v1"}} {
			cmd := exec.CommandContext(v.t.Context(), "git", args...)
			cmd.Dir = dir
			if out, err := cmd.CombinedOutput(); err != nil {
				v.t.Fatalf("git %v: %v\n%s", args, err, out)
			}
		}
		return actions.Request{Uses: "corp/nothing@v1", From: dir}
	}},
	{"role.delegate", func(v *visitors) any {
		return sign.Delegation{By: v.as("qc", "on leave"), Solution: pageProduct, To: "data-engineer", Role: policy.QC, Until: ledger.FormatTime(time.Now().Add(time.Hour))}
	}},
	{"role.recall", func(v *visitors) any {
		return sign.Delegation{By: v.as("qc", "back again"), Solution: pageProduct, To: "data-engineer", Role: policy.QC}
	}},
	{"deviation.open", func(*visitors) any {
		return operation.ReportDeviation{ByAdministrator: by("qc"), Version: released, Text: "the lamp flickered"}
	}},
	{"deviation.close", func(v *visitors) any {
		return sign.Disposition{By: v.as("qc", ""), Solution: pageProduct, Version: "1.0.0", Deviation: "D1", Disposition: deviation.Environment, Cause: "a loose contact", Action: "fixed the contact"}
	}},
	{"deviation.waive", func(*visitors) any {
		return operation.RequestWaiver{ByAdministrator: by("release-manager"), Version: released, Waiver: approval.Waiver{
			Check: "unit-tests", Item: "UT-1", Risk: "a wrong sum", Control: "checked by hand", Expires: ledger.FormatTime(time.Now().Add(time.Hour)),
		}}
	}},
	{"approval.sign", func(v *visitors) any {
		return sign.ApprovalRequest{By: v.as("sme", ""), Solution: pageProduct, Version: "1.0.0", Approval: "waiver-1"}
	}},
	{"approval.refuse", func(v *visitors) any {
		return sign.ApprovalRequest{By: v.as("qc", "too risky"), Solution: pageProduct, Version: "1.0.0", Approval: "waiver-1"}
	}},
	{"template.propose", func(*visitors) any {
		return operation.RequestTemplate{ByAdministrator: by("data-engineer"), Solution: pageProduct, Template: approval.Template{Name: "texts", Paths: []string{"docs/**"}, MaxFiles: 3}}
	}},
	{"solution.revise", func(v *visitors) any {
		s, err := v.App.Solutions.Solution(v.t.Context(), "another")
		v.must(err)
		s.Baseline.Code = "/elsewhere"
		return operation.ReviseSolution{ByAdministrator: by("admin"), Baseline: s.Baseline}
	}},
	{"review.request", func(*visitors) any {
		return operation.RequestReview{ByAdministrator: by("sme"), Period: report.Period{Solution: pageProduct, From: "2001-01-01T00:00:00.000000Z", To: "2999-01-01T00:00:00.000000Z", Conclusion: "fit for use"}}
	}},
	{"gate.comment", func(*visitors) any {
		return operation.CommentGate{Version: released, As: "qc", Gate: gate.PreVal, Text: "see page two"}
	}},
	{"audit.rotate", func(*visitors) any { return operation.RotateKey{ByAdministrator: by("admin"), Key: "ledger"} }},
	{"audit.rotate", func(*visitors) any { return operation.RotateKey{ByAdministrator: by("admin"), Key: "attest"} }},
	{"gate.sign", func(v *visitors) any {
		return sign.Request{By: v.as("sme", "read it"), Solution: pageProduct, Version: "1.0.0", Gate: gate.PreVal, Meaning: signature.SMEApproved}
	}},
	{"gate.withdraw", func(v *visitors) any {
		return sign.Request{By: v.as("sme", "read it again"), Solution: pageProduct, Version: "1.0.0", Gate: gate.PreVal, Meaning: signature.SMEApproved}
	}},
	{"release.hold", func(*visitors) any { return operation.HoldRelease{ByAdministrator: by("sme"), Version: released} }},
	{"release.resume", func(*visitors) any { return operation.HoldRelease{ByAdministrator: by("qc"), Version: released} }},
	{"solution.freeze", func(*visitors) any {
		return operation.FreezeSolution{ByAdministrator: by("qc"), Solution: pageProduct, Until: ledger.FormatTime(time.Now().Add(time.Hour))}
	}},
	{"solution.unfreeze", func(v *visitors) any {
		s, err := v.state.Solution(v.t.Context(), pageProduct)
		v.must(err)
		return operation.FreezeSolution{ByAdministrator: by("qc"), Solution: pageProduct, Freeze: s.Freezes[0].Freeze}
	}},
	{"gate.reject", func(v *visitors) any {
		return sign.Request{By: v.as("sme", "it is wrong"), Solution: pageProduct, Version: "1.0.0", Gate: gate.PreVal, Meaning: signature.SMEApproved}
	}},
}

// byTheDemo are driven by the demo, which the same check accompanies.
var byTheDemo = []string{"person.bootstrap", "evidence.add", "rollback.request", "audit.review", "acceptance.begin", "acceptance.record", "acceptance.submit", "acceptance.review"}

// elsewhere are driven by other tests, which count their events.
var elsewhere = map[string]string{
	"intake.accept":      "../../acceptance/refusal_test.go TestAttack09_Attack60_RefusedTags",
	"passkey.begin":      "pages_test.go TestAPersonAddsAPasskeyAndSignsWithIt",
	"passkey.enrol":      "pages_test.go TestAPersonAddsAPasskeyAndSignsWithIt",
	"identity.begin":     "provider_test.go TestAPersonLinksAnIdentityEntersAndSignsWithIt",
	"identity.link":      "provider_test.go TestAPersonLinksAnIdentityEntersAndSignsWithIt",
	"session.enter":      "provider_test.go TestAPersonLinksAnIdentityEntersAndSignsWithIt",
	"run.cancel":         "../app/claim/claim_test.go TestCancellingARunEndsWhatIsQueuedAndTellsWhatRuns",
	"run.rerun":          "../app/claim/claim_test.go TestAttack51_ASilentDeploymentWaitsForAPerson",
	"acceptance.abandon": "../../acceptance/change_test.go TestChanges",
	"environment.plan":   "../../acceptance/change_test.go TestChanges",
	"rollback.rehearse":  "../app/deploy/rehearsal_test.go TestAWayBackThatFailsIsEvidenceAndThePlaceIsLedForthAgain",
	"deletion.request":   "../app/deploy/deploy_test.go TestADeletionIsApprovedByItsPlan",
	"audit.checkpoint":   "../app/publish/anchor_test.go TestAttack13_SomebodyElsesCommitOnTheBranchOfAnchorsIsRecordedAndKept",
}

func TestGXP008_EveryChangeLeavesItsEvents(t *testing.T) {
	driven := append(append([]string{}, byTheDemo...), sortedKeys(elsewhere)...)
	for _, c := range changes {
		driven = append(driven, c.operation)
	}
	for _, o := range operation.All {
		if o.Mutating != slices.Contains(driven, o.Name) {
			t.Errorf("%s: mutating is %t, and it is driven by a test: %t", o.Name, o.Mutating, slices.Contains(driven, o.Name))
		}
	}
	for name, where := range elsewhere {
		file, test, _ := strings.Cut(where, " ")
		text, err := os.ReadFile(file)
		if err != nil || !strings.Contains(string(text), "func "+test+"(") {
			t.Errorf("%s: no %s (%v)", name, where, err)
		}
	}
	v := staffed(t)
	begun, before := ledger.FormatTime(time.Now()), v.events(0)
	for _, c := range changes {
		v.drives(c.operation, c.request(v))
	}
	all := v.events(0)
	made := all[len(before):]
	t.Run("GXP052 every event says who, what, when and why", func(t *testing.T) { saysAll(t, made) })
	t.Run("GXP073 the sequence is gapless and time never runs back", func(t *testing.T) { ordered(t, all) })
	t.Run("GXP013 the time is the server's whatever the client sends", func(t *testing.T) {
		q := operation.FreezeSolution{ByAdministrator: by("qc"), Solution: pageProduct, Since: "2001-01-01T00:00:00.000000Z", Until: ledger.FormatTime(time.Now().Add(time.Hour))}
		v.drives("solution.freeze", q)
		for _, e := range v.events(int64(len(before))) {
			if e.Time < begun {
				t.Errorf("event %d is of %s, before the test began at %s", e.Seq, e.Time, begun)
			}
		}
	})
	t.Run("GXP010 what was changed before stays readable", func(t *testing.T) { v.keepsHistory(t) })
	t.Run("GXP060 every grant says who gave it to whom and why", func(t *testing.T) { granted(t, made) })
}

// events are all after a sequence number.
func (v *visitors) events(after int64) []ledger.Event {
	v.t.Helper()
	events, err := v.Store.Events(v.t.Context(), after, 10_000)
	v.must(err)
	return events
}

// alone are what people do for themselves, in no role.
var alone = []string{"person.statement_accepted", "reset.cancelled", "reset.requested"}

func saysAll(t *testing.T, events []ledger.Event) {
	for _, e := range events {
		if e.Actor.ID == "" || e.Actor.Kind == "" || e.Type == "" || e.Stream == "" || !strings.HasSuffix(e.Time, "Z") {
			t.Errorf("event %d does not say who, what or when: %+v", e.Seq, e.Header)
		}
		if _, err := ledger.ParseTime(e.Time); err != nil {
			t.Errorf("event %d: %v", e.Seq, err)
		}
		if e.Actor.Kind != ledger.Person {
			continue
		}
		if !ledger.SaysWhy(e.Reason) || e.Actor.Authentication == "" {
			t.Errorf("event %d %s does not say why, or how the person was known", e.Seq, e.Type)
		}
		if self := e.Stream == ledger.PersonStream(e.Actor.ID) || slices.Contains(alone, e.Type) || e.Stream == ledger.Installation; e.Actor.Role == "" && !self {
			t.Errorf("event %d %s does not say in which role", e.Seq, e.Type)
		}
	}
}

func ordered(t *testing.T, events []ledger.Event) {
	for i, e := range events {
		if e.Seq != int64(i+1) || (i > 0 && e.Time < events[i-1].Time) {
			t.Errorf("event %d has number %d and time %s", i+1, e.Seq, e.Time)
		}
	}
}

// keepsHistory changes one grant three times and reads all of it.
func (v *visitors) keepsHistory(t *testing.T) {
	q := about("data-engineer")
	q.Grant = policy.Grant{Role: policy.SME, Solution: "another"}
	for _, name := range []string{"role.grant", "role.revoke", "role.grant"} {
		v.drives(name, q)
	}
	id, err := v.Store.PersonByLogin(t.Context(), "data-engineer")
	v.must(err)
	events, err := v.Store.Stream(t.Context(), ledger.PersonStream(id), 0)
	v.must(err)
	var history []string
	for _, e := range events {
		if e.Actor.Kind == ledger.Person && strings.HasPrefix(e.Type, "role.") && e.Type != "role.delegated" {
			history = append(history, e.Type)
		}
	}
	if want := []string{"role.granted", "role.revoked", "role.granted"}; !slices.Equal(history, want) {
		t.Errorf("the history is %v, want %v", history, want)
	}
}

func granted(t *testing.T, events []ledger.Event) {
	seen := 0
	for _, e := range events {
		whom := ""
		switch d := e.Data.(type) {
		case *policy.RoleGranted:
			whom = d.Person
		case *policy.RoleRevoked:
			whom = d.Person
		default:
			continue
		}
		seen++
		if e.Actor.Kind != ledger.Person || e.Actor.ID == whom || e.Actor.Role != string(policy.Administrator) || !ledger.SaysWhy(e.Reason) {
			t.Errorf("event %d: %s for %s by %+v because %q", e.Seq, e.Type, whom, e.Actor, e.Reason)
		}
	}
	if seen < 2 {
		t.Errorf("%d grants were looked at, want 2", seen)
	}
}

// drives makes a change and wants events of its list, each of them whole.
func (v *visitors) drives(name string, request any) {
	v.t.Helper()
	before, err := v.Store.Head(v.t.Context())
	v.must(err)
	raw, err := json.Marshal(request)
	v.must(err)
	if _, err := operation.Call(v.t.Context(), v.App, name, raw); err != nil {
		v.t.Errorf("%s: %v", name, err)
		return
	}
	events, err := v.Store.Events(v.t.Context(), before.Size, 100)
	v.must(err)
	o, _ := operation.Find(name)
	if len(events) == 0 {
		v.t.Errorf("%s changed something and left no event", name)
	}
	for _, e := range events {
		if !slices.Contains(o.Events, e.Type) {
			v.t.Errorf("%s left %s, which is not in its list %v", name, e.Type, o.Events)
		}
	}
}

func sortedKeys(m map[string]string) []string {
	var out []string
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}
