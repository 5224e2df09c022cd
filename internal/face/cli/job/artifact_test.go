package job_test

import (
	"archive/tar"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dc-release/dc-release/internal/app/deploy"
	"github.com/dc-release/dc-release/internal/core/fault"
	"github.com/dc-release/dc-release/internal/face/cli/console"
	"github.com/dc-release/dc-release/internal/face/cli/job"
)

// dist is a folder with what a build leaves, in which the test then works.
func dist(t *testing.T) {
	t.Helper()
	t.Chdir(t.TempDir())
	for name, mode := range map[string]os.FileMode{
		"dist/bundle/databricks.yml": 0o644, "dist/bundle/bin/start": 0o755, "dist/wheels/etl.whl": 0o644, "a=b/x": 0o644,
	} {
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(name), mode); err != nil {
			t.Fatal(err)
		}
	}
}

// handIn calls "dc-release deploy" and gives what the worker was asked and sent.
func handIn(t *testing.T, args ...string) (asked string, files map[string]string, err error) {
	t.Helper()
	files = map[string]string{}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = r.URL.String()
		for tr := tar.NewReader(r.Body); ; {
			h, err := tr.Next()
			if errors.Is(err, io.EOF) || r.Header.Get("Content-Type") == "" {
				break
			}
			if err != nil {
				t.Error(err)
				break
			}
			data, _ := io.ReadAll(tr)
			files[h.Name] = string(data)
			if h.Mode&0o100 != 0 {
				files[h.Name] += " executable"
			}
		}
		_ = json.NewEncoder(w).Encode(deploy.Receipt{Environment: "tst"})
	}))
	defer s.Close()
	t.Setenv("DC_RELEASE_JOB_URL", s.URL)
	cmd := job.Deploy(&console.Env{Out: io.Discard, Err: io.Discard})
	cmd.SetArgs(args)
	cmd.SilenceErrors, cmd.SilenceUsage = true, true
	err = cmd.Execute()
	return asked, files, err
}

func TestArtifactsArePackedIntoTheFoldersOfTheirNames(t *testing.T) {
	dist(t)
	for name, c := range map[string]struct {
		args  []string
		asked string
		files map[string]string
	}{
		"what is kept": {nil, "/deploy", map[string]string{}},
		"one without a name": {
			[]string{"--artifact", "dist/bundle"},
			"/deploy",
			map[string]string{"databricks.yml": "dist/bundle/databricks.yml", "bin/start": "dist/bundle/bin/start executable"},
		},
		"a file": {[]string{"--artifact", "dist/wheels/etl.whl"}, "/deploy", map[string]string{"etl.whl": "dist/wheels/etl.whl"}},
		"several": {
			[]string{"--artifact", "wheels=dist/wheels", "--artifact", "bundle=dist/bundle"},
			"/deploy?artifact=wheels&artifact=bundle",
			map[string]string{
				"bundle/databricks.yml": "dist/bundle/databricks.yml", "bundle/bin/start": "dist/bundle/bin/start executable",
				"wheels/etl.whl": "dist/wheels/etl.whl",
			},
		},
		"a file under a name": {[]string{"--artifact", "wheels=dist/wheels/etl.whl"}, "/deploy?artifact=wheels", map[string]string{"wheels/etl.whl": "dist/wheels/etl.whl"}},
		"a path that holds =": {[]string{"--artifact", "./a=b"}, "/deploy", map[string]string{"x": "a=b/x"}},
	} {
		t.Run(name, func(t *testing.T) {
			asked, files, err := handIn(t, c.args...)
			if err != nil || asked != c.asked {
				t.Errorf("asked %s, %v, want %s", asked, err, c.asked)
			}
			if diff := cmp.Diff(c.files, files); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestWrongArtifactsAreRefusedBeforeAnythingIsSent(t *testing.T) {
	dist(t)
	for name, c := range map[string]struct {
		values []string
		want   string
	}{
		"a name twice":           {[]string{"a=dist/bundle", "a=dist/wheels"}, "artifact a is named twice"},
		"with and without names": {[]string{"a=dist/bundle", "dist/wheels"}, "2 artifacts, of which 1 have a name"},
		"two without names":      {[]string{"dist/bundle", "dist/wheels"}, "2 artifacts, of which 0 have a name"},
		"capitals":               {[]string{"Wheels=dist/wheels"}, `artifact name "Wheels"`},
		"an empty name":          {[]string{"=dist/wheels"}, `artifact name ""`},
		"no path":                {[]string{"a="}, `"a=" names no path`},
		"an empty path":          {[]string{""}, `"" names no path`},
	} {
		t.Run(name, func(t *testing.T) {
			var args []string
			for _, v := range c.values {
				args = append(args, "--artifact", v)
			}
			asked, _, err := handIn(t, args...)
			if fault.KindOf(err) != fault.Invalid || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %s", err, c.want)
			}
			if asked != "" {
				t.Errorf("the worker was asked %s", asked)
			}
		})
	}
	if _, _, err := handIn(t, "--artifact", "a=nowhere"); fault.KindOf(err) != fault.Invalid || !strings.Contains(err.Error(), "nowhere") {
		t.Errorf("a path that is not there: %v", err)
	}
}
