package runner

import "strings"

// command is one workflow command, "::name key=value,key=value::data"
// (docs.github.com, "Workflow commands").
type command struct {
	name       string // lower case
	properties map[string]string
	data       string
}

// parseCommand reads a line. Like GitHub's runner it accepts blanks before the
// first colons, and takes a line for a command only when its name is known.
func parseCommand(line string, known func(name string) bool) (command, bool) {
	rest, ok := strings.CutPrefix(strings.TrimLeft(line, " \t"), "::")
	if !ok {
		return command{}, false
	}
	head, data, ok := strings.Cut(rest, "::")
	if !ok {
		return command{}, false
	}
	name, list, _ := strings.Cut(head, " ")
	name = strings.ToLower(name)
	if !known(name) {
		return command{}, false
	}
	c := command{name: name, properties: map[string]string{}, data: unescapeData(data)}
	for pair := range strings.SplitSeq(list, ",") {
		key, value, ok := strings.Cut(strings.TrimSpace(pair), "=")
		if ok && value != "" {
			c.properties[strings.ToLower(key)] = unescapeProperty(value)
		}
	}
	return c, true
}

// GitHub escapes the percent sign first and so decodes it last: "%250A" is the
// text "%0A". A replacer reads once from left to right, which gives the same.
var (
	dataEscapes     = strings.NewReplacer("%0D", "\r", "%0A", "\n", "%25", "%")
	propertyEscapes = strings.NewReplacer("%0D", "\r", "%0A", "\n", "%3A", ":", "%2C", ",", "%25", "%")
)

func unescapeData(s string) string { return dataEscapes.Replace(s) }

func unescapeProperty(s string) string { return propertyEscapes.Replace(s) }
