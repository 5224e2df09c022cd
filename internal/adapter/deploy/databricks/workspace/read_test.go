package workspace_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dc-release/dc-release/internal/adapter/deploy/databricks/workspace"
)

// requests are what the exchanges of an answer say that they were.
func requests(seen []workspace.Exchange) []string {
	var out []string
	for _, x := range seen {
		out = append(out, x.Request)
	}
	return out
}

func TestMe(t *testing.T) {
	const body = `{"id":"7","userName":"5f0e-app","displayName":"releaser","emails":[{"value":"x"}],"new":1.50}`
	s := play(t, map[string][]reply{meRequest: {{header: map[string]string{"X-Databricks-Org-Id": "4242"}, body: body}}})
	got, err := s.client().Me(t.Context())
	want := workspace.Answer[workspace.Principal]{
		Value: workspace.Principal{ID: "7", UserName: "5f0e-app", Name: "releaser", OrgID: "4242"},
		Seen:  []workspace.Exchange{{Request: meRequest, Raw: json.RawMessage(body)}},
	}
	if d := cmp.Diff(want, got); err != nil || d != "" {
		t.Errorf("got %v, -want +got:\n%s", err, d)
	}
}

func TestAllPagesOfJobsAreRead(t *testing.T) {
	const first = "GET /api/2.2/jobs/list?limit=100&name=daily+load+%26+more"
	second := strings.Replace(first, "more", "more&page_token=t%2B1", 1)
	third := strings.Replace(first, "more", "more&page_token=t2", 1)
	s := play(t, map[string][]reply{
		first:  {ok(`{"jobs":[{"job_id":9007199254740993,"creator_user_name":"ada","settings":{"name":"daily load & more"}}],"has_more":true,"next_page_token":"t+1","prev_page_token":""}`)},
		second: {ok(`{"has_more":true,"next_page_token":"t2"}`)},
		third:  {ok(`{"jobs":[{"job_id":5,"settings":{"name":"Daily Load & More","tags":{}}}],"has_more":false}`)},
	})
	got, err := s.client().JobsByName(t.Context(), "daily load & more")
	want := []workspace.JobName{{ID: 5, Name: "Daily Load & More"}, {ID: 9007199254740993, Name: "daily load & more", Creator: "ada"}}
	if d := cmp.Diff(want, got.Value); err != nil || d != "" {
		t.Errorf("got %v, -want +got:\n%s", err, d)
	}
	if d := cmp.Diff([]string{first, second, third}, requests(got.Seen)); d != "" {
		t.Errorf("evidence, -want +got:\n%s", d)
	}
}

func TestNoJobOfAName(t *testing.T) {
	s := play(t, map[string][]reply{"GET /api/2.2/jobs/list?limit=100&name=x": {ok(`{"has_more":false}`)}})
	c := s.client()
	if got, err := c.JobsByName(t.Context(), "x"); err != nil || len(got.Value) != 0 || len(got.Seen) != 1 {
		t.Errorf("got %v, %v", got, err)
	}
	if _, err := c.JobsByName(t.Context(), ""); err == nil {
		t.Error("an empty name would list all: want an error")
	}
}

func TestAJobIsATreeWithAllThatIsInIt(t *testing.T) {
	const request = "GET /api/2.2/jobs/get?job_id=11"
	s := play(t, map[string][]reply{
		request: {ok(`{"job_id":11,"creator_user_name":"ada","run_as_user_name":"sp-1","created_time":1700000000123,"next_page_token":"p2","unknown":{},
			"settings":{"name":"load","timeout_seconds":9223372036854775807,"ratio":0.10,"future":{"x":[null,true]},
			"tags":{"git-commit":"abc"},"tasks":[{"task_key":"a"}],"environments":[{"environment_key":"default"}],"webhook_notifications":{}}}`)},
		request + "&page_token=p2": {ok(`{"job_id":11,"next_page_token":"p3","settings":{"name":"load","tasks":[{"task_key":"b"}],"environments":[],"job_clusters":[{"job_cluster_key":"c"}]}}`)},
		request + "&page_token=p3": {ok(`{"job_id":11,"settings":{"tasks":[{"task_key":"c"}],"schedule":{"pause_status":"PAUSED"}}}`)},
	})
	got, err := s.client().Job(t.Context(), 11)
	if err != nil {
		t.Fatal(err)
	}
	want := workspace.Job{
		ID: 11, Creator: "ada", RunAs: "sp-1", Created: time.UnixMilli(1700000000123).UTC(),
		Settings: map[string]any{
			"name": "load", "timeout_seconds": json.Number("9223372036854775807"), "ratio": json.Number("0.10"),
			"future": map[string]any{"x": []any{nil, true}}, "tags": map[string]any{"git-commit": "abc"}, "webhook_notifications": map[string]any{},
			"tasks":        []any{map[string]any{"task_key": "a"}, map[string]any{"task_key": "b"}, map[string]any{"task_key": "c"}},
			"environments": []any{map[string]any{"environment_key": "default"}},
			"job_clusters": []any{map[string]any{"job_cluster_key": "c"}},
		},
	}
	if d := cmp.Diff(want, got.Value); d != "" {
		t.Errorf("-want +got:\n%s", d)
	}
	if len(got.Seen) != 3 {
		t.Errorf("evidence: got %v", requests(got.Seen))
	}
}

func TestPermissionsSayWhatIsInherited(t *testing.T) {
	s := play(t, map[string][]reply{"GET /api/2.0/permissions/jobs/11": {ok(`{"object_id":"/jobs/11","object_type":"job","access_control_list":[
		{"user_name":"zoe@x","display_name":"Zoe","all_permissions":[{"permission_level":"CAN_VIEW","inherited":false}]},
		{"service_principal_name":"5f0e-app","all_permissions":[{"permission_level":"IS_OWNER","inherited":false}]},
		{"group_name":"admins","all_permissions":[{"permission_level":"CAN_MANAGE","inherited":true,"inherited_from_object":["/jobs/"]},{"permission_level":"CAN_MANAGE","inherited":false}]},
		{"group_name":"nobody"}]}`)}})
	got, err := s.client().JobPermissions(t.Context(), 11)
	want := []workspace.Permission{
		{Kind: workspace.Group, Name: "admins", Level: "CAN_MANAGE"},
		{Kind: workspace.Group, Name: "admins", Level: "CAN_MANAGE", Inherited: true, From: []string{"/jobs/"}},
		{Kind: workspace.ServicePrincipal, Name: "5f0e-app", Level: "IS_OWNER"},
		{Kind: workspace.User, Name: "zoe@x", Level: "CAN_VIEW"},
	}
	if d := cmp.Diff(want, got.Value); err != nil || d != "" {
		t.Errorf("got %v, -want +got:\n%s", err, d)
	}
}

func TestActiveRuns(t *testing.T) {
	const request = "GET /api/2.2/jobs/runs/list?active_only=true&job_id=11&limit=24"
	s := play(t, map[string][]reply{
		request:                   {ok(`{"runs":[{"run_id":3,"job_id":11,"state":{"life_cycle_state":"RUNNING"},"status":{"state":"OTHER"},"start_time":1700000000000,"run_page_url":"https://x/3"}],"has_more":true,"next_page_token":"n"}`)},
		request + "&page_token=n": {ok(`{"runs":[{"run_id":2,"status":{"state":"QUEUED"}}],"has_more":false,"next_page_token":""}`)},
	})
	got, err := s.client().ActiveRuns(t.Context(), 11)
	want := []workspace.Run{{ID: 3, State: "RUNNING", Started: time.UnixMilli(1700000000000).UTC(), Page: "https://x/3"}, {ID: 2, State: "QUEUED"}}
	if d := cmp.Diff(want, got.Value); err != nil || d != "" {
		t.Errorf("got %v, -want +got:\n%s", err, d)
	}
}

func TestUnityCatalog(t *testing.T) {
	s := play(t, map[string][]reply{
		"GET /api/2.1/unity-catalog/catalogs/prod":          {ok(`{"name":"prod","owner":"admins","metastore_id":"x"}`)},
		"GET /api/2.1/unity-catalog/schemas/Prod.a%20b%2Fc": {ok(`{"name":"a b/c","catalog_name":"prod","full_name":"prod.a b/c","owner":"ada"}`)},
		"GET /api/2.1/unity-catalog/catalogs/none":          {refuse(404, "CATALOG_DOES_NOT_EXIST", "no")},
		"GET /api/2.1/unity-catalog/schemas/prod.hidden":    {refuse(403, "PERMISSION_DENIED", "no")},
	})
	c := s.client()
	if got, err := c.Catalog(t.Context(), "prod"); err != nil || got.Value != (workspace.Securable{Name: "prod", Owner: "admins"}) {
		t.Errorf("got %v, %v", got, err)
	}
	if got, err := c.Schema(t.Context(), "Prod", "a b/c"); err != nil || got.Value != (workspace.Securable{Name: "prod.a b/c", Owner: "ada"}) {
		t.Errorf("got %v, %v", got, err)
	}
	if _, err := c.Catalog(t.Context(), "none"); !errors.Is(err, workspace.NotFound) {
		t.Errorf("got %v", err)
	}
	if _, err := c.Schema(t.Context(), "prod", "hidden"); !errors.Is(err, workspace.Denied) {
		t.Errorf("got %v", err)
	}
	for _, pair := range [][2]string{{"", "s"}, {"c", ""}} {
		if _, err := c.Schema(t.Context(), pair[0], pair[1]); err == nil {
			t.Errorf("%q: want an error", pair)
		}
	}
	for _, name := range []string{"", ".", ".."} {
		if _, err := c.Catalog(t.Context(), name); err == nil {
			t.Errorf("%q: want an error", name)
		}
	}
}

// TestAnswersThatCannotBeBelieved: each would make something look other than it is.
func TestAnswersThatCannotBeBelieved(t *testing.T) {
	const (
		list   = "GET /api/2.2/jobs/list?limit=100&name=x"
		job    = "GET /api/2.2/jobs/get?job_id=1"
		rights = "GET /api/2.0/permissions/jobs/1"
		runs   = "GET /api/2.2/jobs/runs/list?active_only=true&job_id=1&limit=24"
		cat    = "GET /api/2.1/unity-catalog/catalogs/c"
	)
	tests := []struct{ name, request, body, text string }{
		{"no JSON", job, "<html>", "no JSON"},
		{"cut", job, `{"job_id":1,"settings":{`, "no JSON"},
		{"nothing", job, "", "no JSON"},
		{"another value", job, "[]", "want a JSON object"},
		{"null", job, "null", "want a JSON object"},
		{"more behind it", job, `{"job_id":1,"settings":{}} {}`, "something after its end"},
		{"a name twice", job, `{"job_id":1,"settings":{"tags":{"a":1,"a":2}}}`, `"a" twice`},
		{"a name twice, escaped", job, `{"job_id":1,"settings":{},"sett\u0069ngs":{}}`, `"settings" twice`},
		{"no UTF-8", job, "{\"job_id\":1,\"settings\":{\"a\":\"\xff\"}}", "not UTF-8"},
		{"too deep", job, strings.Repeat(`{"a":`, 200) + "1" + strings.Repeat("}", 200), "levels deep"},
		{"another job", job, `{"job_id":2,"settings":{}}`, "about job 2"},
		{"an id in other letters", job, `{"JOB_ID":1,"settings":{}}`, `"job_id": want a number greater than zero`},
		{"an id that is a text", job, `{"job_id":"1","settings":{}}`, `"job_id": want a whole number`},
		{"an id with a fraction", job, `{"job_id":1.0,"settings":{}}`, `"job_id": want a whole number`},
		{"no settings", job, `{"job_id":1}`, "no settings"},
		{"settings that are a list", job, `{"job_id":1,"settings":[]}`, `"settings": want an object`},
		{"a time out of this world", job, `{"job_id":1,"settings":{},"created_time":-5}`, `"created_time"`},
		{"tasks that are a text", job + "!", `{"job_id":1,"next_page_token":"p","settings":{"tasks":"a"}}`, `"tasks": want an array`},
		{"an id beyond 64 bits", list, `{"jobs":[{"job_id":9223372036854775808}]}`, `"job_id"`},
		{"jobs that are a text", list, `{"jobs":"none"}`, `"jobs": want an array`},
		{"jobs that are texts", list, `{"jobs":["x"]}`, `"jobs": want an array of objects`},
		{"more, but where", list, `{"has_more":true}`, "without a token"},
		{"a flag that is a text", list, `{"has_more":"yes"}`, `"has_more": want true or false`},
		{"permissions of another job", rights, `{"object_id":"/jobs/2"}`, `about "/jobs/2"`},
		{"permissions of nobody", rights, `{"object_id":"/jobs/1","access_control_list":[{"all_permissions":[]}]}`, "names nobody"},
		{"permissions of two", rights, `{"object_id":"/jobs/1","access_control_list":[{"user_name":"a","group_name":"b"}]}`, "names both"},
		{"a permission without a level", rights, `{"object_id":"/jobs/1","access_control_list":[{"user_name":"a","all_permissions":[{}]}]}`, "without a level"},
		{"inherited from a number", rights, `{"object_id":"/jobs/1","access_control_list":[{"user_name":"a","all_permissions":[{"permission_level":"X","inherited_from_object":[1]}]}]}`, "array of texts"},
		{"a run of another job", runs, `{"runs":[{"run_id":1,"job_id":2}]}`, "job 2"},
		{"a run without an id", runs, `{"runs":[{"job_id":1}]}`, `"run_id"`},
		{"another catalog", cat, `{"name":"d"}`, `about "d"`},
		{"a catalog without a name", cat, `{}`, `about ""`},
		{"nobody asks", meRequest, `{}`, "names nobody"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			request, second := strings.CutSuffix(tt.request, "!")
			replies := map[string][]reply{request: {ok(tt.body)}}
			if second {
				replies[request+"&page_token=p"] = []reply{ok(`{"job_id":1,"settings":{"tasks":[{}]}}`)}
			}
			c := play(t, replies).client()
			var err error
			switch request {
			case list:
				_, err = c.JobsByName(t.Context(), "x")
			case job:
				_, err = c.Job(t.Context(), 1)
			case rights:
				_, err = c.JobPermissions(t.Context(), 1)
			case runs:
				_, err = c.ActiveRuns(t.Context(), 1)
			case cat:
				_, err = c.Catalog(t.Context(), "c")
			default:
				_, err = c.Me(t.Context())
			}
			if !errors.Is(err, workspace.Malformed) || !strings.Contains(err.Error(), tt.text) {
				t.Errorf("got %v, want %q", err, tt.text)
			}
		})
	}
}

func TestPagesComeToAnEnd(t *testing.T) {
	const request = "GET /api/2.2/jobs/list?limit=100&name=x"
	s := play(t, map[string][]reply{
		request:                   {ok(`{"next_page_token":"a"}`)},
		request + "&page_token=a": {ok(`{"next_page_token":"b"}`)},
		request + "&page_token=b": {ok(`{"next_page_token":"a"}`)},
	})
	if _, err := s.client().JobsByName(t.Context(), "x"); !errors.Is(err, workspace.Malformed) || !strings.Contains(err.Error(), "read already") {
		t.Errorf("got %v", err)
	}
	replies := map[string][]reply{request: {ok(`{"next_page_token":"1"}`)}}
	for i := 1; i < 1000; i++ {
		replies[fmt.Sprintf("%s&page_token=%d", request, i)] = []reply{ok(fmt.Sprintf(`{"next_page_token":"%d"}`, i+1))}
	}
	if _, err := play(t, replies).client().JobsByName(t.Context(), "x"); !errors.Is(err, workspace.Malformed) || !strings.Contains(err.Error(), "more than 1000 pages") {
		t.Errorf("got %v", err)
	}
}

func TestTreeKeepsEveryNumberAsItIsWritten(t *testing.T) {
	for _, text := range []string{"0", "-1", "9007199254740993", fmt.Sprint(uint64(math.MaxUint64)), "1.50", "1e400", "123456789012345678901234567890"} {
		got, err := workspace.Tree([]byte(" [" + text + "] "))
		if d := cmp.Diff([]any{json.Number(text)}, got); err != nil || d != "" {
			t.Errorf("%s: got %v, %v", text, got, err)
		}
	}
}
