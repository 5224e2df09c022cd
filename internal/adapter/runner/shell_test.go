package runner_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dc-release/dc-release/internal/adapter/runner"
	"github.com/dc-release/dc-release/internal/core/workflow"
)

// record is a stand-in for a shell: it prints its arguments, one a line, with
// the script's place as SCRIPT, and then the script.
const record = `for a; do printf '[%s]\n' "$a" | sed "s,/[^' ]*/script,SCRIPT,"; case $a in *script*) f=$a;; esac; done
f=${f#*\'}; f=${f#path=}; cat "${f%\'*}"; echo '<end>'`

func TestShellsAreStartedAsOnGitHub(t *testing.T) {
	const script = "echo one\necho two"
	tests := []struct {
		name, shell string
		want        string // arguments and script
		fail        string
	}{
		{"no shell is bash without pipefail", "", "[-e]\n[SCRIPT.sh]\n" + script, ""},
		{"bash", "bash", "[--noprofile]\n[--norc]\n[-e]\n[-o]\n[pipefail]\n[SCRIPT.sh]\n" + script, ""},
		{"sh", "sh", "[-e]\n[SCRIPT.sh]\n" + script, ""},
		{"python", "python", "[SCRIPT.py]\n" + script, ""},
		{
			"pwsh stops at the first error and ends with the last exit code", "pwsh",
			"[-command]\n[. 'SCRIPT.ps1']\n$ErrorActionPreference = 'stop'\n" + script +
				"\nif ((Test-Path -LiteralPath variable:\\LASTEXITCODE)) { exit $LASTEXITCODE }",
			"",
		},
		{"a known program with arguments keeps its extension", "python -u {0} -x", "[-u]\n[SCRIPT.py]\n[-x]\n" + script, ""},
		{"pwsh with arguments keeps its first and last line", "pwsh -File {0}", "[-File]\n[SCRIPT.ps1]\n$ErrorActionPreference = 'stop'\n" + script +
			"\nif ((Test-Path -LiteralPath variable:\\LASTEXITCODE)) { exit $LASTEXITCODE }", ""},
		{"another program has no extension", "perl -w {0}", "[-w]\n[SCRIPT]\n" + script, ""},
		{"double quotes group and single quotes do not", `perl "a b" 'c d' path={0}`, "[a b]\n['c]\n[d']\n[path=SCRIPT]\n" + script, ""},
		{"doubled braces are braces", `perl {{x}} {0}`, "[{x}]\n[SCRIPT]\n" + script, ""},
		{"a known program with arguments but no script", "bash -x", "", `shell "bash -x": want bash, sh, python, pwsh or a command with {0}`},
		{"another program without a script", "perl", "", `shell "perl": want bash, sh, python, pwsh or a command with {0}`},
		{"a brace of its own", "perl -e {1} {0}", "", `"{1}" is not {0}`},
		{"a shell that is not there", "fish {0}", "", `find "fish": not on PATH`},
		{"an empty expression is no shell", "${{ '' }}", "[-e]\n[SCRIPT.sh]\n" + script, ""},
	}
	programs := map[string]string{"bash": record, "sh": record, "python": record, "pwsh": record, "perl": record}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			h := newHost()
			dir := tools(t, programs)
			r := steps(workflow.Step{Run: text(script), Shell: text(tt.shell), Env: bind("PATH", dir+":/usr/bin:/bin")})
			r.config = func(c *runner.Config) { c.Path = dir + ":/usr/bin:/bin" }
			got := r.do(t, h)
			if tt.fail != "" {
				check(t, h, got, want{conclusion: "failure", steps: "failure", reason: tt.fail})
				return
			}
			if diff := cmp.Diff(tt.want+"<end>\n", h.log("stdout")); got.Conclusion != "success" || diff != "" {
				t.Errorf("%s (-want +got):\n%s\n%s", got.Conclusion, diff, h.log(""))
			}
		})
	}
}

func TestAMissingPwshIsAFailureThatSaysSo(t *testing.T) {
	h := newHost()
	r := steps(workflow.Step{Run: text("Write-Output x"), Shell: text("pwsh")})
	r.config = func(c *runner.Config) { c.Path = "/bin" }
	check(t, h, r.do(t, h), want{conclusion: "failure", steps: "failure", reason: `start step: find "pwsh": not on PATH "/bin"`})
}

func TestArgumentsAreSplitAsDotNetDoesOnLinux(t *testing.T) {
	tests := []struct {
		line string
		want []string
	}{
		{``, nil},
		{"  a\t b  ", []string{"a", "b"}},
		{`"a b"c d`, []string{"a bc", "d"}},
		{`a\"b "c\"d e" f\\"g h"`, []string{`a"b`, `c"d e`, `f\g h`}},
		{`a\b \\ c\`, []string{`a\b`, `\\`, `c\`}},
		{`"a""b" ""`, []string{`a"b`, ``}},
		{`'a b'`, []string{`'a`, `b'`}},
		{`"open end`, []string{`open end`}},
	}
	for _, tt := range tests {
		if diff := cmp.Diff(tt.want, runner.SplitArguments(tt.line)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.line, diff)
		}
	}
}

func FuzzSplitArguments(f *testing.F) {
	for _, s := range []string{``, `-command ". '{0}'"`, `a\"b "c""d`, "\\\\\"", "\t x"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, line string) {
		n := 0
		for _, w := range runner.SplitArguments(line) {
			n += len(w)
		}
		if n > len(line) {
			t.Errorf("%q became longer", line)
		}
		if !strings.ContainsAny(line, `"\`+" \t") && line != "" {
			if got := runner.SplitArguments(line); len(got) != 1 || got[0] != line {
				t.Errorf("%q: got %q", line, got)
			}
		}
	})
}
