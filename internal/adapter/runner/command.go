package runner

import (
	"strings"
	"unicode"
)

// command is one workflow command, "::name key=value,key=value::data"
// (docs.github.com, "Workflow commands"), or in its older form, which GitHub's
// runner still takes anywhere in a line, "##[name key=value;key=value]data".
type command struct {
	name       string // lower case
	properties map[string]string
	data       string
}

// commandForm is a way to write a command.
type commandForm struct {
	// cut gives what is between the marks, and the data after them.
	cut       func(line string) (head, data string, ok bool)
	separator string
	property  *strings.Replacer
	data      *strings.Replacer
}

// commandForms are tried in this order. GitHub escapes the percent sign first and
// so decodes it last: "%250A" is the text "%0A". A replacer reads once from left
// to right, which gives the same.
func commandForms() []commandForm {
	older := strings.NewReplacer("%3B", ";", "%0D", "\r", "%0A", "\n", "%5D", "]", "%25", "%")
	return []commandForm{
		{
			cutColons, ",",
			strings.NewReplacer("%0D", "\r", "%0A", "\n", "%3A", ":", "%2C", ",", "%25", "%"),
			strings.NewReplacer("%0D", "\r", "%0A", "\n", "%25", "%"),
		},
		{cutBrackets, ";", older, older},
	}
}

// parseCommand reads a line. Like GitHub's runner it takes a line for a command
// only when its name is known.
func parseCommand(line string, known func(name string) bool) (command, bool) {
	for _, form := range commandForms() {
		head, data, ok := form.cut(line)
		if !ok {
			continue
		}
		name, list, _ := strings.Cut(head, " ")
		name = strings.ToLower(name)
		if !known(name) {
			continue
		}
		return command{name, form.properties(list), form.data.Replace(data)}, true
	}
	return command{}, false
}

// mayBeCommand is quick: most lines are none.
func mayBeCommand(line string) bool {
	return strings.Contains(line, "::") || strings.Contains(line, "##[")
}

func cutColons(line string) (head, data string, ok bool) {
	rest, ok := strings.CutPrefix(strings.TrimLeftFunc(line, unicode.IsSpace), "::")
	if !ok {
		return "", "", false
	}
	head, data, ok = strings.Cut(rest, "::")
	if name, list, blank := strings.Cut(head, " "); blank {
		head = name + " " + strings.TrimSpace(list)
	}
	return head, data, ok
}

func cutBrackets(line string) (head, data string, ok bool) {
	_, rest, ok := strings.Cut(line, "##[")
	if !ok {
		return "", "", false
	}
	return strings.Cut(rest, "]")
}

// properties reads those that have a name and a value.
func (f commandForm) properties(list string) map[string]string {
	m := map[string]string{}
	for pair := range strings.SplitSeq(list, f.separator) {
		key, value, _ := strings.Cut(strings.TrimLeft(pair, "="), "=")
		if value = strings.TrimLeft(value, "="); key != "" && value != "" {
			m[strings.ToLower(key)] = f.property.Replace(value)
		}
	}
	return m
}
