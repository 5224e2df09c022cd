package runner

import (
	"fmt"
	"slices"
	"strings"
)

// pair is one entry of a file such as GITHUB_ENV or GITHUB_OUTPUT.
type pair struct{ name, value string }

// parsePairs reads "name=value" lines and heredocs
//
//	name<<DELIMITER
//	value
//	DELIMITER
//
// as GitHub's runner does on Linux: a line break is LF alone, a CR before it is a
// part of the value and of the delimiter; empty lines are skipped; the last line
// break within a heredoc is not a part of it. The entries before an error are
// given too.
func parsePairs(text string) ([]pair, error) {
	text = strings.TrimPrefix(text, "\ufeff")
	var pairs []pair
	for number := 1; text != ""; {
		line, rest, _ := strings.Cut(text, "\n")
		text = rest
		at := number
		number++
		if line == "" {
			continue
		}
		equals, heredoc := strings.Index(line, "="), strings.Index(line, "<<")
		switch {
		case equals >= 0 && (heredoc < 0 || equals < heredoc):
			if equals == 0 {
				return pairs, fmt.Errorf("line %d: invalid format %q: name must not be empty", at, cut(line, 200))
			}
			pairs = append(pairs, pair{line[:equals], line[equals+1:]})
		case heredoc >= 0:
			name, delimiter := line[:heredoc], line[heredoc+2:]
			if name == "" || delimiter == "" {
				return pairs, fmt.Errorf("line %d: invalid format %q: name and delimiter must not be empty", at, cut(line, 200))
			}
			value, left, lines, ok := cutHeredoc(text, delimiter)
			if !ok {
				return pairs, fmt.Errorf("line %d: invalid value of %q: matching delimiter %q not found", at, cut(name, 200), cut(delimiter, 200))
			}
			text = left
			number += lines
			pairs = append(pairs, pair{name, value})
		default:
			return pairs, fmt.Errorf("line %d: invalid format %q: want name=value or name<<DELIMITER", at, cut(line, 200))
		}
	}
	return pairs, nil
}

// cutHeredoc takes the value up to the line that is the delimiter.
func cutHeredoc(text, delimiter string) (value, rest string, lines int, ok bool) {
	for at := 0; at < len(text); {
		line, _, broken := strings.Cut(text[at:], "\n")
		lines++
		if line == delimiter {
			rest, _ = strings.CutPrefix(text[at+len(line):], "\n")
			return text[:max(at-1, 0)], rest, lines, true
		}
		at += len(line) + 1
		if !broken {
			break
		}
	}
	return "", "", lines, false
}

// parsePaths reads GITHUB_PATH: one directory a line, which CR, LF or both end.
func parsePaths(text string) []string {
	text = strings.ReplaceAll(strings.TrimPrefix(text, "\ufeff"), "\r", "\n")
	return slices.DeleteFunc(strings.Split(text, "\n"), func(line string) bool { return line == "" })
}
