package wire

import (
	"context"
	_ "embed"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/webauthn"
	"github.com/chromedp/chromedp"

	"github.com/dc-release/dc-release/internal/archtest/need"
	"github.com/dc-release/dc-release/internal/core/policy"
	"github.com/dc-release/dc-release/internal/face/web"
)

// pictures is the environment variable that names a folder; the test of the
// pages leaves a picture of each there, light and dark, wide and narrow.
const pictures = "DC_RELEASE_TEST_PICTURES"

// tab is a page of a real browser with an authenticator in it.
type tab struct {
	v   *visitors
	ctx context.Context
	url string
}

// tab opens one on a site at l; what is between browser and site is on its way.
func (v *visitors) tab(l net.Listener, between ...func(http.Handler) http.Handler) *tab {
	v.t.Helper()
	pages := web.Handler(v.pages)
	for _, wrap := range between {
		pages = wrap(pages)
	}
	site := httptest.NewUnstartedServer(pages)
	site.Listener.Close()
	site.Listener = l
	site.Start()
	v.t.Cleanup(site.Close)
	alloc, stop := chromedp.NewExecAllocator(context.Background(), append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath("/usr/bin/chromium"), chromedp.Flag("no-sandbox", true), chromedp.UserDataDir(v.t.TempDir()))...)
	v.t.Cleanup(stop)
	ctx, end := chromedp.NewContext(alloc)
	v.t.Cleanup(end)
	_, port, err := net.SplitHostPort(l.Addr().String())
	v.must(err)
	b := &tab{v: v, ctx: ctx, url: "http://localhost:" + port}
	_, err = chromedp.Call(ctx, webauthn.Enable, webauthn.EnableParams{})
	v.must(err)
	_, err = chromedp.Call(ctx, webauthn.AddVirtualAuthenticator, webauthn.AddVirtualAuthenticatorParams{Options: &webauthn.VirtualAuthenticatorOptions{
		Protocol: "ctap2", Transport: "internal", HasUserVerification: true, IsUserVerified: true, AutomaticPresenceSimulation: true,
	}})
	v.must(err)
	return b
}

func (b *tab) do(what string, steps ...chromedp.Action[chromedp.Void]) {
	b.v.t.Helper()
	if err := chromedp.Do(b.ctx, steps...); err != nil {
		page, _ := chromedp.Run(b.ctx, chromedp.TextContent(chromedp.CSS("body")))
		b.v.t.Fatalf("%s: %v\n%s", what, err, page)
	}
}

// fill types into the fields of the page by name.
func (b *tab) fill(pairs ...string) {
	b.v.t.Helper()
	for i := 0; i < len(pairs); i += 2 {
		b.do("type "+pairs[i], chromedp.SendKeys(chromedp.CSS(`[name="`+pairs[i]+`"]`), pairs[i+1]))
	}
}

// presses a button and waits for what the next page has.
func (b *tab) presses(button, next string) {
	b.v.t.Helper()
	b.do("press "+button, chromedp.Click(chromedp.CSS(button)), chromedp.WaitVisible(chromedp.CSS(next)))
}

// becomes waits until a page that changes by itself has an element. The page is
// asked itself: nodes that are looked up from outside are others meanwhile.
func (b *tab) becomes(css string) {
	b.v.t.Helper()
	const look = `new Promise((has, not) => {
		const since = Date.now();
		const look = () => document.querySelector(%q) ? has(true) : Date.now() - since > 60000 ? not(document.body.innerText) : setTimeout(look, 20);
		look();
	})`
	if _, err := chromedp.Run(b.ctx, chromedp.Evaluate[bool](fmt.Sprintf(look, css), chromedp.EvalAwaitPromise)); err != nil {
		b.v.t.Fatalf("the page never had %s: %v", css, err)
	}
}

// axe looks for what keeps people from using a page (axe-core 4.14.1, MPL-2.0,
// as npm serves it).
//
//go:embed testdata/axe/axe.min.js
var axe string

// wcag says what axe finds against WCAG 2.2 AA, a line each.
const wcag = `axe.run(document, {runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}).then(r =>
	r.violations.flatMap(v => v.nodes.map(n => v.id + ": " + v.help + ": " + n.html)).join("\n"))`

// looks holds the page against what every page promises, light and dark, wide and
// narrow: it fits its window and axe finds nothing. It leaves pictures where
// somebody asked for them.
func (b *tab) looks(name string) {
	b.v.t.Helper()
	_, err := chromedp.Run(b.ctx, chromedp.Evaluate[bool](axe+"; true"))
	b.v.must(err)
	dir := os.Getenv(pictures)
	for _, scheme := range []string{"light", "dark"} {
		_, err := chromedp.Call(b.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
		})
		b.v.must(err)
		for size, width := range map[string]int64{"wide": 1200, "narrow": 390} {
			b.do("resize", chromedp.EmulateViewport(width, 900))
			wide, err := chromedp.Run(b.ctx, chromedp.Evaluate[bool]("document.documentElement.scrollWidth > window.innerWidth"))
			b.v.must(err)
			if wide {
				b.v.t.Errorf("%s is wider than a %s window", name, size)
			}
			found, err := chromedp.Run(b.ctx, chromedp.Evaluate[string](wcag, chromedp.EvalAwaitPromise))
			b.v.must(err)
			if found != "" {
				b.v.t.Errorf("%s, %s and %s:\n%s", name, scheme, size, found)
			}
			if dir == "" {
				continue
			}
			raw, err := chromedp.Run(b.ctx, chromedp.FullScreenshot(90))
			b.v.must(err)
			b.v.must(os.WriteFile(filepath.Join(dir, name+"-"+scheme+"-"+size+".jpg"), raw, 0o644))
		}
	}
	b.do("resize", chromedp.EmulateViewport(1200, 900))
}

// TestPagesInARealBrowser goes the whole road with a browser's own
// authenticator: invitation, statement, passkey, signature.
func TestPagesInARealBrowser(t *testing.T) {
	need.Program(t, "/usr/bin/chromium")
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	v := openPagesFor(t, Config{Listen: l.Addr().String()})
	b := v.tab(l)
	b.do("open", chromedp.Navigate(b.url+"/enrol"), chromedp.WaitVisible(chromedp.CSS(`[name="secret"]`)))
	b.looks("1-invitation")
	b.fill("secret", v.invitation.Secret)
	b.presses("main button", ".seed")
	seed, err := chromedp.Run(b.ctx, chromedp.TextContent(chromedp.CSS(".seed")))
	v.must(err)
	v.seed = strings.TrimSpace(seed)
	b.looks("2-enrol")
	b.fill("password", cleoPassword, "again", cleoPassword, "code", v.code())
	b.presses("main button", ".good")
	b.looks("3-enrolled")
	b.do("open", chromedp.Navigate(b.url+"/sign-in"), chromedp.WaitVisible(chromedp.CSS(`[name="login"]`)))
	b.looks("4-sign-in")
	b.fill("login", "cleo", "password", "not this one", "code", "000000")
	b.presses("main button", ".problem")
	b.looks("5-sign-in-wrong")
	v.App.Access.Delays.Passed("cleo", "127.0.0.1")
	b.fill("password", cleoPassword, "code", v.code())
	b.presses("main button", ".warn")
	b.looks("6-signatures-not-prepared")
	b.presses(`a[href="/statement"]`, "blockquote")
	b.looks("7-statement")
	b.fill("password", cleoPassword, "code", v.code())
	b.presses("main button", `a[href="/passkey"]`)
	b.presses(`a[href="/passkey"]`, `[name="password"]`)
	b.fill("password", cleoPassword, "code", v.code())
	b.presses("main button", `[data-passkey="create"]`)
	b.looks("8-passkey")
	b.presses("main form button", `a[href^="/sign?"]`)
	b.looks("9-signatures")
	b.presses(`a[href^="/sign?"]`, `[name="reason"]`)
	b.fill("reason", "I read the requirements and the tests of this release.")
	b.looks("10-sign")
	b.presses("main form button", `[data-passkey="get"]`)
	b.looks("11-ceremony")
	b.presses("main form button", ".good")
	b.looks("12-done")
	b.do("open", chromedp.Navigate(b.url+"/signatures"), chromedp.WaitVisible(chromedp.CSS("table")))
	b.looks("13-signatures-signed")
	b.do("open", chromedp.Navigate(b.url+"/sign?solution="+pageProduct+"&version=1.0.0&gate=pre_val&meaning=sme-approved"), chromedp.WaitVisible(chromedp.CSS(`[name="reason"]`)))
	b.fill("reason", "once more")
	b.presses("main form button", ".refused")
	b.looks("14-refused")
	st, err := v.state.Release(t.Context(), pageProduct, "1.0.0")
	v.must(err)
	if own, ok := st.Gate("pre_val").Own(v.cleo); !ok || own.Method != policy.Passkey {
		t.Errorf("signature %+v", own)
	}
}
