package acceptance_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// program is the binary under test, built once for all tests.
var program string

// scratch is removed when all tests are done.
var scratch string

func TestMain(m *testing.M) {
	code, err := prepareAndRun(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, "acceptance:", err)
		code = 1
	}
	os.Exit(code)
}

func prepareAndRun(m *testing.M) (code int, err error) {
	if scratch, err = os.MkdirTemp("", "dc-acc-"); err != nil {
		return 1, err
	}
	defer os.RemoveAll(scratch)
	// Sandboxed steps run under other uids and read the binary and the stubs.
	if err := os.Chmod(scratch, 0o755); err != nil {
		return 1, err
	}
	bin := filepath.Join(scratch, "bin")
	program = filepath.Join(bin, "dc-release")
	build := exec.Command("go", "build", "-o", program, "../cmd/dc-release")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return 1, fmt.Errorf("build the program: %w\n%s", err, out)
	}
	if err := os.Setenv("PATH", bin+string(os.PathListSeparator)+os.Getenv("PATH")); err != nil {
		return 1, err
	}
	code = m.Run()
	if n := len(left.tests); n > 0 {
		fmt.Printf("acceptance: %d tests were LEFT OUT because a tool is missing:\n  %s\n", n, strings.Join(left.tests, "\n  "))
	}
	return code, nil
}

// left counts what a missing tool leaves out.
var left struct {
	sync.Mutex
	tests []string
}

// need skips the test, loudly, when a tool is missing; with
// DC_RELEASE_TEST_REQUIRE=all it fails instead.
func need(t *testing.T, tool string) {
	t.Helper()
	if _, err := exec.LookPath(tool); err == nil {
		return
	}
	if os.Getenv("DC_RELEASE_TEST_REQUIRE") == "all" {
		t.Fatalf("%s is missing, and DC_RELEASE_TEST_REQUIRE=all", tool)
	}
	left.Lock()
	left.tests = append(left.tests, t.Name()+": needs "+tool)
	left.Unlock()
	t.Skipf("%s is missing", tool)
}
