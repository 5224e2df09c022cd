package fakeworkspace_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dc-release/dc-release/internal/adapter/deploy/databricks/fakeworkspace"
)

func TestTheLogTellsWhoDidWhat(t *testing.T) {
	w := open(t)
	w.send("POST", "/api/2.0/workspace/mkdirs?x=1", `{"path":"/Users/x"}`, "User-Agent", "cli/0.298.0 engine/direct auth/pat")
	w.refused("GET", "/api/2.0/clusters/list", nil, 404, "ENDPOINT_NOT_FOUND")
	w.refused("GET", "/api/2.2/jobs/create", nil, 404, "ENDPOINT_NOT_FOUND")
	if status, _, _ := w.send("GET", "/.well-known/databricks-config", nil); status != 404 {
		t.Errorf("%d", status)
	}
	if got := w.ok("POST", "/telemetry-ext", object{"protoLogs": []string{"a", "b"}}); got["numProtoSuccess"] != 2.0 {
		t.Errorf("%v", got)
	}
	log := w.Requests()
	want := fakeworkspace.Request{
		ID: 1, At: start, Method: "POST", Path: "/api/2.0/workspace/mkdirs", Query: "x=1", Principal: "ada@example.com",
		UserAgent: "cli/0.298.0 engine/direct auth/pat", Status: 200, Size: 19, SHA256: "0f5c0d0b",
	}
	want.SHA256 = log[0].SHA256
	if diff := cmp.Diff(want, log[0]); diff != "" || len(log[0].SHA256) != 64 {
		t.Errorf("%s %q", diff, log[0].SHA256)
	}
	unknown := []bool{false, true, true, false, false}
	for i, q := range log {
		if q.Unknown != unknown[i] {
			t.Errorf("%s %s: unknown %v", q.Method, q.Path, q.Unknown)
		}
	}
}

func TestNoSecretIsInTheLog(t *testing.T) {
	w := open(t)
	form := url.Values{"grant_type": {"client_credentials"}, "scope": {"all-apis"}, "client_secret": {secret}}
	_, got := w.post(form, "Authorization", basic(client, secret))
	issued, _ := got["access_token"].(string)
	for _, s := range []string{token, issued, "dapi-unknown-token"} {
		w.token = s
		w.send("GET", "/api/2.0/"+s+"?token=hidden-1&x="+s+"&password=hidden-2", nil, "User-Agent", "agent "+s)
	}
	w.token = ""
	w.send("GET", "/"+url.PathEscape(secret)+"?q="+url.QueryEscape(secret), nil)
	log, err := json.Marshal(w.Requests())
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []string{token, issued, secret, url.QueryEscape(secret), "dapi-unknown-token", "hidden-"} {
		if strings.Contains(string(log), s) {
			t.Errorf("the log holds %q", s)
		}
	}
}

func TestProcessesAfterOneAnotherSeeTheSameWorkspace(t *testing.T) {
	file := filepath.Join(t.TempDir(), "dev.json")
	begin := func() *world {
		w := &world{t: t, now: start, token: token}
		var err error
		if w.Workspace, err = fakeworkspace.Open(config(w), file); err != nil {
			t.Fatal(err)
		}
		w.listen(w)
		return w
	}
	w := begin()
	id := w.create(sales())
	w.upload(home+"/f", "\x00bytes")
	w.run(id)
	w.fail(fakeworkspace.Fault{Path: "*/list", Status: 503, Times: 1})
	_, got := w.post(url.Values{"grant_type": {"client_credentials"}, "scope": {"all-apis"}}, "Authorization", basic(client, secret))
	if err := w.Save(); err != nil {
		t.Fatal(err)
	}
	before := w.Snapshot()
	after := begin()
	if diff := cmp.Diff(before, after.Snapshot()); diff != "" {
		t.Error(diff)
	}
	after.refused("GET", "/api/2.2/jobs/list", nil, 503, "TEMPORARILY_UNAVAILABLE")
	if next := after.create(sales()); next != id+1 {
		t.Errorf("next id: %d", next)
	}
	issued, _ := got["access_token"].(string)
	after.token = issued
	after.ok("GET", mePath, nil)
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []string{token, secret, issued} {
		if strings.Contains(string(raw), s) {
			t.Errorf("the file holds %q", s)
		}
	}
	if left, err := filepath.Glob(filepath.Join(filepath.Dir(file), ".*")); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v %v", left, err)
	}
}

func TestAFileThatIsNoWorkspaceIsRefused(t *testing.T) {
	for name, text := range map[string]string{
		"cut": `{"schema":`, "another schema": `{"schema":"x"}`, "empty": ``,
		"a null job":     `{"schema":"dc-release/sandbox-workspace/v1","jobs":{"101":null}}`,
		"a null object":  `{"schema":"dc-release/sandbox-workspace/v1","objects":{"/":null}}`,
		"a null run":     `{"schema":"dc-release/sandbox-workspace/v1","runs":[null]}`,
		"a null fault":   `{"schema":"dc-release/sandbox-workspace/v1","faults":[null]}`,
		"a null failing": `{"schema":"dc-release/sandbox-workspace/v1","failing":[null]}`,
	} {
		file := filepath.Join(t.TempDir(), "dev.json")
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := fakeworkspace.Open(fakeworkspace.Config{}, file); err == nil || !strings.Contains(err.Error(), file) {
			t.Errorf("%s: %v", name, err)
		}
		if kept, err := os.ReadFile(file); err != nil || string(kept) != text {
			t.Errorf("%s: the file was changed: %q %v", name, kept, err)
		}
	}
}

func TestAChangeThatCannotBeSavedIsAnError(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "gone")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, now: start, token: token}
	var err error
	if w.Workspace, err = fakeworkspace.Open(config(w), filepath.Join(dir, "dev.json")); err != nil {
		t.Fatal(err)
	}
	w.listen(w)
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	w.refused("POST", "/api/2.2/jobs/create", sales(), 500, "INTERNAL_ERROR")
}

func TestManyUseItAtOnce(t *testing.T) {
	w := open(t)
	w.ok("POST", "/api/2.0/workspace/mkdirs", object{"path": home + "/many"})
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			for j := range 10 {
				r, err := http.NewRequestWithContext(t.Context(), "POST", w.url+"/api/2.2/jobs/create", strings.NewReader(`{"name":"x"}`))
				if err != nil {
					t.Error(err)
					return
				}
				r.Header.Set("Authorization", "Bearer "+token)
				answer, err := http.DefaultClient.Do(r)
				if err != nil {
					t.Error(err)
					return
				}
				answer.Body.Close()
				if err := w.TamperFile(home+"/many/"+string(rune('a'+i))+string(rune('a'+j)), nil); err != nil {
					t.Error(err)
				}
				w.Snapshot()
			}
		})
	}
	all.Wait()
	jobs := w.Jobs()
	if len(jobs) != 80 || jobs[79].ID != 180 || len(w.Files()) != 80 {
		t.Errorf("%d jobs, %d files", len(jobs), len(w.Files()))
	}
}
