package workflow_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/dc-release/dc-release/internal/core/workflow"
)

func TestSyntaxErrors(t *testing.T) {
	runFailures(t, []failureCase{
		{"an unknown function", "foo('a')", 0, "unknown function"},
		{"an unknown function deep within", "contains(foo(), 1)", 9, "unknown function"},
		{"an unknown context", "foo.bar", 0, "unrecognized context"},
		{"a function is no context", "github == success", 10, "unrecognized context"},
		{"too few parameters", "contains('a')", 0, "too few"},
		{"no parameters", "format()", 0, "too few"},
		{"256 values of format", "format('a'" + strings.Repeat(", 1", 255) + ")", 0, "too many"},
		{"three parameters of join", "join(1, 2, 3)", 0, "too many"},
		{"three parameters of startsWith", "startsWith(1, 2, 3)", 0, "too many"},
		{"no pattern of hashFiles", "hashFiles()", 0, "too few"},
		{"a parameter of always", "always(1)", 0, "too many"},
		{"too many parameters", "toJSON(1, 2)", 0, "too many"},
		{"status functions have no parameters", "success('build')", 0, "too many"},
		{"a comma before the end", "contains('a',)", 13, "unexpected symbol"},
		{"a comma at the beginning", "contains(,'a')", 9, "unexpected symbol"},
		{"parameters need commas", "contains('a' 'b')", 13, "unexpected symbol"},
		{"an unclosed call", "contains('a', 'b'", 14, "unexpected end"},
		{"an unclosed group", "(1", 1, "unexpected end"},
		{"an empty group", "()", 1, "unexpected symbol"},
		{"a list is no group", "(1, 2)", 2, "unexpected symbol"},
		{"a closing parenthesis alone", "1)", 1, "unexpected symbol"},
		{"an unclosed index", "list[1", 5, "unexpected end"},
		{"an empty index", "list[]", 5, "unexpected symbol"},
		{"a closing bracket alone", "list]", 4, "unexpected symbol"},
		{"an operator without its right side", "1 ==", 2, "unexpected end"},
		{"an operator without its left side", "== 1", 0, "unexpected symbol"},
		{"two operands", "1 2", 2, "unexpected symbol"},
		{"two names", "github inputs", 7, "unexpected symbol"},
		{"one equals sign", "1 = 1", 2, "unexpected symbol"},
		{"one ampersand", "true & true", 5, "unexpected symbol"},
		{"one bar", "true | true", 5, "unexpected symbol"},
		{"three equals signs", "1 === 1", 4, "unexpected symbol"},
		{"not at the end", "true !", 5, "unexpected symbol"},
		{"a dot at the end", "github.", 6, "unexpected end"},
		{"two dots", "github..ref", 7, "unexpected symbol"},
		{"a number as property", "github.1", 7, "unexpected symbol"},
		{"a string as property", "github.'ref'", 7, "unexpected symbol"},
		{"a property of a literal", "'a'.length", 3, "unexpected symbol"},
		{"an index of a literal", "'a'[0]", 3, "unexpected symbol"},
		{"a star alone", "*", 0, "unexpected symbol"},
		{"a star as operator", "2 * 3", 2, "unexpected symbol"},
		{"a star as parameter", "join(*)", 5, "unexpected symbol"},
		{"a letter that is none", "github.b@r", 7, "unexpected symbol"},
		{"a name with a letter beyond ASCII", "gïthub", 0, "unexpected symbol"},
		{"a call that ends after its name", "contains(", 8, "unexpected end"},
		{"not alone", "!", 0, "unexpected end"},
		{"an opened index", "list[", 4, "unexpected end"},
		{"blanks after an operator", "1 ==  ", 2, "unexpected end"},
		{"a wrong closing bracket", "(list]", 5, "unexpected symbol"},
		{"a wrong closing parenthesis", "list[1)", 6, "unexpected symbol"},
		{"a comma in an index", "list[0, 1]", 6, "unexpected symbol"},
		{"a comma at the top", "1, 2", 1, "unexpected symbol"},
		{"a call of a property", "github.ref()", 10, "unexpected symbol"},
		{"a call of a result", "success()()", 9, "unexpected symbol"},
		{"a property of true", "true.x", 4, "unexpected symbol"},
		{"a property of a number", "1 .x", 2, "unexpected symbol"},
		{"an index of null", "null[0]", 4, "unexpected symbol"},
		{"a hyphen at the beginning of a property", "github.-a", 7, "unexpected symbol"},
		{"a property of digits and letters", "github.1a", 7, "not a number"},
		{"not after an operand", "1 ! 2", 2, "unexpected symbol"},
		{"a star in a group", "list[(*)]", 6, "unexpected symbol"},
		{"a star after not", "list[!*]", 6, "unexpected symbol"},
		{"two stars", "list[**]", 6, "unexpected symbol"},
		{"a question mark after a dot", "github?.ref", 0, "unexpected symbol"},
		{"a pipe of filters", "github.ref | upper", 11, "unexpected symbol"},
		{"a null coalescing operator", "github.ref ?? 1", 11, "unexpected symbol"},
		{"a backslash", `'a' \ 'b'`, 4, "unexpected symbol"},
		{"a string behind a string", "'a''b' 'c'", 7, "unexpected symbol"},
		{"a list in brackets", "[1, 2]", 0, "unexpected symbol"},
		{"an object in braces", "{}", 0, "unexpected symbol"},
		{"an unknown function before a wrong symbol", "foo() @", 0, "unknown function"},
		{"a wrong number of parameters before a wrong symbol", "contains(1) @", 0, "too few"},
		{"a wrong symbol before an unknown function", "1 @ foo()", 2, "unexpected symbol"},
		{"a function of another language", "toUpper('a')", 0, "unknown function"},
		{"a semicolon", "1;", 0, "not a number"},
		{"an expression within an expression", "${{ 1 }}", 0, "unexpected symbol"},
	})
}

func TestWhiteSpace(t *testing.T) {
	runExpressions(t, []expressionCase{
		{"tabs, lines and form feeds", "\t1\n==\r1\v\f", "true"},
		{"no-break and wide spaces", "1\u00a0==\u30001\u2003", "true"},
		{"line separators", "1\u2028==\u20291\u0085", "true"},
		{"around a dot", "github . ref == github\n.\nref", "true"},
		{"within brackets", "list [ 0 ]", "1"},
		{"within a call", "contains (\n'abc' ,\t'b' )", "true"},
		{"between nots", "! ! true", "true"},
		{"in a string it stays", "' \t'", `" \t"`},
	})
	runFailures(t, []failureCase{
		{"a byte order mark is no blank", "\ufeff1", 0, "unexpected symbol"},
		{"a zero width space is no blank", "1 \u200b== 1", 2, "unexpected symbol"},
		{"an operator in two parts", "1 = = 1", 2, "unexpected symbol"},
		{"a zero byte is no blank", "1 \x00", 2, "unexpected symbol"},
	})
}

func TestNamesAreKnownBeforeEvaluation(t *testing.T) {
	known := func(name string) bool { return name == "github" }
	cases := []struct {
		name, src string
		offset    int
		want      string // "" when it parses
	}{
		{"a known name", "GitHub.ref", 0, ""},
		{"an unknown name", "env.A", 0, "unrecognized context \"env\""},
		{"an unknown name that is not evaluated", "true || env.A", 8, "unrecognized context"},
		{"an unknown name before a wrong symbol", "env @", 0, "unrecognized context"},
		{"a wrong symbol before an unknown name", "@ env", 0, "unexpected symbol"},
		{"an unknown name in an index", "github[env.A]", 7, "unrecognized context"},
		{"a property is no name", "github.env", 0, ""},
		{"a keyword in another case is a name", "github.ref == True", 14, "unrecognized context"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			_, err := workflow.ParseExpressionOf(c.src, known)
			var e *workflow.ExpressionError
			if c.want == "" && err != nil || c.want != "" && (!errors.As(err, &e) || e.Offset != c.offset || !strings.Contains(e.Message, c.want)) {
				t.Errorf("%q: error %v, want %q at %d", c.src, err, c.want, c.offset)
			}
		})
	}
}
