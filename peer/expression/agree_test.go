package expression_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// failer is what testing and rapid have in common.
type failer interface {
	Errorf(format string, args ...any)
	Fatal(args ...any)
	Helper()
}

// compare fails where we and act differ.
func compare(t failer, expression string) {
	t.Helper()
	our, ourErr := ours(t, expression)
	their, theirErr := act(t, expression)
	if diff := cmp.Diff(their, our); diff != "" {
		t.Errorf("%s: act (-) and we (+) differ: %s\nact: %v\nwe: %v", expression, diff, theirErr, ourErr)
	}
}

func TestWeAgreeWithAct(t *testing.T) {
	for _, expression := range []string{
		"null", "true", "1", "-2.5", "0x1f", "1e3", "'it''s'", "NaN", "Infinity",
		"1 == 1.0", "1 != 2", "'A' == 'a'", "true == 1", "null == 0", "'' == 0", "'1' == 1", "'x' == 1", "false == ''",
		"1 < 2 && 2 >= 2", "'a' < 'B'", "'10' < '9'", "true > false", "1 == '2.5'", "NaN == NaN", "NaN != NaN",
		"!1", "!''", "!!'x'", "!inputs.none", "!inputs.hollow", "!inputs.empty",
		"0 || ''", "'' && 1", "1 && 'x' || 'y'", "false || inputs.none || 'z'", "NaN || 2", "inputs.empty && 3",
		"inputs.text", "inputs.TEXT", "inputs['text']", "inputs.missing", "inputs.missing.deeper", "inputs.text.length", "inputs.tree.a.b.c", "inputs.tree['a'].b['C']",
		"inputs.list[1]", "inputs.list[9]", "inputs.list[-1]", "inputs.numbers[0] == 1", "fromJSON('[[1],[2]]')[1][0]",
		"inputs.labels.*.name", "join(inputs.labels.*.name, ', ')", "contains(inputs.labels.*.name, 'BUG')", "inputs.empty.*",
		"contains('Hello', 'LL')", "contains(123, 2)", "contains(inputs.list, 'TWO')", "contains(inputs.list, null)", "contains(inputs.list, 7)", "contains(inputs.none, 'a')",
		"startsWith(inputs.text, 'refs/tags/')", "startsWith('ab', '')", "endsWith('a.whl', '.WHL')", "endsWith(true, 'UE')",
		"format('{0}-{1}-{0}', 'a', 2)", "format('{{{0}}}', null)", "format('{0}', 0.1)", "format('{0}', 1e20)", "format('{0}', 1e-5)", "format('{0}', inputs.list)", "format('{0}', Infinity)",
		"join(inputs.numbers)", "join(inputs.list, '|')", "join('a', 'b')", "join(inputs.empty, 'x')", "join(fromJSON('[[1],{}]'))",
		"toJSON(null)", "toJSON('a\"b')", "toJSON(inputs.numbers)", "toJSON(inputs.empty)", "toJSON(inputs.hollow)", "toJSON(inputs.tree)",
		"fromJSON('{\"a\": [1, 2.5, null, true, \"x\"]}')", "fromJSON('1e3')", "fromJSON(toJSON(inputs.tree)).a", "fromJSON('\"\\u00e4\"')",
		// What both refuse.
		"foo", "foo.bar", "foo('a')", "inputs.", "inputs[", "inputs[]", "(1", "1)", "()", "1 ==", "== 1", "1 2", "1 = 1", "1 & 1", "'a", "\"a\"", "1 + 1", "a b",
		"contains('a'", "contains('a',)", "format()", "format('{0')", "format('{')", "format('{0}')", "format('{1}', 'a')", "format('{a}', 'a')", "fromJSON('')", "fromJSON('{')", "fromJSON('x')",
		"true ? 1 : 2", "inputs.text?", "-", "1.2.3", "0x", "1e", "@", "#", "inputs..text", "!", "inputs.'a'", "*",
	} {
		t.Run(expression, func(t *testing.T) { compare(t, expression) })
	}
}

// TestWeAgreeWithActOnWhatIsGenerated makes expressions of everything the
// language has, and compares those that are in no class.
func TestWeAgreeWithActOnWhatIsGenerated(t *testing.T) {
	seen := map[class]int{}
	compared := 0
	rapid.Check(t, func(t *rapid.T) {
		g := &generator{t: t}
		e := g.any(rapid.IntRange(1, 4).Draw(t, "depth"))
		if len(e.classes) > 0 {
			for _, c := range e.classes {
				seen[c]++
			}
			return
		}
		compared++
		compare(t, e.text)
	})
	t.Logf("%d compared, left out: %v", compared, seen)
	if compared == 0 {
		t.Error("nothing was compared")
	}
}
