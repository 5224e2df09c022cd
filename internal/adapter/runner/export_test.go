package runner

import "github.com/dc-release/dc-release/internal/core/mask"

// Pair is one entry of a file such as GITHUB_OUTPUT.
type Pair struct{ Name, Value string }

// ParsePairs is parsePairs.
func ParsePairs(text string) ([]Pair, error) {
	pairs, err := parsePairs(text)
	var out []Pair
	for _, p := range pairs {
		out = append(out, Pair{p.name, p.value})
	}
	return out, err
}

// ParsePaths is parsePaths.
var ParsePaths = parsePaths

// ParseCommand is parseCommand with the runner's own commands.
func ParseCommand(line string) (name, data string, properties map[string]string, ok bool) {
	c, ok := parseCommand(line, isCommand)
	return c.name, c.data, c.properties, ok
}

// VersionMatches is versionMatches.
var VersionMatches = versionMatches

// SplitArguments is splitArguments.
var SplitArguments = splitArguments

// Selects reads patterns of a workspace /w and reports whether they select a
// path; ok says that the patterns are well formed.
func Selects(text, path string) (in, ok bool) {
	g := globs{workspace: "/w", home: "/h", alias: func(p string) string { return p }}
	patterns, err := g.parse(text)
	return selected(withDescendants(patterns), path, false), err == nil
}

// NamePattern is namePattern.
var NamePattern = namePattern

// LongLine is longLine.
const LongLine = longLine

// Masked gives a function that masks whole texts, and the lines and pieces that
// come out when the same is written in chunks.
func Masked(secrets ...string) (whole func(string) string, lines func(chunks ...string) []string) {
	m := mask.New(secrets...)
	return m.Mask, func(chunks ...string) []string {
		var out []string
		l := &lineCutter{mask: m, line: func(t string) { out = append(out, m.Mask(t)) }, piece: func(t string) { out = append(out, t) }}
		for _, c := range chunks {
			if n, err := l.Write([]byte(c)); n != len(c) || err != nil {
				panic("short write")
			}
		}
		l.Close()
		return out
	}
}

type lineCutter = lines

// MemoryDir is memoryDir.
var MemoryDir = memoryDir
