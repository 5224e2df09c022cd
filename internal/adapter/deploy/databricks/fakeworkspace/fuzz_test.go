package fakeworkspace_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/dc-release/dc-release/internal/adapter/deploy/databricks/fakeworkspace"
)

func FuzzServe(f *testing.F) {
	for _, seed := range [][3]string{
		{"POST", "/api/2.0/workspace-files/import-file/%2FUsers%2Fada@example.com%2Fx?overwrite=true", "x"},
		{"POST", "/api/2.0/workspace/import", `{"path":"/Users/x","content":"eA=="}`},
		{"POST", "/api/2.0/workspace/delete", `{"path":"/Users/ada@example.com","recursive":true}`},
		{"POST", "/api/2.2/jobs/create", `{"name":"a","tasks":[{"task_key":"t","depends_on":[{"task_key":"t"}]}],"run_as":1,"schedule":[],"tags":{"a":1}}`},
		{"POST", "/api/2.2/jobs/reset", `{"job_id":101,"new_settings":null}`},
		{"POST", "/api/2.2/jobs/run-now", `{"job_id":101}`},
		{"GET", "/api/2.2/jobs/get?job_id=101&page_token=am9iOjE", ""},
		{"GET", "/api/2.2/jobs/runs/list?limit=25&job_id=101&page_token=cnVuczo5MjIzMzcyMDM2ODU0Nzc1ODA3", ""},
		{"PUT", "/api/2.0/permissions/jobs/101", `{"access_control_list":[{"user_name":"a","permission_level":"CAN_VIEW"},null]}`},
		{"PATCH", "/api/2.0/permissions/directories/9001", `{}`},
		{"GET", "/api/2.1/unity-catalog/schemas?catalog_name=dev_sales&max_results=1&page_token=c2NoZW1hczo5", ""},
		{"POST", "/oidc/v1/token", "grant_type=urn:ietf:params:oauth:grant-type:token-exchange&subject_token=a.b.c"},
		{"POST", "/_sandbox/faults", `{"path":"*","status":500}`},
		{"POST", "/_sandbox/jobs/101/settings", `{"tasks":null}`},
		{"PUT", "/_sandbox/files?path=/a/b", "x"},
		{"GET", "/", ""},
	} {
		f.Add(seed[0], seed[1], seed[2])
	}
	f.Fuzz(func(t *testing.T, method, path, body string) {
		w := &world{t: t, now: start}
		w.Workspace = fakeworkspace.New(config(w))
		ask := func(method, path, body string) int {
			r, err := http.NewRequestWithContext(t.Context(), method, "http://fake"+path, strings.NewReader(body))
			if err != nil {
				return http.StatusOK // no request
			}
			r.Header.Set("Authorization", "Bearer "+token)
			if strings.Contains(path, "/oidc/") {
				r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			}
			answer := httptest.NewRecorder()
			w.ServeHTTP(answer, r)
			if answer.Code == http.StatusInternalServerError && w.Heal() == nil && !strings.Contains(answer.Body.String(), "told to fail") {
				t.Errorf("%s %s: %s", method, path, answer.Body)
			}
			return answer.Code
		}
		ask("POST", "/api/2.2/jobs/create", `{"name":"a","tasks":[{"task_key":"t"}]}`)
		ask(method, path, body)
		for _, left := range []string{"/", "/_sandbox/state", "/api/2.2/jobs/list?expand_tasks=true", "/api/2.0/workspace/list?path=/"} {
			if err := w.Heal(); err != nil {
				t.Fatal(err)
			}
			if status := ask("GET", left, ""); status != http.StatusOK {
				t.Errorf("%s after %s %q: %d", left, method, path, status)
			}
		}
	})
}
