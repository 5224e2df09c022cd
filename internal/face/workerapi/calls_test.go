package workerapi_test

import (
	"context"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dc-release/dc-release/internal/app/deploy"
	"github.com/dc-release/dc-release/internal/app/work"
	"github.com/dc-release/dc-release/internal/core/component"
	"github.com/dc-release/dc-release/internal/core/deployment"
	"github.com/dc-release/dc-release/internal/core/fault"
)

// server notes what it is asked.
type server struct {
	work.Server // what is not called panics
	asked       []string
}

func (s *server) note(q any) { s.asked = append(s.asked, fmt.Sprintf("%+v", q)) }

func (s *server) FindCache(_ context.Context, q work.CacheQuery) (work.CacheEntry, error) {
	s.note(q)
	return work.CacheEntry{Found: true, Scope: "refs/heads/main", Key: "k/ü?&x=1"}, nil
}

func (s *server) ReadCache(_ context.Context, r work.CacheRead) (io.ReadCloser, error) {
	s.note(r)
	if r.Key == "" {
		return nil, fault.New(fault.NotFound, "it is not there")
	}
	return io.NopCloser(strings.NewReader("bytes")), nil
}

func (s *server) SaveCache(_ context.Context, q work.CacheSave, r io.Reader) (work.CacheSaved, error) {
	b, err := io.ReadAll(r)
	s.note(q)
	s.note(string(b))
	return work.CacheSaved{Saved: true}, err
}

func (s *server) Action(_ context.Context, r work.ActionRequest) (io.ReadCloser, error) {
	s.note(r)
	return io.NopCloser(strings.NewReader("a tar")), nil
}

func (s *server) IdentityToken(_ context.Context, r work.IdentityTokenRequest) (work.IdentityToken, error) {
	s.note(r)
	return work.IdentityToken{Value: "jwt"}, nil
}

func (s *server) RunTasks(_ context.Context, r deploy.TasksRequest) (deploy.TasksReceipt, error) {
	s.note(r)
	if r.Call > 1 {
		return deploy.TasksReceipt{}, fault.New(fault.Forbidden, "it is not marked as safe").WithHint("mark it")
	}
	return deploy.TasksReceipt{Environment: "prd", Runs: []deployment.TaskRun{{Job: "main", Outcome: "passed", Millis: 3}}, Verdict: "passed"}, nil
}

func (s *server) Describe(_ context.Context, r deploy.DescribeRequest) (component.Described, error) {
	s.note(r)
	return component.Described{Tree: "t1", Reports: []component.Handed{{Kind: "scan", Name: "a.json", High: 2}}}, nil
}

func (s *server) NameArtifact(_ context.Context, r work.ArtifactName) error {
	s.note(r)
	if !r.Overwrite {
		return fault.New(fault.Conflict, "it is there")
	}
	return nil
}

func read(t *testing.T, r io.ReadCloser, err error) string {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	b, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestCallsArriveAsTheyWereMade(t *testing.T) {
	s := &server{}
	c := dial(t, s, "secret")
	e := work.Execution{Execution: "R/1/build/1", Fence: 7}
	const key = "k/ü?&x=1"
	found, err := c.FindCache(t.Context(), work.CacheQuery{Execution: e, Keys: []string{key, "k"}, Version: "v"})
	if err != nil || !found.Found || found.Key != key {
		t.Errorf("got %+v %v", found, err)
	}
	r, err := c.ReadCache(t.Context(), work.CacheRead{Execution: e, Scope: "s", Key: key, Version: "v"})
	if got := read(t, r, err); got != "bytes" {
		t.Errorf("got %q", got)
	}
	if _, err := c.ReadCache(t.Context(), work.CacheRead{Execution: e}); fault.KindOf(err) != fault.NotFound {
		t.Errorf("got %v", err)
	}
	saved, err := c.SaveCache(t.Context(), work.CacheSave{Execution: e, Key: key, Version: "v"}, strings.NewReader("more bytes"))
	if err != nil || !saved.Saved {
		t.Errorf("got %+v %v", saved, err)
	}
	r, err = c.Action(t.Context(), work.ActionRequest{Execution: e, Repository: "bob/a", Commit: "c0ffee"})
	if got := read(t, r, err); got != "a tar" {
		t.Errorf("got %q", got)
	}
	token, err := c.IdentityToken(t.Context(), work.IdentityTokenRequest{Execution: e, Audience: "api://x"})
	if err != nil || token.Value != "jwt" {
		t.Errorf("got %+v %v", token, err)
	}
	files := []deploy.DescribeFile{{Kind: component.Scan, Name: "a.json", SHA256: "s", Size: 3}}
	described, err := c.Describe(t.Context(), deploy.DescribeRequest{Execution: e.Execution, Fence: e.Fence, Files: files})
	if err != nil || described.Tree != "t1" || len(described.Reports) != 1 || described.Reports[0].High != 2 {
		t.Errorf("got %+v %v", described, err)
	}
	if err := c.NameArtifact(t.Context(), work.ArtifactName{Execution: e, Name: "dist"}); fault.KindOf(err) != fault.Conflict {
		t.Errorf("got %v", err)
	}
	if err := c.NameArtifact(t.Context(), work.ArtifactName{Execution: e, Name: "dist", Overwrite: true}); err != nil {
		t.Error(err)
	}
	const who = "{Execution:{Execution:R/1/build/1 Fence:7} "
	want := []string{
		who + "Keys:[" + key + " k] Version:v}", who + "Scope:s Key:" + key + " Version:v}", who + "Scope: Key: Version:}",
		who + "Key:" + key + " Version:v}", "more bytes", who + "Repository:bob/a Commit:c0ffee}", who + "Audience:api://x}",
		"{Execution:R/1/build/1 Fence:7 Files:[{Kind:scan Name:a.json SHA256:s Size:3}]}",
		who + "Name:dist Overwrite:false SHA256:}", who + "Name:dist Overwrite:true SHA256:}",
	}
	if diff := cmp.Diff(want, s.asked); diff != "" {
		t.Errorf("asked (-want +got):\n%s", diff)
	}
}

func TestTasksAreAskedForAndAnswered(t *testing.T) {
	s := &server{}
	c := dial(t, s, "secret")
	request := deploy.TasksRequest{Execution: "R/1/prd/1", Fence: 7, Call: 1, Jobs: []string{"main"}}
	got, err := c.RunTasks(t.Context(), request)
	want := deploy.TasksReceipt{Environment: "prd", Runs: []deployment.TaskRun{{Job: "main", Outcome: "passed", Millis: 3}}, Verdict: "passed"}
	if d := cmp.Diff(want, got); err != nil || d != "" || s.asked[0] != fmt.Sprintf("%+v", request) {
		t.Errorf("%v, asked %q\n%s", err, s.asked, d)
	}
	request.Call = 2
	if _, err := c.RunTasks(t.Context(), request); fault.KindOf(err) != fault.Forbidden || fault.HintOf(err) != "mark it" {
		t.Errorf("got %v", err)
	}
}

func TestACallerWithoutTheTokenIsRefused(t *testing.T) {
	s := &server{}
	c := dial(t, s, "another")
	if _, err := c.SaveCache(t.Context(), work.CacheSave{Key: "k"}, strings.NewReader("x")); fault.KindOf(err) != fault.Forbidden || len(s.asked) > 0 {
		t.Errorf("got %v, asked %q", err, s.asked)
	}
}
