package expression_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// class is a kind of expression in which act is not GitHub: the generator makes
// such expressions too, and they are not compared.
type class string

const (
	oddNumbers     class = "odd numbers"
	oddStrings     class = "odd strings"
	coercedText    class = "text as number"
	comparedLists  class = "compared lists"
	comparedNulls  class = "compared nulls"
	foldedOrder    class = "folded order"
	comparedChains class = "compared chains"
	oddIndexes     class = "odd indexes"
	listProperties class = "list properties"
	filters        class = "filters"
	starBrackets   class = "star in brackets"
	listsAsText    class = "lists as text"
	minusZero      class = "minus zero"
	jsonMarkup     class = "markup in JSON"
	jsonDialect    class = "dialect of JSON"
	caseFunction   class = "case"
	laziness       class = "laziness"
	badFormats     class = "bad formats"
	arity          class = "arity"
	unequalCase    class = "names in another case"
	depth          class = "depth"
)

// classes is the list of what is not compared. Each line has an expression on
// which act and GitHub differ; when a version of act agrees on it, the line goes.
var classes = []struct {
	class
	reason  string
	example string
	github  outcome
}{
	{oddNumbers, "act's grammar refuses a dot at either end, a plus sign, octal and minus infinity", ".5", outcome{Value: 0.5}},
	{oddNumbers, "act's hexadecimal numbers have more than 32 bits and no sign", "0xffffffff", outcome{Value: -1.0}},
	{oddStrings, "act lowers letters to compare them, GitHub raises them: sigmas", "'ς' == 'Σ'", outcome{Value: true}},
	{oddStrings, "act lowers the dotted capital i to a plain one", "contains('İ', 'i')", outcome{Value: false}},
	{coercedText, "act reads a text as an expression to make a number of it, and its grammar lacks octal", "8 == '0o10'", outcome{Value: true}},
	{coercedText, "act reads a text as an expression to make a number of it", "3 == 'inputs.count'", outcome{Value: false}},
	{coercedText, "act does not read a number with a plus sign in a text", "1 == '+1'", outcome{Value: true}},
	{comparedLists, "act has no comparison of lists and objects", "inputs.list == inputs.list", outcome{Value: true}},
	{comparedNulls, "act answers true to any comparison of null with null", "null < null", outcome{Value: false}},
	{foldedOrder, "act orders small letters, GitHub capital ones: what stands between Z and a", "'a' < '_'", outcome{Value: true}},
	{comparedChains, "act's comparisons associate to the right", "3 > 2 > 1", outcome{Value: false}},
	{oddIndexes, "act takes an integer of the source as index of a list, and no other number, text or boolean", "inputs.list['1']", outcome{Value: "two"}},
	{listProperties, "act takes a property of a list of each element, as if it were a filter", "inputs.labels.name", outcome{}},
	{filters, "act keeps elements that lack a property", "fromJSON('[{\"a\":1},{}]').*.a", outcome{Value: []any{1.0}}},
	{filters, "act's filter of what is no collection is null", "inputs.none.*", outcome{Value: []any{}}},
	{filters, "act has no filter of a filter", "inputs.tree.*.*", outcome{Value: []any{map[string]any{"c": "deep"}}}},
	{starBrackets, "act's grammar has no star in brackets", "inputs.numbers[*]", outcome{Value: []any{1.0, 2.0, 3.0}}},
	{listsAsText, "act makes a text of a list where GitHub has none", "startsWith(inputs.list, 'A')", outcome{Value: false}},
	{listsAsText, "act joins an object to its word", "join(inputs.hollow)", outcome{Value: ""}},
	{minusZero, "act writes the sign of zero", "format('{0}', -0.0)", outcome{Value: "0"}},
	{jsonMarkup, "act escapes markup in JSON", "toJSON('<a>')", outcome{Value: "\"<a>\""}},
	{jsonMarkup, "act writes numbers to JSON with other digits", "toJSON(0.1234567890123456)", outcome{Value: "0.123456789012346"}},
	{jsonMarkup, "act has no JSON of NaN", "toJSON(NaN)", outcome{Value: "NaN"}},
	{jsonDialect, "act reads JSON alone, GitHub more than that", "fromJSON('[1,]')", outcome{Value: []any{1.0}}},
	{jsonDialect, "act reads JSON from a text only", "fromJSON(true)", outcome{Value: true}},
	{caseFunction, "act has no case", "case(true, 1, 2)", outcome{Value: 1.0}},
	{laziness, "act evaluates every parameter", "join('a', fromJSON(''))", outcome{Value: "a"}},
	{badFormats, "act takes a sign in a placeholder", "format('{+0}', 'a')", outcome{Failed: true}},
	{arity, "act does not look at parameters too many", "toJSON(1, 2)", outcome{Failed: true}},
	{unequalCase, "act finds Infinity and NaN in any case", "nan", outcome{Failed: true}},
	{depth, "act has no limit of depth", "!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!true", outcome{Failed: true}},
}

func TestActDiffersFromGitHubInEachClass(t *testing.T) {
	for _, c := range classes {
		t.Run(string(c.class), func(t *testing.T) {
			our, err := ours(t, c.example)
			if diff := cmp.Diff(c.github, our); diff != "" {
				t.Errorf("%s: we are not GitHub (%v): %s", c.example, err, diff)
			}
			if theirs, _ := act(t, c.example); cmp.Equal(theirs, c.github) {
				t.Errorf("%s: act is right (%s): the line is not needed any more", c.example, c.reason)
			}
		})
	}
}
