package runner

import (
	"fmt"
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
// as GitHub's runner does: a line break is LF or CRLF, empty lines are skipped,
// the line breaks within a heredoc are kept, the last one is not a part of it.
// The entries before an error are given too.
func parsePairs(text string) ([]pair, error) {
	text = strings.TrimPrefix(text, "\ufeff")
	var pairs []pair
	for number := 1; text != ""; {
		line, _, rest := cutLine(text)
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
	var b strings.Builder
	ending := ""
	for text != "" {
		line, end, after := cutLine(text)
		text = after
		lines++
		if line == delimiter {
			return b.String(), text, lines, true
		}
		b.WriteString(ending)
		b.WriteString(line)
		ending = end
	}
	return "", "", lines, false
}

// cutLine takes the first line without its ending.
func cutLine(text string) (line, ending, rest string) {
	i := strings.IndexByte(text, '\n')
	switch {
	case i < 0:
		return text, "", ""
	case i > 0 && text[i-1] == '\r':
		return text[:i-1], "\r\n", text[i+1:]
	default:
		return text[:i], "\n", text[i+1:]
	}
}

// parsePaths reads GITHUB_PATH: one directory a line.
func parsePaths(text string) []string {
	var paths []string
	for text = strings.TrimPrefix(text, "\ufeff"); text != ""; {
		line, _, rest := cutLine(text)
		text = rest
		if line != "" {
			paths = append(paths, line)
		}
	}
	return paths
}
