package trace

import "strings"

// MaxSteps is how many steps a test has at most; what is beyond stays text.
const MaxSteps = 2000

// takeSteps moves the steps of a test out of its lines: those of a table with a
// column Step or Action and a column Expected, else those of ordered lists. In a
// list the words after "Expected:" are what is expected. Lines inside code
// fences are text.
func takeSteps(lines []string) (steps []Step, rest []string) {
	if steps, rest = tableSteps(lines); len(steps) > 0 {
		return steps, rest
	}
	return listSteps(lines)
}

// fenced marks the lines that stand in code fences.
func fenced(lines []string) []bool {
	out := make([]bool, len(lines))
	open := ""
	for i, line := range lines {
		mark := ""
		if strings.HasPrefix(line, "```") || strings.HasPrefix(line, "~~~") {
			mark = line[:3]
		}
		out[i] = open != "" || mark != ""
		switch {
		case open == "":
			open = mark
		case mark == open:
			open = ""
		}
	}
	return out
}

func tableSteps(lines []string) (steps []Step, rest []string) {
	code := fenced(lines)
	for i := 0; i < len(lines); i++ {
		action, expected, ok := -1, -1, false
		if !code[i] && i+1 < len(lines) && isRule(lines[i+1]) {
			action, expected, ok = stepColumns(tableCells(lines[i]))
		}
		if !ok {
			rest = append(rest, lines[i])
			continue
		}
		for i += 2; i < len(lines) && strings.Contains(lines[i], "|") && len(steps) < MaxSteps; i++ {
			cells := tableCells(lines[i])
			if step := (Step{Action: cellAt(cells, action), Expected: cellAt(cells, expected)}); step != (Step{}) {
				steps = append(steps, step)
			}
		}
		i--
	}
	return steps, rest
}

// stepColumns finds the columns of a head; a column Action is preferred to one
// that only numbers the steps.
func stepColumns(head []string) (action, expected int, ok bool) {
	action, expected = -1, -1
	named := false
	for i, title := range head {
		switch strings.ToLower(strings.Trim(title, "*_ ")) {
		case "action":
			action, named = i, true
		case "step", "steps":
			if !named && action < 0 {
				action = i
			}
		case "expected", "expected result", "expected results":
			expected = i
		}
	}
	return action, expected, action >= 0 && expected >= 0
}

// isRule reports whether a line is the one below the head of a table.
func isRule(line string) bool {
	return strings.Contains(line, "-") && strings.Contains(line, "|") && strings.Trim(line, "|:- \t") == ""
}

// tableCells splits a row; \| is no border.
func tableCells(line string) []string {
	line = strings.TrimSuffix(strings.TrimPrefix(strings.TrimSpace(line), "|"), "|")
	var out []string
	var cell strings.Builder
	for i := 0; i < len(line); i++ {
		switch {
		case line[i] == '\\' && i+1 < len(line) && line[i+1] == '|':
			cell.WriteByte('|')
			i++
		case line[i] == '|':
			out = append(out, strings.TrimSpace(cell.String()))
			cell.Reset()
		default:
			cell.WriteByte(line[i])
		}
	}
	return append(out, strings.TrimSpace(cell.String()))
}

func cellAt(cells []string, at int) string {
	if at < 0 || at >= len(cells) {
		return ""
	}
	return cells[at]
}

// listSteps takes the items of every ordered list that begins at the margin,
// with what is indented below them.
func listSteps(lines []string) (steps []Step, rest []string) {
	code := fenced(lines)
	open := false // a step whose next lines may belong to it
	for i, line := range lines {
		text, ordered := orderedItem(line)
		switch {
		case !code[i] && ordered && len(steps) < MaxSteps:
			steps = append(steps, Step{})
			steps[len(steps)-1].add(text)
			open = true
		case open && line != "" && leading(line) > 0:
			steps[len(steps)-1].add(line)
		case open && line == "" && i+1 < len(lines) && (leading(lines[i+1]) > 0 || isOrdered(lines[i+1])):
		default:
			open = false
			rest = append(rest, line)
		}
	}
	return steps, rest
}

// add puts a line of a step where it belongs: what follows "Expected:", and
// every line after it, is expected.
func (s *Step) add(line string) {
	line = strings.TrimSpace(strings.TrimPrefix(strings.TrimPrefix(strings.TrimSpace(line), "- "), "* "))
	before, after, found := cutExpected(line)
	switch {
	case found:
		s.Action, s.Expected = joined(s.Action, before), joined(s.Expected, after)
	case s.Expected != "":
		s.Expected = joined(s.Expected, line)
	default:
		s.Action = joined(s.Action, line)
	}
}

func cutExpected(line string) (before, after string, found bool) {
	lower := strings.ToLower(line)
	for _, word := range []string{"expected result:", "expected:"} {
		at := strings.Index(lower, word)
		if at < 0 || len(lower) != len(line) || at > 0 && lower[at-1] != ' ' && lower[at-1] != '*' && lower[at-1] != '_' {
			continue
		}
		return strings.TrimRight(line[:at], " *_"), strings.TrimLeft(line[at+len(word):], " *_"), true
	}
	return "", "", false
}

func joined(a, b string) string { return strings.TrimSpace(a + " " + b) }

func isOrdered(line string) bool { _, ok := orderedItem(line); return ok }

// orderedItem is the text of "1. text" or "1) text".
func orderedItem(line string) (string, bool) {
	digits := len(line) - len(strings.TrimLeft(line, "0123456789"))
	if digits == 0 || digits > 9 || len(line) < digits+2 || line[digits] != '.' && line[digits] != ')' || line[digits+1] != ' ' {
		return "", false
	}
	return strings.TrimSpace(line[digits+2:]), true
}
