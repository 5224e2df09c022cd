package worker_test

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dc-release/dc-release/internal/adapter/runner"
	"github.com/dc-release/dc-release/internal/adapter/runner/worker"
	"github.com/dc-release/dc-release/internal/adapter/sandbox"
	"github.com/dc-release/dc-release/internal/app/claim"
	"github.com/dc-release/dc-release/internal/app/deploy"
	"github.com/dc-release/dc-release/internal/app/work"
	"github.com/dc-release/dc-release/internal/core/fault"
	"github.com/dc-release/dc-release/internal/core/pipeline"
	"github.com/dc-release/dc-release/internal/core/workflow"
)

func TestMain(m *testing.M) {
	if ran, code := sandbox.Init(os.Args[1:]); ran {
		os.Exit(code)
	}
	os.Exit(m.Run())
}

// server is the server's side in memory.
type server struct {
	work.Server // what a test does not need panics
	stop        context.CancelFunc

	mu     sync.Mutex
	queue  []pipeline.Assignment
	blobs  map[string][]byte
	repos  map[string]map[string]string // owner/name@commit to files
	result claim.Result
	asked  []work.IdentityTokenRequest
	caches map[string][]byte // by key
	named  []string          // artifacts
	gone   bool              // they make room between being found and being read
	ran    []deploy.TasksRequest
}

func (s *server) NameArtifact(_ context.Context, r work.ArtifactName) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.named = append(s.named, fmt.Sprint(r.Name, " ", r.Overwrite, " ", len(r.SHA256)))
	if r.Name == "taken" && !r.Overwrite && r.SHA256 == "" {
		return fault.New(fault.Conflict, "artifact %q is there", r.Name)
	}
	return nil
}

func (s *server) RunTasks(_ context.Context, r deploy.TasksRequest) (deploy.TasksReceipt, error) {
	s.ran = append(s.ran, r)
	return deploy.TasksReceipt{Environment: "tst", Verdict: "passed"}, nil
}

func (s *server) FindCache(_ context.Context, q work.CacheQuery) (work.CacheEntry, error) {
	_, ok := s.caches[q.Keys[0]]
	return work.CacheEntry{Found: ok, Scope: "refs/heads/main", Key: q.Keys[0]}, nil
}

func (s *server) ReadCache(_ context.Context, r work.CacheRead) (io.ReadCloser, error) {
	if s.gone || r.Scope != "refs/heads/main" || len(r.Version) != 64 {
		return nil, fault.New(fault.NotFound, "cache %q is not there", r.Key)
	}
	return io.NopCloser(bytes.NewReader(s.caches[r.Key])), nil
}

func (s *server) SaveCache(_ context.Context, q work.CacheSave, r io.Reader) (work.CacheSaved, error) {
	b, err := io.ReadAll(r)
	s.caches[q.Key] = b
	return work.CacheSaved{Saved: true}, err
}

func (s *server) Claim(context.Context, claim.Worker) (*pipeline.Assignment, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.queue) == 0 {
		return nil, context.Canceled
	}
	a := s.queue[0]
	s.queue = s.queue[1:]
	return &a, nil
}

func (s *server) Renew(context.Context, work.Execution) (work.Renewed, error) {
	return work.Renewed{}, nil
}

func (s *server) AppendLog(_ context.Context, c work.LogChunk, data []byte) (work.Logged, error) {
	return work.Logged{Have: c.Offset + int64(len(data))}, nil
}

func (s *server) Artifacts(context.Context, work.Execution) ([]pipeline.Artifact, error) {
	return nil, nil
}

func (s *server) PutBlob(_ context.Context, r io.Reader) (string, int64, error) {
	b, err := io.ReadAll(r)
	sum := sha256.Sum256(b)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.blobs[hex.EncodeToString(sum[:])] = b
	return hex.EncodeToString(sum[:]), int64(len(b)), err
}

func (s *server) Finish(_ context.Context, r claim.Result) error {
	s.result = r
	s.stop()
	return nil
}

func (s *server) IdentityToken(_ context.Context, r work.IdentityTokenRequest) (work.IdentityToken, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked = append(s.asked, r)
	return work.IdentityToken{Value: "eyJ.identity.token"}, nil
}

func (s *server) Action(_ context.Context, r work.ActionRequest) (io.ReadCloser, error) {
	files, ok := s.repos[r.Repository+"@"+r.Commit]
	if !ok {
		return nil, fmt.Errorf("no repository %+v", r)
	}
	var b bytes.Buffer
	tw := tar.NewWriter(&b)
	for name, text := range files {
		if err := tw.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: int64(len(text))}); err != nil {
			return nil, err
		}
		if _, err := tw.Write([]byte(text)); err != nil {
			return nil, err
		}
	}
	return io.NopCloser(&b), tw.Close()
}

// run lets a worker do one assignment; it gives the log.
func run(t *testing.T, s *server, a pipeline.Assignment) string {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	s.stop, s.blobs = cancel, map[string][]byte{}
	a.Execution, a.Fence, a.Sandbox = "run-1/1/build/1", 7, string(sandbox.Namespace)
	if a.Contexts == nil {
		a.Contexts = map[string]workflow.Value{"github": workflow.FromStrings(map[string]string{"repository": "ada/corp-procurement"})}
	}
	s.queue = []pipeline.Assignment{a}
	w, err := worker.New(worker.Config{
		Server: s, Slots: 1, Spool: t.TempDir(), Logger: slog.New(slog.DiscardHandler),
		Runner: runner.Config{
			Open: func(ctx context.Context, p runner.Place) (runner.Sandbox, error) {
				return sandbox.Open(ctx, sandbox.Kind(p.Kind), sandbox.Config{UIDBase: 64900, UIDCount: 32}, sandbox.Spec{
					Execution: p.Execution, Keep: p.Keep, Hide: p.Hide, Show: p.Show, Temp: p.Temp,
				})
			},
			WorkDir: t.TempDir(), Path: "/usr/bin:/bin", Name: "worker-1",
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Run(ctx); err != context.Canceled {
		t.Fatal(err)
	}
	return string(s.blobs[s.result.Log])
}

func script(run string) workflow.Step { return workflow.Step{Run: workflow.Text{Source: run}} }

func use(action string, with ...string) workflow.Step {
	step := workflow.Step{Uses: action}
	for i := 0; i+1 < len(with); i += 2 {
		step.With = append(step.With, workflow.Binding{Name: with[i], Value: workflow.Text{Source: with[i+1]}})
	}
	return step
}

func job(list ...workflow.Step) pipeline.Assignment {
	return pipeline.Assignment{Job: pipeline.Job{Body: workflow.Job{Steps: list}}}
}

// ask reads an address of the job's own with bash alone.
const ask = `ask() { u=${1#http://}; exec 3<>/dev/tcp/${u%%[:/]*}/$(echo ${u%%/*} | cut -d: -f2); printf 'GET /%s HTTP/1.0\r\nAuthorization: Bearer %s\r\n\r\n' "${u#*/}" "$2" >&3; sed 1,/^.$/d <&3; }
`

func TestAStepGetsAnIdentityToken(t *testing.T) {
	s := &server{}
	log := run(t, s, pipeline.Assignment{Job: pipeline.Job{
		Permissions: workflow.Permissions{workflow.IDToken: workflow.Write},
		Body: workflow.Job{Steps: []workflow.Step{script(ask + `
got=$(ask "$ACTIONS_ID_TOKEN_REQUEST_URL&audience=api%3A%2F%2Fentra" $ACTIONS_ID_TOKEN_REQUEST_TOKEN)
test "$got" = '{"value":"eyJ'.identity.token'","count":18}' && echo as expected
echo "$got"
ask "$ACTIONS_ID_TOKEN_REQUEST_URL" another-token`)}},
	}})
	if s.result.Outcome.Conclusion != "success" || !strings.Contains(log, "stdout as expected") || !strings.Contains(log, `"value":"***"`) || strings.Contains(log, "eyJ.") {
		t.Errorf("got %+v\n%s", s.result.Outcome, log)
	}
	if !strings.Contains(log, "its token is unknown") {
		t.Errorf("another token is answered:\n%s", log)
	}
	if len(s.asked) != 1 || s.asked[0].Audience != "api://entra" || s.asked[0].Fence != 7 {
		t.Errorf("asked %+v", s.asked)
	}
}

func TestAJobWithoutThePermissionGetsNoIdentityToken(t *testing.T) {
	s := &server{}
	log := run(t, s, pipeline.Assignment{Job: pipeline.Job{Body: workflow.Job{Steps: []workflow.Step{
		script(ask + `ask $DC_RELEASE_JOB_URL/identity-token $DC_RELEASE_JOB_TOKEN`),
	}}}})
	if len(s.asked) > 0 || !strings.Contains(log, "this job has no permission for an identity token") {
		t.Errorf("asked %+v\n%s", s.asked, log)
	}
}

// TestEachCallThatRunsTasksHasItsNumber, which a job cannot choose.
func TestEachCallThatRunsTasksHasItsNumber(t *testing.T) {
	s := &server{}
	log := run(t, s, job(script(`
post() { u=${DC_RELEASE_JOB_URL#http://}; exec 3<>/dev/tcp/${u%%[:/]*}/$(echo ${u%%/*} | cut -d: -f2); printf 'POST /deploy/run HTTP/1.0\r\nAuthorization: Bearer %s\r\nContent-Length: %s\r\n\r\n%s' $DC_RELEASE_JOB_TOKEN ${#1} "$1" >&3; sed 1,/^.$/d <&3; }
post '["main","more"]'
post '{"call":9}'
post '[]'`)))
	want := []deploy.TasksRequest{
		{Execution: "run-1/1/build/1", Fence: 7, Call: 1, Jobs: []string{"main", "more"}}, {Execution: "run-1/1/build/1", Fence: 7, Call: 2, Jobs: []string{}},
	}
	if d := cmp.Diff(want, s.ran); d != "" || !strings.Contains(log, `"environment":"tst"`) || !strings.Contains(log, "names of jobs: ") {
		t.Errorf("asked (-want +got):\n%s\n%s", d, log)
	}
}

func TestTheRepositoryOfAnActionComesFromTheServer(t *testing.T) {
	const metadata = "name: x\n"
	sum := sha256.Sum256([]byte(metadata))
	s := &server{repos: map[string]map[string]string{"bob/a@c0ffee": {"action.yml": metadata, "data/x.txt": "of bob\n"}}}
	log := run(t, s, pipeline.Assignment{
		Job: pipeline.Job{Body: workflow.Job{Steps: []workflow.Step{{Uses: "bob/a@v1"}}}},
		Actions: []pipeline.Action{{
			Uses: "bob/a@v1", Repository: "bob/a", Commit: "c0ffee", SHA256: hex.EncodeToString(sum[:]),
			Body: workflow.Action{Using: "composite", Steps: []workflow.Step{{Run: workflow.Text{Source: "cat $GITHUB_ACTION_PATH/data/x.txt"}, Shell: workflow.Text{Source: "bash"}}}},
		}},
	})
	if s.result.Outcome.Conclusion != "success" || !strings.Contains(log, "stdout of bob") {
		t.Errorf("got %+v\n%s", s.result.Outcome, log)
	}
}

func TestTheServerSaysWhetherAnArtifactsNameIsTaken(t *testing.T) {
	up := func(name string, with ...string) workflow.Step {
		return use("actions/upload-artifact@v4", append([]string{"path", "f", "name", name}, with...)...)
	}
	s := &server{blobs: map[string][]byte{}}
	always := up("last")
	always.If = workflow.Text{Source: "always()"}
	log := run(t, s, job(script("echo 1 > f"), up("free"), up("taken", "overwrite", "true"), up("taken"), always))
	if got, want := strings.Join(s.named, "|"), "free false 0|free false 64|taken true 0|taken false 64|last false 0|last false 64"; got != want {
		t.Errorf("asked %q", s.named)
	}
	var names []string
	for _, a := range s.result.Artifacts {
		names = append(names, a.Name)
	}
	if strings.Join(names, " ") != "free last taken" || s.result.Outcome.Conclusion != "failure" || !strings.Contains(log, `artifact "taken" is there`) {
		t.Errorf("got %q, %s\n%s", names, s.result.Outcome.Conclusion, log)
	}
	if !strings.Contains(log, "sha256 "+s.result.Artifacts[0].SHA256) {
		t.Errorf("want the digest in the log:\n%s", log)
	}
}

func TestACacheComesBackAsItWas(t *testing.T) {
	s := &server{caches: map[string][]byte{}}
	const look = "cd d && find . -printf '%y %m %TY %p %l\\n' | sort; cat run; test ! -e empty/x"
	first := run(t, s, job(script(`umask 022; mkdir -p d/empty; printf '#!/bin/sh\n' > d/run; chmod 755 d/run; ln -s run d/link; ln -s /nowhere d/broken; touch -d 2001-02-03 d/run; mkfifo d/pipe`),
		use("actions/cache/save@v4", "path", "d", "key", "k"), script("rm d/pipe; "+look)))
	second := run(t, s, job(use("actions/cache/restore@v4", "path", "d", "key", "k"), script(look)))
	said := func(log string) string {
		var b strings.Builder
		for line := range strings.Lines(log) {
			// Folders have the time at which they were made.
			if _, text, ok := strings.Cut(line, " stdout "); ok && !strings.HasPrefix(text, "d ") {
				b.WriteString(text)
			}
		}
		return b.String()
	}
	if said(first) != said(second) || !strings.Contains(said(second), "f 755 2001 ./run") || !strings.Contains(said(second), "./broken /nowhere") {
		t.Errorf("first\n%s\nthen\n%s", first, second)
	}
	s.gone = true
	if third := run(t, s, job(use("actions/cache/restore@v4", "path", "d", "key", "k"))); s.result.Outcome.Conclusion != "success" || !strings.Contains(third, "no cache for the keys k") {
		t.Errorf("got %+v\n%s", s.result.Outcome, third)
	}
}
