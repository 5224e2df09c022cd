package verify_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/dc-release/dc-release/internal/app/verify"
	"github.com/dc-release/dc-release/internal/archtest/need"
	"github.com/dc-release/dc-release/internal/core/canonical"
	"github.com/dc-release/dc-release/internal/core/releaselog"
)

// independent is a verifier that was written from docs/release-log-format.md
// alone.
const independent = "../../../acceptance/thirdparty/verify.py"

// judged verifies a folder, and wants the same verdict from the independent
// verifier.
func judged(t *testing.T, log fstest.MapFS, folder string, o verify.Options) verify.Report {
	t.Helper()
	r := verify.Folder(log, folder, o)
	agrees(t, log, folder, o.Trust, r)
	return r
}

func agrees(t *testing.T, log fstest.MapFS, folder string, trust *releaselog.Trust, r verify.Report) {
	t.Helper()
	t.Run("by the page alone", func(t *testing.T) {
		need.Program(t, need.Python)
		dir := t.TempDir()
		for path, f := range log {
			if strings.Contains(path, "/") && !strings.HasPrefix(path, folder+"/") {
				continue
			}
			must(t, os.MkdirAll(filepath.Dir(filepath.Join(dir, path)), 0o755))
			must(t, os.WriteFile(filepath.Join(dir, path), f.Data, 0o644))
		}
		arguments := []string{"-B", independent, dir, folder}
		if trust != nil {
			file := filepath.Join(t.TempDir(), "trust.json")
			must(t, os.WriteFile(file, must2(canonical.Marshal(trust))(t), 0o644))
			arguments = append(arguments, "--trust", file)
		}
		out, err := exec.Command(need.Python, arguments...).CombinedOutput()
		var exit *exec.ExitError
		code := 0
		if errors.As(err, &exit) {
			code = exit.ExitCode()
		} else {
			must(t, err)
		}
		if want := map[bool]int{true: 0, false: 7}[r.OK]; code != want {
			t.Errorf("exit %d, want %d\n%s\nthe program says\n%s", code, want, out, r.Text())
		}
	})
}
