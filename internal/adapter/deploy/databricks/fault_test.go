package databricks_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/dc-release/dc-release/internal/adapter/deploy/databricks"
	"github.com/dc-release/dc-release/internal/adapter/deploy/databricks/standin"
	"github.com/dc-release/dc-release/internal/app/deploy"
	"github.com/dc-release/dc-release/internal/core/deployment"
	"github.com/dc-release/dc-release/internal/core/fault"
)

// within runs the stand-in in this process, which is fast.
type within struct{ programs }

func (p within) Run(ctx context.Context, _ *deploy.Call, folder string, x deploy.Program) (deploy.Output, error) {
	environ := []string{"HOME=" + folder, "DATABRICKS_STANDIN_SEED=test", "DATABRICKS_BUNDLE_ROOT=" + filepath.Join(folder, x.Dir)}
	for name, value := range x.Env {
		environ = append(environ, name+"="+value)
	}
	var stdout, stderr bytes.Buffer
	exit := standin.Main(ctx, x.Argv[1:], environ, bytes.NewReader(x.Stdin), &stdout, &stderr)
	return deploy.Output{Exit: exit, Stdout: stdout.Bytes(), Stderr: stderr.Bytes()}, nil
}

// meet lets requests be met from now on.
func (w world) meet(m meeting) { w.meets.Store(&m) }

// at answers the request of a number by a fault, and counts.
func (w world) at(number int, strike http.HandlerFunc) (count *atomic.Int64) {
	count = new(atomic.Int64)
	w.meet(func(rw http.ResponseWriter, r *http.Request) bool {
		hit := count.Add(1) == int64(number)
		if hit {
			strike(rw, r)
		}
		return hit
	})
	return count
}

// strikes are what goes wrong with a request.
func (w world) strikes() map[string]http.HandlerFunc {
	answers := func(status int, code string) http.HandlerFunc {
		return func(rw http.ResponseWriter, _ *http.Request) {
			rw.Header().Set("Retry-After", "0")
			rw.WriteHeader(status)
			fmt.Fprintf(rw, `{"error_code":%q,"message":"struck"}`, code)
		}
	}
	cut := func(rw http.ResponseWriter) { panic(http.ErrAbortHandler) }
	return map[string]http.HandlerFunc{
		"500": answers(http.StatusInternalServerError, "INTERNAL_ERROR"), "401": answers(http.StatusUnauthorized, "UNAUTHENTICATED"),
		"403": answers(http.StatusForbidden, "PERMISSION_DENIED"), "429": answers(http.StatusTooManyRequests, "REQUEST_LIMIT_EXCEEDED"),
		"cut": func(rw http.ResponseWriter, _ *http.Request) { cut(rw) },
		"carried out and cut": func(rw http.ResponseWriter, r *http.Request) {
			w.ServeHTTP(httptest.NewRecorder(), r)
			cut(rw)
		},
	}
}

// inProcess is a world that starts no process and waits for nothing.
func inProcess(t testing.TB) world {
	t.Helper()
	w := open(t)
	target := w.Target.(*databricks.Target)
	target.Programs = within{target.Programs.(programs)}
	target.Wait = func(context.Context, time.Duration) error { return nil }
	return w
}

// struck is a workspace with One in it and what deploys Two.
func struck(t *testing.T, first bool) (world, deploy.Artifact, deployment.Plan) {
	t.Helper()
	w := inProcess(t)
	a := w.One.Artifact(t)
	if !first {
		w.Apply(t, w.One)
		a = w.Two.Artifact(t)
	}
	return w, a, w.Plan(t, a)
}

// TestADeploymentThatIsStruckAnywhereIsToldAndGoesOn strikes each request of a
// deployment in turn: it succeeds and the place is as expected, or it fails and says
// what and where. The truth is observed; then the same plan goes on or is refused as
// stale or locked, and a new one ends it. No job is there twice in silence.
func TestADeploymentThatIsStruckAnywhereIsToldAndGoesOn(t *testing.T) {
	for _, first := range []bool{true, false} {
		w, a, p := struck(t, first)
		count := w.at(0, nil)
		if err := w.Target.Apply(t.Context(), w.Call(), a, p); err != nil {
			t.Fatal(err)
		}
		names := slices.Sorted(maps.Keys(w.strikes()))
		for k := 1; k <= int(count.Load()); k++ {
			name := names[k%len(names)] // all with all would take minutes
			t.Run(fmt.Sprintf("first %t, %s at %d", first, name, k), func(t *testing.T) {
				t.Parallel()
				w, a, p := struck(t, first)
				var asked atomic.Value
				w.at(k, func(rw http.ResponseWriter, r *http.Request) {
					asked.Store(r.Method + " " + r.URL.Path)
					w.strikes()[name](rw, r)
				})
				err := w.Target.Apply(t.Context(), w.Call(), a, p)
				w.meets.Store(nil)
				w.told(t, fmt.Sprint(asked.Load()), err)
				w.goesOn(t, a, p, err)
			})
		}
	}
}

// told wants an error of a deployment to say what, and that the lock stayed if it did.
func (w world) told(t *testing.T, asked string, err error) {
	t.Helper()
	_, held := w.ask(http.MethodGet, "/api/2.0/workspace/export?direct_download=true&path="+root+"/state/deploy.lock", "")
	switch said := fmt.Sprint(err); {
	case err == nil && held == nil:
		t.Errorf("%s: succeeded and left the lock", asked)
	case err == nil:
	case len(said) < 40 || !strings.Contains(said, "databricks bundle deploy") && !strings.Contains(said, "GET /api/"):
		t.Errorf("%s: says %q", asked, said)
	case held == nil && !strings.Contains(said, "lock"):
		t.Errorf("%s: left the lock and says %q", asked, said)
	}
	var f *fault.Error
	if err != nil && (!errors.As(err, &f) || f.Hint == "") {
		t.Errorf("%s: no hint with %v", asked, err)
	}
}

// goesOn wants a place after a deployment that may have failed to be brought to what
// was expected.
func (w world) goesOn(t *testing.T, a deploy.Artifact, p deployment.Plan, failed error) {
	t.Helper()
	if d := deployment.Drifted(p.Expected, w.Observe(t)); failed == nil && len(d) > 0 {
		t.Errorf("succeeded, and %v", d)
	}
	err := w.Target.Apply(t.Context(), w.Call(), a, p)
	if err != nil {
		if failed == nil || !strings.Contains(err.Error(), "stale") && !strings.Contains(err.Error(), "lock") {
			t.Errorf("again: %v", err)
		}
		_, _ = w.ask(http.MethodPost, "/api/2.0/workspace/delete", `{"path":"`+root+`/state/deploy.lock"}`) // as the hint says
		p = w.Plan(t, a)
		if err := w.Target.Apply(t.Context(), w.Call(), a, p); err != nil {
			t.Errorf("planned again: %v", err)
		}
	}
	d := deployment.Drifted(p.Expected, w.Observe(t))
	twice := len(w.Jobs()) > 1
	if told := len(d) == 1 && strings.HasPrefix(d[0].String(), "jobs.main/same name: expected 1"); len(d) > 0 && !(twice && told) || twice && !told {
		t.Errorf("%d jobs, and %v", len(w.Jobs()), d)
	}
}

// TestACancelledDeploymentSaysThatItsLockIsLeft: the program cannot release it any more.
func TestACancelledDeploymentSaysThatItsLockIsLeft(t *testing.T) {
	w, a, p := struck(t, true)
	ctx, cancel := context.WithCancel(t.Context())
	w.meet(func(_ http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path == "/api/2.2/jobs/create" {
			cancel()
		}
		return false
	})
	err := w.Target.Apply(ctx, w.Call(), a, p)
	if err == nil || !strings.Contains(err.Error(), `state/deploy.lock is left, of "deployer@example.com" since "20`) || !strings.Contains(fault.HintOf(err), "remove it only when nothing runs") {
		t.Errorf("got %v, hint %q", err, fault.HintOf(err))
	}
}

// TestAReadThatFailsIsNoStateAndNothingAbsent strikes each request of reading back and
// all after it: nothing is observed then, and the error says what was asked.
func TestAReadThatFailsIsNoStateAndNothingAbsent(t *testing.T) {
	w, a, p := struck(t, true)
	if err := w.Target.Apply(t.Context(), w.Call(), a, p); err != nil {
		t.Fatal(err)
	}
	count := w.at(0, nil)
	want := w.Observe(t)
	for name, strike := range map[string]http.HandlerFunc{
		"a page of a proxy": func(rw http.ResponseWriter, _ *http.Request) {
			rw.WriteHeader(http.StatusNotFound)
			_, _ = rw.Write([]byte("<html>not found</html>"))
		},
		"no such API": func(rw http.ResponseWriter, _ *http.Request) {
			rw.WriteHeader(http.StatusNotFound)
			_, _ = rw.Write([]byte(`{"error_code":"ENDPOINT_NOT_FOUND","message":"no"}`))
		},
		"nothing":   func(http.ResponseWriter, *http.Request) {},
		"an object": func(rw http.ResponseWriter, _ *http.Request) { _, _ = rw.Write([]byte(`{}`)) },
		"half of it": func(rw http.ResponseWriter, _ *http.Request) {
			rw.Header().Set("Content-Length", "99")
			_, _ = rw.Write([]byte(`{"a`))
		},
		"another way": func(rw http.ResponseWriter, r *http.Request) {
			http.Redirect(rw, r, "http://127.0.0.1:1/", http.StatusFound)
		},
		"500": w.strikes()["500"], "401": w.strikes()["401"], "403": w.strikes()["403"], "429": w.strikes()["429"], "cut": w.strikes()["cut"],
	} {
		for k := 1; k <= int(count.Load()); k++ {
			var mu sync.Mutex
			n, first := 0, ""
			w.meet(func(rw http.ResponseWriter, r *http.Request) bool {
				mu.Lock()
				defer mu.Unlock()
				if n++; n < k {
					return false
				}
				if first == "" {
					first = r.URL.Path + "?" + r.URL.RawQuery
				}
				strike(rw, r)
				return true
			})
			got, err := w.Target.Observe(t.Context(), w.Call())
			w.meets.Store(nil)
			mu.Lock()
			asked := first
			mu.Unlock()
			if d := deployment.Drifted(want, got); err == nil && !understood(name, asked, d) {
				t.Errorf("%s at %d, %s: observed, and %v", name, k, asked, d)
			}
			if err != nil && (len(got) > 0 || !strings.Contains(err.Error(), "/api/2.") && !strings.Contains(err.Error(), "state/")) {
				t.Errorf("%s at %d, %s: %d facts and %v", name, k, asked, len(got), err)
			}
		}
	}
}

// understood: an answer without members, or of no bytes, may be what a workspace means;
// what then differs is found.
func understood(strike, asked string, found []deployment.Difference) bool {
	return (strike == "nothing" || strike == "an object") && len(found) > 0 && asked != ""
}
