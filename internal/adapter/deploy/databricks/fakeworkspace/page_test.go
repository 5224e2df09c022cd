package fakeworkspace_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/dc-release/dc-release/internal/adapter/deploy/databricks/fakeworkspace"
)

func TestThePageShowsEnvironmentsSideBySide(t *testing.T) {
	w := open(t)
	prd := fakeworkspace.New(fakeworkspace.Config{Name: "prd", Host: "http://127.0.0.1:9004"})
	id := w.create(sales())
	w.upload(home+"/<script>.py", "1")
	w.run(id)
	if _, err := w.TamperDuplicate(id); err != nil {
		t.Fatal(err)
	}
	if err := w.TamperJob(id, json.RawMessage(`{"tags":{"evil":"<script>alert(1)</script>"},"schedule":{"quartz_cron_expression":"0 0 6 * * ?","pause_status":"PAUSED"}}`)); err != nil {
		t.Fatal(err)
	}
	if err := w.FailRuns(fakeworkspace.FailingRun{Job: "sales"}); err != nil {
		t.Fatal(err)
	}
	w.run(id)
	w.send("GET", "/api/2.0/clusters/list", nil)
	s := fakeworkspace.NewSandbox(w.Workspace, prd)
	if s.Workspace("prd") != prd || s.Workspace("val") != nil {
		t.Error("workspaces are not found by name")
	}
	get := func(path string) *httptest.ResponseRecorder {
		r := httptest.NewRecorder()
		s.ServeHTTP(r, httptest.NewRequest("GET", path, nil))
		return r
	}
	page := get("/")
	body := page.Body.String()
	for _, want := range []string{
		"This is a sandbox and not Databricks", ">dev", ">prd", "http://127.0.0.1:9004", "Nothing is deployed", "101", "0 0 6 * * ?", "paused", "sp-1", "mart",
		"ada@example.com IS_OWNER", "admins CAN_MANAGE (inherited)", "same name twice", "/Users/ada@example.com/&lt;script&gt;.py", "6b86b273ff34",
		">FAILED<", ">SUCCESS<", "unknown", "/api/2.0/clusters/list", "2026-11-24 12:00:00 UTC", "evil: &lt;script&gt;",
	} {
		if !strings.Contains(body, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	if strings.Contains(body, "<script") || strings.Contains(body, token) {
		t.Error("the page holds what it must not")
	}
	if policy := page.Header().Get("Content-Security-Policy"); !strings.Contains(policy, "default-src 'none'") {
		t.Errorf("policy: %q", policy)
	}
	if style := get("/_sandbox/style.css"); style.Code != 200 || !strings.Contains(style.Body.String(), "light dark") {
		t.Errorf("style: %d", style.Code)
	}
	if other := get("/x"); other.Code != http.StatusNotFound {
		t.Errorf("another page: %d", other.Code)
	}
	if _, _, own := w.send("GET", "/", nil); !strings.Contains(string(own), ">dev") || strings.Contains(string(own), ">prd") {
		t.Error("the page of one workspace is not its own")
	}
}

func TestThePageShowsByWhatAJobStarts(t *testing.T) {
	shown := func(w *world) string {
		_, _, body := w.send("GET", "/", nil)
		return string(body)
	}
	for want, job := range map[string]object{
		"file_arrival": {"trigger": object{"pause_status": "UNPAUSED", "file_arrival": object{"url": "/Volumes/x"}}},
		"continuous":   {"continuous": object{"pause_status": "PAUSED"}}, "by hand": {}, "0 0 6 * * ? UTC": sales(),
	} {
		w := open(t)
		job["name"], job["run_as"] = "a \u202e name", object{"group_name": "everybody"}
		w.create(job)
		for _, want := range []string{want, "<dd>everybody</dd>", "<bdi>a \u202e name</bdi>"} {
			if body := shown(w); !strings.Contains(body, want) {
				t.Errorf("the page lacks %q", want)
			}
		}
	}
	w := open(t)
	for range 60 {
		w.create(sales())
	}
	if body := shown(w); !strings.Contains(body, "10 more are not shown") || strings.Count(body, "<article") != 50 {
		t.Error("many jobs are not told")
	}
}
