package workflow_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/dc-release/dc-release/internal/core/workflow"
)

var seeds = []string{
	"", "null", "1 == '1'", "!github.ref", "github.event.labels.*.name", "list[0x1]['a'][*]",
	"format('{0}{{}}', toJSON(object))", "fromJSON('{\"a\":[1]}').a[0]", "case(true, 1, 2)",
	"success() && (failure() || always())", "contains(list, 'two') || startsWith(github.ref, 'refs/tags/')",
	"hashFiles('**')", "'it''s'", "-Infinity <= +.5e-3", "((((", "a.b.c[", "'ı' < 'İ'", "join(nested.*.*, ' ')",
	"format('{', 1)", "\xff\xfe", "1..2", "${{ 1 }}", "list[*.a]", "a[* || 'b'].*", "0xffffffff == '0o37777777777'", "-INFINITY",
	"fromJSON(a)[0].*", "join(b.a.*, toJSON(b))", "format('{0:}{1}}}', a)", "case(a, b)", "1\u00a0==\u20031", "TRUE || null.x",
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

// FuzzLexer: tokens lie in the source, in order, with nothing but blanks between.
func FuzzLexer(f *testing.F) {
	for _, s := range seeds {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, src string) {
		end := 0
		texts, offsets := workflow.Lex(src)
		for i, text := range texts {
			if offsets[i] < end || strings.TrimSpace(src[end:offsets[i]]) != "" || text == "" || !strings.HasPrefix(src[offsets[i]:], text) {
				t.Fatalf("%q: token %d is %q at %d, after %d", src, i, text, offsets[i], end)
			}
			end = offsets[i] + len(text)
		}
	})
}

// FuzzParser: an error is within the source, blanks around change nothing, and
// what is not allowed is within the source too.
func FuzzParser(f *testing.F) {
	for _, s := range seeds {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, src string) {
		e, err := workflow.ParseExpression(src)
		within(t, src, err)
		if _, again := workflow.ParseExpression(" " + src + "\n"); len(src) < 20000 && (err == nil) != (again == nil) {
			t.Errorf("%q: with blanks around: %v, without: %v", src, again, err)
		}
		if err != nil {
			return
		}
		for _, m := range e.Check(workflow.KeyStepRun) {
			if m.Offset > len(src) || m.Rule == "" {
				t.Errorf("misuse %+v", m)
			}
		}
		for _, r := range e.Reads() {
			if r.Offset >= len(src) || r.Path == "" {
				t.Errorf("reading %+v", r)
			}
		}
	})
}

// FuzzEvaluator: an evaluation ends, its error is within the source, and a second
// one gives the same.
func FuzzEvaluator(f *testing.F) {
	for _, s := range seeds {
		f.Add(s, `{"a": [1, "x", {"b": null}]}`)
	}
	f.Fuzz(func(t *testing.T, src, document string) {
		e, err := workflow.ParseExpression(src)
		if err != nil {
			return
		}
		env := fuzzEnv(t)
		env.Contexts["a"] = workflow.String(document)
		var parsed workflow.Value
		if err := json.Unmarshal([]byte(document), &parsed); err == nil {
			env.Contexts["b"] = parsed
		}
		v, err := e.Evaluate(env)
		within(t, src, err)
		if again, err2 := e.Evaluate(env); !again.Equal(v) || (err == nil) != (err2 == nil) {
			t.Errorf("%q: a second evaluation differs", src)
		}
	})
}

// FuzzFromJSON: what is JSON is read, and what was read is written as JSON that
// means the same.
func FuzzFromJSON(f *testing.F) {
	for _, s := range []string{
		"null", "[1, 2.5e3, -0]", `{"a": {"b": "\u00e4\n"}}`, "[1,,]", "{a: 'b'}", "/* c */ 1", "[0x1f, 010, NaN]", "\"\\ud83d\\ude00\"", "[[[[", "1 2",
	} {
		f.Add(s)
	}
	e, err := workflow.ParseExpression("fromJSON(a)")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, src string) {
		v, err := e.Evaluate(workflow.Env{Contexts: map[string]workflow.Value{"a": workflow.String(src)}})
		if err != nil {
			if json.Valid([]byte(src)) && !strings.Contains(err.Error(), "nested deeper") && !strings.Contains(err.Error(), "want a number") {
				t.Errorf("%q is JSON and is refused: %v", src, err)
			}
			return
		}
		written, err := json.Marshal(v)
		if err != nil {
			return // NaN or an infinity
		}
		var back workflow.Value
		if err := json.Unmarshal(written, &back); err != nil || !back.Equal(v) && utf8.ValidString(src) {
			t.Errorf("%q is written as %s: %v", src, written, err)
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
