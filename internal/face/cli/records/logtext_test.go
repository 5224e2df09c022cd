package records_test

import (
	"io"
	"strings"
	"testing"

	"github.com/dc-release/dc-release/internal/face/cli/records"
)

// Steps are hostile, and whoever reads their logs has a terminal.
func TestALogDoesNotSteerTheTerminal(t *testing.T) {
	for name, c := range map[string]struct{ text, plain, coloured string }{
		"colours":                 {"\x1b[1;31mred\x1b[0m", "red", "\x1b[1;31mred\x1b[0m\x1b[0m"},
		"a colour that stays":     {"\x1b[32mgreen", "green", "\x1b[32mgreen\x1b[0m"},
		"the cursor":              {"a\x1b[2Ab\x1b[Kc\x1b[?25ld", "abcd", "abcd"},
		"a title":                 {"\x1b]0;owned\x07after", "after", "after"},
		"a title with terminator": {"\x1b]0;owned\x1b\\after", "after", "after"},
		"a title without end":     {"\x1b]52;c;b3duZWQ=", "", ""},
		"a device string":         {"\x1bP+q544e\x1b\\after", "after", "after"},
		"a reset":                 {"\x1bcafter", "after", "after"},
		"control characters":      {"a\x00\x07\x08\x7fb\u009bc", "abc", "abc"},
		"a tab":                   {"a\tb", "a\tb", "a\tb"},
		"a progress bar":          {"10%\r20%\r100%\r", "100%", "100%"},
		"an escape at the end":    {"a\x1b", "a", "a"},
		"other letters":           {"ÆØÅ 日本 👍", "ÆØÅ 日本 👍", "ÆØÅ 日本 👍"},
	} {
		for _, colour := range []bool{false, true} {
			want := c.plain
			if colour {
				want = c.coloured
			}
			got := records.TextPages(io.Discard, colour).Line("2026-03-04T05:06:07.000000Z 1 stdout " + c.text + "\n")
			if got != "05:06:07  "+want+"\n" {
				t.Errorf("%s, coloured %v: got %q, want %q", name, colour, got, want)
			}
		}
	}
}

func TestErrorsAndWarningsHaveTheirColour(t *testing.T) {
	p := records.TextPages(io.Discard, true)
	for text, want := range map[string]string{
		"##[error]no":    "\x1b[31merror: no\x1b[0m",
		"##[warning]hm":  "\x1b[33mwarning: hm\x1b[0m",
		"##[notice]look": "notice: look",
		"##[group]Run":   "\x1b[1m> Run\x1b[0m",
	} {
		if got := p.Line("2026-03-04T05:06:07.000000Z 1 system " + text + "\n"); !strings.HasSuffix(got, want+"\n") {
			t.Errorf("%s: got %q", text, got)
		}
		p.Line("2026-03-04T05:06:07.000000Z 1 system ##[endgroup]\n")
	}
}
