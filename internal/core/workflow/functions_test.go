package workflow_test

import (
	"strings"
	"testing"
)

func TestCase(t *testing.T) {
	runExpressions(t, []expressionCase{
		{"case takes the value of the first true predicate", "case(false, 'a', true, 'b', 'c')", `"b"`},
		{"case takes the default", "case(false, 'a', 'c')", `"c"`},
		{"case keeps the type", "case(true, 123, 456)", "123"},
		{"case keeps a false value", "case(true, false, true)", "false"},
		{"case does not evaluate what it does not need", "case(true, 1, fromJSON(''))", "1"},
		{"case has any case", "CASE(true, 1, 2)", "1"},
		{"case keeps an array", "case(true, list, 2)[0]", "1"},
		{"case does not evaluate a predicate it does not need", "case(true, 1, fromJSON(''), 2, 3)", "1"},
		{"case may nest", "case(false, 1, case(false, 2, true, 3, 4))", "3"},
		{"case has many pairs", "case(" + strings.Repeat("false, 1, ", 127) + "2)", "2"},
		{"case sees comparisons", "case(github.event_name == 'push', 'p', 'o')", `"p"`},
	})
	runFailures(t, []failureCase{
		{"case wants boolean predicates", "case('x', 1, 2)", 5, "boolean"},
		{"case does not cast numbers", "case(1, 1, 2)", 5, "boolean"},
		{"case does not cast null", "case(false, 1, null, 2, 3)", 15, "boolean"},
		{"case wants a default", "case(true, 1, false, 2)", 0, "even number"},
		{"case does not cast an array", "case(list, 1, 2)", 5, "boolean"},
		{"case has 255 parameters at most", "case(" + strings.Repeat("false, 1, ", 128) + "2)", 0, "too many"},
		{"case wants two values", "case(true, 1)", 0, "too few"},
		{"case wants a pair at least", "case(true)", 0, "too few"},
	})
}

func TestStatusFunctionsAndHashFiles(t *testing.T) {
	runExpressions(t, []expressionCase{
		{"success is the status", "success()", "true"},
		{"failure is the status", "failure()", "false"},
		{"cancelled is the status", "cancelled()", "false"},
		{"always is true", "always()", "true"},
		{"functions have any case", "SUCCESS() && Always()", "true"},
		{"blanks may stand before the parameters", "success ( )", "true"},
		{"hashFiles has one pattern", "hashFiles('**/poetry.lock')", `"hash of **/poetry.lock"`},
		{"hashFiles casts its patterns", "hashFiles(1, null)", `"hash of 1 "`},
		{"hashFiles takes an option first only", "hashFiles('a', '--b')", `"hash of a --b"`},
		{"hashFiles passes its option on", "hashFiles('--Follow-symbolic-links', 'a')", `"hash of --Follow-symbolic-links a"`},
		{"hashFiles has several patterns", "hashFiles('a', 'b')", `"hash of a b"`},
	})
	runFailures(t, []failureCase{
		{"hashFiles has no other option", "hashFiles('--no-follow', 'a')", 10, "no other option"},
	})
}
