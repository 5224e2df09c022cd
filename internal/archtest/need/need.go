// Package need is how a test says that this machine lacks something. What is
// left out is counted; with DC_RELEASE_TEST_REQUIRE=all it fails instead.
package need

import (
	"fmt"
	"os"
	"os/exec"
	"testing"
)

// Require is the environment variable that forbids leaving anything out.
const Require = "DC_RELEASE_TEST_REQUIRE"

// Count is the environment variable that names a file; each test that is left
// out adds a line to it. `make test` prints them.
const Count = "DC_RELEASE_TEST_LEFT_OUT"

// Missing ends a test because this machine lacks what; the reason says what
// would have to be there.
func Missing(t testing.TB, what string) {
	t.Helper()
	if os.Getenv(Require) == "all" {
		t.Fatalf("%s, and %s=all leaves nothing out", what, Require)
	}
	leftOut(t, what)
}

// Foreign gives the path of a program that this project may not or cannot install,
// for its licence or because no package of it is to be had. Without it the test is
// left out, and counted, whatever is required elsewhere; unseen says what nobody
// saw then.
func Foreign(t testing.TB, program, unseen string) string {
	t.Helper()
	path, err := exec.LookPath(program)
	if err != nil {
		leftOut(t, "no "+program+": "+unseen)
	}
	return path
}

func leftOut(t testing.TB, what string) {
	t.Helper()
	if path := os.Getenv(Count); path != "" {
		note(t, path, what)
	}
	t.Skipf("LEFT OUT: %s", what)
}

// Root needs user id 0.
func Root(t testing.TB) {
	t.Helper()
	if os.Geteuid() != 0 {
		Missing(t, "only root can lend uids")
	}
}

// Python is the interpreter that some hostile steps are written for.
const Python = "/usr/bin/python3"

// Program needs an executable file at a path.
func Program(t testing.TB, path string) {
	t.Helper()
	if _, err := exec.LookPath(path); err != nil {
		Missing(t, "no "+path)
	}
}

// note appends one line; O_APPEND keeps the lines of parallel packages whole.
func note(t testing.TB, path, what string) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o644)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := fmt.Fprintf(f, "%s: %s\n", t.Name(), what); err != nil {
		t.Error(err)
	}
	if err := f.Close(); err != nil {
		t.Error(err)
	}
}
