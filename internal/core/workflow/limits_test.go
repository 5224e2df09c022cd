package workflow_test

import (
	"strings"
	"testing"

	"github.com/dc-release/dc-release/internal/core/workflow"
)

func TestDepthIsLimited(t *testing.T) {
	cases := []struct {
		name, expr string
		ok         bool
	}{
		{"49 negations of a literal", strings.Repeat("!", 49) + "true", true},
		{"50 negations of a literal", strings.Repeat("!", 50) + "true", false},
		{"49 properties", "github" + strings.Repeat(".a", 49), true},
		{"50 properties", "github" + strings.Repeat(".a", 50), false},
		{"49 nested calls", strings.Repeat("join(", 49) + "1" + strings.Repeat(")", 49), true},
		{"50 nested calls", strings.Repeat("join(", 50) + "1" + strings.Repeat(")", 50), false},
		{"a chain of and is one level", "true" + strings.Repeat(" && true", 500), true},
		{"a chain of or is one level", "false" + strings.Repeat(" || false", 500), true},
		{"grouped chains of and are one level", strings.Repeat("(true && ", 100) + "true" + strings.Repeat(")", 100), true},
		{"a chain of equalities nests", "1" + strings.Repeat(" == 1", 50), false},
		{"parentheses are no level", strings.Repeat("(", 1000) + "1" + strings.Repeat(")", 1000), true},
		{"a hundred nested indexes", strings.Repeat("github[", 100) + "1" + strings.Repeat("]", 100), false},
		{"49 filters", "github" + strings.Repeat(".*", 49), true},
		{"50 filters", "github" + strings.Repeat("[*]", 50), false},
		{"very many groups are no level", strings.Repeat("(", 10000) + "1" + strings.Repeat(")", 10000), true},
		{"very many negations are refused", strings.Repeat("!", 20000) + "1", false},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			_, err := workflow.ParseExpression(c.expr)
			if (err == nil) != c.ok {
				t.Errorf("error %v, want ok %v", err, c.ok)
			}
			if err != nil && !strings.Contains(err.Error(), "nested deeper than 50") {
				t.Errorf("error %v", err)
			}
		})
	}
}

func TestLengthIsLimited(t *testing.T) {
	fits := "'" + strings.Repeat("ü", 21000-2-2) + "😀'" // which are two in UTF-16
	if _, err := workflow.ParseExpression(fits); err != nil {
		t.Errorf("21000 characters: %v", err)
	}
	if _, err := workflow.ParseExpression(fits + " "); err == nil || !strings.Contains(err.Error(), "21000") {
		t.Errorf("21001 characters: %v", err)
	}
}

func TestMemoryIsLimited(t *testing.T) {
	bomb := "format('{0}{0}{0}{0}{0}{0}{0}{0}', 'xxxxxxxx')"
	for range 12 {
		bomb = "format('{0}{0}{0}{0}{0}{0}{0}{0}', " + bomb + ")"
	}
	mega := "github.mega" // a megabyte
	cases := []struct {
		name, expr string
		ok         bool
	}{
		{"format doubles", bomb, false},
		{"toJSON escapes what toJSON escaped", strings.Repeat("toJSON(", 40) + "'\"'" + strings.Repeat(")", 40), false},
		{"toJSON indents", "toJSON(fromJSON(format('[{0}{1}]', github.deep, github.wide)))", false},
		{"join has a long separator", "join(github.list, " + mega + ")", false},
		{"join has many elements", "join(fromJSON(github.wide))", false},
		{"format has many pieces", "format(github.braces)", false},
		{"a filter has many elements", "fromJSON(github.wide).*[0]", true},
		{"several values from JSON", "fromJSON(github.wide) == fromJSON(github.wide)", false},
		{"five megabytes of text take two bytes each", "format('{0}{0}{0}{0}', " + mega + ") && true", true},
		{"six megabytes are too many", "format('{0}{0}{0}{0}{0}{0}', " + mega + ") && true", false},
		{"what was made before is forgotten", strings.Repeat("format('{0}', "+mega+") == 'a' || ", 50) + "true", true},
		{"a long text is gone through a hundred times", strings.Repeat("contains("+mega+", 'y') || ", 100) + "true", true},
		{"a longer one is not", strings.Repeat("contains(github.four, 'y') || ", 600) + "true", false},
		{"a long list is not", strings.Repeat("contains(github.long, 'y') || ", 600) + "true", false},
		{"what one operand holds counts with the other", "format('{0}{0}{0}', " + mega + ") == format('{0}{0}{0}', " + mega + ")", false},
	}
	big := workflow.Object(
		workflow.Member{Name: "mega", Value: workflow.String(strings.Repeat("x", 1<<20))},
		workflow.Member{Name: "wide", Value: workflow.String("[" + strings.Repeat("1,", 400000) + "1]")},
		workflow.Member{Name: "deep", Value: workflow.String(strings.Repeat("[", 50) + strings.Repeat("]", 50) + ",")},
		workflow.Member{Name: "braces", Value: workflow.String(strings.Repeat("{{a}}", 200000))},
		workflow.Member{Name: "four", Value: workflow.String(strings.Repeat("x", 4<<20))},
		workflow.Member{Name: "long", Value: workflow.Array(make([]workflow.Value, 1<<18)...)},
		workflow.Member{Name: "list", Value: workflow.Array(make([]workflow.Value, 20)...)},
	)
	env := workflow.Env{Contexts: map[string]workflow.Value{"github": big}}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			e, err := workflow.ParseExpression(c.expr)
			if err != nil {
				t.Fatal(err)
			}
			got, err := e.Evaluate(env)
			if (err == nil) != c.ok {
				t.Errorf("%d bytes, error %v, want ok %v", len(got.Text()), err, c.ok)
			}
			if err != nil && !strings.Contains(err.Error(), "memory") && !strings.Contains(err.Error(), "values") && !strings.Contains(err.Error(), "goes through") {
				t.Errorf("error %v", err)
			}
		})
	}
	text, err := workflow.ParseText(strings.Repeat("${{ github.mega }}", 20))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := text.Evaluate(env); err == nil {
		t.Error("a text of 20 MB is not refused")
	}
}

func TestNestingOfJSONIsLimited(t *testing.T) {
	if _, err := evaluate(t, "fromJSON('"+strings.Repeat("[", 64)+strings.Repeat("]", 64)+"')"); err != nil {
		t.Errorf("64 levels: %v", err)
	}
	if _, err := evaluate(t, "fromJSON('"+strings.Repeat("[", 65)+strings.Repeat("]", 65)+"')"); err == nil {
		t.Error("65 levels are not refused")
	}
}
