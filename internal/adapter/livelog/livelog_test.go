package livelog_test

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/dc-release/dc-release/internal/adapter/livelog"
	"github.com/dc-release/dc-release/internal/core/joblog"
)

const execution = "01RUN/1/tst/deploy/1"

func open(t *testing.T, dir string) *livelog.Store {
	t.Helper()
	s, err := livelog.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func read(t interface{ Fatal(...any) }, s *livelog.Store, offset int64) string {
	r, err := s.OpenAt(execution, offset)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	data, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestBytesAreTakenOnceAndInOrder(t *testing.T) {
	for name, c := range map[string]struct {
		offset int64
		data   string
		have   int64
		want   string
	}{
		"the next bytes are taken":             {5, " world", 11, "hello world"},
		"bytes that are here are dropped":      {0, "hell", 5, "hello"},
		"what is new of an overlap is taken":   {3, "lo world", 11, "hello world"},
		"bytes beyond a gap are not taken":     {6, "world", 5, "hello"},
		"an offset before the log takes none":  {-1, "x", 5, "hello"},
		"nothing at the end says what is here": {5, "", 5, "hello"},
		"nothing beyond says what is here":     {1 << 40, "", 5, "hello"},
		"a resend with other bytes is dropped": {0, "HELLO", 5, "hello"},
	} {
		t.Run(name, func(t *testing.T) {
			s := open(t, t.TempDir())
			if have, err := s.Append(execution, 0, []byte("hello")); have != 5 || err != nil {
				t.Fatal(have, err)
			}
			have, err := s.Append(execution, c.offset, []byte(c.data))
			if got := read(t, s, 0); err != nil || have != c.have || got != c.want {
				t.Errorf("have %d %q, %v", have, got, err)
			}
		})
	}
}

// A sender that follows the answers delivers the whole, whatever is sent twice,
// lost, or interrupted by a new owner.
func TestASenderThatFollowsTheAnswersLosesNothing(t *testing.T) {
	dir := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		want := rapid.StringN(1, 400, -1).Draw(t, "log")
		s, err := livelog.Open(dir)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { s.Close() }()
		if err := s.Remove(execution); err != nil {
			t.Fatal(err)
		}
		var offset int64
		for step := 0; offset < int64(len(want)); step++ {
			if step > 2000 {
				t.Fatal("no end")
			}
			n := rapid.Int64Range(1, int64(len(want))-offset).Draw(t, "n")
			have, err := s.Append(execution, offset, []byte(want[offset:offset+n]))
			if err != nil {
				t.Fatal(err)
			}
			switch rapid.SampledFrom([]string{"followed", "lost answer", "lost bytes", "new owner"}).Draw(t, "what") {
			case "followed":
				offset = have
			case "lost bytes":
				offset = min(have+n, int64(len(want))-1)
			case "new owner":
				if err := s.Close(); err != nil {
					t.Fatal(err)
				}
				if s, err = livelog.Open(dir); err != nil {
					t.Fatal(err)
				}
				offset = have
			}
		}
		if got := read(t, s, 0); got != want {
			t.Fatalf("got %q, want %q", got, want)
		}
	})
}

func TestALogIsReadFromAnOffset(t *testing.T) {
	s := open(t, t.TempDir())
	if _, err := s.OpenAt(execution, 0); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a log that is not there: %v", err)
	}
	if _, err := s.Append(execution, 0, []byte("hello")); err != nil {
		t.Fatal(err)
	}
	if got := read(t, s, 3) + "," + read(t, s, 5) + "," + read(t, s, 99); got != "lo,," {
		t.Errorf("got %q", got)
	}
}

func TestTheStepIsKnownAlsoToTheNextOwner(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	line := joblog.Line{Time: time.UnixMicro(1e15).UTC(), Step: 2, Stream: joblog.System, Text: "##[group]Run make"}.String()
	if _, err := s.Append(execution, 0, []byte(line)); err != nil {
		t.Fatal(err)
	}
	for _, s := range []*livelog.Store{s, open(t, dir)} {
		size, step, err := s.State(execution)
		if err != nil || size != int64(len(line)) || step.Number != 2 || step.Name != "Run make" || step.Since.UnixMicro() != 1e15 {
			t.Errorf("got %d %+v %v", size, step, err)
		}
	}
	if size, step, err := s.State("another"); size != 0 || step.Number != 0 || err != nil {
		t.Errorf("a log that is not there: %d %+v %v", size, step, err)
	}
}

func TestGrowthWakesWhoWaits(t *testing.T) {
	s := open(t, t.TempDir())
	changed := s.Changed()
	if _, err := s.Append(execution, 7, []byte("beyond a gap")); err != nil {
		t.Fatal(err)
	}
	select {
	case <-changed:
		t.Error("woken by nothing")
	default:
	}
	if _, err := s.Append(execution, 0, []byte("hello")); err != nil {
		t.Fatal(err)
	}
	<-changed
}

func TestOnlyWhatRunsIsRetained(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	for _, e := range []string{execution, "ended", "ended too"} {
		if _, err := s.Append(e, 0, []byte("hello")); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Remove("ended too"); err != nil {
		t.Fatal(err)
	}
	if err := open(t, dir).Retain([]string{execution, "has no log yet"}); err != nil {
		t.Fatal(err)
	}
	if files, err := os.ReadDir(dir); err != nil || len(files) != 1 {
		t.Errorf("%d files, %v", len(files), err)
	}
	if got := read(t, s, 0); got != "hello" {
		t.Errorf("got %q", got)
	}
}
