package acceptance_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// loads are how much jobs print and hand in: moderate always, and full with
// DC_RELEASE_TEST_LOAD=full (make load).
type loads struct {
	log      int64 // bytes that one step prints
	artifact int64 // bytes of an artifact, an evidence file and a deployment
	steps    int   // that set outputs
	outputs  int   // of each step, 3000 bytes each
	resident int64 // bytes that server, worker and client may each have had in memory
}

func fullLoad() bool { return os.Getenv("DC_RELEASE_TEST_LOAD") == "full" }

// load gives limits that are broken by whoever reads a whole log or file.
func load() loads {
	if fullLoad() {
		return loads{log: 200 << 20, artifact: 1 << 30, steps: 1000, outputs: 10, resident: 200 << 20}
	}
	return loads{log: 20 << 20, artifact: 64 << 20, steps: 40, outputs: 250, resident: 100 << 20}
}

// resident is the most memory that a process has had (proc_pid_status(5), VmHWM).
func resident(t *testing.T, pid int) int64 {
	t.Helper()
	m := regexp.MustCompile(`VmHWM:\s+(\d+) kB`).FindSubmatch(mustRead(t, fmt.Sprintf("/proc/%d/status", pid)))
	if m == nil {
		t.Fatalf("process %d does not say", pid)
	}
	kb, err := strconv.ParseInt(string(m[1]), 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return kb << 10
}

func wantSmall(t *testing.T, who string, bytes int64) {
	t.Helper()
	t.Logf("%s had %d MB in memory", who, bytes>>20)
	if most := load().resident; bytes > most {
		t.Errorf("%s had %d MB in memory, want at most %d", who, bytes>>20, most>>20)
	}
}

// underLoad runs a workflow to success on a server of its own and checks what
// server and worker needed for it.
func underLoad(t *testing.T, workflows map[string]string) (s *site, run string) {
	t.Helper()
	s = newSite(t)
	for name, text := range workflows {
		mustWrite(t, filepath.Join(s.clone(), ".github", "workflows", name), []byte(text))
	}
	s.commit(s.clone(), "Load")
	s.mustGit(s.clone(), "push", "--quiet", "origin", "main")
	server := s.start("serve")
	s.until(func() bool { run = s.latestRun(); return run != "" })
	began := time.Now()
	s.want(0, "", "runs", "watch", run)
	t.Logf("the run took %v", time.Since(began).Round(time.Second))
	workers := children(server.cmd.Process.Pid)
	if len(workers) != 1 {
		t.Fatalf("%d workers", len(workers))
	}
	wantSmall(t, "the server", resident(t, server.cmd.Process.Pid))
	wantSmall(t, "the worker", resident(t, workers[0]))
	return s, run
}

// counted checks that numbered lines are all there, in order, while they come.
type counted struct {
	in   *bufio.Scanner
	line *regexp.Regexp
}

func (c counted) check(t *testing.T, want int64) {
	t.Helper()
	next := int64(1)
	for c.in.Scan() {
		if m := c.line.FindSubmatch(c.in.Bytes()); m != nil {
			if string(m[1]) != strconv.FormatInt(next, 10) {
				t.Fatalf("line %s stands where %d should", m[1], next)
			}
			next++
		}
	}
	if err := c.in.Err(); err != nil || next != want+1 {
		t.Errorf("%d lines of %d, %v", next-1, want, err)
	}
}

func TestLoadOfALog(t *testing.T) {
	const length = 100 // of a line with its end
	lines := load().log / length
	s, run := underLoad(t, map[string]string{"main.yaml": fmt.Sprintf(`on: push
jobs:
  talk:
    runs-on: ubuntu-latest
    steps:
      - run: seq -f '%%010.0f %s' %d
`, strings.Repeat("x", length-12), lines)})
	for name, args := range map[string][]string{"raw": {"--raw"}, "for people": nil} {
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		cmd := exec.CommandContext(ctx, program, append([]string{"--data", s.data(), "runs", "logs", run, "--job", "talk"}, args...)...)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		counted{bufio.NewScanner(out), regexp.MustCompile(` 0*(\d+) x+$`)}.check(t, lines)
		if err := cmd.Wait(); err != nil {
			t.Fatal(err)
		}
		wantSmall(t, "the command that prints it "+name, cmd.ProcessState.SysUsage().(*syscall.Rusage).Maxrss<<10)
	}
}

func TestLoadOfOutputs(t *testing.T) {
	n := load()
	var w strings.Builder
	w.WriteString("on: push\njobs:\n  set:\n    runs-on: ubuntu-latest\n    outputs:\n")
	const handed = 300 // outputs of the job: close to what GitHub allows
	name := func(i int) (step, output int) { return i*97%n.steps + 1, i*31%n.outputs + 1 }
	for i := range handed {
		step, output := name(i)
		fmt.Fprintf(&w, "      o%d: ${{ steps.s%d.outputs.v%d }}\n", i, step, output)
	}
	w.WriteString("    steps:\n")
	for i := range n.steps {
		fmt.Fprintf(&w, "      - {id: s%d, run: \"for i in $(seq %d); do printf 'v%%d=%d.%%d %%02980d\\\\n' $i $i 0; done >> $GITHUB_OUTPUT\"}\n", i+1, n.outputs, i+1)
	}
	w.WriteString("  read:\n    needs: [set]\n    runs-on: ubuntu-latest\n    steps:\n")
	for i := 0; i < handed; i += 20 {
		step, output := name(i)
		fmt.Fprintf(&w, "      - run: test \"$(echo '${{ needs.set.outputs.o%d }}' | cut -d' ' -f1)\" = %d.%d\n", i, step, output)
	}
	// All of them as one input and one output of a scope.
	w.WriteString("  call:\n    needs: [set]\n    uses: ./.github/workflows/called.yaml\n    with:\n      all: ${{ toJSON(needs.set.outputs) }}\n")
	step, output := name(7)
	fmt.Fprintf(&w, "  after:\n    needs: [call]\n    runs-on: ubuntu-latest\n    steps:\n      - run: test \"$(echo '${{ fromJSON(needs.call.outputs.all).o7 }}' | cut -d' ' -f1)\" = %d.%d\n", step, output)
	underLoad(t, map[string]string{"main.yaml": w.String(), "called.yaml": called})
}

const called = `on:
  workflow_call:
    inputs:
      all: {type: string, required: true}
    outputs:
      all: {value: "${{ jobs.inner.outputs.all }}"}
jobs:
  inner:
    runs-on: ubuntu-latest
    outputs:
      all: ${{ inputs.all }}
    steps:
      - run: echo ${{ inputs.all != '' }}
`

func TestLoadOfFiles(t *testing.T) {
	n := load().artifact
	s, run := underLoad(t, map[string]string{"main.yaml": fmt.Sprintf(`on: push
jobs:
  up:
    runs-on: ubuntu-latest
    outputs:
      sum: ${{ steps.make.outputs.sum }}
    steps:
      - id: make
        run: |
          head -c %d /dev/urandom > big
          echo "sum=$(sha256sum big)" >> "$GITHUB_OUTPUT"
      - uses: actions/upload-artifact@v4
        with:
          name: big
          path: big
      - run: dc-release evidence add big
  down:
    needs: [up]
    runs-on: ubuntu-latest
    environment: dev
    steps:
      - uses: actions/download-artifact@v4
        with:
          name: big
      - run: test "$(sha256sum big)" = "${{ needs.up.outputs.sum }}"
      - run: dc-release deploy --artifact big
`, n)})
	info, err := os.Stat(s.path("environments", "dev", "current", "big"))
	if err != nil || info.Size() != n {
		t.Errorf("deployed: %v, %v", info, err)
	}
	var list struct {
		Evidence []struct {
			Name string
			Size int64
		}
	}
	s.ask(&list, "evidence", "list", run)
	if len(list.Evidence) == 0 || list.Evidence[0].Name != "big" || list.Evidence[0].Size != n {
		t.Errorf("evidence %+v", list.Evidence)
	}
	if left := filesIn(t, s.path("data", "spool")); len(left) > 0 {
		t.Errorf("left in the spools: %v", left)
	}
}
