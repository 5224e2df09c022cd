package workspace_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/dc-release/dc-release/internal/adapter/deploy/databricks/workspace"
)

// TestAnAnswerThatNeverEndsIsGivenUp: before its first byte or after it. One that comes
// slowly is read.
func TestAnAnswerThatNeverEndsIsGivenUp(t *testing.T) {
	release := make(chan struct{})
	var asked atomic.Int32
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		path := r.URL.Query().Get("path")
		if path == "/late" {
			<-release
		}
		for _, part := range []string{`{"path":"`, path, `","object_type":"FILE"}`} {
			_, _ = w.Write([]byte(part))
			w.(http.Flusher).Flush()
			if path == "/stalled" {
				<-release
			}
			<-time.After(30 * time.Millisecond)
		}
	}))
	defer s.Close()
	defer close(release)
	c, err := workspace.Open(t.Context(), workspace.Config{
		Host: s.URL, Auth: workspace.PAT{Token: canary}, Silence: 500 * time.Millisecond,
		Clock: workspace.Clock{Wait: func(context.Context, time.Duration) error { return nil }},
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/late", "/stalled"} {
		asked.Store(0)
		_, err := c.StatusOf(t.Context(), path)
		if !errors.Is(err, workspace.Unavailable) || !strings.Contains(err.Error(), "nothing came for too long") || asked.Load() != 5 {
			t.Errorf("%s: asked %d times, got %v", path, asked.Load(), err)
		}
	}
	if got, err := c.StatusOf(t.Context(), "/slow"); err != nil || got.Value.Type != workspace.FileObject {
		t.Errorf("got %v, %v", got.Value, err)
	}
}

// TestAReadThatEndsOthersKeepsItsName: the error is of the folder that was refused, and
// not of one that was given up for it.
func TestAReadThatEndsOthersKeepsItsName(t *testing.T) {
	begun := make(chan struct{})
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Query().Get("path") {
		case "/a":
			_, _ = w.Write([]byte(`{"objects":[{"path":"/a/refused","object_type":"DIRECTORY"},{"path":"/a/slow","object_type":"DIRECTORY"}]}`))
		case "/a/slow":
			close(begun)
			<-r.Context().Done()
		case "/a/refused":
			<-begun
			w.WriteHeader(http.StatusForbidden)
			_, _ = w.Write([]byte(`{"error_code":"PERMISSION_DENIED","message":"no"}`))
		}
	}))
	defer s.Close()
	c, err := workspace.Open(t.Context(), workspace.Config{Host: s.URL, Auth: workspace.PAT{Token: canary}})
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.List(t.Context(), "/a")
	if !errors.Is(err, workspace.Denied) || !strings.Contains(err.Error(), "path=%2Fa%2Frefused") {
		t.Errorf("got %v", err)
	}
}
