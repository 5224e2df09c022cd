package workflow_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/dc-release/dc-release/internal/core/workflow"
)

func TestTextsAreEvaluated(t *testing.T) {
	cases := []struct{ name, src, want string }{
		{"plain text is a string", "plain", `"plain"`},
		{"the empty text is a string", "", `""`},
		{"a text that is one expression keeps its type", "${{ inputs.count }}", "3"},
		{"a text that is one expression may be an array", "${{ empty }}", "[]"},
		{"text before makes a string", "n${{ inputs.count }}", `"n3"`},
		{"a blank after makes a string", "${{ inputs.count }} ", `"3 "`},
		{"a line end after makes a string", "${{ inputs.count }}\n", `"3\n"`},
		{"two expressions make a string", "${{ 1 }}${{ 2 }}", `"12"`},
		{"null in a text is empty", "[${{ null }}]", `"[]"`},
		{"an object in a text is its word", "-${{ none }}-", `"-Object-"`},
		{"blanks within the braces are ignored", "${{inputs.environment}}", `"tst"`},
		{"braces within a string do not end it", "${{ 'a }} b' }}", `"a }} b"`},
		{"a quote pair within a string does not end it", "${{ 'it''s }}' }}", `"it's }}"`},
		{"a third brace is text", "${{ 'a' }}}", `"a}"`},
		{"one brace is text", "${ a }", `"${ a }"`},
		{"two braces without a dollar are text", "{{ a }}", `"{{ a }}"`},
		{"closing braces are text", "a }} b", `"a }} b"`},
		{"braces in text stay", "{0} ${{ 1 }} {", `"{0} 1 {"`},
		{"blanks of other kinds within the braces are ignored", "${{\u00a0'a'\n}}", `"a"`},
		{"quotes in the text stay", "it's ${{ 1 }}'s", `"it's 1's"`},
		{"a text is a literal though it has closing braces", "}} {{", `"}} {{"`},
		{"a dollar before an expression", "$${{ 1 }}", `"$1"`},
		{"an opening within a string", "${{ '${{ 1 }}' }}", `"${{ 1 }}"`},
		{"numbers in a text have fifteen digits", "v${{ 0.1234567890123456789 }}", `"v0.123456789012346"`},
		{"the guide's job name", "TEST-${{ github.event.repository.name }}-1", `"TEST-corp-procurement-1"`},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			text, err := workflow.ParseText(c.src)
			if err != nil {
				t.Fatal(err)
			}
			got, err := text.Evaluate(workflow.Env{Contexts: contexts(t)})
			if err != nil {
				t.Fatal(err)
			}
			if want := parseWant(t, c.want); !got.Equal(want) {
				t.Errorf("%q = %s %q, want %s", c.src, got.Kind(), got.Text(), c.want)
			}
		})
	}
}

func TestTextErrorsKnowTheirOffset(t *testing.T) {
	cases := []struct {
		name, src string
		offset    int
		want      string
	}{
		{"an expression must be closed", "a ${{ 1", 2, "not closed"},
		{"one brace does not close", "${{ 1 }", 0, "not closed"},
		{"a string may swallow the end", "${{ 'a }}", 0, "not closed"},
		{"an expression must not be empty", "ab${{ }}", 6, "empty"},
		{"no blank is empty too", "${{}}", 3, "empty"},
		{"a syntax error is within the text", "ab ${{ 1 2 }}", 9, "unexpected symbol"},
		{"an evaluation error is within the text", "ab ${{ foo }}", 7, "unrecognized context"},
		{"an opening within an expression", "${{ a ${{ 1 }} }}", 6, "unexpected symbol"},
		{"a brace within an expression", "${{ { } }}", 4, "unexpected symbol"},
		{"the insert directive is no value", "${{ insert }}", 4, "unrecognized context"},
		{"255 expressions", strings.Repeat("${{ 1 }}", 255), 0, "at most 254"},
		{"a text that is too long as an expression", "${{ 1 }}" + strings.Repeat("x", 21000), 0, "21000"},
		{"quotes and braces count twice", "${{ 1 }}" + strings.Repeat("'{", 6000), 0, "21000"},
		{"a text that is too deep as an expression", "x${{ " + strings.Repeat("!", 49) + "1 }}", 54, "deeper"},
		{"an error of the second expression", "${{ 1 }} ${{ fromJSON('') }}", 13, "empty text"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			text, err := workflow.ParseText(c.src)
			if err == nil {
				_, err = text.Evaluate(workflow.Env{Contexts: contexts(t)})
			}
			var e *workflow.ExpressionError
			if !errors.As(err, &e) || e.Offset != c.offset || !strings.Contains(e.Message, c.want) {
				t.Errorf("%q: error %v, want %q at %d", c.src, err, c.want, c.offset)
			}
		})
	}
}

func TestATextThatMustBeAStringRefusesCollections(t *testing.T) {
	text, err := workflow.ParseText("${{ empty }}")
	if err != nil {
		t.Fatal(err)
	}
	if got, err := text.EvaluateText(workflow.Env{Contexts: contexts(t)}); err == nil {
		t.Errorf("EvaluateText = %q, want an error", got)
	}
}

func TestATextKnowsWhetherItHasExpressions(t *testing.T) {
	for src, want := range map[string]bool{"": true, "a }} b": true, "${{ 1 }}": false, "a ${{ always() }}": false} {
		text, err := workflow.ParseText(src)
		if err != nil {
			t.Fatal(err)
		}
		if text.IsLiteral() != want || text.Source() != src {
			t.Errorf("%q is literal: %v", src, text.IsLiteral())
		}
		if got := text.Functions(); strings.Contains(src, "always") != slices.Equal(got, []string{"always"}) {
			t.Errorf("functions of %q are %q", src, got)
		}
	}
}

func TestIDs(t *testing.T) {
	for id, ok := range map[string]bool{
		"build": true, "_a": true, "A-1_b": true, "": false, "1a": false, "-a": false, "a b": false, "a.b": false, "ä": false,
		"__a": false, strings.Repeat("a", 100): true, strings.Repeat("a", 101): false,
	} {
		if err := workflow.CheckID(id); (err == nil) != ok {
			t.Errorf("CheckID(%q) = %v", id, err)
		}
	}
}

func TestConditions(t *testing.T) {
	success := workflow.Status{Success: true}
	failure := workflow.Status{Failure: true}
	cases := []struct {
		name, src string
		status    workflow.Status
		want      bool
		around    bool
	}{
		{"no condition is success", "", success, true, false},
		{"no condition is not failure", "", failure, false, false},
		{"a blank condition is success", "  ", failure, false, false},
		{"a condition without braces", "inputs.environment == 'tst'", success, true, false},
		{"a condition with braces", "${{ inputs.environment == 'prd' }}", success, false, false},
		{"a true condition still needs success", "${{ true }}", failure, false, false},
		{"or is kept together behind success", "false || true", failure, false, false},
		{"always runs after a failure", "always()", failure, true, false},
		{"failure runs after a failure", "${{ failure() }}", failure, true, false},
		{"failure does not run after success", "failure()", success, false, false},
		{"not cancelled runs after a failure", "!cancelled()", failure, true, false},
		{"a nested status function counts", "inputs.count == 3 && (failure() || false)", failure, true, false},
		{"text around makes it true", "${{ false }} ", success, true, true},
		{"a line end around makes it true", "${{ false }}\n", success, true, true},
		{"text around still needs success", "x ${{ false }}", failure, false, true},
		{"text around a status function is always true", "${{ failure() }} == true", success, true, true},
		{"text around with braces", "{${{ false }}}", success, true, true},
		{"two expressions make it true", "${{ false }} && ${{ false }}", success, true, true},
		{"a condition that is a word in quotes is true", "'false'", success, true, false},
		{"a word in quotes and braces is an expression", "${{ 'false' }}", success, false, false},
		{"an expression in quotes and braces is evaluated", "${{ 'inputs.count == 3' }}", success, true, false},
		{"a status function in quotes and braces counts", "${{ 'always()' }}", failure, true, false},
		{"a word in quotes, a group and braces is a string", "${{ ('false') }}", success, true, false},
		{"quotes within quotes are one expression", "${{ 'inputs.environment == ''tst''' }}", success, true, false},
		{"an empty string in braces is success", "${{ '' }}", failure, false, false},
		{"a number is an expression", "0", success, false, false},
		{"null is false", "null", success, false, false},
		{"an array is true", "empty", success, true, false},
		{"NaN is false", "NaN", success, false, false},
		{"blanks around braces make it true", " ${{ false }}", success, true, true},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			e, err := workflow.Condition(c.src)
			if err != nil {
				t.Fatal(err)
			}
			v, err := e.Evaluate(workflow.Env{Contexts: contexts(t), Status: c.status})
			if err != nil {
				t.Fatal(err)
			}
			if v.Truthy() != c.want || e.TextAround() != c.around {
				t.Errorf("%q = %v, around %v", c.src, v.Truthy(), e.TextAround())
			}
		})
	}
}

func TestConditionErrorsKnowTheirOffset(t *testing.T) {
	for src, offset := range map[string]int{
		"a b":                            2,
		"${{ 'a b' }}":                   4,
		"${{ }}":                         4,
		"true ${{ 1 }} ${{":              14,
		"${{ a b }}":                     6,
		"${{ true":                       0,
		"!github.ref ==":                 12,
		"x ${{ contains() }}":            6,
		strings.Repeat("!", 49) + "true": 49,
		"'" + strings.Repeat("a", 21000-10) + "'": 0,
	} {
		_, err := workflow.Condition(src)
		var e *workflow.ExpressionError
		if !errors.As(err, &e) || e.Offset != offset {
			t.Errorf("Condition(%q): %v, want offset %d", src, err, offset)
		}
	}
}

func TestReferences(t *testing.T) {
	cases := []struct {
		name, src string
		want      []string
	}{
		{"a literal reads nothing", "'secrets.A'", nil},
		{"a property", "secrets.DATABRICKS_TOKEN", []string{"secrets.DATABRICKS_TOKEN"}},
		{"an index by a string", "secrets['DATABRICKS_TOKEN']", []string{"secrets.DATABRICKS_TOKEN"}},
		{"the root is in lower case", "SECRETS.a", []string{"secrets.a"}},
		{"a chain", "needs.build.outputs.wheel", []string{"needs.build.outputs.wheel"}},
		{"a context alone", "toJSON(secrets)", []string{"secrets"}},
		{"a computed index", "secrets[inputs.name]", []string{"inputs.name", "secrets.*"}},
		{"a computed index of a text", "secrets[format('{0}', 'A')]", []string{"secrets.*"}},
		{"a wildcard", "needs.*.result", []string{"needs.*"}},
		{"an index after a wildcard is walked", "needs.*[vars.I]", []string{"vars.I", "needs.*"}},
		{"each once, in order", "github.ref == 'x' && (vars.A || github.ref)", []string{"github.ref", "vars.A"}},
		{"below a result", "fromJSON(vars.A).b[secrets.C]", []string{"vars.A", "secrets.C"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			e, err := workflow.ParseExpression(c.src)
			if err != nil {
				t.Fatal(err)
			}
			if got := e.References(); !slices.Equal(got, c.want) {
				t.Errorf("references of %q = %q, want %q", c.src, got, c.want)
			}
			text, err := workflow.ParseText("x ${{ " + c.src + " }} ${{ 1 }}")
			if err != nil {
				t.Fatal(err)
			}
			if got := text.References(); !slices.Equal(got, c.want) {
				t.Errorf("references of the text = %q, want %q", got, c.want)
			}
		})
	}
}

func TestFunctionsAndStatusAreKnownBeforeEvaluation(t *testing.T) {
	e, err := workflow.ParseExpression("contains(tojson(1), 'a') || FAILURE() || contains('', '')")
	if err != nil {
		t.Fatal(err)
	}
	if got := e.Functions(); !slices.Equal(got, []string{"contains", "toJSON", "failure"}) {
		t.Errorf("functions = %q", got)
	}
	if !e.UsesStatus() {
		t.Error("failure() is not seen")
	}
	plain, err := workflow.ParseExpression("'failure()'")
	if err != nil {
		t.Fatal(err)
	}
	if plain.UsesStatus() {
		t.Error("a string is taken for a status function")
	}
}
