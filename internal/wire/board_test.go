package wire

import (
	"bufio"
	"cmp"
	"context"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/dc-release/dc-release/internal/archtest/need"
	"github.com/dc-release/dc-release/internal/core/canonical"
	"github.com/dc-release/dc-release/internal/core/ledger"
	"github.com/dc-release/dc-release/internal/core/pipeline"
)

// begins starts a run of three jobs, of which two stand in a call; nobody does
// them.
func (v *visitors) begins(run string) {
	v.t.Helper()
	raw, err := canonical.Marshal(pipeline.Plan{Schema: "dc-release/plan/v1", File: ".github/workflows/main.yaml", Jobs: []pipeline.Job{
		{Key: "unit"},
		{Key: "tst", Needs: []string{"unit"}},
		{Key: "tst/deploy", Scope: "tst", Environment: "tst"},
		{Key: "tst/<b>test</b>", Scope: "tst", Needs: []string{"tst/deploy"}},
	}})
	v.must(err)
	digest, err := v.Blobs.PutBytes(v.t.Context(), raw)
	v.must(err)
	v.append(ledger.RunStream(run), &pipeline.RunStarted{
		Run: run, Solution: pageProduct, Number: 7, Plan: digest, Version: "1.0.0",
		Trigger: pipeline.Trigger{Name: "push", Ref: "refs/tags/v1.0.0", SHA: strings.Repeat("a", 40)},
	})
}

func (v *visitors) ends(run string) {
	v.t.Helper()
	v.append(ledger.RunStream(run), &pipeline.JobConcluded{Job: "unit", Conclusion: pipeline.Skipped, Reason: "if is false: never"})
	v.append(ledger.RunStream(run), &pipeline.RunFinished{Run: run, Conclusion: pipeline.Failure})
}

func TestPagesSayWhatIsWhere(t *testing.T) {
	v := openPagesFor(t, Config{})
	v.browser().get("/runs").wants(200, "Sign in")
	b := v.enrols()
	b.get("/").wants(200, pageProduct).wants(200, "No run yet")
	v.begins("R1")
	v.accepts(b)
	b.get("/").wants(200, "You can give 1 signature")
	b.get("/runs").wants(200, pageProduct+" 7").wants(200, "push of refs/tags/v1.0.0")
	b.get("/runs/R1").wants(200, "Run 7 of "+pageProduct).wants(200, `/runs/R1/live`).wants(200, "tst/deploy")
	if strings.Contains(b.raw, "<b>test") {
		t.Error("the name of a job is markup")
	}
	v.ends("R1")
	b.get("/runs/R1").wants(200, "if is false: never")
	if strings.Contains(b.page, "live") {
		t.Error("a page of what has ended waits for more")
	}
	b.get("/runs/nobody").wants(404, "Refused")
	b.get("/releases").wants(200, pageProduct+" 1.0.0")
	b.get("/releases/"+pageProduct+"/1.0.0").wants(200, "waits for signatures").wants(200, "sme-approved")
	b.get("/releases/"+pageProduct+"/9.9.9").wants(404, "no release 9.9.9")
	b.get("/environments/"+pageProduct+"/dev?at=yesterday").wants(400, "Refused")
	b.get("/environments/"+pageProduct+"/moon").wants(404, `no environment "moon"`)
}

// follow reads events of a live page into lines that are not empty.
func (b *browser) follow(ctx context.Context, path, cursor string) *bufio.Scanner {
	b.v.t.Helper()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, b.v.site.URL+path, nil)
	b.v.must(err)
	if cursor != "" {
		r.Header.Set("Last-Event-ID", cursor)
	}
	resp, err := b.http.Do(r)
	b.v.must(err)
	b.v.t.Cleanup(func() { resp.Body.Close() })
	if got := resp.Header.Get("Content-Type"); got != "text/event-stream" {
		b.v.t.Fatalf("it is %q", got)
	}
	return bufio.NewScanner(resp.Body)
}

// until reads to a line that has the text, and gives the last id.
func until(t *testing.T, in *bufio.Scanner, text string) (id string) {
	t.Helper()
	for in.Scan() {
		if after, ok := strings.CutPrefix(in.Text(), "id: "); ok {
			id = after
		}
		if strings.Contains(in.Text(), text) {
			return id
		}
	}
	t.Fatalf("the stream ended before %q: %v", text, in.Err())
	return ""
}

func TestALivePageTellsWhatChanges(t *testing.T) {
	v := openPagesFor(t, Config{})
	b := v.enrols()
	v.begins("R1")
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	in := b.follow(ctx, "/runs/R1/live", "")
	first := until(t, in, "not yet")
	v.ends("R1")
	until(t, in, "if is false: never")
	until(t, in, "event: ended")
	if again := b.follow(ctx, "/runs/R1/live", first); until(t, again, "event: ended") == "" {
		t.Error("a browser that comes back hears nothing")
	}
}

func TestALogIsReadWhileItIsWritten(t *testing.T) {
	v := openPagesFor(t, Config{})
	b := v.enrols()
	v.begins("R1")
	b.get("/runs/R1/log?job=unit").wants(200, "What comes is added here")
	b.get("/runs/R1/log?job=nobody").wants(404, "Refused")
	b.get("/runs/R1/log?job=unit&offset=x").wants(400, "Refused")
	const execution = "R1/1/unit/1"
	v.append(ledger.RunStream("R1"), &pipeline.ExecutionQueued{Execution: execution, Run: "R1", Solution: pageProduct, Job: "unit", Name: "unit", Attempt: 1, Try: 1})
	write := func(offset int64, text string) int64 {
		have, err := v.Logs.Append(execution, offset, []byte("2026-03-04T05:06:07.000000Z 1 stdout "+text+"\n"))
		v.must(err)
		return have
	}
	have := write(0, "first <i>line</i>")
	b.get("/runs/R1/log?job=unit").wants(200, "first")
	if strings.Contains(b.raw, "<i>line") {
		t.Error("what a job prints is markup")
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	in := b.follow(ctx, "/runs/R1/log/live?job=unit", "")
	until(t, in, "first")
	write(have, "second line")
	if after := until(t, in, "second line"); after == "" {
		t.Error("a browser would not know where to go on")
	}
}

func TestGXP061_ALivePageIsOfASession(t *testing.T) {
	v := openPagesFor(t, Config{})
	b := v.enrols()
	v.begins("R1")
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if in := v.browser().follow(ctx, "/runs/R1/live", ""); cmp.Or(until(t, in, "event: ended"), "nothing") != "nothing" {
		t.Error("somebody without a session is told something")
	}
	in := b.follow(ctx, "/runs/R1/live", "")
	until(t, in, "not yet")
	b.get("/runs").post("/sign-out").wants(200, "Sign in")
	until(t, in, "event: ended")
}

// breaking breaks every stream of a live page off after a moment, as a poor
// network does.
func breaking(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/live") {
			ctx, cancel := context.WithTimeout(r.Context(), 300*time.Millisecond)
			defer cancel()
			r = r.WithContext(ctx)
		}
		next.ServeHTTP(w, r)
	})
}

// TestARunIsWatchedInARealBrowser: the page changes while one looks, without
// being loaded again.
func TestARunIsWatchedInARealBrowser(t *testing.T) {
	need.Program(t, "/usr/bin/chromium")
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	v := openPagesFor(t, Config{Listen: l.Addr().String()})
	v.enrols()
	v.begins("R1")
	b := v.tab(l, breaking)
	b.do("open", chromedp.Navigate(b.url+"/sign-in"), chromedp.WaitVisible(chromedp.CSS(`[name="login"]`)))
	b.fill("login", "cleo", "password", cleoPassword, "code", v.code())
	b.presses("main button", "nav")
	b.do("open", chromedp.Navigate(b.url+"/"), chromedp.WaitVisible(chromedp.CSS("table")))
	b.looks("20-overview")
	b.do("open", chromedp.Navigate(b.url+"/runs/R1"), chromedp.WaitVisible(chromedp.CSS("svg.graph .off")))
	b.looks("21-run")
	_, err = chromedp.Run(b.ctx, chromedp.Evaluate[bool]("window.same = true"))
	v.must(err)
	v.ends("R1")
	b.becomes("#run .mark.broken")
	same, err := chromedp.Run(b.ctx, chromedp.Evaluate[bool]("window.same === true"))
	if v.must(err); !same {
		t.Error("the page was loaded again")
	}
	b.looks("22-run-ended")
	for name, path := range map[string]string{"23-runs": "/runs", "24-releases": "/releases", "25-release": "/releases/" + pageProduct + "/1.0.0", "26-log": "/runs/R1/log?job=unit"} {
		b.do("open", chromedp.Navigate(b.url+path), chromedp.WaitVisible(chromedp.CSS("main")))
		b.looks(name)
	}
}
