package workerapi_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dc-release/dc-release/internal/app/work"
	"github.com/dc-release/dc-release/internal/core/fault"
	"github.com/dc-release/dc-release/internal/face/workerapi"
)

// logs is a server that takes logs only.
type logs struct {
	work.Server
	chunk  work.LogChunk
	data   string
	answer work.Logged
	err    error
}

func (l *logs) AppendLog(_ context.Context, c work.LogChunk, data []byte) (work.Logged, error) {
	l.chunk, l.data = c, string(data)
	return l.answer, l.err
}

// dial serves s on a socket and gives a client with a token.
func dial(t *testing.T, s work.Server, token string) *workerapi.Client {
	t.Helper()
	socket := filepath.Join(t.TempDir(), "s")
	l, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: workerapi.Handler(s, "secret")}
	go func() { _ = server.Serve(l) }()
	t.Cleanup(func() { server.Close() })
	return workerapi.Dial(socket, token)
}

var chunk = work.LogChunk{Execution: work.Execution{Execution: "01RUN/1/tst/build#1/2", Fence: 1 << 50}, Offset: 1 << 40}

func TestAChunkOfALogArrivesAsItWasSent(t *testing.T) {
	s := &logs{answer: work.Logged{Have: 1<<40 + 9}}
	text := "a & b\x00\n\xff"
	got, err := dial(t, s, "secret").AppendLog(t.Context(), chunk, []byte(text))
	if err != nil || got != s.answer {
		t.Fatalf("got %+v, %v", got, err)
	}
	if diff := cmp.Diff(chunk, s.chunk); diff != "" || s.data != text {
		t.Errorf("%q\n%s", s.data, diff)
	}
}

func TestARefusedChunkKeepsItsReason(t *testing.T) {
	s := &logs{err: fault.New(fault.Conflict, "fence 7 is stale").WithHint("ask again")}
	_, err := dial(t, s, "secret").AppendLog(t.Context(), chunk, nil)
	if fault.KindOf(err) != fault.Conflict || fault.HintOf(err) != "ask again" || err.Error() != "fence 7 is stale" {
		t.Errorf("got %v, hint %q", err, fault.HintOf(err))
	}
	if _, err := dial(t, s, "another").AppendLog(t.Context(), chunk, nil); fault.KindOf(err) != fault.Forbidden {
		t.Errorf("with another token: %v", err)
	}
	s.err = nil
	if _, err := dial(t, s, "secret").AppendLog(t.Context(), chunk, []byte(strings.Repeat("x", work.MaxChunk+1))); fault.KindOf(err) != fault.Invalid {
		t.Errorf("a chunk that is too long: %v", err)
	}
}

func TestAServerThatIsAwayIsUnreachable(t *testing.T) {
	_, err := workerapi.Dial(filepath.Join(t.TempDir(), "none"), "secret").AppendLog(t.Context(), chunk, nil)
	if !errors.Is(err, work.ErrUnreachable) {
		t.Errorf("got %v", err)
	}
}
