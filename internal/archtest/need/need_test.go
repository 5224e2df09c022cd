package need_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/dc-release/dc-release/internal/archtest/need"
)

// ended is a test that writes down how it was ended.
type ended struct {
	testing.TB
	skipped, failed string
}

func (e *ended) Helper()                      {}
func (e *ended) Name() string                 { return "TestOfAda" }
func (e *ended) Skipf(f string, args ...any)  { e.skipped = fmt.Sprintf(f, args...) }
func (e *ended) Fatalf(f string, args ...any) { e.failed = fmt.Sprintf(f, args...); panic(e) }

func TestWhatIsLeftOutIsCounted(t *testing.T) {
	file := filepath.Join(t.TempDir(), "left-out")
	t.Setenv(need.Require, "")
	t.Setenv(need.Count, file)
	e := &ended{TB: t}
	need.Program(e, "/no/such/program")
	need.Program(e, "/no/such/other")
	if e.skipped != "LEFT OUT: no /no/such/other" {
		t.Errorf("skipped with %q", e.skipped)
	}
	got, err := os.ReadFile(file)
	if want := "TestOfAda: no /no/such/program\nTestOfAda: no /no/such/other\n"; err != nil || string(got) != want {
		t.Errorf("got %q, %v, want %q", got, err, want)
	}
}

func TestAForeignProgramIsLeftOutEverywhere(t *testing.T) {
	t.Setenv(need.Require, "all")
	t.Setenv(need.Count, "")
	e := &ended{TB: t}
	need.Foreign(e, "/no/such/program", "nothing of it was seen")
	if e.failed != "" || e.skipped != "LEFT OUT: no /no/such/program: nothing of it was seen" {
		t.Errorf("failed with %q, skipped with %q", e.failed, e.skipped)
	}
}

func TestNothingMayBeLeftOut(t *testing.T) {
	t.Setenv(need.Require, "all")
	e := &ended{TB: t}
	func() {
		defer func() { _ = recover() }()
		need.Program(e, "/no/such/program")
	}()
	if e.failed == "" || e.skipped != "" {
		t.Errorf("failed with %q, skipped with %q", e.failed, e.skipped)
	}
}
