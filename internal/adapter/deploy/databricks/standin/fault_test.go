package standin_test

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/dc-release/dc-release/internal/adapter/deploy/databricks/fakeworkspace"
)

func TestALockThatIsHeldSaysByWhom(t *testing.T) {
	w := open(t)
	const lock = root + "/state/deploy.lock"
	if err := w.TamperFile(lock, []byte(`{"ID":"x","AcquisitionTime":"2026-11-24T12:00:00Z","IsForced":false,"User":"bob@example.com"}`)); err != nil {
		t.Fatal(err)
	}
	w.fails("bob@example.com holds it since 2026-11-24T12:00:00Z. Use --force-lock", "bundle", "deploy", "-t", "dev")
	w.fails("bob@example.com holds it", "bundle", "destroy", "-t", "dev", "--auto-approve")
	if len(w.Jobs()) != 0 || w.file(root+"/files/src/etl.py") != "" {
		t.Error("something was deployed under a foreign lock")
	}
	w.deploy("--force-lock")
	if w.file(lock) != "" {
		t.Error("the lock is still there")
	}
}

// Who takes the lock by force keeps it when the first one ends.
func TestTheLockOfAnotherStays(t *testing.T) {
	w := open(t)
	const lock = root + "/state/deploy.lock"
	s := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/api/2.2/jobs/create" {
			if err := w.TamperFile(lock, []byte(`{"ID":"x","AcquisitionTime":"noon","User":"bob@example.com"}`)); err != nil {
				t.Error(err)
			}
		}
		w.ServeHTTP(rw, r)
	}))
	defer s.Close()
	w.set("DATABRICKS_HOST=" + s.URL)
	w.fails("release the deployment lock: bob@example.com took it at noon", "bundle", "deploy", "-t", "dev")
	if w.file(lock) == "" {
		t.Error("the lock of another was deleted")
	}
}

func TestModeDevelopmentTakesNoLock(t *testing.T) {
	w := open(t)
	w.ok("bundle", "deploy", "-t", "development")
	for _, r := range w.Requests() {
		if strings.Contains(r.Path, "deploy.lock") || strings.Contains(r.Query, "deploy.lock") {
			t.Errorf("%s %s?%s", r.Method, r.Path, r.Query)
		}
	}
	if job, _ := w.job(); job.Name != "[dev deployer] corp-procurement/development/main" {
		t.Errorf("job %q", job.Name)
	}
}

// A process that is killed after a job was made leaves the lock and a job that
// no state knows.
func TestWhatAKilledDeployLeaves(t *testing.T) {
	w := open(t)
	made, release := make(chan struct{}), make(chan struct{})
	s := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/api/2.2/jobs/create" {
			w.ServeHTTP(rw, r)
			return
		}
		w.ServeHTTP(httptest.NewRecorder(), r) // carried out, and never answered
		close(made)
		<-release
	}))
	defer s.Close()
	defer close(release)
	name := filepath.Join(t.TempDir(), "databricks")
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(self, name); err != nil {
		t.Fatal(err)
	}
	c := exec.CommandContext(t.Context(), name, "bundle", "deploy", "-t", "dev")
	c.Env = append(w.env, "DATABRICKS_HOST="+s.URL, "PATH="+os.Getenv("PATH"))
	var stderr bytes.Buffer
	c.Stderr = &stderr
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	gone := make(chan error, 1)
	go func() { gone <- c.Wait() }()
	select {
	case <-made:
	case err := <-gone:
		t.Fatalf("it ended: %v\n%s", err, stderr.String())
	}
	if err := c.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	<-gone

	if !strings.Contains(w.file(root+"/state/deploy.lock"), `"User":"deployer@example.com"`) {
		t.Error("the lock is gone")
	}
	if w.file(root+"/state/resources.json") != "" || len(w.Jobs()) != 1 {
		t.Errorf("want a job without state, got %d jobs", len(w.Jobs()))
	}
	w.fails("failed to acquire deployment lock: deployer@example.com holds it", "bundle", "deploy", "-t", "dev")
	w.deploy("--force-lock")
	if jobs := w.Jobs(); len(jobs) != 2 || jobs[0].Name != jobs[1].Name {
		t.Errorf("want the orphan and a second job of its name, got %+v", jobs)
	}
}

func TestFaultsOfTheWorkspace(t *testing.T) {
	for name, c := range map[string]struct {
		fault fakeworkspace.Fault
		want  string // "" when it is overcome
		jobs  int
		state bool
	}{
		"too many requests":                {fakeworkspace.Fault{Path: "*jobs/create", Times: 1, Status: 429, Retry: 1}, "", 1, true},
		"not signed in":                    {fakeworkspace.Fault{Path: "*scim*", Status: 401}, "401 UNAUTHENTICATED", 0, false},
		"forbidden":                        {fakeworkspace.Fault{Path: "*jobs/create", Status: 403}, "create resources.jobs.main: The sandbox was told to fail. (403 PERMISSION_DENIED)", 0, true},
		"a job that was made all the same": {fakeworkspace.Fault{Path: "*jobs/create", Status: 500, Carried: true}, "500 INTERNAL_ERROR", 1, true},
		"permissions that fail":            {fakeworkspace.Fault{Method: "PUT", Path: "*permissions/jobs/*", Status: 500}, "create resources.jobs.main.permissions", 1, true},
		"a state that is not written":      {fakeworkspace.Fault{Method: "POST", Path: "*resources.json", Status: 500}, "write the state", 1, false},
		"a file that is not written":       {fakeworkspace.Fault{Method: "POST", Path: "*etl.py", Status: 500}, "upload src/etl.py", 0, false},
	} {
		t.Run(name, func(t *testing.T) {
			w := open(t)
			if err := w.Fail(c.fault); err != nil {
				t.Fatal(err)
			}
			if c.want == "" {
				w.deploy()
			} else {
				w.fails(c.want, "bundle", "deploy", "-t", "dev")
			}
			if err := w.Heal(); err != nil {
				t.Fatal(err)
			}
			if got := len(w.Jobs()); got != c.jobs {
				t.Errorf("%d jobs, want %d", got, c.jobs)
			}
			if got := w.file(root+"/state/resources.json") != ""; got != c.state {
				t.Errorf("state written %t, want %t", got, c.state)
			}
			if w.file(root+"/state/deploy.lock") != "" {
				t.Error("the lock is still there")
			}
		})
	}
}

func TestWhoMayOnlyReadDeploysNothing(t *testing.T) {
	w := open(t)
	w.set("DATABRICKS_TOKEN=dapi-reader")
	w.fails("403 PERMISSION_DENIED", "bundle", "deploy", "-t", "dev")
	if len(w.Files())+len(w.Jobs()) != 0 {
		t.Error("something was written")
	}
}

func TestRunsThatAreActive(t *testing.T) {
	w := open(t)
	w.deploy()
	job, _ := w.job()
	id, err := w.TamperRun(job.ID)
	if err != nil {
		t.Fatal(err)
	}
	w.fails("blocked by active runs: run", "bundle", "deploy", "-t", "dev", "--fail-on-active-runs")
	w.deploy()
	if err := w.EndRun(id, fakeworkspace.Success); err != nil {
		t.Fatal(err)
	}
	w.deploy("--fail-on-active-runs")
}
