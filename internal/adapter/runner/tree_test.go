package runner_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/dc-release/dc-release/internal/adapter/runner"
	"github.com/dc-release/dc-release/internal/core/workflow"
)

func TestSweepDeletesWhatADeadWorkerLeft(t *testing.T) {
	work := t.TempDir()
	memory := runner.MemoryDir(work)
	t.Cleanup(func() { os.Remove(memory) })
	for _, dir := range []string{filepath.Join(work, "run-1"), filepath.Join(memory, "run-1-files")} {
		if err := os.MkdirAll(filepath.Join(dir, "closed"), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(filepath.Join(dir, "closed"), 0); err != nil {
			t.Fatal(err)
		}
	}
	if err := runner.Sweep(runner.Config{WorkDir: work}); err != nil {
		t.Error(err)
	}
	for _, pattern := range []string{work + "/*", memory} {
		if left, err := filepath.Glob(pattern); err != nil || len(left) > 0 {
			t.Errorf("left: %v %v", left, err)
		}
	}
}

func TestStepsFilesAreWrittenToNoDisk(t *testing.T) {
	h := newHost()
	h.secrets["TOKEN"] = "hush-hush"
	r := steps(sh("df --output=fstype $GITHUB_OUTPUT | tail -1; grep -rls 'hush-hus[h]' $GITHUB_WORKSPACE/.. $HOME /tmp || true; echo $GITHUB_OUTPUT ${{ secrets.TOKEN }} | cut -c1-9"))
	r.secrets = []string{"TOKEN"}
	check(t, h, r.do(t, h), want{conclusion: "success", steps: "success", stdout: []string{"tmpfs", "/dev/shm/"}})
	if strings.Contains(h.log("stdout"), "script") {
		t.Errorf("a script with a secret is on the disk:\n%s", h.log("stdout"))
	}
}

func TestHostileStepCannotReplaceTheFilesOfALaterStep(t *testing.T) {
	h := newHost()
	secret := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(secret, []byte("A=canary\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	r := steps(
		workflow.Step{ID: "a", Run: text("d=$(dirname $(dirname $GITHUB_ENV)); mkdir $d/2; ln -s " + secret + " $d/2/env; mv $d/event.json $d/x")},
		workflow.Step{ID: "b", Run: text("echo no"), If: text("always()")},
		workflow.Step{ID: "c", Run: text("echo [$A]"), If: text("always()")})
	check(t, h, r.do(t, h), want{conclusion: "failure", steps: "success failure success", stdout: []string{"[]"}, reason: "make step files"})
}
