package workspace_test

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dc-release/dc-release/internal/adapter/deploy/databricks/workspace"
)

func TestStatusOf(t *testing.T) {
	const path = "/Workspace/Users/sp-1/.bundle/a b+c.py"
	request := "GET /api/2.0/workspace/get-status?path=%2FWorkspace%2FUsers%2Fsp-1%2F.bundle%2Fa+b%2Bc.py"
	const body = `{"path":"/Users/sp-1/.bundle/a b+c.py","object_type":"FILE","object_id":42,"resource_id":"42","size":7,"modified_at":1700000000000}`
	s := play(t, map[string][]reply{request: {ok(body), refuse(404, "RESOURCE_DOES_NOT_EXIST", "no"), ok(`{"path":"/elsewhere"}`)}})
	c := s.client()
	got, err := c.StatusOf(t.Context(), path)
	want := workspace.Object{Path: path, Type: workspace.FileObject, ID: 42, ResourceID: "42", Size: 7, Modified: time.UnixMilli(1700000000000).UTC()}
	if d := cmp.Diff(want, got.Value); err != nil || d != "" {
		t.Errorf("got %v, -want +got:\n%s", err, d)
	}
	if _, err := c.StatusOf(t.Context(), path); !errors.Is(err, workspace.NotFound) {
		t.Errorf("got %v", err)
	}
	if _, err := c.StatusOf(t.Context(), path); !errors.Is(err, workspace.Malformed) {
		t.Errorf("got %v", err)
	}
}

func digest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

func listOf(folder string) string {
	return "GET /api/2.0/workspace/list?path=" + url.QueryEscape(folder)
}

func TestListWalksAllFolders(t *testing.T) {
	s := play(t, map[string][]reply{
		listOf("/Workspace/b"): {ok(`{"objects":[
			{"path":"/b/z","object_type":"DIRECTORY","object_id":1},
			{"path":"/Workspace/b/nb","object_type":"NOTEBOOK","language":"PYTHON","object_id":2},
			{"path":"/b/git","object_type":"REPO","object_id":3},
			{"path":"/b/a.py","object_type":"FILE","object_id":4,"size":0},
			{"path":"/b/new","object_type":"SOMETHING_NEW"}]}`)},
		listOf("/Workspace/b/z"):   {ok(`{"objects":[{"path":"/b/z/y","object_type":"DIRECTORY"}]}`)},
		listOf("/Workspace/b/git"): {ok(`{}`)},
		listOf("/Workspace/b/z/y"): {ok(`{"objects":[{"path":"/b/z/y/x","object_type":"FILE","size":3}]}`)},
	})
	got, err := s.client().List(t.Context(), "/Workspace/b")
	want := []workspace.Object{
		{Path: "/Workspace/b/a.py", Type: workspace.FileObject, ID: 4},
		{Path: "/Workspace/b/git", Type: workspace.RepoObject, ID: 3, Size: -1},
		{Path: "/Workspace/b/nb", Type: workspace.NotebookObject, Language: "PYTHON", ID: 2, Size: -1},
		{Path: "/Workspace/b/new", Type: "SOMETHING_NEW", Size: -1},
		{Path: "/Workspace/b/z", Type: workspace.DirectoryObject, ID: 1, Size: -1},
		{Path: "/Workspace/b/z/y", Type: workspace.DirectoryObject, Size: -1},
		{Path: "/Workspace/b/z/y/x", Type: workspace.FileObject, Size: 3},
	}
	if d := cmp.Diff(want, got.Value); err != nil || d != "" {
		t.Errorf("got %v, -want +got:\n%s", err, d)
	}
	if d := cmp.Diff([]string{listOf("/Workspace/b"), listOf("/Workspace/b/z"), listOf("/Workspace/b/git"), listOf("/Workspace/b/z/y")}, requests(got.Seen)); d != "" {
		t.Errorf("evidence, -want +got:\n%s", d)
	}
}

func TestListsThatCannotBeBelieved(t *testing.T) {
	for name, objects := range map[string]string{
		"outside":        `{"path":"/c/a","object_type":"FILE"}`,
		"above":          `{"path":"/b/../c","object_type":"FILE"}`,
		"the folder":     `{"path":"/b","object_type":"FILE"}`,
		"deeper":         `{"path":"/b/c/d","object_type":"FILE"}`,
		"beside":         `{"path":"/bb/c","object_type":"FILE"}`,
		"without a path": `{"object_type":"FILE"}`,
		"relative":       `{"path":"a","object_type":"FILE"}`,
		"twice":          `{"path":"/b/a","object_type":"FILE"},{"path":"/Workspace/b/a","object_type":"FILE"}`,
		"a line":         `{"path":"/b/a\nb","object_type":"FILE"}`,
		"a huge size":    `{"path":"/b/a","object_type":"FILE","size":1e3}`,
	} {
		s := play(t, map[string][]reply{listOf("/b"): {ok(`{"objects":[` + objects + `]}`)}})
		if got, err := s.client().List(t.Context(), "/b"); !errors.Is(err, workspace.Malformed) {
			t.Errorf("%s: got %v, %v", name, got, err)
		}
	}
}

func TestOneFolderThatFailsFailsTheWalk(t *testing.T) {
	s := play(t, map[string][]reply{
		listOf("/b"):   {ok(`{"objects":[{"path":"/b/x","object_type":"DIRECTORY"}]}`)},
		listOf("/b/x"): {refuse(403, "PERMISSION_DENIED", "no")},
	})
	if got, err := s.client().List(t.Context(), "/b"); !errors.Is(err, workspace.Denied) || got.Value != nil {
		t.Errorf("got %v, %v", got, err)
	}
}

// endless is a workspace in which every folder holds what it is told.
func endless(t *testing.T, objects func(folder string) string) *workspace.Client {
	t.Helper()
	c, err := workspace.Open(t.Context(), workspace.Config{Via: workspace.GetterFunc(func(_ context.Context, _ string, q url.Values) ([]byte, http.Header, error) {
		return []byte(`{"objects":[` + objects(q.Get("path")) + `]}`), nil, nil
	})})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestAWalkComesToAnEnd(t *testing.T) {
	deep := endless(t, func(folder string) string { return fmt.Sprintf(`{"path":"%s/d","object_type":"DIRECTORY"}`, folder) })
	if _, err := deep.List(t.Context(), "/b"); !errors.Is(err, workspace.TooLarge) {
		t.Errorf("got %v", err)
	}
	wide := endless(t, func(folder string) string {
		var list []string
		for i := range 30 {
			list = append(list, fmt.Sprintf(`{"path":"%s/%d","object_type":"DIRECTORY"}`, folder, i))
		}
		return strings.Join(list, ",")
	})
	wide.SetMaxObjects(900)
	if _, err := wide.List(t.Context(), "/b"); !errors.Is(err, workspace.TooLarge) || !strings.Contains(err.Error(), "more than 900 objects") {
		t.Errorf("got %v", err)
	}
}

func TestAWalkAsksOnlySoManyAtOnce(t *testing.T) {
	const limit = 3
	var mu sync.Mutex
	now, most := 0, 0
	full := make(chan struct{})
	c, err := workspace.Open(t.Context(), workspace.Config{Parallel: limit, Via: workspace.GetterFunc(func(ctx context.Context, _ string, q url.Values) ([]byte, http.Header, error) {
		if q.Get("path") != "/b" {
			mu.Lock()
			now++
			most = max(most, now)
			if now == limit {
				select {
				case <-full:
				default:
					close(full)
				}
			}
			mu.Unlock()
			select { // until as many as may be are under way
			case <-full:
			case <-ctx.Done():
			}
			mu.Lock()
			now--
			mu.Unlock()
			return []byte("{}"), nil, nil
		}
		var list []string
		for i := range 20 {
			list = append(list, fmt.Sprintf(`{"path":"/b/%d","object_type":"DIRECTORY"}`, i))
		}
		return []byte(`{"objects":[` + strings.Join(list, ",") + `]}`), nil, nil
	})})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.List(t.Context(), "/b"); err != nil || most != limit {
		t.Errorf("got %v, %d at once, want %d", err, most, limit)
	}
}

func TestExportHashesTheBytes(t *testing.T) {
	const request = "GET /api/2.0/workspace/export?direct_download=true&path=%2Fb%2Fa.py"
	packed := reply{header: map[string]string{"Content-Encoding": "gzip"}, body: "\x1f\x8b"}
	s := play(t, map[string][]reply{request: {refuse(503, "X", "y"), {body: "print(1)\n"}, {body: ""}, {body: "{}"}, refuse(404, "RESOURCE_DOES_NOT_EXIST", "no"), packed}})
	s.look = func(r *http.Request, body string) {
		bare(t, r, body, "Bearer "+canary)
		if got := r.Header.Get("Accept-Encoding"); got != "identity" {
			t.Errorf("takes the encoding %q", got)
		}
	}
	c := s.client()
	for _, want := range []workspace.File{
		{Path: "/b/a.py", SHA256: digest("print(1)\n"), Size: 9},
		{Path: "/b/a.py", SHA256: "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", Size: 0},
	} {
		got, err := c.Export(t.Context(), "/b/a.py")
		if err != nil || got != want {
			t.Errorf("got %v, %v, want %v", got, err, want)
		}
	}
	if got, err := c.Content(t.Context(), "/b/a.py"); err != nil || string(got) != "{}" {
		t.Errorf("got %q, %v", got, err)
	}
	for _, kind := range []workspace.Kind{workspace.NotFound, workspace.Malformed} {
		if _, err := c.Export(t.Context(), "/b/a.py"); !errors.Is(err, kind) {
			t.Errorf("got %v, want %v", err, kind)
		}
	}
}

func TestAnExportThatBreaksIsHashedFromItsBeginning(t *testing.T) {
	tries := make(chan int, 2)
	tries <- 1
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		select {
		case <-tries:
			w.Header().Set("Content-Length", "9")
			_, _ = w.Write([]byte("print"))
			_ = http.NewResponseController(w).Flush()
			panic(http.ErrAbortHandler)
		default:
			_, _ = w.Write([]byte("print(1)\n"))
		}
	}))
	defer s.Close()
	c, err := workspace.Open(t.Context(), workspace.Config{Host: s.URL, Auth: workspace.PAT{Token: canary}, Clock: newClock().clock(), MaxFile: 9})
	if err != nil {
		t.Fatal(err)
	}
	got, err := c.Export(t.Context(), "/a")
	if want := (workspace.File{Path: "/a", SHA256: digest("print(1)\n"), Size: 9}); err != nil || got != want {
		t.Errorf("got %v, %v, want %v", got, err, want)
	}
}

func TestPathsAreAbsoluteAndShort(t *testing.T) {
	c := play(t, nil).client()
	for _, path := range []string{"", "a", "/a/", "/a//b", "/a/../b", "/./a", "/a\x00", "/a\n", ".."} {
		_, one := c.StatusOf(t.Context(), path)
		_, two := c.List(t.Context(), path)
		_, three := c.Export(t.Context(), path)
		_, four := c.Content(t.Context(), path)
		for _, err := range []error{one, two, three, four} {
			if err == nil || !strings.Contains(err.Error(), "want an absolute path") {
				t.Errorf("%q: got %v", path, err)
			}
		}
	}
}

// TestTheSameClientReadsByAnotherWay: what `databricks api get` can give.
func TestTheSameClientReadsByAnotherWay(t *testing.T) {
	content := base64.StdEncoding.EncodeToString([]byte("print(1)\n"))
	broken := errors.New("exit status 1")
	answers := map[string]string{
		"/api/2.0/preview/scim/v2/Me":                      me,
		"/api/2.2/jobs/get?job_id=1":                       `{"job_id":1,"settings":{"name":"x"}}`,
		"/api/2.0/workspace/export?path=%2Fa":              `{"content":"` + content + `","file_type":"py"}`,
		"/api/2.0/workspace/export?path=%2Fnone":           `{}`,
		"/api/2.0/workspace/export?path=%2Fbad":            `{"content":"%"}`,
		"/api/2.0/workspace/export?path=%2Fempty":          `{"content":""}`,
		"/api/2.2/jobs/list?limit=100&name=x":              `{"has_more":true,"next_page_token":"2"}`,
		"/api/2.2/jobs/list?limit=100&name=x&page_token=2": `{"jobs":[{"job_id":1,"settings":{"name":"x"}}]}`,
		"/api/2.0/workspace/get-status?path=%2Fa":          `{"path":"/a","object_type":"FILE"}`,
		"/api/2.0/permissions/jobs/1":                      `{"object_id":"/jobs/1"}`,
	}
	c, err := workspace.Open(t.Context(), workspace.Config{Via: workspace.GetterFunc(func(_ context.Context, path string, q url.Values) ([]byte, http.Header, error) {
		if len(q) > 0 {
			path += "?" + q.Encode()
		}
		raw, ok := answers[path]
		if !ok {
			return nil, nil, broken
		}
		return []byte(raw), nil, nil
	})})
	if err != nil {
		t.Fatal(err)
	}
	if got, err := c.Me(t.Context()); err != nil || got.Value != (workspace.Principal{ID: "7", UserName: "sp-1"}) {
		t.Errorf("got %v, %v", got, err)
	}
	if got, err := c.Job(t.Context(), 1); err != nil || got.Value.Settings["name"] != "x" {
		t.Errorf("got %v, %v", got, err)
	}
	if got, err := c.JobsByName(t.Context(), "x"); err != nil || len(got.Value) != 1 {
		t.Errorf("got %v, %v", got, err)
	}
	if got, err := c.StatusOf(t.Context(), "/a"); err != nil || got.Value.Type != workspace.FileObject {
		t.Errorf("got %v, %v", got, err)
	}
	if got, err := c.JobPermissions(t.Context(), 1); err != nil || got.Value == nil {
		t.Errorf("got %v, %v", got, err)
	}
	if got, err := c.Export(t.Context(), "/a"); err != nil || got != (workspace.File{Path: "/a", SHA256: digest("print(1)\n"), Size: 9}) {
		t.Errorf("got %v, %v", got, err)
	}
	if got, err := c.Content(t.Context(), "/empty"); err != nil || len(got) != 0 {
		t.Errorf("got %q, %v", got, err)
	}
	for _, path := range []string{"/none", "/bad"} {
		if _, err := c.Export(t.Context(), path); !errors.Is(err, workspace.Malformed) {
			t.Errorf("%s: got %v", path, err)
		}
	}
	if _, err := c.ActiveRuns(t.Context(), 1); !errors.Is(err, broken) || !strings.Contains(err.Error(), "GET /api/2.2/jobs/runs/list?") {
		t.Errorf("got %v", err)
	}
}
