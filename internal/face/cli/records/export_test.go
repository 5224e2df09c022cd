package records

import "io"

// TextPages prints logs for people; for tests of this package.
func TextPages(out io.Writer, colour bool) interface{ Line(string) string } {
	return lines{&textPages{out: out, colour: colour}}
}

type lines struct{ *textPages }

func (l lines) Line(s string) string { return l.line(s) }
