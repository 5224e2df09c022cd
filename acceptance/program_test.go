package acceptance_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// result is what one call of the program gave.
type result struct {
	code        int
	out, errOut string
}

func (r result) String() string { return r.out + r.errOut }

// patience with one call of the program: machines under load are slow, but
// nothing hangs.
var patience = func() time.Duration {
	if fullLoad() {
		return time.Hour
	}
	return 4 * time.Minute
}()

// dcRelease runs the program with standard input.
func dcRelease(t *testing.T, stdin string, args ...string) result {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Stdin = strings.NewReader(stdin)
	cmd.WaitDelay = 10 * time.Second
	var out, errOut bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errOut
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatalf("run dc-release %s: %v\n%s", strings.Join(args, " "), err, errOut.String())
	}
	return result{code: cmd.ProcessState.ExitCode(), out: out.String(), errOut: errOut.String()}
}

// want runs the program and fails unless it ends with the code.
func want(t *testing.T, code int, stdin string, args ...string) result {
	t.Helper()
	r := dcRelease(t, stdin, args...)
	if r.code != code {
		t.Fatalf("dc-release %s: exit %d, want %d\n%s", strings.Join(args, " "), r.code, code, r)
	}
	return r
}

// folder gives a new directory that sandboxed steps and a Unix socket can
// reach: short, and open to others on the way.
func folder(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp(scratch, "t")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

// copyOf copies a directory.
func copyOf(t *testing.T, dir string) string {
	t.Helper()
	to := filepath.Join(folder(t), filepath.Base(dir))
	if err := os.CopyFS(to, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	return to
}

func mustRead(t *testing.T, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func mustWrite(t *testing.T, path string, data []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
}
