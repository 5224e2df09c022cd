package wire

import (
	"cmp"
	"html"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/dc-release/dc-release/internal/adapter/identity/totp"
	"github.com/dc-release/dc-release/internal/adapter/identity/webauthn/webauthntest"
	"github.com/dc-release/dc-release/internal/app/access"
	"github.com/dc-release/dc-release/internal/app/inspect"
	"github.com/dc-release/dc-release/internal/app/operation"
	"github.com/dc-release/dc-release/internal/app/person"
	"github.com/dc-release/dc-release/internal/app/person/persontest"
	"github.com/dc-release/dc-release/internal/app/trail"
	"github.com/dc-release/dc-release/internal/core/canonical"
	"github.com/dc-release/dc-release/internal/core/gate"
	"github.com/dc-release/dc-release/internal/core/ledger"
	"github.com/dc-release/dc-release/internal/core/policy"
	"github.com/dc-release/dc-release/internal/core/release"
	"github.com/dc-release/dc-release/internal/core/signature"
	coretrail "github.com/dc-release/dc-release/internal/core/trail"
	"github.com/dc-release/dc-release/internal/face/api"
	"github.com/dc-release/dc-release/internal/face/web"
)

const (
	pageProduct  = "corp-procurement"
	pageOrigin   = "http://localhost:8085"
	cleoPassword = "only cleo knows it"
)

// visitors is an installation with pages, a release whose pre_val is open, and
// cleo, an SME who was invited.
type visitors struct {
	*Owner
	t          *testing.T
	site       *httptest.Server
	invitation person.Invitation
	cleo       string // id
	seed       string
}

func openPagesFor(t *testing.T, c Config) *visitors {
	t.Helper()
	t.Parallel() // each has a data directory of its own
	c.Data, c.Build, c.NoWorker, c.Listen = t.TempDir(), "test", true, cmp.Or(c.Listen, "127.0.0.1:8085")
	o, err := Open(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := o.Close(); err != nil {
			t.Error(err)
		}
	})
	v := &visitors{Owner: o, t: t}
	v.site = httptest.NewServer(web.Handler(o.pages))
	t.Cleanup(v.site.Close)
	by := operation.ByAdministrator{As: "admin", Reason: "joins"}
	call[person.Added](v, "person.bootstrap", operation.NewPerson{ByAdministrator: by, Login: "admin", Name: "Alma Ravn", Password: "a long password"})
	v.invitation = call[person.Invitation](v, "person.invite", operation.InvitePerson{ByAdministrator: by, Login: "cleo", Name: "Cleo Andersen"})
	v.cleo = v.invitation.Person
	baseline := policy.Baseline{Solution: pageProduct, Profile: policy.GxP, Code: "/code", Requirements: "/requirements", ReleaseLog: "/log", Branch: "main", Workflow: "main.yaml"}
	v.append(ledger.SolutionStream(pageProduct), &policy.SolutionAdded{Baseline: baseline})
	for _, p := range persontest.Prepared(v.cleo, policy.SME) {
		if _, accepted := p.(*policy.StatementAccepted); !accepted {
			v.append(ledger.PersonStream(v.cleo), p)
		}
	}
	v.append(ledger.PersonStream(v.cleo), &policy.RoleGranted{Person: v.cleo, Grant: policy.Grant{Role: policy.SME, Solution: pageProduct}})
	raw, err := canonical.Marshal(gate.Manifest{Schema: gate.ManifestSchema, Gate: gate.PreVal, Opening: 1, Solution: pageProduct, Version: "1.0.0"})
	v.must(err)
	digest, err := o.Blobs.PutBytes(t.Context(), raw)
	v.must(err)
	stream := ledger.ReleaseStream(pageProduct, "1.0.0")
	v.append(stream, &release.Registered{Solution: pageProduct, Version: "1.0.0", Tag: "v1.0.0", Profile: string(policy.GxP)})
	v.append(stream, &gate.Opened{Gate: gate.PreVal, Manifest: digest, Opening: 1})
	return v
}

func call[R any](v *visitors, name string, request any) R {
	v.t.Helper()
	out, err := operation.Ask[R](v.t.Context(), v.Owner, name, request)
	v.must(err)
	return out
}

func (v *visitors) must(err error) {
	v.t.Helper()
	if err != nil {
		v.t.Fatal(err)
	}
}

func (v *visitors) append(stream ledger.Stream, p ledger.Payload) {
	v.t.Helper()
	_, err := v.Store.Append(v.t.Context(), ledger.Batch{
		Command: "test/" + newID(), Actor: ledger.Actor{Kind: ledger.Machine, ID: "test"}, Events: []ledger.Draft{{Stream: stream, Data: p, Reason: "test"}},
	})
	v.must(err)
}

// code is cleo's, never one that was used.
func (v *visitors) code() string {
	v.t.Helper()
	if c, ok, err := v.Store.Credential(v.t.Context(), v.cleo); err == nil && ok {
		c.LastStep = 0
		v.must(v.Store.SetCredential(v.t.Context(), v.cleo, c))
	}
	code, err := totp.Code(v.seed, time.Now())
	v.must(err)
	return code
}

func (v *visitors) count(kind string) int {
	v.t.Helper()
	events, err := v.Store.Events(v.t.Context(), 0, 1000)
	v.must(err)
	n := 0
	for _, e := range events {
		if e.Type == kind {
			n++
		}
	}
	return n
}

// browser keeps cookies and the last page.
type browser struct {
	v    *visitors
	http *http.Client
	page string // without entities
	raw  string
	code int
}

func (v *visitors) browser() *browser {
	jar, err := cookiejar.New(nil)
	v.must(err)
	return &browser{v: v, http: &http.Client{Jar: jar}}
}

func (b *browser) take(r *http.Response, err error) *browser {
	b.v.t.Helper()
	b.v.must(err)
	defer r.Body.Close()
	raw, err := io.ReadAll(r.Body)
	b.v.must(err)
	b.page, b.raw, b.code = html.UnescapeString(string(raw)), string(raw), r.StatusCode
	return b
}

func (b *browser) get(path string) *browser {
	b.v.t.Helper()
	return b.take(b.http.Get(b.v.site.URL + path))
}

// post sends a form with the token of the last page.
func (b *browser) post(path string, pairs ...string) *browser {
	b.v.t.Helper()
	form := url.Values{"token": {b.find(`name="token" value="([^"]*)"`)}}
	for i := 0; i < len(pairs); i += 2 {
		form.Set(pairs[i], pairs[i+1])
	}
	return b.take(b.http.PostForm(b.v.site.URL+path, form))
}

func (b *browser) find(pattern string) string {
	b.v.t.Helper()
	m := regexp.MustCompile("(?s)" + pattern).FindStringSubmatch(b.page)
	if m == nil {
		b.v.t.Fatalf("no %s on the page:\n%s", pattern, b.page)
	}
	return m[1]
}

func (b *browser) wants(code int, text string) *browser {
	b.v.t.Helper()
	if b.code != code || !strings.Contains(b.page, text) {
		b.v.t.Fatalf("got %d, want %d with %q:\n%s", b.code, code, text, b.page)
	}
	return b
}

// enrols lets cleo accept the invitation and sign in.
func (v *visitors) enrols() *browser {
	v.t.Helper()
	b := v.browser()
	b.get("/enrol").post("/enrol", "secret", v.invitation.Secret).wants(200, "You enrol as <strong>cleo")
	v.seed = b.find(`class="seed">([A-Z2-7]+)<`)
	b.post("/enrol/complete", "secret", v.invitation.Secret, "password", cleoPassword, "again", cleoPassword, "code", v.code()).wants(200, "You are enrolled")
	return v.signsIn()
}

func (v *visitors) signsIn() *browser {
	v.t.Helper()
	return v.browser().get("/sign-in").post("/sign-in", "login", "cleo", "password", cleoPassword, "code", v.code()).wants(200, "My signatures")
}

func (v *visitors) accepts(b *browser) {
	v.t.Helper()
	b.get("/statement").post("/statement", "sha256", b.find(`name="sha256" value="([^"]*)"`), "password", cleoPassword, "code", v.code()).wants(200, "My signatures")
}

var wished = []string{"solution", pageProduct, "version", "1.0.0", "gate", gate.PreVal, "meaning", "sme-approved", "reason", "read the requirements"}

func TestGXP023_GXP024_APersonEnrolsAcceptsAndSignsOnPages(t *testing.T) {
	v := openPagesFor(t, Config{})
	b := v.enrols().wants(200, "has not accepted version 1")
	v.accepts(b)
	b.wants(200, "I have reviewed the content and it is right.")
	b.get("/sign?solution="+pageProduct+"&version=1.0.0&gate=pre_val&meaning=sme-approved").wants(200, "Password and one-time code")
	b.post("/sign", append(wished, "method", policy.PasswordTOTP)...).wants(200, `class="sheet"`).wants(200, "read the requirements")
	ceremony := b.find(`name="ceremony" value="([^"]*)"`)
	b.post("/sign/complete", "ceremony", ceremony, "password", cleoPassword, "code", v.code()).wants(200, "Your signature is recorded")
	b.get("/signatures").wants(200, "Nothing waits for your signature")
	// GXP023, GXP024: the page prints what every other form prints.
	shown := call[inspect.ReleaseDetail](v, "release.show", operation.Version{Solution: pageProduct, Version: "1.0.0"})
	m := shown.Gates[0].Signatures[0].Printed
	for _, text := range append([]string{m.Name, m.Role, m.Text, m.When, m.Method, m.ID, m.Meaning}, "Cleo Andersen", "I have reviewed the content and it is right.", "password and one-time code, server-attested", "Reason: read the requirements") {
		if b.wants(200, html.EscapeString(text)); text == "" {
			t.Errorf("the signature is printed as %+v", m)
		}
	}
	b.post("/sign/complete", "ceremony", ceremony, "password", cleoPassword, "code", v.code()).wants(403, "was used or never began")
	if n := v.count("signature.made"); n != 1 {
		t.Errorf("%d signatures", n)
	}
}

func TestAPersonAddsAPasskeyAndSignsWithIt(t *testing.T) {
	v := openPagesFor(t, Config{})
	b := v.enrols()
	v.accepts(b)
	key := webauthntest.New(t, "localhost", pageOrigin)
	b.get("/passkey").post("/passkey", "password", cleoPassword, "code", v.code()).wants(200, "Use the authenticator")
	b.post("/passkey/enrol", "ticket", b.find(`name="ticket" value="([^"]*)"`), "response", string(key.Create([]byte(b.find(`data-options="({.*?})"`)))))
	b.wants(200, key.Credential())
	b.post("/sign", append(wished, "method", policy.Passkey)...).wants(200, "Sign with the passkey")
	ceremony, options := b.find(`name="ceremony" value="([^"]*)"`), []byte(b.find(`data-options="({.*?})"`))
	b.post("/sign/complete", "ceremony", ceremony, "response", string(key.Sign(options))).wants(200, "Your signature is recorded")

	key.Counter = 0 // a copy of the authenticator
	b.post("/sign", append(wished, "decision", "withdraw", "method", policy.Passkey)...).wants(200, "Sign with the passkey")
	ceremony, options = b.find(`name="ceremony" value="([^"]*)"`), []byte(b.find(`data-options="({.*?})"`))
	b.post("/sign/complete", "ceremony", ceremony, "response", string(key.Sign(options))).wants(403, "there may be a copy")
	if v.count("factor.lost") != 1 || v.count("signature.withdrawn") != 0 {
		t.Errorf("%d lost, %d withdrawn", v.count("factor.lost"), v.count("signature.withdrawn"))
	}
	b.get("/sign?solution="+pageProduct+"&version=1.0.0&gate=pre_val&decision=withdraw").wants(200, "Password and one-time code")
	if strings.Contains(b.page, `value="passkey"`) {
		t.Error("the copied passkey is offered")
	}
}

func TestGXP064_Attack26_ASessionAloneNeitherSignsNorAddsAFactor(t *testing.T) {
	v := openPagesFor(t, Config{})
	b := v.enrols()
	v.accepts(b)
	b.post("/sign", append(wished, "method", policy.PasswordTOTP)...).wants(200, `class="sheet"`)
	b.post("/sign/complete", "ceremony", b.find(`name="ceremony" value="([^"]*)"`)).wants(403, "wrong password")
	b.get("/passkey").post("/passkey", "password", "", "code", "").wants(403, "wrong password")
	b.get("/passkey").post("/passkey/enrol", "ticket", "guessed", "response", "{}").wants(403, "begin again")
	b.get("/statement").post("/statement", "sha256", "", "password", "guess", "code", "000000").wants(403, "wrong password")
	if v.count("signature.made") != 0 || v.count("passkey.enrolled") != 0 {
		t.Error("something was recorded")
	}
}

func TestAttack26_FormsAreOfTheirSessionAndSite(t *testing.T) {
	v := openPagesFor(t, Config{})
	b := v.enrols()
	b.take(b.http.PostForm(v.site.URL+"/sign-out", url.Values{"token": {"of another session"}})).wants(403, "not of this session")
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, v.site.URL+"/sign-out", nil)
	v.must(err)
	r.Header.Set("Sec-Fetch-Site", "cross-site")
	b.take(b.http.Do(r))
	if b.code != 403 {
		t.Errorf("a form of another site: %d", b.code)
	}
	b.get("/signatures").wants(200, "My signatures")
	before := b.http.Jar.Cookies(&url.URL{Scheme: "http", Host: strings.TrimPrefix(v.site.URL, "http://")})
	b.post("/sign-out").wants(200, "Sign in")
	stale := v.browser()
	stale.http.Jar.SetCookies(&url.URL{Scheme: "http", Host: strings.TrimPrefix(v.site.URL, "http://")}, before)
	stale.get("/signatures").wants(200, "Sign in")
}

func TestAttack26_TheSessionHasANewIdAfterSignIn(t *testing.T) {
	v := openPagesFor(t, Config{})
	v.enrols()
	b := v.browser().get("/sign-in")
	u := &url.URL{Scheme: "http", Host: strings.TrimPrefix(v.site.URL, "http://")}
	before := b.http.Jar.Cookies(u)[0]
	b.post("/sign-in", "login", "cleo", "password", cleoPassword, "code", v.code()).wants(200, "My signatures")
	if after := b.http.Jar.Cookies(u)[0]; after.Value == before.Value {
		t.Error("the session's id stayed")
	}
	fixed := v.browser()
	fixed.http.Jar.SetCookies(u, []*http.Cookie{before})
	fixed.get("/signatures").wants(200, "Sign in")
}

func TestGXP036_SessionsEndWhenSomebodyIsDisabledOrLosesAFactor(t *testing.T) {
	by := operation.ByAdministrator{As: "admin", Reason: "reported"}
	for name, end := range map[string]func(v *visitors){
		"disabled": func(v *visitors) {
			call[operation.None](v, "person.disable", operation.ChangePerson{ByAdministrator: by, Login: "cleo"})
		},
		"a factor is lost": func(v *visitors) {
			call[operation.None](v, "person.lose", operation.LoseFactor{ByAdministrator: by, Login: "cleo"})
		},
	} {
		t.Run(name, func(t *testing.T) {
			v := openPagesFor(t, Config{})
			b := v.enrols()
			end(v)
			b.get("/signatures").wants(200, "Sign in").post("/sign-in", "login", "cleo", "password", cleoPassword, "code", v.code()).wants(403, "is wrong")
		})
	}
}

func TestAttack29_GuessingIsSlowAndShutsNobodyOut(t *testing.T) {
	v := openPagesFor(t, Config{})
	v.enrols()
	b := v.browser().get("/sign-in")
	b.post("/sign-in", "login", "cleo", "password", "guess", "code", "000000").wants(403, "is wrong")
	b.post("/sign-in", "login", "nobody", "password", "guess", "code", "000000").wants(403, "is wrong")
	b.post("/sign-in", "login", "<script>", "password", "guess", "code", "000000").wants(403, "is wrong")
	if s, err := v.state.Person(t.Context(), v.cleo); err != nil || s.Locked {
		t.Errorf("guessing on the page of sign-in locks signing: %v, %v", s.Locked, err)
	}
	if n := v.count("operation.refused"); n != 3 {
		t.Errorf("%d refusals recorded, want one for each login", n)
	}
}

func TestPagesSendStrictHeaders(t *testing.T) {
	v := openPagesFor(t, Config{URL: "https://release.example"})
	r, err := http.Get(v.site.URL + "/sign-in")
	v.must(err)
	defer r.Body.Close()
	cookie := r.Header.Get("Set-Cookie")
	for _, want := range []string{"__Host-dc-release=", "Path=/", "HttpOnly", "Secure", "SameSite=Strict"} {
		if !strings.Contains(cookie, want) {
			t.Errorf("cookie %q, want %s", cookie, want)
		}
	}
	csp := r.Header.Get("Content-Security-Policy")
	if !strings.Contains(csp, "default-src 'none'") || strings.Contains(csp, "unsafe") {
		t.Errorf("policy %q", csp)
	}
	if err := (Config{Listen: "0.0.0.0:8085"}).mustRefuse(); err == nil {
		t.Error("an address that nobody knows is accepted")
	}
	if err := (Config{Listen: "0.0.0.0:8085", URL: "http://release.example"}).mustRefuse(); err == nil {
		t.Error("pages without TLS are accepted")
	}
}

func (c Config) mustRefuse() error {
	_, err := c.publicURL()
	return err
}

func TestAPasskeyOfAnotherPageIsNotEnrolled(t *testing.T) {
	v := openPagesFor(t, Config{})
	b := v.enrols()
	key := webauthntest.New(t, "localhost", "http://localhost:9999")
	b.get("/passkey").post("/passkey", "password", cleoPassword, "code", v.code()).wants(200, "Use the authenticator")
	b.post("/passkey/enrol", "ticket", b.find(`name="ticket" value="([^"]*)"`), "response", string(key.Create([]byte(b.find(`data-options="({.*?})"`))))).wants(403, "refused")
}

func TestGXP067_GXP064_ATokenReadsAndNeverSigns(t *testing.T) {
	v := openPagesFor(t, Config{})
	by := operation.ByAdministrator{As: "admin", Reason: "nightly report"}
	made := call[access.NewToken](v, "token.create", operation.CreateToken{ByAdministrator: by, Login: "cleo", Scopes: []string{"run.*", "release.list", "gate.*"}, Days: 30})
	server := http.NewServeMux()
	server.Handle("POST /api/v1/operations/{name}", api.Bearer(v.App))
	site := httptest.NewServer(server)
	t.Cleanup(site.Close)
	ask := func(secret, name string) int {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, site.URL+"/api/v1/operations/"+name, strings.NewReader("{}"))
		v.must(err)
		if secret != "" {
			r.Header.Set("Authorization", "Bearer "+secret)
		}
		answer, err := http.DefaultClient.Do(r)
		v.must(err)
		answer.Body.Close()
		return answer.StatusCode
	}
	for _, c := range []struct {
		what, secret, name string
		want               int
	}{
		{"a list in scope", made.Secret, "run.list", 200},
		{"a list out of scope", made.Secret, "person.list", 403},
		{"a signature", made.Secret, "gate.sign", 403},
		{"a change", made.Secret, "run.cancel", 403},
		{"what does not exist", made.Secret, "gate.open", 403},
		{"no token", "", "run.list", 401},
		{"a guessed token", access.TokenPrefix + "guess", "run.list", 403},
		{"the id of the token", made.ID, "run.list", 403},
	} {
		if got := ask(c.secret, c.name); got != c.want {
			t.Errorf("%s: %d, want %d", c.what, got, c.want)
		}
	}
	for _, o := range operation.All {
		if got := ask(made.Secret, o.Name); o.Mutating && got != 403 {
			t.Errorf("%s with a token: %d", o.Name, got)
		}
	}
	call[operation.None](v, "token.revoke", operation.RevokeToken{ByAdministrator: by, Token: made.ID})
	if got := ask(made.Secret, "run.list"); got != 403 {
		t.Errorf("a revoked token: %d", got)
	}
}

// A signature whose payload is gone takes nothing else with it: it is shown as
// the ledger tells it, with the reason.
func TestGXP023_ASignatureThatCannotBeReadSaysSo(t *testing.T) {
	v := openPagesFor(t, Config{})
	stream := ledger.ReleaseStream(pageProduct, "1.0.0")
	v.append(stream, &signature.Made{
		Signature: "LOST", Payload: strings.Repeat("ab", 32), Envelope: strings.Repeat("cd", 32), Gate: gate.PreVal, Person: v.cleo,
		Meaning: signature.SMEApproved, Decision: "approve", Role: policy.SME, Method: "password+totp",
	})
	s := call[inspect.ReleaseDetail](v, "release.show", operation.Version{Solution: pageProduct, Version: "1.0.0"}).Gates[0].Signatures[0]
	if s.Name != "Cleo Andersen" || s.Effective || !strings.Contains(s.Unreadable, "payload") {
		t.Errorf("release show: %+v", s)
	}
	rows := call[trail.List](v, "audit.list", trail.Query{Filter: coretrail.Filter{Type: "signature.made"}}).Events
	if len(rows) != 1 || rows[0].Signature != nil || !strings.Contains(rows[0].Unreadable, "payload") {
		t.Errorf("audit list: %+v", rows)
	}
	if own := call[inspect.Signatures](v, "signature.list", operation.Login{Login: "cleo"}).Own; len(own) != 1 || own[0].Unreadable == "" {
		t.Errorf("my signatures: %+v", own)
	}
}
