package workflow_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/dc-release/dc-release/internal/core/workflow"
)

var seeds = []string{
	"", "null", "1 == '1'", "!github.ref", "github.event.labels.*.name", "list[0x1]['a'][*]",
	"format('{0}{{}}', toJSON(object))", "fromJSON('{\"a\":[1]}').a[0]", "case(true, 1, 2)",
	"success() && (failure() || always())", "contains(list, 'two') || startsWith(github.ref, 'refs/tags/')",
	"hashFiles('**')", "'it''s'", "-Infinity <= +.5e-3", "((((", "a.b.c[", "'ı' < 'İ'", "join(nested.*.*, ' ')",
	"format('{', 1)", "\xff\xfe", "1..2", "${{ 1 }}",
}

// fuzzEnv is the environment of all fuzz targets.
func fuzzEnv(t *testing.T) workflow.Env {
	return workflow.Env{
		Contexts:  contexts(t),
		Status:    workflow.Status{Failure: true},
		HashFiles: func([]string) (string, error) { return "", errors.New("no workspace") },
	}
}

// within fails when an error is no ExpressionError with an offset in the source.
func within(t *testing.T, src string, err error) {
	t.Helper()
	var e *workflow.ExpressionError
	if err != nil && (!errors.As(err, &e) || e.Offset < 0 || e.Offset > len(src)) {
		t.Errorf("%q: error %v is not within the source", src, err)
	}
}

func FuzzExpression(f *testing.F) {
	for _, s := range seeds {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, src string) {
		e, err := workflow.ParseExpression(src)
		within(t, src, err)
		if err != nil {
			return
		}
		for _, m := range e.Check(workflow.KeyStepRun) {
			if m.Offset > len(src) || m.Rule == "" {
				t.Errorf("misuse %+v", m)
			}
		}
		e.References()
		v, err := e.Evaluate(fuzzEnv(t))
		within(t, src, err)
		if again, err2 := e.Evaluate(fuzzEnv(t)); !again.Equal(v) || (err == nil) != (err2 == nil) {
			t.Errorf("%q: a second evaluation differs", src)
		}
	})
}

func FuzzText(f *testing.F) {
	for _, s := range seeds {
		f.Add("a ${{ " + s + " }} b")
		f.Add("${{" + s + "}}")
	}
	f.Fuzz(func(t *testing.T, src string) {
		text, err := workflow.ParseText(src)
		within(t, src, err)
		if err != nil {
			return
		}
		v, err := text.Evaluate(fuzzEnv(t))
		within(t, src, err)
		if !strings.Contains(src, "${{") && (err != nil || v.Text() != src) {
			t.Errorf("literal %q = %q, %v", src, v.Text(), err)
		}
	})
}

func FuzzCondition(f *testing.F) {
	for _, s := range seeds {
		f.Add(s)
		f.Add("${{ " + s + " }}")
		f.Add("x ${{ " + s + " }}")
	}
	f.Fuzz(func(t *testing.T, src string) {
		e, err := workflow.Condition(src)
		within(t, src, err)
		if err != nil {
			return
		}
		if !e.UsesStatus() {
			t.Errorf("condition %q has no status function", src)
		}
		_, err = e.Evaluate(fuzzEnv(t))
		within(t, src, err)
	})
}

func FuzzPattern(f *testing.F) {
	for _, s := range []string{"*", "**", "v[0-9]+.*", "!releases/**-alpha", "a?b+", `a\*`, "**/docs", "[", "[^]", "é?"} {
		f.Add(s, "releases/1.0")
	}
	f.Fuzz(func(t *testing.T, pattern, name string) {
		if len(name) > 1024 { // longer than a ref can be
			return
		}
		err := workflow.CheckPattern(pattern)
		matched := workflow.MatchPatterns([]string{pattern}, name)
		if err != nil && matched {
			t.Errorf("invalid pattern %q matches %q", pattern, name)
		}
		if err == nil && !strings.ContainsAny(pattern, `*?+[\!`) && matched != (pattern == name) {
			t.Errorf("literal pattern %q on %q = %v", pattern, name, matched)
		}
	})
}
