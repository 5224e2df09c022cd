package workflow_test

import "testing"

func TestFormat(t *testing.T) {
	runExpressions(t, []expressionCase{
		{"a placeholder is a value", "format('Hello {0} {1}', 'Mona', 'Octocat')", `"Hello Mona Octocat"`},
		{"a placeholder may come twice", "format('{0}{0}', 'a')", `"aa"`},
		{"placeholders have any order", "format('{1}{0}', 'a', 'b')", `"ba"`},
		{"a value may be unused", "format('x', 'a')", `"x"`},
		{"a value that is unused is not evaluated", "format('x', fromJSON(''))", `"x"`},
		{"two braces are one", "format('{{Hello {0}!}}', 'Mona')", `"{Hello Mona!}"`},
		{"escaped braces hold no placeholder", "format('{{0}}', 'a')", `"{0}"`},
		{"four braces are two", "format('{{{{0}}}}', 'a')", `"{{0}}"`},
		{"three braces are a brace and a value", "format('{{{0}}}', 'a')", `"{a}"`},
		{"closing braces alone", "format('}}', 'a')", `"}"`},
		{"a placeholder may have leading zeros", "format('{00}', 'a')", `"a"`},
		{"an empty specifier is none", "format('{0:}', 'a')", `"a"`},
		{"a value that is named twice is evaluated once", "format('{0}{0}', fromJSON('1'))", `"11"`},
		{"null as pattern is empty", "format(null, 'a')", `""`},
		{"a number as pattern", "format(12)", `"12"`},
		{"null as value is empty", "format('[{0}]', null)", `"[]"`},
		{"a boolean as value", "format('{0}', false)", `"false"`},
		{"an array as value", "format('{0}', list)", `"Array"`},
		{"an object as value", "format('{0}', object)", `"Object"`},
		{"a value with braces is not read again", "format('{0}', '{1}')", `"{1}"`},
		{"a dollar sign means nothing", "format('$1 {0}', '$&')", `"$1 $&"`},
	})
	runFailures(t, []failureCase{
		{"a brace must be closed", "format('{0', 'a')", 0, "invalid"},
		{"a brace must be opened", "format('0}', 'a')", 0, "invalid"},
		{"a placeholder needs a number", "format('{}', 'a')", 0, "invalid"},
		{"a placeholder has no name", "format('{a}', 'a')", 0, "invalid"},
		{"a placeholder has no sign", "format('{-1}', 'a')", 0, "invalid"},
		{"a placeholder has no blanks", "format('{ 0 }', 'a')", 0, "invalid"},
		{"a placeholder has no specifier", "format('{0:x}', 'a')", 0, "specifier"},
		{"a specifier may hold a closing brace, and is refused too", "format('{0:}}}', 'a')", 0, "specifier"},
		{"a specifier must be closed", "format('{0:x', 'a')", 0, "invalid"},
		{"a colon must be followed by the end", "format('{0:}}', 'a')", 0, "invalid"},
		{"a blank within a placeholder", "format('{0 }', 'a')", 0, "invalid"},
		{"a huge placeholder", "format('{99999999999999999999}', 'a')", 0, "invalid"},
		{"a placeholder of other digits", "format('{١}', 'a')", 0, "invalid"},
		{"too few values", "format('{0}{1}', 'a')", 0, "more arguments"},
		{"the string is read before its values", "format('{0}{2}', fromJSON(''))", 0, "more arguments"},
		{"five closing braces after a placeholder", "format('{0}}}}', '')", 0, "invalid"},
		{"a placeholder is at most 255", "format('{256}', 'a')", 0, "invalid"},
		{"an escaped brace does not open", "format('{{0}', 'a')", 0, "invalid"},
		{"a placeholder needs its value", "format('{1}', 'a')", 0, "more arguments"},
		{"a pattern without values has no placeholder", "format('{0}')", 0, "more arguments"},
		{"the call is named, not the expression", "1 == format('}')", 5, "invalid"},
	})
}
