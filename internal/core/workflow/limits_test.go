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
		{"very many negations are refused early", strings.Repeat("!", 20000) + "1", false},
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
	fits := "'" + strings.Repeat("ü", 21000-2) + "'"
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
	cases := []struct{ name, expr string }{
		{"format doubles", bomb},
		{"toJSON indents", "toJSON(fromJSON(format('[{0}]', " + strings.Repeat("toJSON(", 40) + "'\"'" + strings.Repeat(")", 40) + ")))"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if got, err := evaluate(t, c.expr); err == nil || !strings.Contains(err.Error(), "memory") {
				t.Errorf("%d bytes, error %v", len(got.Text()), err)
			}
		})
	}
	text, err := workflow.ParseText(strings.Repeat("${{ github.big }}", 20))
	if err != nil {
		t.Fatal(err)
	}
	big := workflow.Object(workflow.Member{Name: "big", Value: workflow.String(strings.Repeat("x", 1<<20))})
	if _, err := text.Evaluate(workflow.Env{Contexts: map[string]workflow.Value{"github": big}}); err == nil {
		t.Error("a text of 20 MB is not refused")
	}
}

func TestNestingOfJSONIsLimited(t *testing.T) {
	if _, err := evaluate(t, "fromJSON('"+strings.Repeat("[", 100)+strings.Repeat("]", 100)+"')"); err != nil {
		t.Errorf("100 levels: %v", err)
	}
	if _, err := evaluate(t, "fromJSON('"+strings.Repeat("[", 10000)+strings.Repeat("]", 10000)+"')"); err == nil {
		t.Error("10000 levels are not refused")
	}
}
