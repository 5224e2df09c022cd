package fakeworkspace_test

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
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
		UserAgent: "cli/0.298.0 engine/direct auth/pat", Status: 200, Size: 19,
		SHA256: fmt.Sprintf("%x", sha256.Sum256([]byte(`{"path":"/Users/x"}`))),
	}
	if diff := cmp.Diff(want, log[0]); diff != "" {
		t.Error(diff)
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
