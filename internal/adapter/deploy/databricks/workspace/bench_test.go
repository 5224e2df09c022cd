package workspace_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sync/errgroup"

	"github.com/dc-release/dc-release/internal/adapter/deploy/databricks/workspace"
)

// store is a workspace in memory: folders with files of 8 KiB, and jobs.
func store(b *testing.B, folders, files int) *workspace.Client {
	b.Helper()
	content := []byte(strings.Repeat("0123456789abcdef", 512))
	lists := map[string][]map[string]any{}
	for i := range folders {
		folder := fmt.Sprintf("/b/d%d", i)
		lists["/b"] = append(lists["/b"], map[string]any{"path": folder, "object_type": "DIRECTORY", "object_id": i + 1})
		for j := range files / folders {
			lists[folder] = append(lists[folder], map[string]any{"path": fmt.Sprintf("%s/f%d.py", folder, j), "object_type": "FILE", "object_id": 10_000 + j, "size": len(content)})
		}
	}
	var tasks []map[string]any
	for i := range 8 {
		tasks = append(tasks, map[string]any{"task_key": fmt.Sprint("task", i), "python_wheel_task": map[string]any{"package_name": "corp", "entry_point": "main", "parameters": []string{"--env", "prd"}}})
	}
	mux := http.NewServeMux()
	answer := func(w http.ResponseWriter, v any) {
		if err := json.NewEncoder(w).Encode(v); err != nil {
			b.Error(err)
		}
	}
	mux.HandleFunc("GET /api/2.0/workspace/list", func(w http.ResponseWriter, r *http.Request) {
		answer(w, map[string]any{"objects": lists[r.URL.Query().Get("path")]})
	})
	mux.HandleFunc("GET /api/2.0/workspace/export", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(content) })
	mux.HandleFunc("GET /api/2.2/jobs/get", func(w http.ResponseWriter, r *http.Request) {
		id, _ := strconv.Atoi(r.URL.Query().Get("job_id"))
		answer(w, map[string]any{"job_id": id, "settings": map[string]any{"name": fmt.Sprint("job", id), "tasks": tasks, "tags": map[string]string{"git-commit": "abc"}}})
	})
	mux.HandleFunc("GET /api/2.0/permissions/jobs/{id}", func(w http.ResponseWriter, r *http.Request) {
		level := []map[string]any{{"permission_level": "CAN_MANAGE", "inherited": false}}
		answer(w, map[string]any{"object_id": "/jobs/" + path.Base(r.URL.Path), "access_control_list": []map[string]any{{"group_name": "a", "all_permissions": level}, {"user_name": "b", "all_permissions": level}}})
	})
	s := httptest.NewServer(mux)
	b.Cleanup(s.Close)
	c, err := workspace.Open(b.Context(), workspace.Config{Host: s.URL, Auth: workspace.PAT{Token: canary}})
	if err != nil {
		b.Fatal(err)
	}
	return c
}

// BenchmarkFiles walks 50 folders with 2,000 files and hashes each, 8 at once.
func BenchmarkFiles(b *testing.B) {
	c := store(b, 50, 2000)
	b.ReportAllocs()
	for b.Loop() {
		all, err := c.List(b.Context(), "/b")
		if err != nil || len(all.Value) != 2050 {
			b.Fatal(len(all.Value), err)
		}
		g, ctx := errgroup.WithContext(b.Context())
		g.SetLimit(8)
		for _, o := range all.Value {
			if o.Type == workspace.FileObject {
				g.Go(func() error {
					_, err := c.Export(ctx, o.Path)
					return err
				})
			}
		}
		if err := g.Wait(); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkJobs reads 200 jobs of 8 tasks with their permissions, 8 at once.
func BenchmarkJobs(b *testing.B) {
	c := store(b, 1, 1)
	b.ReportAllocs()
	for b.Loop() {
		g, ctx := errgroup.WithContext(b.Context())
		g.SetLimit(8)
		for id := range int64(200) {
			g.Go(func() error {
				if _, err := c.Job(ctx, id+1); err != nil {
					return err
				}
				_, err := c.JobPermissions(ctx, id+1)
				return err
			})
		}
		if err := g.Wait(); err != nil {
			b.Fatal(err)
		}
	}
}
