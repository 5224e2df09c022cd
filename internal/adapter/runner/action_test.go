package runner_test

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dc-release/dc-release/internal/adapter/runner"
	"github.com/dc-release/dc-release/internal/core/workflow"
)

func TestCheckout(t *testing.T) {
	tests := []struct {
		name  string
		steps []workflow.Step
		want  want
	}{
		{
			"gives exactly the commit, and says which",
			[]workflow.Step{
				{ID: "c", Uses: "actions/checkout@v4"},
				sh("cat README.md src/app.py; ls -A; echo ${{ steps.c.outputs.commit }}; touch src/writable"),
			},
			want{conclusion: "success", steps: "success success", stdout: []string{"corp-procurement", "print(1)", "README.md", commit}},
		},
		{
			"removes what was there, unless told not to",
			[]workflow.Step{
				sh("touch old"), uses("actions/checkout@v4", "clean", "false"), sh("ls old; echo changed > README.md"),
				uses("Actions/Checkout@v4"), sh("cat README.md; ls old || echo gone"),
			},
			want{conclusion: "success", steps: "success success success success success", stdout: []string{"old", "corp-procurement", "gone"}},
		},
		{
			"takes a path within the workspace",
			[]workflow.Step{uses("actions/checkout@v4", "path", "a/b"), sh("cat a/b/README.md"), uses("actions/checkout@v4", "path", "../x")},
			want{conclusion: "failure", steps: "success success failure", stdout: []string{"corp-procurement"}, reason: `path "../x": want one within`},
		},
		{
			"takes the names of the commit as ref, and no other",
			[]workflow.Step{
				uses("actions/checkout@v4", "ref", "${{ github.sha }}"), uses("actions/checkout@v4", "ref", "${{ github.ref }}"),
				uses("actions/checkout@v4", "repository", "Ada/Corp-Procurement"), uses("actions/checkout@v4", "ref", "main"),
			},
			want{conclusion: "failure", steps: "success success success failure", reason: `check out ref "main": want "` + commit},
		},
		{
			"does not take another repository",
			[]workflow.Step{uses("actions/checkout@v4", "repository", "bob/other")},
			want{conclusion: "failure", steps: "failure", reason: `check out "bob/other": want "ada/corp-procurement"`},
		},
		{
			"does not take what is not honoured",
			[]workflow.Step{uses("actions/checkout@v4", "lfs", "true", "ssh-key", "x")},
			want{conclusion: "failure", steps: "failure", reason: `input "ssh-key" of actions/checkout: want one of`},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			h := newHost()
			check(t, h, steps(tt.steps...).do(t, h), tt.want)
		})
	}
}

// A hostile step may put links where the worker is to write.
func TestHostileStepCannotMakeCheckoutWriteElsewhere(t *testing.T) {
	victim := t.TempDir()
	if err := os.Chmod(victim, 0o777); err != nil {
		t.Fatal(err)
	}
	h := newHost()
	r := steps(sh("rm -rf \"$GITHUB_WORKSPACE/sub\"; ln -s "+victim+" sub; ln -s ../../../../stage back"),
		uses("actions/checkout@v4", "path", "sub", "clean", "false"))
	if got := r.do(t, h); got.Conclusion != "failure" {
		t.Errorf("got %+v", got)
	}
	if left, err := os.ReadDir(victim); err != nil || len(left) > 0 {
		t.Errorf("wrote outside of the area: %v %v", left, err)
	}
}

func TestHostileStepCannotUploadWhatIsNotItsOwn(t *testing.T) {
	secret := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(secret, []byte("canary"), 0o644); err != nil {
		t.Fatal(err)
	}
	for name, path := range map[string]string{
		"a link to a file": "link", "a link to a directory": "dir/key", "a relative way out": "up/up/up/up/up", "the file by name": secret,
		"a pattern outside": "/etc/*",
	} {
		t.Run(name, func(t *testing.T) {
			h := newHost()
			r := steps(sh("ln -s "+secret+" link; ln -s "+filepath.Dir(secret)+" dir; ln -s ../../.. up"), uses("actions/upload-artifact@v4", "path", path, "if-no-files-found", "error"))
			got := r.do(t, h)
			if got.Conclusion != "failure" || len(h.uploads) > 0 {
				t.Errorf("got %s, uploads %v", got.Conclusion, h.uploads)
			}
		})
	}
}

func TestUploadArtifact(t *testing.T) {
	t.Parallel()
	const files = `mkdir -p out/sub .cache; echo a > out/a.txt; echo b > out/sub/b.txt; echo l > out/b.log; echo h > out/.hidden; echo c > .cache/c; echo t > /tmp/t.txt; ln -s a.txt out/l.txt; echo 'x' > 'out/{x}.txt'; mkdir odd; echo > odd/a:b`
	tests := []struct {
		name string
		with []string
		want map[string]string // nil: no artifact
		fail string
		log  string
	}{
		{"a directory is the root of its files", []string{"path", "out/"}, map[string]string{"a.txt": "a\n", "l.txt": "a\n", "sub/b.txt": "b\n", "b.log": "l\n", "{x}.txt": "x\n"}, "", ""},
		{"a single file has its name alone", []string{"path", "out/sub/b.txt"}, map[string]string{"b.txt": "b\n"}, "", ""},
		{"a pattern is relative to what stands before it", []string{"path", "out/**/b.*"}, map[string]string{"sub/b.txt": "b\n", "b.log": "l\n"}, "", ""},
		{"of several lines the last that matches decides", []string{"path", "out\n!out/**/*.txt\nout/sub"}, map[string]string{"b.log": "l\n", "sub/b.txt": "b\n"}, "", ""},
		{"several paths have their common parent as root", []string{"path", "# both\nout/a.txt\nout/sub/b.txt"}, map[string]string{"a.txt": "a\n", "sub/b.txt": "b\n"}, "", ""},
		{"hidden files are asked for", []string{"path", "out/\n!out/**/*.txt", "include-hidden-files", "true"}, map[string]string{".hidden": "h\n", "b.log": "l\n"}, "", ""},
		{"a hidden directory is not taken by its name alone", []string{"path", ".cache"}, nil, "", "no files were found"},
		{"braces are no wildcards", []string{"path", "out/{x}.txt"}, map[string]string{"{x}.txt": "x\n"}, "", ""},
		{"/tmp is the execution's own", []string{"path", "/tmp/t.txt"}, map[string]string{"t.txt": "t\n"}, "", ""},
		{"nothing found is a warning", []string{"path", "none"}, nil, "", "##[warning]upload artifact \"artifact\": no files were found"},
		{"nothing found is an error when asked", []string{"path", "none", "if-no-files-found", "error"}, nil, "no files were found", ""},
		{"a name that is no file name", []string{"path", "out", "name", "a/b"}, nil, `artifact name "a/b": '/' is not allowed`, ""},
		{"an empty name", []string{"path", "out", "name", ""}, nil, `artifact name "": want a file name`, ""},
		{"a file whose name not every system takes", []string{"path", "odd"}, nil, `file "a:b": ':' is not allowed in its name`, ""},
		{"how well it is compressed", []string{"path", "out", "compression-level", "10"}, nil, `input "compression-level" is "10": want a number from 0 to 9`, ""},
		{"how long it is kept", []string{"path", "out", "retention-days", "long"}, nil, `input "retention-days" is "long": want a number`, ""},
		{"what is logged", []string{"path", "out/a.txt", "retention-days", "5", "compression-level", "9"}, map[string]string{"a.txt": "a\n"}, "", `uploaded artifact "artifact": 1 files, 9 bytes, sha256 d1`},
		{"a path is required", nil, nil, `input "path" of actions/upload-artifact is required`, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			h := newHost()
			got := steps(sh(files), workflow.Step{ID: "u", Uses: "actions/upload-artifact@v4", With: bind(tt.with...)},
				sh("echo id ${{ steps.u.outputs.artifact-id }}")).do(t, h)
			if diff := cmp.Diff(tt.want, h.uploads["artifact"]); diff != "" {
				t.Errorf("artifact (-want +got):\n%s", diff)
			}
			reason := got.Steps[1].Reason
			if (tt.fail == "") != (got.Conclusion == "success") || !strings.Contains(reason, tt.fail) {
				t.Errorf("got %s, %q, want %q", got.Conclusion, reason, tt.fail)
			}
			if !strings.Contains(h.log(""), tt.log) || tt.want != nil && !strings.Contains(h.log(""), "id 7") {
				t.Errorf("want %q in the log:\n%s", tt.log, h.log(""))
			}
		})
	}
}

func TestAnArtifactNameIsUsedOnce(t *testing.T) {
	h := newHost()
	up := func(with ...string) workflow.Step {
		return uses("actions/upload-artifact@v4", append([]string{"path", "f", "name", "bundle"}, with...)...)
	}
	check(t, h, steps(sh("echo 1 > f"), up(), sh("echo 2 > f"), up("overwrite", "true"), up()).do(t, h), want{
		conclusion: "failure", steps: "success success success success failure", reason: `upload artifact "bundle": an artifact "bundle" is there already`,
	})
	if h.uploads["bundle"]["f"] != "2\n" {
		t.Errorf("got %q, want the overwritten one", h.uploads["bundle"])
	}
}

func TestDownloadArtifact(t *testing.T) {
	t.Parallel()
	given := map[string]map[string]string{"dev-a": {"a.txt": "a"}, "dev-b": {"d/b.txt": "b"}, "val-c": {"c.txt": "c"}}
	tests := []struct {
		name string
		with []string
		want string // files below the workspace
		fail string
	}{
		{"one by name", []string{"name", "dev-b"}, "./d/b.txt", ""},
		{"one to a path", []string{"name", "dev-a", "path", "x/y"}, "./x/y/a.txt", ""},
		{"all, each in a directory", nil, "./dev-a/a.txt ./dev-b/d/b.txt ./val-c/c.txt", ""},
		{"those that match a pattern, merged", []string{"pattern", "dev-*", "merge-multiple", "true"}, "./a.txt ./d/b.txt", ""},
		{"a name that is not there", []string{"name", "prd"}, "", `no artifact "prd" in this run`},
		{"a path outside", []string{"name", "dev-a", "path", "/etc"}, "", "want one within the job's own directories"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			h := newHost()
			maps.Copy(h.uploads, given)
			got := steps(sh("mkdir d"), uses("actions/download-artifact@v4", tt.with...), sh("echo $(find . -type f | sort)")).do(t, h)
			if tt.fail != "" {
				check(t, h, got, want{conclusion: "failure", steps: "success failure skipped", reason: tt.fail})
				return
			}
			check(t, h, got, want{conclusion: "success", steps: "success success success", stdout: []string{tt.want}})
		})
	}
}

func TestNamePatterns(t *testing.T) {
	tests := []struct {
		pattern string
		want    string // of a-1 a-2 b.c .d
		fail    string
	}{
		{"*", "a-1 a-2 b.c", ""},
		{"a-?", "a-1 a-2", ""},
		{"a-[!1]", "a-2", ""},
		{"{a-1,b*}", "a-1 b.c", ""},
		{"!a*", "b.c .d", ""},
		{"!!a*", "a-1 a-2", ""},
		{".*", ".d", ""},
		{"{.d,a-1}", "a-1 .d", ""},
		{"#a", "", ""},
		{"**", "a-1 a-2 b.c", ""},
		{"a-1", "a-1", ""},
		{"A-1", "", ""},
		{"[", "", "malformed pattern"},
		{"@(a-1|b.c)", "", "want * ? [] and {a,b} only"},
		{"a-{1..2}", "", "want * ? [] and {a,b} only"},
	}
	for _, tt := range tests {
		t.Run(tt.pattern, func(t *testing.T) {
			matches, err := runner.NamePattern(tt.pattern)
			if (err == nil) != (tt.fail == "") || err != nil && !strings.Contains(err.Error(), tt.fail) {
				t.Fatalf("got %v, want %q", err, tt.fail)
			}
			var got []string
			for _, name := range []string{"a-1", "a-2", "b.c", ".d"} {
				if err == nil && matches(name) {
					got = append(got, name)
				}
			}
			if strings.Join(got, " ") != tt.want {
				t.Errorf("got %q, want %s", got, tt.want)
			}
		})
	}
}

// tools makes a directory with programs, readable by every uid.
func tools(t *testing.T, programs map[string]string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "bin")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for name, script := range programs {
		if script == "-" {
			script = ""
		} else {
			script = "#!/bin/sh\n" + script + "\n"
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(script), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestSetUpActionsUseWhatIsOnThePath(t *testing.T) {
	t.Parallel()
	python := func(want string) workflow.Step { return uses("actions/setup-python@v4", "python-version", want) }
	tests := []struct {
		name     string
		programs map[string]string
		step     workflow.Step
		fail     string // when a mismatch is refused
		warn     bool   // when it is not, there is a warning
		version  string
	}{
		{"the same components", map[string]string{"python": "echo Python 3.11.4"}, python("3.11"), "", false, "3.11.4"},
		{"any minor version", map[string]string{"python": "echo Python 3.11.4 >&2"}, python("3.x"), "", false, "3.11.4"},
		{"no version asked for", map[string]string{"python": "echo Python 3.13.0rc1"}, uses("actions/setup-python@v5"), "", false, "3.13.0rc1"},
		{"3.1 is not 3.11", map[string]string{"python": "echo Python 3.11.4"}, python("3.1"), "want version 3.1, found 3.11.4", true, "3.11.4"},
		{"more components than there are", map[string]string{"python": "echo Python 3.11"}, python("3.11.4"), "want version 3.11.4, found 3.11", true, "3.11"},
		{"a stub that says nothing", map[string]string{"python": "exit 0"}, python("3.11"), "says no version", true, ""},
		{"a stub that fails", map[string]string{"python": "echo no >&2; exit 9"}, python("3.11"), "says no version", true, ""},
		{"a stub without an interpreter", map[string]string{"python": "-"}, python("3.11"), "says no version", true, ""},
		{"a range", map[string]string{"python": "echo Python 3.11.4"}, python(">=3.9"), "ranges and several versions are not supported", true, "3.11.4"},
		{"databricks", map[string]string{"databricks": "echo Databricks CLI v0.218.0"}, uses("databricks/setup-cli@main", "version", "0.218.0"), "", false, "0.218.0"},
		{"node", map[string]string{"node": "echo v20.11.1"}, uses("actions/setup-node@v4", "node-version", "20.x"), "", false, "20.11.1"},
		{"node with a v", map[string]string{"node": "echo v20.11.1"}, uses("actions/setup-node@v4", "node-version", "v20"), "", false, "20.11.1"},
		{"another node", map[string]string{"node": "echo v18.1.0"}, uses("actions/setup-node@v4", "node-version", "20"), "want version 20, found 18.1.0", true, "18.1.0"},
		{"uv", map[string]string{"uv": "echo 'uv 0.5.11 (c4d0caaee 2024-12-19)'"}, uses("astral-sh/setup-uv@v5", "version", "0.5.x"), "", false, "0.5.11"},
		{"another uv", map[string]string{"uv": "echo uv 0.5.11"}, uses("astral-sh/setup-uv@v5", "version", "0.4.0"), "want version 0.4.0, found 0.5.11", true, "0.5.11"},
		{"another databricks", map[string]string{"databricks": "echo Databricks CLI v0.218.0"}, uses("databricks/setup-cli@main", "version", "v0.300.0"), "want version 0.300.0, found 0.218.0", true, "0.218.0"},
	}
	for _, tt := range tests {
		for _, mismatch := range []runner.Mismatch{runner.Refuse, runner.Warn} {
			t.Run(fmt.Sprintf("%s/%s", tt.name, mismatch), func(t *testing.T) {
				h := newHost()
				dir := tools(t, tt.programs)
				r := steps(tt.step)
				r.config = func(c *runner.Config) { c.Path, c.ToolMismatch = dir+":/bin", mismatch }
				got := r.do(t, h)
				failed := tt.fail != "" && mismatch == runner.Refuse
				if failed != (got.Conclusion == "failure") || failed && !strings.Contains(got.Steps[0].Reason, tt.fail) {
					t.Errorf("got %s %+v, want %q", got.Conclusion, got.Steps, tt.fail)
				}
				if warned := strings.Contains(h.log(""), "##[warning]"); warned != (tt.warn && mismatch == runner.Warn) {
					t.Errorf("warning: got %v\n%s", warned, h.log(""))
				}
				if len(got.Tools) != 1 || got.Tools[0].Version != tt.version || len(got.Tools[0].SHA256) != 64 || filepath.Dir(got.Tools[0].Path) != dir {
					t.Errorf("got tools %+v, want version %q in %s", got.Tools, tt.version, dir)
				}
			})
		}
	}
}

func TestAMissingToolIsAFailureEvenInARehearsal(t *testing.T) {
	for _, step := range []workflow.Step{uses("actions/setup-python@v4"), uses("databricks/setup-cli@main"), uses("actions/setup-node@v4"), uses("astral-sh/setup-uv@v5")} {
		h := newHost()
		r := steps(step)
		r.config = func(c *runner.Config) { c.Path, c.ToolMismatch, c.Rehearsal = "/var/empty", runner.Warn, true }
		check(t, h, r.do(t, h), want{conclusion: "failure", steps: "failure", reason: `is on PATH "/var/empty": install it on the worker`})
	}
}

func TestAToolThatStepsMayNotRunIsPassedOver(t *testing.T) {
	h := newHost()
	closed, open := tools(t, map[string]string{"python": "echo Python 3.9.1"}), tools(t, map[string]string{"python": "echo Python 3.11.4"})
	if err := os.WriteFile(filepath.Join(closed, "python"), []byte("#!/no/such/interpreter\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	r := steps(uses("actions/setup-python@v5", "python-version", "3.11"))
	r.config = func(c *runner.Config) { c.Path = closed + ":" + open + ":/bin" }
	got := r.do(t, h)
	if got.Conclusion != "success" || got.Tools[0].Path != filepath.Join(open, "python") {
		t.Errorf("got %+v\n%s", got, h.log(""))
	}
}

func TestAPython3AloneIsAlsoKnownAsPython(t *testing.T) {
	h := newHost()
	dir := tools(t, map[string]string{"python3": "echo Python 3.12.1"})
	r := steps(uses("actions/setup-python@v5"), sh("python --version"))
	r.config = func(c *runner.Config) { c.Path = dir + ":/bin" }
	got := r.do(t, h)
	// /bin may have a python of its own, which then counts.
	if got.Conclusion != "success" || !strings.Contains(h.log("stdout"), "Python 3.") {
		t.Errorf("got %+v\n%s", got, h.log(""))
	}
}

func TestPytestLinesLeaveEvidence(t *testing.T) {
	h := newHost()
	dir := tools(t, map[string]string{"pytest": `for o in $PYTEST_ADDOPTS; do case $o in --junitxml=*) echo "<testsuite n='$1'/>" > "${o#--junitxml=}";; esac; done; exit $2`})
	r := steps(sh("pytest one 0; echo \"[$PYTEST_ADDOPTS]\""), sh("true"),
		workflow.Step{Run: text("pytest two 1"), Env: bind("PYTEST_ADDOPTS", "-q")})
	r.config = func(c *runner.Config) { c.Path = dir + ":/usr/bin:/bin" }
	got := r.do(t, h)
	if words(got) != "success success failure" {
		t.Errorf("got %s\n%s", words(got), h.log(""))
	}
	want := map[int]map[string]string{1: {"pytest.xml": "<testsuite n='one'/>\n"}, 3: {"pytest.xml": "<testsuite n='two'/>\n"}}
	if diff := cmp.Diff(want, h.evidence); diff != "" {
		t.Errorf("evidence (-want +got):\n%s", diff)
	}
}

func TestEveryNativeActionOfTheLanguageIsRun(t *testing.T) {
	t.Parallel()
	for _, a := range workflow.Natives {
		h := newHost()
		got := steps(uses(a.Name+"@v1")).do(t, h)
		if len(got.Steps) == 0 || strings.Contains(got.Steps[0].Reason, "none that this engine runs") {
			t.Errorf("%s: got %+v", a.Name, got.Steps)
		}
	}
	h := newHost()
	check(t, h, steps(uses("bob/action@v1")).do(t, h), want{conclusion: "failure", steps: "failure", reason: `action "bob/action@v1" is none that this engine runs`})
}
