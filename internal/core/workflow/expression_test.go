package workflow_test

import (
	"encoding/json"
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/dc-release/dc-release/internal/core/workflow"
)

// contexts are what the tables of expressions are evaluated in.
func contexts(t *testing.T) map[string]workflow.Value {
	t.Helper()
	out := map[string]workflow.Value{}
	const src = `{
	  "github": {"ref": "refs/tags/v1.2.0", "ref_name": "v1.2.0", "sha": "4f2a", "event_name": "push", "run_id": 17,
	    "event": {"repository": {"name": "corp-procurement"}, "commits": [{"id": "a", "author": {"name": "ada"}}, {"id": "b", "author": {"name": "bob"}}, {"id": "c"}],
	      "labels": [{"name": "bug"}, {"name": "Help Wanted"}]}},
	  "inputs": {"environment": "tst", "dry-run": false, "count": 3},
	  "vars": {"DATABRICKS_HOST": "https://adb"},
	  "needs": {"build": {"result": "success", "outputs": {"wheel": "etl.whl"}}, "dev": {"result": "skipped", "outputs": {}}},
	  "matrix": null,
	  "list": [1, "two", true, null, 2.5], "empty": [], "object": {"a": 1, "B": 2, "null": "word", "true": "yes", "1": "one"}, "none": {},
	  "nested": [[1, 2], [3], {"x": [4]}]
	}`
	if err := json.Unmarshal([]byte(src), &out); err != nil {
		t.Fatal(err)
	}
	return out
}

func evaluate(t *testing.T, src string) (workflow.Value, error) {
	t.Helper()
	e, err := workflow.ParseExpression(src)
	if err != nil {
		return workflow.Null(), err
	}
	return e.Evaluate(workflow.Env{
		Contexts: contexts(t),
		Status:   workflow.Status{Success: true},
		HashFiles: func(patterns []string) (string, error) {
			return "hash of " + strings.Join(patterns, " "), nil
		},
	})
}

// want is a value as JSON, or NaN, Infinity, -Infinity.
func parseWant(t *testing.T, s string) workflow.Value {
	t.Helper()
	switch s {
	case "NaN":
		return workflow.Number(math.NaN())
	case "Infinity":
		return workflow.Number(math.Inf(1))
	case "-Infinity":
		return workflow.Number(math.Inf(-1))
	}
	var v workflow.Value
	if err := json.Unmarshal([]byte(s), &v); err != nil {
		t.Fatalf("want %s: %v", s, err)
	}
	return v
}

type expressionCase struct{ name, expr, want string }

func runExpressions(t *testing.T, cases []expressionCase) {
	t.Helper()
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got, err := evaluate(t, c.expr)
			if err != nil {
				t.Fatalf("%s: %v", c.expr, err)
			}
			if want := parseWant(t, c.want); !got.Equal(want) {
				t.Errorf("%s = %s %q, want %s", c.expr, got.Kind(), got.Text(), c.want)
			}
		})
	}
}

type failureCase struct {
	name, expr string
	offset     int
	want       string // part of the message
}

func runFailures(t *testing.T, cases []failureCase) {
	t.Helper()
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got, err := evaluate(t, c.expr)
			if err == nil {
				t.Fatalf("%s = %q, want an error", c.expr, got.Text())
			}
			var e *workflow.ExpressionError
			if !errors.As(err, &e) {
				t.Fatalf("error is %T", err)
			}
			if e.Offset != c.offset || !strings.Contains(e.Message, c.want) {
				t.Errorf("%s: error %q at %d, want %q at %d", c.expr, e.Message, e.Offset, c.want, c.offset)
			}
		})
	}
}

func TestLiterals(t *testing.T) {
	runExpressions(t, []expressionCase{
		{"the empty expression is null", "", "null"},
		{"blanks alone are null", "  \n\t ", "null"},
		{"null is a keyword", "null", "null"},
		{"true is a keyword", "true", "true"},
		{"false is a keyword", "false", "false"},
		{"an integer is a number", "711", "711"},
		{"a negative fraction is a number", "-9.2", "-9.2"},
		{"a number may have a plus sign", "+1", "1"},
		{"a number may begin with a dot", ".5", "0.5"},
		{"a number may begin with a sign and a dot", "-.5", "-0.5"},
		{"a number may end with a dot", "1.", "1"},
		{"hexadecimal begins with 0x", "0xff", "255"},
		{"hexadecimal digits have any case", "0xFf", "255"},
		{"hexadecimal zeros are zero", "0x00", "0"},
		{"octal begins with 0o", "0o17", "15"},
		{"an exponent may have a minus sign", "-2.99e-2", "-0.0299"},
		{"an exponent may have a plus sign", "1e+3", "1000"},
		{"an exponent may be a capital E", "1.2E2", "120"},
		{"leading zeros are decimal", "010", "10"},
		{"NaN is a number", "NaN", "NaN"},
		{"Infinity is a number", "Infinity", "Infinity"},
		{"minus Infinity is a number", "-Infinity", "-Infinity"},
		{"plus Infinity is a number", "+Infinity", "Infinity"},
		{"a number beyond the range is infinite", "1e400", "Infinity"},
		{"a string takes single quotes", "'Mona the Octocat'", `"Mona the Octocat"`},
		{"two quotes are one quote", "'It''s open source!'", `"It's open source!"`},
		{"every pair of quotes is one quote", "'''a'''", `"'a'"`},
		{"a string may be empty", "''", `""`},
		{"a string keeps blanks and braces", "' {0} }} '", `" {0} }} "`},
		{"a string may span lines", "'a\nb'", `"a\nb"`},
		{"a string has no backslash escapes", `'a\n'`, `"a\\n"`},
		{"blanks around are ignored", "\t 'x' \n", `"x"`},
	})
	runFailures(t, []failureCase{
		{"a string must be closed", "'abc", 0, "not closed"},
		{"double quotes are no string", `"abc"`, 0, "single quotes"},
		{"a lone sign is no number", "-", 0, "not a number"},
		{"letters after digits are no number", "1abc", 0, "not a number"},
		{"two dots are no number", "1.2.3", 0, "not a number"},
		{"a hexadecimal needs digits", "0x", 0, "not a number"},
		{"a hexadecimal has no sign", "-0x1", 0, "not a number"},
		{"an octal has no 8", "0o8", 0, "not a number"},
		{"an exponent needs digits", "1e", 0, "not a number"},
		{"underscores are no digits", "1_000", 0, "not a number"},
		{"minus NaN is no number", "-NaN", 0, "not a number"},
		{"keywords have one case only", "True", 0, "unrecognized context"},
		{"null has one case only", "NULL", 0, "unrecognized context"},
		{"an at sign is no symbol", "@", 0, "unexpected symbol"},
		{"a question mark is no operator", "true ? 1", 5, "unexpected symbol"},
		{"a plus between numbers is no operator", "1 + 1", 2, "not a number"},
	})
}
