package wire

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dc-release/dc-release/internal/app/access"
	"github.com/dc-release/dc-release/internal/app/operation"
	"github.com/dc-release/dc-release/internal/app/sign"
	"github.com/dc-release/dc-release/internal/core/approval"
	"github.com/dc-release/dc-release/internal/core/deviation"
	"github.com/dc-release/dc-release/internal/core/fault"
	"github.com/dc-release/dc-release/internal/core/gate"
	"github.com/dc-release/dc-release/internal/core/ledger"
	"github.com/dc-release/dc-release/internal/core/policy"
	"github.com/dc-release/dc-release/internal/core/release"
	"github.com/dc-release/dc-release/internal/core/signature"
	"github.com/dc-release/dc-release/internal/face/api"
)

// callers are everybody of the matrix: each role, and those who may nothing.
func callers() []string {
	var out []string
	for _, r := range policy.Roles {
		out = append(out, string(r))
	}
	return append(out, nobodies...)
}

// nobodies are somebody disabled, a service account, and a login that is none.
var nobodies = []string{"left", "robot", "stranger"}

// asking gives a request of an operation, without factors, that says who asks
// and what about; what it lacks besides is looked at after the authority.
func asking(o operation.Operation, who string) any {
	fields := map[string]any{"as": who, "reason": "because it is needed"}
	set := func(pairs ...any) {
		for i := 0; i < len(pairs); i += 2 {
			fields[pairs[i].(string)] = pairs[i+1]
		}
	}
	if o.Access == operation.Person || strings.HasPrefix(o.Name, "gate.") {
		set("solution", pageProduct)
	}
	role := policy.Role(who)
	if !role.Signs() {
		role = policy.QC
	}
	waiver := approval.Waiver{Check: "unit-tests", Item: "UT-1", Risk: "a wrong sum", Control: "by hand", Expires: "2099-01-01T00:00:00.000000Z"}
	switch o.Name {
	case "gate.comment":
		delete(fields, "reason")
		set("version", "1.0.0", "gate", gate.PreVal, "text", "see page two")
	case "deviation.waive":
		set("version", "9.9.9", "waiver", waiver)
	case "gate.sign", "gate.reject", "gate.withdraw":
		set("version", "1.0.0", "gate", gate.PreVal, "meaning", signature.SMEApproved)
	case "deviation.close":
		set("solution", pageProduct, "version", "1.0.0", "deviation", "D1", "disposition", deviation.Environment, "cause", "a loose contact", "action", "fixed it")
	case "approval.sign", "approval.refuse":
		set("solution", pageProduct, "version", "1.0.0", "approval", "waiver-1")
	case "audit.review":
		set("solution", pageProduct, "version", "1.0.0")
	case "acceptance.begin":
		set("version", "1.0.0")
	case "acceptance.record", "acceptance.abandon", "acceptance.submit", "acceptance.review":
		set("solution", pageProduct, "version", "1.0.0", "acceptance", "A1")
	case "evidence.add":
		set("solution", pageProduct, "version", "1.0.0", "environment", "val", "verification", "AV", "name", "av.xml")
	case "role.delegate":
		set("solution", pageProduct, "to", "cleo", "role", role, "until", ledger.FormatTime(time.Now().Add(time.Hour)))
	case "role.recall":
		set("solution", pageProduct, "to", "cleo", "role", role)
	case "person.reset", "person.cancel-reset":
		set("login", "cleo")
	}
	return fields
}

// asks calls an operation and gives whether its authority was enough: what is
// refused for another reason than who asks is answered otherwise.
func (v *visitors) asks(o operation.Operation, who string) bool {
	v.t.Helper()
	raw, err := json.Marshal(asking(o, who))
	v.must(err)
	if o.Access == operation.Signature {
		id, lookupErr := v.Store.PersonByLogin(v.t.Context(), who)
		v.must(lookupErr)
		switch o.Name { // a release without a run has no list and no deployment: the decision alone
		case "audit.review":
			return len(gate.MayReview(v.standing(), v.subject(id), pageProduct, "")) == 0
		case "evidence.add", "acceptance.submit":
			return len(gate.MayTest(v.standing(), v.subject(id), pageProduct)) == 0
		case "acceptance.review":
			return len(gate.MayAgree(v.standing(), v.subject(id), pageProduct, "")) == 0
		}
		_, err = operation.Begin(v.t.Context(), v.App, id, sign.Password, o.Name, raw)
	} else {
		_, err = operation.Call(v.t.Context(), v.App, o.Name, raw)
	}
	if fault.KindOf(err) == fault.Invalid && strings.Contains(err.Error(), "request:") {
		v.t.Errorf("%s as %s: %v", o.Name, who, err)
	}
	if o.Access == operation.Signature {
		return err == nil
	}
	return err == nil || fault.KindOf(err) != fault.Forbidden && !strings.Contains(err.Error(), fmt.Sprintf("no person with login %q", who))
}

func (v *visitors) standing() gate.Standing {
	v.t.Helper()
	st, err := v.state.Standing(v.t.Context(), ledger.ReleaseStream(pageProduct, "1.0.0"))
	v.must(err)
	return st
}

func (v *visitors) subject(id string) policy.Subject {
	v.t.Helper()
	s, err := v.state.Person(v.t.Context(), id)
	v.must(err)
	return s
}

// present are operations that want a person's factors and make no signature.
var present = []string{"person.accept-statement", "person.reset", "person.cancel-reset", "session.start", "identity.begin", "passkey.begin"}

// proves calls one of them with the factors of who has some, or without any.
func (v *visitors) proves(o operation.Operation, who string, factors bool) bool {
	v.t.Helper()
	var c sign.Credentials
	if factors && !slices.Contains(nobodies, who) {
		c = v.as(who, "").Credentials
	}
	fields := map[string]any{"as": who, "reason": "because it is needed", "credentials": c}
	switch o.Name {
	case "session.start":
		fields = map[string]any{"login": who, "credentials": c, "source": "127.0.0.1"}
	case "person.reset", "person.cancel-reset":
		fields["login"] = "cleo"
	}
	raw, err := json.Marshal(fields)
	v.must(err)
	_, err = operation.Call(v.t.Context(), v.App, o.Name, raw)
	return err == nil || strings.Contains(err.Error(), "no identity provider is configured")
}

// prepared is an installation in which each signature has something to be about.
func prepared(t *testing.T) *visitors {
	v := staffed(t)
	stream := ledger.ReleaseStream(pageProduct, "1.0.0")
	v.append(stream, &deviation.Opened{Deviation: "D1", Source: "person", Text: "the lamp flickered"})
	v.append(stream, &approval.Requested{Approval: "waiver-1", Kind: approval.WaiverKind, Solution: pageProduct, Version: "1.0.0", Waiver: &approval.Waiver{
		Check: "unit-tests", Item: "UT-1", Risk: "a wrong sum", Control: "by hand", Expires: "2099-01-01T00:00:00.000000Z",
	}})
	return v
}

// may lists who of the callers may call an operation.
func (v *visitors) may(o operation.Operation) []string {
	if o.Access == operation.Local {
		return []string{"whoever owns the data directory"}
	}
	switch o.Name {
	case "gate.withdraw": // by who has signed
		sme, err := v.Store.PersonByLogin(v.t.Context(), string(policy.SME))
		v.must(err)
		v.append(ledger.ReleaseStream(pageProduct, "1.0.0"), &signature.Made{
			Signature: newID(), Gate: gate.PreVal, Manifest: v.standing().Gate(gate.PreVal).Opened.Manifest, Meaning: signature.SMEApproved, Decision: "approve", Role: policy.SME, Person: sme,
		})
	case "role.recall": // by who has delegated
		for _, r := range policy.Roles {
			from, err := v.Store.PersonByLogin(v.t.Context(), string(r))
			v.must(err)
			if r.Signs() {
				v.append(ledger.PersonStream(v.cleo), &policy.RoleDelegated{Person: v.cleo, Delegation: policy.Delegation{ID: newID(), From: from, Role: r, Solution: pageProduct, Until: "2099-01-01T00:00:00.000000Z"}})
			}
		}
	}
	var out []string
	for _, who := range callers() {
		ok := false
		if slices.Contains(present, o.Name) {
			ok = v.proves(o, who, true)
		} else {
			ok = v.asks(o, who)
		}
		if ok {
			out = append(out, who)
		}
	}
	if len(out) == 0 {
		return []string{"nobody"}
	}
	return out
}

// bearer gives whether an API token for everything may call an operation.
func (v *visitors) bearer(secret, name string) bool {
	v.t.Helper()
	r := httptest.NewRequestWithContext(v.t.Context(), http.MethodPost, "/api/v1/operations/"+name, strings.NewReader("{}"))
	r.Header.Set("Authorization", "Bearer "+secret)
	mux, w := http.NewServeMux(), httptest.NewRecorder()
	mux.Handle("POST /api/v1/operations/{name}", api.Bearer(v.App))
	mux.ServeHTTP(w, r)
	return w.Code != http.StatusForbidden && w.Code != http.StatusUnauthorized
}

// TestGXP016_GXP053_GXP007_WhoMayWhatIsTheMatrix calls every operation as
// everybody, and asks of every gate of every type of change who may sign what.
func TestGXP016_GXP053_GXP007_WhoMayWhatIsTheMatrix(t *testing.T) {
	v := prepared(t)
	token := call[access.NewToken](v, "token.create", operation.CreateToken{ByAdministrator: by("admin"), Login: "sme", Scopes: []string{"*"}, Days: 1})
	var b strings.Builder
	b.WriteString("# Who may call what. Called by TestGXP016, of whoever is not listed the call was refused.\n\n")
	for _, o := range operation.All {
		if !o.Mutating {
			if !v.bearer(token.Secret, o.Name) {
				t.Errorf("a token for everything may not read %s", o.Name)
			}
			continue
		}
		if v.bearer(token.Secret, o.Name) {
			t.Errorf("a token may call %s, which changes something", o.Name)
		}
		who := v.may(o)
		fmt.Fprintf(&b, "%s: %s\n", o.Name, strings.Join(who, ", "))
		for _, never := range nobodies {
			if slices.Contains(who, never) && (never != "robot" || o.Access != operation.Person) {
				t.Errorf("%s may call %s", never, o.Name)
			}
		}
		if o.Access == operation.Administrator && !slices.Equal(who, []string{string(policy.Administrator)}) {
			t.Errorf("%s is for administrators, and these may call it: %v", o.Name, who)
		}
	}
	for _, name := range present {
		o, _ := operation.Find(name)
		if v.proves(o, string(policy.QC), false) {
			t.Errorf("%s was done without factors", name)
		}
	}
	b.WriteString("\n# Who may sign what at which gate, by type of change.\n\n")
	b.WriteString(signatures(t))
	compareMatrix(t, b.String())
}

// signatures asks of every meaning at every gate which roles may declare it.
func signatures(t *testing.T) string {
	var b strings.Builder
	for _, kind := range []release.ChangeType{release.Normal, release.Standard, release.Emergency, release.Hotfix} {
		for _, d := range gate.Definitions(policy.GxP, kind) {
			s := gate.Standing{Registered: &release.Registered{Solution: pageProduct, Version: "1.0.0"}, Gates: map[string]gate.State{
				d.Name: {Phase: gate.PhaseOpen, Opened: &gate.Opened{Gate: d.Name, Manifest: "m"}},
			}}
			for _, m := range signature.Meanings {
				var who []string
				for _, r := range policy.Roles {
					p := policy.Subject{ID: "p", Login: "p", Enrolled: true, Grants: []policy.Grant{{Role: r, Solution: pageProduct}}}
					left, robot, elsewhere := p, p, p
					left.Disabled, robot.Kind = true, policy.Service
					elsewhere.Grants = []policy.Grant{{Role: r, Solution: "another"}}
					for name, nobody := range map[string]policy.Subject{"disabled": left, "a service account": robot, "of another solution": elsewhere, "nobody": {}} {
						if len(gate.MaySign(s, d, nobody, m.Meaning, pageProduct)) == 0 {
							t.Errorf("%s who is %s may sign %s at %s", r, name, m.Meaning, d.Name)
						}
					}
					if len(gate.MaySign(s, d, p, m.Meaning, pageProduct)) == 0 {
						who = append(who, string(r))
					}
				}
				if demanded := slices.Contains(d.Signatures, m.Meaning); demanded && len(who) == 0 {
					t.Errorf("nobody may sign %s at %s of a change of type %s", m.Meaning, d.Name, kind)
				}
				if len(who) > 0 {
					fmt.Fprintf(&b, "%s %s %s: %s\n", kind, d.Name, m.Meaning, strings.Join(who, ", "))
				}
			}
		}
	}
	return b.String()
}

func compareMatrix(t *testing.T, got string) {
	t.Helper()
	file := filepath.Join("testdata", "role-matrix.txt")
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), got); d != "" {
		t.Errorf("calling gives another matrix than %s (-file +calls); when it is meant, write it with -update:\n%s", file, d)
	}
}

// TestGXP051_NoChangeIsMadeWithoutAReason leaves the reason out of every
// request that has one.
func TestGXP051_NoChangeIsMadeWithoutAReason(t *testing.T) {
	v := prepared(t)
	asked := 0
	for _, c := range changes {
		raw, err := json.Marshal(c.request(v))
		v.must(err)
		var fields map[string]any
		v.must(json.Unmarshal(raw, &fields))
		if _, has := fields["reason"]; has && c.operation != "actions.add" { // which wants one only of a pin that moved
			o, _ := operation.Find(c.operation)
			nothing := []string{".", " ", "\u2014"}
			if o.Access != operation.Signature {
				nothing = append(nothing, "")
			}
			for _, why := range nothing {
				v.refusesReason(c.operation, fields, why)
				asked++
			}
			v.must(json.Unmarshal(raw, &fields))
		}
		if _, err := operation.Call(t.Context(), v.App, c.operation, raw); err != nil && c.operation != "deviation.close" && c.operation != "approval.sign" {
			t.Logf("%s: %v", c.operation, err)
		}
	}
	if asked < 60 {
		t.Errorf("%d requests had their reason taken away, want more", asked)
	}
}

func (v *visitors) refusesReason(name string, fields map[string]any, why string) {
	v.t.Helper()
	fields["reason"] = why
	raw, err := json.Marshal(fields)
	v.must(err)
	before, err := v.Store.Head(v.t.Context())
	v.must(err)
	_, err = operation.Call(v.t.Context(), v.App, name, raw)
	if fault.KindOf(err) != fault.Invalid {
		v.t.Errorf("%s with the reason %q gave %v, want invalid input", name, why, err)
	}
	after, err := v.Store.Head(v.t.Context())
	v.must(err)
	if after.Size != before.Size {
		v.t.Errorf("%s with the reason %q left events", name, why)
	}
}
