package workspace_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dc-release/dc-release/internal/adapter/deploy/databricks/workspace"
)

// FuzzTree: what is read is what encoding/json reads, and can be written and read
// again.
func FuzzTree(f *testing.F) {
	for _, s := range []string{"null", `{"a":[1,-0.5e9,"x",true,null,{}]}`, `{"a":1,"a":2}`, `{"\u0061":1}`, "[[", "1 2", `"\ud800"`, "{\"\xff\":1}"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		got, err := workspace.Tree(raw)
		if err != nil {
			return
		}
		d := json.NewDecoder(bytes.NewReader(raw))
		d.UseNumber()
		var want any
		if err := d.Decode(&want); err != nil || !cmp.Equal(want, got) {
			t.Fatalf("%q: got %v, want %v, %v", raw, got, want, err)
		}
		again, err := json.Marshal(got)
		if err != nil {
			t.Fatal(err)
		}
		if back, err := workspace.Tree(again); err != nil || !cmp.Equal(back, got) {
			t.Errorf("%q was written as %q and read as %v, %v", raw, again, back, err)
		}
	})
}

// FuzzAnswers gives the same bytes to every read: none may panic, and what is
// refused is malformed and holds nothing.
func FuzzAnswers(f *testing.F) {
	for _, s := range []string{
		me, `{"jobs":[{"job_id":1,"settings":{"name":"x"}}]}`, `{"job_id":1,"settings":{"tasks":[{}]}}`, `{"runs":[{"run_id":1,"state":{"life_cycle_state":"RUNNING"}}]}`,
		`{"run_id":1,"job_id":2,"status":{"state":"TERMINATED","termination_details":{"code":"SUCCESS"}},"tasks":[{"run_id":3,"task_key":"a","start_time":1}]}`, `{"error":"x"}`,
		`{"object_id":"/jobs/1","access_control_list":[{"user_name":"a","all_permissions":[{"permission_level":"X","inherited":true,"inherited_from_object":["/"]}]}]}`,
		`{"path":"/b","object_type":"FILE","size":1,"modified_at":1}`, `{"objects":[{"path":"/b/a","object_type":"FILE"}]}`, `{"content":"YQ=="}`, `{"name":"c","full_name":"c.s"}`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		c, err := workspace.Open(t.Context(), workspace.Config{Via: workspace.GetterFunc(func(context.Context, string, url.Values) ([]byte, http.Header, error) { return raw, nil, nil })})
		if err != nil {
			t.Fatal(err)
		}
		ctx := t.Context()
		check := func(what string, seen int, err error) {
			if err != nil && (!errors.Is(err, workspace.Malformed) && !errors.Is(err, workspace.TooLarge) || seen > 0) {
				t.Errorf("%s of %q: got %v with %d exchanges", what, raw, err, seen)
			}
			if err == nil && seen == 0 {
				t.Errorf("%s of %q: no evidence", what, raw)
			}
		}
		a, err := c.Me(ctx)
		check("me", len(a.Seen), err)
		b, err := c.JobsByName(ctx, "x")
		check("jobs", len(b.Seen), err)
		d, err := c.Job(ctx, 1)
		check("job", len(d.Seen), err)
		e, err := c.JobPermissions(ctx, 1)
		check("permissions", len(e.Seen), err)
		g, err := c.ActiveRuns(ctx, 1)
		check("runs", len(g.Seen), err)
		k, err := c.JobRun(ctx, 1)
		check("run", len(k.Seen), err)
		l, err := c.TaskOutput(ctx, 1)
		check("output", len(l.Seen), err)
		h, err := c.StatusOf(ctx, "/b")
		check("status", len(h.Seen), err)
		i, err := c.List(ctx, "/b")
		check("list", len(i.Seen), err)
		j, err := c.Schema(ctx, "c", "s")
		check("schema", len(j.Seen), err)
		if _, err := c.Export(ctx, "/b"); err != nil && !errors.Is(err, workspace.Malformed) {
			t.Errorf("export of %q: got %v", raw, err)
		}
	})
}

func FuzzClaims(f *testing.F) {
	f.Add(jwtOf(f, map[string]any{"sub": "x", "exp": 1}))
	f.Add("eyJhbGciOiJub25lIn0.e30.")
	f.Fuzz(func(t *testing.T, token string) {
		if got, err := workspace.Claims(workspace.Secret(token)); err != nil && !cmp.Equal(got, workspace.Said{}) {
			t.Errorf("%q: got %v with %v", token, got, err)
		}
	})
}

func FuzzRedact(f *testing.F) {
	f.Add("Authorization: Bearer x", "hush-hush")
	f.Add(`{"token":"hush-hush"}`, "hush-hush")
	f.Fuzz(func(t *testing.T, text, secret string) {
		got := workspace.Redact(text, workspace.Secret(secret))
		if again := workspace.Redact(got); again != got {
			t.Errorf("%q became %q, and then %q", text, got, again)
		}
	})
}
