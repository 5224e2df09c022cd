package runner_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dc-release/dc-release/internal/adapter/runner"
	"github.com/dc-release/dc-release/internal/core/pipeline"
	"github.com/dc-release/dc-release/internal/core/workflow"
)

// said is the runner's part of a log after the head of the only step.
func said(h *host) string {
	_, rest, _ := strings.Cut(h.log("system"), "##[endgroup]\n")
	return rest
}

func TestCommandsOfAStep(t *testing.T) {
	t.Parallel()
	const badToken = "##[error]invoked ::stop-commands:: with the token %q: want a text that nothing else prints\n"
	tests := []struct {
		name, lines string
		debug       bool
		stdout      string
		system      string
		failed      bool
	}{
		{"text is text", "a::b|::nothing::x|##[nothing]y", false, "a::b|::nothing::x|##[nothing]y|", "", false},
		{"a command is not shown", "::notice::hello", false, "", "##[notice]hello\n", false},
		{"the older form", "a ##[warning]hello", false, "", "##[warning]hello\n", false},
		{"several lines of one message", "::error::a%0Ab", false, "", "##[error]a\nb\n", false},
		{"groups", "::group::a|x|::endgroup::y", false, "x|", "##[group]a\n##[endgroup]\n", false},
		{"debug is silent", "::debug::a", false, "", "", false},
		{"debug", "::debug::a%0Ab", true, "", "##[debug]a\n##[debug]b\n", false},
		{
			"echo shows commands that do not show themselves",
			"::echo::on|::notice::n|::add-mask::qwertz|::remove-matcher owner=x::|::echo:: OFF |::remove-matcher owner=x::", false,
			"::remove-matcher owner=x::|::echo:: OFF |", "##[notice]n\n::add-mask::***\n", false,
		},
		{"echo is on in a debug run", "::remove-matcher owner=x::", true, "::remove-matcher owner=x::|", "", false},
		{"echo of something else fails", "::echo::yes", false, "::echo::yes|", "##[error]invalid echo command value \"yes\": want on or off\n", true},
		{"an empty mask is a warning", "::add-mask::", false, "", "##[warning]an empty text cannot be masked\n", false},
		{
			"stopped commands are text until the token comes", "::stop-commands::My-Token|::notice::a|##[notice]b|::other::|::my-token::|::notice::c", false,
			"::stop-commands::My-Token|::notice::a|##[notice]b|::other::|::my-token::|", "##[notice]c\n", false,
		},
		{"the token in the older form", "::stop-commands::tok|::notice::a|x ##[tok]|::notice::c", false, "::stop-commands::tok|::notice::a|x ##[tok]|", "##[notice]c\n", false},
		{"a token is used up", "::stop-commands::tok|::tok::|::tok::|::notice::c", false, "::stop-commands::tok|::tok::|::tok::|", "##[notice]c\n", false},
		{"no token", "::stop-commands::|::notice::a", false, "::stop-commands::|", "##[notice]a\n" + strings.ReplaceAll(badToken, "%q", `""`), true},
		{"a command as the token", "::stop-commands::Notice", false, "::stop-commands::Notice|", strings.ReplaceAll(badToken, "%q", `"Notice"`), true},
		{"GitHub's own bad token", "::stop-commands::pause-logging", false, "::stop-commands::pause-logging|", strings.ReplaceAll(badToken, "%q", `"pause-logging"`), true},
		{"an output without a name fails", "::set-output::a", false, "::set-output::a|", "##[error]required field 'name' is missing in ##[set-output] command\n", true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			h := newHost()
			r := printing(tt.lines)
			r.config = func(c *runner.Config) { c.Debug = tt.debug }
			got := r.do(t, h)
			if diff := cmp.Diff(tt.stdout, strings.ReplaceAll(h.log("stdout"), "\n", "|")); diff != "" {
				t.Errorf("standard output (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.system, said(h)); diff != "" {
				t.Errorf("the runner's lines (-want +got):\n%s", diff)
			}
			if (got.Conclusion == pipeline.Failure) != tt.failed {
				t.Errorf("got %s: %s", got.Conclusion, got.Steps[0].Reason)
			}
		})
	}
}

// printing has a step that prints lines, "|" between them.
func printing(lines string) run {
	return steps(workflow.Step{Run: text(`printf '%s\n' "$TEXT" | tr '|' '\n'`), Env: bind("TEXT", lines)})
}

func TestAnnotations(t *testing.T) {
	t.Parallel()
	const ws = "${{ github.workspace }}/"
	tests := []struct {
		name, line string
		want       pipeline.Annotation
	}{
		{"all of it", "::error file=src/app.py,line=3,endLine=5,col=1,endColumn=2,title=Lint::too%0Along", pipeline.Annotation{Level: "error", Message: "too\nlong", File: "src/app.py", Line: 3, Title: "Lint"}},
		{"a message alone", "::notice::hello", pipeline.Annotation{Level: "notice", Message: "hello"}},
		{"no message", "::warning title=T::", pipeline.Annotation{Level: "warning", Title: "T"}},
		{"a file of the workspace", "::warning file=" + ws + "a/b.c::m", pipeline.Annotation{Level: "warning", Message: "m", File: "a/b.c"}},
		{"a file outside", "::warning file=/etc/passwd::m", pipeline.Annotation{Level: "warning", Message: "m", File: "/etc/passwd"}},
		{"an end alone", "::warning file=a,endLine=4::m", pipeline.Annotation{Level: "warning", Message: "m", File: "a", Line: 4}},
		{"an end before the line", "::warning file=a,line=4,endLine=3::m", pipeline.Annotation{Level: "warning", Message: "m", File: "a"}},
		{"no number", "::warning file=a,line=x::m", pipeline.Annotation{Level: "warning", Message: "m", File: "a"}},
		{"a negative number", "::warning file=a,line=-3::m", pipeline.Annotation{Level: "warning", Message: "m", File: "a"}},
		{"a long message", "::notice::" + strings.Repeat("ü", 5000), pipeline.Annotation{Level: "notice", Message: strings.Repeat("ü", 4096)}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := printing(tt.line).do(t, newHost())
			if diff := cmp.Diff([]pipeline.Annotation{tt.want}, got.Annotations); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// count counts annotations by level.
func count(list []pipeline.Annotation) map[string]int {
	n := map[string]int{}
	for _, a := range list {
		n[a.Level]++
	}
	return n
}

func TestAStepHasTenAnnotationsOfALevelAndAJobFifty(t *testing.T) {
	many := "for i in $(seq 20); do echo ::error::e; echo ::warning::w; echo ::notice::n; done"
	h := newHost()
	got := steps(sh(many)).do(t, h)
	if diff := cmp.Diff(map[string]int{"error": 10, "warning": 10, "notice": 10}, count(got.Annotations)); diff != "" {
		t.Errorf("one step (-want +got):\n%s", diff)
	}
	if n := strings.Count(h.log(""), "##[error]e\n"); n != 20 {
		t.Errorf("got %d errors in the log, want 20", n)
	}
	if got = steps(sh(many), sh(many)).do(t, newHost()); len(got.Annotations) != 50 {
		t.Errorf("two steps: got %d annotations, want 50", len(got.Annotations))
	}
	h = newHost()
	r := steps(uses("cleo/tools/pack@v1"))
	r.act(h, "cleo/tools/pack@v1", composite(sh(many), sh("echo ::error::e2")), nil)
	if got = r.do(t, h); count(got.Annotations)["error"] != 10 {
		t.Errorf("a composite action: got %v, want 10 of a level", count(got.Annotations))
	}
}

func TestProblemMatchers(t *testing.T) {
	t.Parallel()
	const add = "::add-matcher::m.json|"
	one := func(severity, pattern string) string {
		return `{"problemMatcher":[{"owner":"o","severity":"` + severity + `","pattern":[` + pattern + `]}]}`
	}
	lint := one("warning", `{"regexp":"^([^:]+):(\\d+): (?:(\\w+): )?(.*)$","file":1,"line":2,"severity":3,"message":4}`)
	eslint := one("", `{"regexp":"^([^\\s].*)$","file":1},{"regexp":"^\\s+(\\d+):(\\d+)\\s+(error|warning|note)\\s+(.*?)\\s+([a-z-]+)$","line":1,"column":2,"severity":3,"message":4,"code":5,"loop":true}`)
	tests := []struct {
		name, file, lines string
		want              []pipeline.Annotation
		stdout            string
		system            string // in it
		failed            bool
	}{
		{
			"one pattern", lint, add + "src/app.py:3: error: bad|src/none.py:4: \x1b[31mworse\x1b[0m|x",
			[]pipeline.Annotation{{Level: "error", Message: "bad", File: "src/app.py", Line: 3}, {Level: "warning", Message: "worse", Line: 4}},
			"x|", "##[error]src/app.py:3: error: bad\n##[warning]src/none.py:4: worse\n", false,
		},
		{"a severity that is none", lint, add + "src/app.py:3: fatal: bad", nil, "src/app.py:3: fatal: bad|", "", false},
		{"an empty message", lint, add + "src/app.py:3: ", nil, "src/app.py:3: |", "", false},
		{"a file above the workspace", lint, add + "../../x:3: bad", []pipeline.Annotation{{Level: "warning", Message: "bad", Line: 3}}, "", "", false},
		{
			"a loop", eslint, add + "src/app.py|  1:2  error  no such  no-such|  3:4  warning  odd  odd-thing||  5:6  error  late  late-one",
			[]pipeline.Annotation{{Level: "error", Message: "no such", File: "src/app.py", Line: 1}, {Level: "warning", Message: "odd", File: "src/app.py", Line: 3}},
			"src/app.py||  5:6  error  late  late-one|", "", false,
		},
		{"a command is no line for them", lint, add + "::notice file=src/app.py::a:1: b", []pipeline.Annotation{{Level: "notice", Message: "a:1: b", File: "src/app.py"}}, "", "", false},
		{"stopped commands are lines for them", lint, add + "::stop-commands::t|src/app.py:3: bad", []pipeline.Annotation{{Level: "warning", Message: "bad", File: "src/app.py", Line: 3}}, "::stop-commands::t|", "", false},
		{"taken out by owner", lint, add + "::remove-matcher owner=O::|src/app.py:3: bad", nil, "src/app.py:3: bad|", "", false},
		{"taken out by file", lint, add + "::remove-matcher::m.json|src/app.py:3: bad", nil, "src/app.py:3: bad|", "", false},
		{"what RE2 does not have is a warning", one("", `{"regexp":"(?!a)(b)","message":1}`), add + "b", nil, "b|", `##[warning]problem matcher "o" is not used: error parsing regexp`, false},
		{"no message", one("", `{"regexp":"(b)","file":1}`), add + "b", nil, add + "b|", `##[error]problem matcher "o": no pattern has a message`, true},
		{"no such group", one("", `{"regexp":"(b)","message":2}`), add + "b", nil, add + "b|", `##[error]problem matcher "o": message is group 2: want 0 to 1`, true},
		{"a bad severity", one("fatal", `{"regexp":"(b)","message":1}`), add + "b", nil, add + "b|", `##[error]problem matcher "o": severity is "fatal"`, true},
		{"no JSON", "[", add + "b", nil, add + "b|", `##[error]read problem matchers "m.json": unexpected end`, true},
		{"a file that is not the job's", lint, "::add-matcher::/etc/passwd", nil, "::add-matcher::/etc/passwd|", `##[error]read problem matchers "/etc/passwd": not in a directory of the job`, true},
		{"no file", lint, "::add-matcher::", nil, "", "##[warning]add-matcher names no file", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			h := newHost()
			h.tree = map[string]string{"m.json": tt.file, "src/app.py": "x"}
			r := printing(tt.lines)
			r.job.Steps = append([]workflow.Step{checkoutStep}, r.job.Steps...)
			got := r.do(t, h)
			var found []pipeline.Annotation
			for _, a := range got.Annotations {
				if !strings.Contains(a.Message, "problem matcher") {
					found = append(found, a)
				}
			}
			if diff := cmp.Diff(tt.want, found); diff != "" {
				t.Errorf("annotations (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.stdout, strings.ReplaceAll(h.log("stdout"), "\n", "|")); diff != "" {
				t.Errorf("standard output (-want +got):\n%s", diff)
			}
			if !strings.Contains(h.log("system"), tt.system) || (got.Conclusion == pipeline.Failure) != tt.failed {
				t.Errorf("got %s, want %q in:\n%s", got.Conclusion, tt.system, h.log("system"))
			}
		})
	}
}

func TestSummaries(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		steps []workflow.Step
		want  string
		log   string // in it
	}{
		{"those of all steps", []workflow.Step{
			sh("printf '# one' >> $GITHUB_STEP_SUMMARY"), sh("true"), sh("echo '# two' >> $GITHUB_STEP_SUMMARY; echo three >> $GITHUB_STEP_SUMMARY"),
		}, "# one\n# two\nthree\n", ""},
		{"also of a step that failed", []workflow.Step{sh("echo '# one' >> $GITHUB_STEP_SUMMARY; exit 1")}, "# one\n", ""},
		{"1 MiB", []workflow.Step{sh("head -c 1048576 /dev/zero | tr '\\0' x > $GITHUB_STEP_SUMMARY")}, strings.Repeat("x", 1<<20), ""},
		{
			"more",
			[]workflow.Step{sh("head -c 2097151 /dev/zero | tr '\\0' x > $GITHUB_STEP_SUMMARY"), sh("echo '# two' >> $GITHUB_STEP_SUMMARY")},
			"# two\n", "##[error]process file GITHUB_STEP_SUMMARY: read \"step_summary\": file too large: it has 2047 KiB, want at most 1024 KiB\n",
		},
		{"twenty steps", slices.Repeat([]workflow.Step{sh("echo x >> $GITHUB_STEP_SUMMARY")}, 21), strings.Repeat("x\n", 20), "##[warning]the job's summary has those of 20 steps: this one is left out\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			h := newHost()
			got := steps(tt.steps...).do(t, h)
			if got.Summary != tt.want {
				t.Errorf("got %d bytes %.40q, want %d bytes %.40q", len(got.Summary), got.Summary, len(tt.want), tt.want)
			}
			if !strings.Contains(h.log("system"), tt.log) {
				t.Errorf("want %q in the log:\n%s", tt.log, h.log(""))
			}
		})
	}
}
