package workflow_test

import "testing"

func TestNumbers(t *testing.T) {
	runExpressions(t, []expressionCase{
		{"hexadecimal has 32 bits and a sign", "0xffffffff", "-1"},
		{"the lowest hexadecimal", "0x80000000", "-2147483648"},
		{"the highest hexadecimal", "0x7fffffff", "2147483647"},
		{"hexadecimal may have leading zeros", "0x00000000000000000000ff", "255"},
		{"octal has 32 bits and a sign", "0o37777777777", "-1"},
		{"the highest octal", "0o17777777777", "2147483647"},
		{"octal zeros are zero", "0o00", "0"},
		{"a plus sign", "+1.5", "1.5"},
		{"a sign and a dot at the end", "-1.", "-1"},
		{"a dot between and an exponent", "1.e2", "100"},
		{"an exponent with leading zeros", "1e+003", "1000"},
		{"an exponent of any length", "1e00000000000000000003", "1000"},
		{"a number below the range is zero", "1e-400", "0"},
		{"minus a number beyond the range", "-1e400", "-Infinity"},
		{"infinity with a sign has any case", "-INFINITY", "-Infinity"},
	})
	runFailures(t, []failureCase{
		{"hexadecimal beyond 32 bits", "0x100000000", 0, "not a number"},
		{"octal beyond 32 bits", "0o40000000000", 0, "not a number"},
		{"a capital X", "0XFF", 0, "not a number"},
		{"a capital O", "0O17", 0, "not a number"},
		{"octal without digits", "0o", 0, "not a number"},
		{"a hexadecimal with a letter beyond f", "0xfg", 0, "not a number"},
		{"a hexadecimal with an underscore", "0xf_f", 0, "not a number"},
		{"a hexadecimal with a plus", "+0x1", 0, "not a number"},
		{"a hexadecimal fraction", "0x1.8p1", 0, "not a number"},
		{"a dot alone", ".", 0, "not a number"},
		{"a sign and a dot alone", "-.", 0, "not a number"},
		{"two signs", "--1", 0, "not a number"},
		{"a blank after a sign", "- 1", 0, "not a number"},
		{"an exponent with a fraction", "1e1.5", 0, "not a number"},
		{"an exponent with a sign alone", "1e+", 0, "not a number"},
		{"a comma for thousands", "1,000", 1, "unexpected symbol"},
		{"digits of another script", "١", 0, "unexpected symbol"},
		{"a minus before a name", "-github", 0, "not a number"},
		{"a number with a unit", "5m", 0, "not a number"},
	})
}

func TestStringsAsNumbers(t *testing.T) {
	runExpressions(t, []expressionCase{
		{"blanks of all kinds are dropped", "1 == '\t\v\f\r\n\u00a0\u0085\u2003\u3000 1 \u2028'", "true"},
		{"a byte order mark is no blank", "1 == '\ufeff1'", "false"},
		{"a blank within is no number", "12 == '1 2'", "false"},
		{"a plus sign and infinity", "Infinity == '+Infinity'", "true"},
		{"infinity in small letters", "Infinity == 'infinity'", "true"},
		{"minus infinity with blanks", "-Infinity == ' -Infinity '", "true"},
		{"NaN is no number", "NaN == 'NaN'", "false"},
		{"hexadecimal of 32 bits", "-1 == '0xFFFFFFFF'", "true"},
		{"hexadecimal with a minus", "-1 == '-0x1'", "false"},
		{"hexadecimal with a capital X", "255 == '0XFF'", "false"},
		{"hexadecimal without digits", "0 == '0x'", "false"},
		{"octal of 32 bits", "-1 == '0o37777777777'", "true"},
		{"a leading zero is decimal", "8 == '08'", "true"},
		{"a dot at the end", "5 == '5.'", "true"},
		{"a dot alone is no number", "0 == '.'", "false"},
		{"a sign alone is no number", "0 == '-'", "false"},
		{"a comma for thousands is no number", "1000 == '1,000'", "false"},
		{"an underscore is no number", "1000 == '1_000'", "false"},
		{"a currency is no number", "1 == '$1'", "false"},
		{"parentheses are no minus", "-1 == '(1)'", "false"},
		{"zeros of C at the end are dropped", "1 == '1\x00\x00'", "true"},
		{"a capital exponent", "1000 == '1E3'", "true"},
		{"true is one and the string true is no number", "true == 'true'", "false"},
	})
}

func TestNumbersAsText(t *testing.T) {
	runExpressions(t, []expressionCase{
		{"an integer has no point", "format('{0}', 2.0)", `"2"`},
		{"a fraction has a zero before its point", "format('{0}', .5)", `"0.5"`},
		{"minus zero is zero", "format('{0}', -0)", `"0"`},
		{"a fraction keeps its digits", "format('{0}', -123456.789)", `"-123456.789"`},
		{"fifteen digits are kept", "format('{0}', 0.84551240822557006)", `"0.84551240822557"`},
		{"binary noise is rounded away", "format('{0}', 0.30000000000000004)", `"0.3"`},
		{"a run id is written out", "format('{0}', 12345678901234)", `"12345678901234"`},
		{"sixteen digits take an exponent", "format('{0}', 1234567890123456)", `"1.23456789012346E+15"`},
		{"a small number is written out", "format('{0}', 0.0001)", `"0.0001"`},
		{"a smaller number takes an exponent", "format('{0}', 0.00001)", `"1E-05"`},
		{"a power of ten is written out", "format('{0}', 1e14)", `"100000000000000"`},
		{"a large power takes an exponent", "format('{0}', -1.5e20)", `"-1.5E+20"`},
		{"the largest number", "format('{0}', 1.7976931348623157e308)", `"1.79769313486232E+308"`},
		{"the smallest number", "format('{0}', 5e-324)", `"4.94065645841247E-324"`},
		{"rounding can carry into the exponent", "format('{0}', 999999999999999.9)", `"1E+15"`},
		{"infinity is a word", "format('{0}', -Infinity)", `"-Infinity"`},
		{"NaN is a word", "format('{0}', NaN)", `"NaN"`},
	})
}
