package workflows_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dc-release/dc-release/internal/face/cli/console"
	"github.com/dc-release/dc-release/internal/face/cli/workflows"
)

// eval runs the command and gives its output.
func eval(ctx context.Context, in io.Reader, out io.Writer, args ...string) (stderr string, err error) {
	var errOut bytes.Buffer
	env := &console.Env{In: in, Out: out, Err: &errOut}
	cmd := workflows.New(env, nil)
	cmd.SetArgs(append([]string{"eval"}, args...))
	cmd.SilenceErrors, cmd.SilenceUsage = true, true
	err = cmd.ExecuteContext(ctx)
	return errOut.String(), err
}

func TestEvalLines(t *testing.T) {
	cases := []struct{ name, request, want string }{
		{"a boolean", `{"expression":"1 == '1'","contexts":{}}`, `{"kind":"boolean","value":true}`},
		{"null", `{"expression":"","contexts":{}}`, `{"kind":"null","value":null}`},
		{"a number", `{"expression":"1.50"}`, `{"kind":"number","value":1.5}`},
		{"a large number", `{"expression":"1e21"}`, `{"kind":"number","value":1e+21}`},
		{"NaN", `{"expression":"NaN"}`, `{"kind":"number","value":"NaN"}`},
		{"an infinity", `{"expression":"-Infinity"}`, `{"kind":"number","value":"-Infinity"}`},
		{"a string keeps its markup", `{"expression":"'<a> && ü'"}`, `{"kind":"string","value":"<a> && ü"}`},
		{"an array with NaN", `{"expression":"fromJSON('[NaN, {\"a\": Infinity}]')"}`, `{"kind":"array","value":["NaN",{"a":"Infinity"}]}`},
		{"an object keeps its order", `{"expression":"github","contexts":{"github":{"b":1,"a":[]}}}`, `{"kind":"object","value":{"b":1,"a":[]}}`},
		{"a context of any name", `{"expression":"Foo.bar","contexts":{"fOO":{"BAR":"x"}}}`, `{"kind":"string","value":"x"}`},
		{"a known context that is not given is empty", `{"expression":"toJSON(secrets)"}`, `{"kind":"string","value":"{}"}`},
		{"a known context that is given is not", `{"expression":"secrets","contexts":{"secrets":null}}`, `{"kind":"null","value":null}`},
		{"an unknown context", `{"expression":"true || foo"}`, `{"error":"unrecognized context \"foo\": it is not available here","position":8}`},
		{"braces", `{"expression":" ${{ github.ref }} ","contexts":{"github":{"ref":"x"}}}`, `{"kind":"string","value":"x"}`},
		{"text with braces", `{"expression":"${{ 1 }}-${{ 2 }}"}`, `{"kind":"string","value":"1-2"}`},
		{"an error behind braces", `{"expression":"  ${{ foo }}"}`, `{"error":"unrecognized context \"foo\": it is not available here","position":6}`},
		{"a position in bytes", `{"expression":"'ä' == foo"}`, `{"error":"unrecognized context \"foo\": it is not available here","position":8}`},
		{"success is the default", `{"expression":"success() && always() && !failure() && !cancelled()"}`, `{"kind":"boolean","value":true}`},
		{"a failure", `{"expression":"failure() && !success()","status":"failure"}`, `{"kind":"boolean","value":true}`},
		{"a cancellation", `{"expression":"cancelled() && !success() && !failure()","status":"cancelled"}`, `{"kind":"boolean","value":true}`},
		{"an unknown status", `{"expression":"1","status":"skipped"}`, `{"error":"read request: status \"skipped\": want success, failure or cancelled"}`},
		{"no workspace", `{"expression":"hashFiles('a')"}`, `{"error":"evaluate hashFiles: there is no workspace here, it works in steps only","position":0}`},
		{"members that are not known are ignored", `{"name":"x","expression":"1"}`, `{"kind":"number","value":1}`},
		{"no expression", `{"contexts":{}}`, `{"error":"read request: no expression: want {\"expression\": \"...\"}"}`},
		{"contexts that are none", `{"expression":"1","contexts":[]}`, `{"error":"read request: contexts are array: want an object of contexts by name"}`},
		{"no JSON", `expression`, `{"error":"read request: invalid character 'e' looking for beginning of value"}`},
		{"an empty line", ``, `{"error":"read request: unexpected end of JSON input"}`},
	}
	var in, out bytes.Buffer
	for _, c := range cases {
		in.WriteString(c.request + "\n")
	}
	if _, err := eval(t.Context(), &in, &out, "--lines"); err != nil {
		t.Fatal(err)
	}
	answers := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
	if len(answers) != len(cases) {
		t.Fatalf("%d answers to %d lines", len(answers), len(cases))
	}
	for i, c := range cases {
		if diff := cmp.Diff(c.want, answers[i]); diff != "" {
			t.Errorf("%s: %s", c.name, diff)
		}
	}
}

func TestEvalLinesAnswersEachLineBeforeTheNext(t *testing.T) {
	in, requests := io.Pipe()
	answers, out := io.Pipe()
	done := make(chan error, 1)
	go func() {
		_, err := eval(t.Context(), in, out, "--lines")
		done <- err
	}()
	r := bufio.NewReader(answers)
	for range 3 {
		if _, err := io.WriteString(requests, `{"expression":"1"}`+"\r\n"); err != nil {
			t.Fatal(err)
		}
		if line, err := r.ReadString('\n'); err != nil || line != `{"kind":"number","value":1}`+"\n" {
			t.Fatalf("answer %q, %v", line, err)
		}
	}
	requests.Close()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
}

func TestEvalLinesPassesOverALineThatIsTooLong(t *testing.T) {
	fits := `{"expression":"contains(github.a, 'x')","contexts":{"github":{"a":"` + strings.Repeat("x", 15<<20) + `"}}}`
	in := strings.NewReader(fits + "\n" + strings.Repeat("x", 16<<20+1) + "\n" + `{"expression":"2"}`)
	var out bytes.Buffer
	if _, err := eval(t.Context(), in, &out, "--lines"); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(out.String(), "\n")
	if len(lines) != 4 || !strings.Contains(lines[0], "memory") && !strings.Contains(lines[0], "true") || !strings.Contains(lines[1], "16777216") || lines[2] != `{"kind":"number","value":2}` {
		t.Errorf("answers %.300q", lines)
	}
}

func TestEvalLinesEndsWhenItIsInterrupted(t *testing.T) {
	in, requests := io.Pipe()
	defer requests.Close()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := eval(ctx, in, io.Discard, "--lines"); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

func TestEvalPointsAtTheError(t *testing.T) {
	cases := []struct{ name, expression, want string }{
		{"one line", "1 == @", "  1 == @\n       ^\n"},
		{"the end", "1 ==", "  1 ==\n    ^\n"},
		{"a second line with a tab", "1 ==\n\tfoo", "  \tfoo\n  \t^\n"},
		{"letters beyond ASCII", "'äöü' == foo", "  'äöü' == foo\n           ^\n"},
		{"a control character", "'\x1b[2J' @", "  '\ufffd[2J' @\n         ^\n"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			stderr, err := eval(t.Context(), nil, io.Discard, c.expression)
			var exit *console.Exit
			if !errors.As(err, &exit) || exit.Code != 2 || !strings.HasSuffix(stderr, c.want) {
				t.Errorf("error %v, stderr %q, want %q", err, stderr, c.want)
			}
		})
	}
}

func TestEvalAsJSON(t *testing.T) {
	var out bytes.Buffer
	env := &console.Env{Out: &out, Err: io.Discard, JSON: true}
	cmd := workflows.New(env, nil)
	cmd.SetArgs([]string{"eval", "fromJSON('[1]')"})
	if err := cmd.ExecuteContext(t.Context()); err != nil {
		t.Fatal(err)
	}
	var got map[string]any
	if err := json.Unmarshal(out.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	want := map[string]any{"schema": "dc-release/workflows-eval/v1", "kind": "array", "value": []any{1.0}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
