package runner_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/dc-release/dc-release/internal/adapter/runner"
	"github.com/dc-release/dc-release/internal/archtest/need"
	"github.com/dc-release/dc-release/internal/core/pipeline"
	"github.com/dc-release/dc-release/internal/core/workflow"
)

const canary = `c4nary+/ "q'uote\=`

// leaks reports where a secret is seen in all that leaves the worker.
func leaks(t *testing.T, h *host, got pipeline.Outcome, secrets ...string) {
	t.Helper()
	b, err := json.Marshal(got)
	if err != nil {
		t.Fatal(err)
	}
	var plain strings.Builder
	for _, s := range got.Steps {
		plain.WriteString(s.Name + s.Reason)
	}
	for _, a := range got.Annotations {
		plain.WriteString(a.Message + a.File + a.Title)
	}
	for k, v := range got.Outputs {
		plain.WriteString(k + v)
	}
	for where, text := range map[string]string{"outcome": string(b), "log": h.log(""), "texts": plain.String() + got.Summary + got.Reason} {
		for _, s := range secrets {
			if strings.Contains(text, s) {
				t.Errorf("%q is seen in the %s:\n%s", s, where, text)
			}
		}
	}
}

func TestSecretsAreMaskedWhereverTheyLeave(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, script string
		seen         []string // what must not be
	}{
		{"as it is", `printf '%s\n' "$S"`, []string{"c4nary"}},
		{"without an end of line", `printf '%s' "$S"`, []string{"c4nary"}},
		{"split over writes", `for i in $(seq 1 ${#S}); do printf '%s' "${S:i-1:1}"; sleep 0.002; done; echo`, []string{"c4nary"}},
		{"on standard error", `printf '%s\n' "$S" >&2`, []string{"c4nary"}},
		{"in base64", `printf '%s' "$S" | base64`, []string{"YzRuYXJ5"}},
		{"in base64 after one byte", `printf 'x%s' "$S" | base64`, []string{"jNG5hcnk"}},
		{"in base64 after two bytes", `printf 'xy%s' "$S" | base64`, []string{"M0bmFyeS"}},
		{"in base64 for URLs", `printf '%s' "$S" | base64 | tr '+/' '-_'`, []string{"YzRuYXJ5"}},
		{"in JSON", `/usr/bin/python3 -c 'import json, os; print(json.dumps({"s": os.environ["S"]}))'`, []string{"c4nary"}},
		{"in a URL", `/usr/bin/python3 -c 'import os, urllib.parse as u; print(u.quote(os.environ["S"], safe="")); print(u.quote_plus(os.environ["S"])); print(u.quote(os.environ["S"]))'`, []string{"c4nary"}},
		{"in hex", `printf '%s' "$S" | od -An -tx1 | tr -d ' \n'`, []string{"63346e617279"}},
		{"in an error annotation", `echo "::error file=$S,title=$S::bad $S"`, []string{"c4nary"}},
		{"in the summary", `echo "# $S" >> $GITHUB_STEP_SUMMARY`, []string{"c4nary"}},
		{"in the reason", `echo "$S" >> $GITHUB_ENV`, []string{"c4nary"}},
		{"in a shell trace", `set -x; : "$S"; echo x"$S"`, []string{"c4nary+"}},
		{"in a group", `echo "::group::$S"`, []string{"c4nary"}},
		{"over two lines", `printf '%s\n%s\n' "${S:0:7}" "${S:7}"`, []string{"c4nary", "uote"}},
		{"over many lines", `printf '%s' "$S" | fold -w 5`, []string{"c4nar", "uote", "y+/"}},
		{"over lines that are indented", `printf '%s' "$S" | fold -w 9 | sed 's/^/      /'`, []string{"c4nary", "uote"}},
		{"over two lines, nearly all on the second", `printf 'x%s\n%s\n' "${S:0:1}" "${S:1}"`, []string{"4nary", "uote"}},
		{"over two lines, a moment apart", `echo "${S:0:9}"; sleep 0.05; echo "${S:9}"`, []string{"c4nary", "uote"}},
		{"over two lines of a group", `echo "::group::x ${S:0:9}%0A${S:9} y"`, []string{"c4nary", "uote"}},
		{"over two lines of an annotation", `echo "::warning::x ${S:0:9}%0A${S:9} y"`, []string{"c4nary", "uote"}},
		{"over lines of the summary", `printf '%s' "$S" | fold -w 6 >> $GITHUB_STEP_SUMMARY`, []string{"c4nary", "uote"}},
		{"in base64 that is broken within it", `printf '{"padding":"0123456789","token":"%s","more":"0123456789"}' "$S" | base64 -w 60`, []string{"YzRuYXJ5", "M0bmFyeS", "jNG5hcnk", "ZW4iOiJjNG5hcnkr"}},
		{"in JSON that is broken within it", `/usr/bin/python3 -c 'import json, os; s = json.dumps(os.environ["S"]); print(s[:12]); print(s[12:])'`, []string{"c4nary", "uote"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if strings.Contains(tt.script, need.Python) {
				need.Program(t, need.Python)
			}
			h := newHost()
			h.secrets["TOKEN"] = canary
			r := steps(workflow.Step{Run: text(tt.script), Env: bind("S", "${{ secrets.TOKEN }}"), Name: text("with ${{ secrets.token }}")})
			r.secrets = []string{"TOKEN"}
			got := r.do(t, h)
			leaks(t, h, got, append(tt.seen, canary)...)
			if !strings.Contains(h.log("")+got.Summary, "***") {
				t.Errorf("nothing was masked, so nothing is tested:\n%s", h.log(""))
			}
		})
	}
}

func TestMaskedValuesOfAllKinds(t *testing.T) {
	pem := "-----BEGIN KEY-----\nbGluZW9uZQ\nbGluZXR3bw\n-----END KEY-----\n"
	h := newHost()
	h.secrets["KEY"], h.token = pem, "job-token-1"
	r := steps(
		workflow.Step{Run: text("echo ${K:20:10}; echo \"$K\"; echo $DC_RELEASE_JOB_TOKEN"), Env: bind("K", "${{ secrets.KEY }}")},
		sh("echo '::add-mask::made-up%0Asecond-line'; echo made-up; echo second-line"),
		sh("echo -n made-; sleep 0.05; echo up again"),
		sh("echo 'found made-up' | base64"))
	r.secrets = []string{"KEY"}
	got := r.do(t, h)
	if got.Conclusion != "success" {
		t.Fatalf("got %+v", got)
	}
	// What a step's own text says before it is a secret cannot be masked.
	var later strings.Builder
	for _, l := range h.lines {
		if l.Stream == runner.Stdout {
			later.WriteString(l.Text + "\n")
		}
	}
	for _, s := range []string{"bGluZW9uZQ", "bGluZXR3bw", "job-token-1", "made-up", "second-line", "bWFkZS11c"} {
		if strings.Contains(later.String(), s) {
			t.Errorf("%q is seen:\n%s", s, later.String())
		}
	}
}

func TestAnOutputThatHoldsASecretIsDroppedWithAWarning(t *testing.T) {
	h := newHost()
	h.secrets["TOKEN"] = "hush-hush"
	r := run{secrets: []string{"TOKEN"}, job: workflow.Job{
		Outputs: []workflow.Output{
			{Name: "plain", Value: text("${{ steps.a.outputs.plain }}")},
			{Name: "bad", Value: text("x ${{ steps.a.outputs.bad }}")},
			{Name: "coded", Value: text("${{ steps.a.outputs.coded }}")},
		},
		Steps: []workflow.Step{
			{ID: "a", Env: bind("S", "${{ secrets.TOKEN }}"), Run: text(`{ echo plain=1; echo "bad=$S"; echo "coded=$(printf '{"k":"%s"}' "$S" | base64)"; } >> $GITHUB_OUTPUT`)},
			// Within the job it can be used.
			sh(`test '${{ steps.a.outputs.bad }}' = hush-"hush" && echo same`),
		},
	}}
	got := r.do(t, h)
	check(t, h, got, want{
		conclusion: "success", steps: "success success", stdout: []string{"same"}, outputs: map[string]string{"plain": "1"},
		log: []string{"##[warning]Skip output 'bad' since it may contain secret.", "##[warning]Skip output 'coded' since it may contain secret."},
	})
	leaks(t, h, got, "hush-hush")
}

func TestOnlySecretsThatTheJobNamesAreAskedFor(t *testing.T) {
	h := newHost()
	h.secrets = map[string]string{"A": "aaaaaa", "B": "bbbbbb", "GITHUB_TOKEN": "tttttt"}
	r := steps(sh("echo ${{ secrets.a != '' }} [${{ secrets.C }}] ${{ github.token != '' }}"))
	r.secrets = []string{"A", "B", "GITHUB_TOKEN"}
	check(t, h, r.do(t, h), want{conclusion: "success", steps: "success", stdout: []string{"true [] true"}})
	if !slices.Equal(h.asked, []string{"A", "GITHUB_TOKEN"}) {
		t.Errorf("asked for %q, want A and GITHUB_TOKEN", h.asked)
	}
	h = newHost()
	r = steps(sh("true"))
	r.secrets = []string{"A"}
	if r.do(t, h); h.asked != nil {
		t.Errorf("asked for %q, want nothing", h.asked)
	}
}

func TestASecretThatCannotBeHadFailsTheJob(t *testing.T) {
	h := newHost()
	r := steps(sh("echo ${{ secrets.A }}"))
	r.secrets = []string{"A"}
	check(t, h, r.do(t, h), want{conclusion: "failure", steps: "", reason: `fetch secret "A": no such secret`})
}

func TestStepsInheritNothingFromTheWorker(t *testing.T) {
	t.Setenv("WORKER_SECRET", "leak")
	h := newHost()
	h.token = "job-token-1"
	r := steps(sh("env | cut -d= -f1 | grep -v '^_$' | sort | tr '\\n' ' '; echo; echo $DC_RELEASE_JOB_URL $DC_RELEASE_REHEARSAL $LANG $PATH"))
	r.config = func(c *runner.Config) {
		c.Bin, c.Rehearsal, c.Variables = "/opt/dc", true, map[string]string{"LANG": "C.UTF-8"}
	}
	got := r.do(t, h)
	want := "CI DC_RELEASE_EXECUTION DC_RELEASE_JOB_TOKEN DC_RELEASE_JOB_URL DC_RELEASE_PROCESS DC_RELEASE_REHEARSAL " +
		"GITHUB_ACTION GITHUB_ACTIONS GITHUB_ACTION_REF GITHUB_ACTION_REPOSITORY GITHUB_ACTOR GITHUB_ENV GITHUB_EVENT_NAME GITHUB_EVENT_PATH GITHUB_JOB GITHUB_OUTPUT " +
		"GITHUB_PATH GITHUB_REF GITHUB_REF_NAME GITHUB_REF_TYPE GITHUB_REPOSITORY GITHUB_RUN_ATTEMPT GITHUB_RUN_ID GITHUB_SHA " +
		"GITHUB_STATE GITHUB_STEP_SUMMARY GITHUB_WORKSPACE HOME LANG PATH PWD PYTEST_ADDOPTS RUNNER_ARCH RUNNER_ENVIRONMENT " +
		"RUNNER_NAME RUNNER_OS RUNNER_TEMP RUNNER_TOOL_CACHE RUNNER_WORKSPACE SHLVL \n" +
		"http://127.0.0.1:1 1 C.UTF-8 /opt/dc:/usr/bin:/bin\n"
	if got.Conclusion != "success" || h.log("stdout") != want {
		t.Errorf("got %s\n%swant\n%s", got.Conclusion, h.log("stdout"), want)
	}
}

func TestWhatHasNoSecretComesOutAsItWentIn(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		secrets := rapid.SliceOfN(rapid.StringMatching(`[a-d]{9,12}( [a-d]{3,5})?`), 1, 3).Draw(t, "secrets")
		list := rapid.SliceOf(rapid.StringMatching(`[a-f ]{0,9}`)).Draw(t, "lines")
		if rapid.Bool().Draw(t, "with") {
			for rest := secrets[0]; rest != ""; {
				n := min(rapid.IntRange(3, 14).Draw(t, "width"), len(rest))
				list, rest = append(list, rest[:n]), rest[n:]
			}
			list = append(list, rapid.StringMatching(`[ef]{0,9}`).Draw(t, "after"))
		}
		whole, lines := runner.Masked(secrets...)
		text := strings.Join(list, "\n")
		got := lines(append(strings.SplitAfter(text, "\n"), "\n")...)
		if seen := strings.Join(got, "\n"); strings.Contains(strings.ReplaceAll(text, "\n", ""), secrets[0]) {
			// However it is broken, it is not seen.
			for _, all := range []string{seen, whole(text)} {
				if strings.Contains(strings.ReplaceAll(all, "\n", ""), secrets[0]) {
					t.Errorf("%q is seen in %q of %q", secrets[0], all, list)
				}
			}
		}
		if strings.Join(got, "\n") != text && !strings.Contains(strings.Join(got, ""), "***") {
			t.Errorf("got %q, want %q", got, list)
		}
	})
}

func TestASecretThatBecomesKnownLateIsMaskedInWhatIsHandedIn(t *testing.T) {
	h := newHost()
	r := steps(
		workflow.Step{Name: text("say ${{ env.W }}"), Run: text("echo ::notice title=$W::it is $W; echo \"# $W\" >> $GITHUB_STEP_SUMMARY; echo out=$W >> $GITHUB_OUTPUT"), ID: "a", Env: bind("W", "tell-tale")},
		sh("echo nonsense tell-tale >> $GITHUB_ENV; echo ::add-mask::tell-tale"))
	r.job.Outputs = []workflow.Output{{Name: "out", Value: text("${{ steps.a.outputs.out }}")}}
	r.job.EnvironmentURL = text("https://x/${{ steps.a.outputs.out }}")
	got := r.do(t, h)
	raw, err := json.Marshal(got)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(raw), "tell-tale") || got.Conclusion != "failure" || got.Outputs["out"] != "" || got.URL != "" {
		t.Errorf("got %s", raw)
	}
}

func TestEachLineOfASecretAndItsFormsAreMasked(t *testing.T) {
	whole, _ := runner.Masked("-----BEGIN KEY-----\r\nbGluZW9uZQ==\r\n  indented-line\r\nab\r\n-----END KEY-----\r\n", `"quoted-secret"`, "first-part&second-part&third-part", "bro\xffken-secret")
	for text, want := range map[string]string{
		"x bGluZW9uZQ== y":              "x *** y",
		"x indented-line y":             "x *** y",
		"ab":                            "ab", // too short to be told from any other text
		`{"k":"-----BEGIN KEY-----\n"}`: `{"k":"***\n"}`,
		"quoted-secret":                 "***",
		"first-part&second-part& rest":  "*** rest",
		"then third-part":               "then ***",
		"bro\ufffdken-secret":           "***",
		"bro\xffken-secret":             "***",
	} {
		if got := whole(text); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}
