package worker_test

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dc-release/dc-release/internal/adapter/runner"
	"github.com/dc-release/dc-release/internal/adapter/runner/worker"
	"github.com/dc-release/dc-release/internal/app/work"
	"github.com/dc-release/dc-release/internal/core/canonical"
)

// file was found with a content and holds another one when it is read.
func file(path, found, now string) runner.File {
	return runner.File{Path: path, Size: int64(len(found)), Exec: path == "run.sh", Open: func() (io.ReadCloser, error) {
		return io.NopCloser(strings.NewReader(now)), nil
	}}
}

func TestATarHoldsFilesAsTheyWereFound(t *testing.T) {
	var first bytes.Buffer
	if err := worker.Pack(&first, []runner.File{file("b/data", "data", "data and more"), file("a", "", ""), file("run.sh", "go", "go")}); err != nil {
		t.Fatal(err)
	}
	var second bytes.Buffer
	if err := worker.Pack(&second, []runner.File{file("run.sh", "go", "go"), file("a", "", "late"), file("b/data", "data", "data")}); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(first.Bytes(), second.Bytes()) {
		t.Error("the same files in another order are another tar")
	}
	got := map[string]string{}
	for in := tar.NewReader(&first); ; {
		h, err := in.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(in)
		if err != nil {
			t.Fatal(err)
		}
		got[h.Name] = h.FileInfo().Mode().String() + " " + string(data)
	}
	if diff := cmp.Diff(map[string]string{"a": "-rw-r--r-- ", "b/data": "-rw-r--r-- data", "run.sh": "-rwxr-xr-x go"}, got); diff != "" {
		t.Error(diff)
	}
}

func TestAFileThatBecameShorterIsNoArtifact(t *testing.T) {
	err := worker.Pack(io.Discard, []runner.File{file("log", "twelve bytes", "six by")})
	if err == nil || !strings.Contains(err.Error(), `"log"`) || !strings.Contains(err.Error(), "had 12 bytes and has 6") {
		t.Errorf("got %v", err)
	}
}

// store takes blobs; it is away a number of times, after it has read something.
type store struct {
	work.Server
	away  int
	calls int
}

func (s *store) PutBlob(_ context.Context, r io.Reader) (string, int64, error) {
	s.calls++
	if s.away > 0 {
		s.away--
		_, _ = io.CopyN(io.Discard, r, 3)
		return "", 0, work.ErrUnreachable
	}
	data, err := io.ReadAll(r)
	if err != nil {
		return "", 0, errors.Join(work.ErrUnreachable, err) // as a transport says it
	}
	return canonical.SHA256(data), int64(len(data)), nil
}

func TestABodyIsGivenAgainToAServerThatWasAway(t *testing.T) {
	files := []runner.File{file("a", "hello", "hello"), file("b", "world", "world")}
	var whole bytes.Buffer
	if err := worker.Pack(&whole, files); err != nil {
		t.Fatal(err)
	}
	for name, body := range map[string]io.Reader{
		"files are packed again":   worker.Packed(files),
		"a stream was put aside":   bytes.NewReader(whole.Bytes()),
		"a stream that has a size": io.LimitReader(bytes.NewReader(whole.Bytes()), 1<<20),
	} {
		t.Run(name, func(t *testing.T) {
			s, dir := &store{away: 2}, t.TempDir()
			digest, size, err := worker.Patient(s, time.Minute, dir).PutBlob(t.Context(), body)
			if err != nil || digest != canonical.SHA256(whole.Bytes()) || size != int64(whole.Len()) || s.calls != 3 {
				t.Errorf("%s %d after %d calls, %v", digest, size, s.calls, err)
			}
			if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
				t.Errorf("left in the spool: %v, %v", left, err)
			}
		})
	}
}

func TestABodyThatCannotBeReadIsNotTriedAgain(t *testing.T) {
	s := &store{}
	_, _, err := worker.Patient(s, time.Minute, t.TempDir()).PutBlob(t.Context(), worker.Packed([]runner.File{file("log", "twelve bytes", "six by")}))
	if err == nil || errors.Is(err, work.ErrUnreachable) || !strings.Contains(err.Error(), "had 12 bytes") || s.calls != 1 {
		t.Errorf("after %d calls: %v", s.calls, err)
	}
}
