# A few lines to write JUnit results from shell tests; to be sourced.
cases=
total=0
failures=0
check() { # check NAME EXPECTED ACTUAL
	total=$((total + 1))
	if [ "$2" = "$3" ]; then
		cases="$cases<testcase classname=\"$suite\" name=\"$1\"/>
"
	else
		failures=$((failures + 1))
		cases="$cases<testcase classname=\"$suite\" name=\"$1\"><failure message=\"expected another result\"/></testcase>
"
		echo "FAIL $1: expected '$2', got '$3'" >&2
	fi
}
report() { # report FILE
	printf '<?xml version="1.0" encoding="UTF-8"?>\n<testsuite name="%s" tests="%d" failures="%d">\n%s</testsuite>\n' \
		"$suite" "$total" "$failures" "$cases" > "$1"
	[ "$failures" -eq 0 ]
}
