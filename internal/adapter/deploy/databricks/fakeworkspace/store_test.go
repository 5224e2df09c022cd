package fakeworkspace_test

import (
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dc-release/dc-release/internal/adapter/deploy/databricks/fakeworkspace"
)

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
