package joblog

import (
	"regexp"
	"strings"
)

// control are sequences that steer a terminal; sgr are the harmless ones among
// them, which choose colours.
var (
	control = regexp.MustCompile(`\x1b\[[0-?]*[ -/]*[@-~]|\x1b[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)?|\x1b.?|[\x00-\x08\x0b-\x1f\x7f\x{80}-\x{9f}]`)
	sgr     = regexp.MustCompile(`^\x1b\[[0-9;:]*m$`)
)

// Tame takes out of a job's text what would steer the terminal of the person
// who reads it; colours stay where there are any. Of a line that was written
// over and over the last text counts.
func Tame(text string, colour bool) string {
	if i := strings.LastIndexByte(strings.TrimRight(text, "\r"), '\r'); i >= 0 {
		text = text[i+1:]
	}
	coloured := false
	text = control.ReplaceAllStringFunc(text, func(s string) string {
		if colour && sgr.MatchString(s) {
			coloured = true
			return s
		}
		return ""
	})
	if coloured {
		text += "\x1b[0m"
	}
	return text
}
