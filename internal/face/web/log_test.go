package web

import (
	"slices"
	"testing"
)

func TestALogIsShownAsTextWhateverIsPrinted(t *testing.T) {
	at := "2026-03-04T05:06:07.000000Z"
	got := linesOf(at + " 1 system ##[group]Run make\n" + at + " 1 stdout \x1b[31mred\x1b]0;owned\x07 <b>\n" + at + " 1 stderr ##[error]no\n" +
		at + " 1 system ##[endgroup]\n" + at + " 1 system ##[error]exit code 1\nno line of a log\n")
	want := []logLine{
		{"05:06:07", "group", "Run make"},
		{"05:06:07", "", "red <b>"},
		{"05:06:07", "stderr", "##[error]no"},
		{"05:06:07", "error", "exit code 1"},
		{"", "", "no line of a log"},
	}
	if !slices.Equal(got, want) {
		t.Errorf("%+v\nwant %+v", got, want)
	}
}
