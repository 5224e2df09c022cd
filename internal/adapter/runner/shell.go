package runner

import (
	"fmt"
	"path/filepath"
	"strings"
)

// shell is a way to run a script.
type shell struct {
	program string
	// format are the arguments as one line, with {0} for the script.
	format string
	ext    string // of the script's file
	// before and after are lines that the script is put between.
	before, after string
}

// shells are those that a workflow can name alone, with the arguments and the
// file extensions of GitHub's runner (docs.github.com, "Workflow syntax",
// jobs.<job_id>.steps[*].shell; pwsh is the exit of the last command that is no
// cmdlet). To add one: an entry here.
var shells = []shell{
	{program: "bash", format: "--noprofile --norc -e -o pipefail {0}", ext: ".sh"},
	{program: "sh", format: "-e {0}", ext: ".sh"},
	{program: "python", format: "{0}", ext: ".py"},
	{
		program: "pwsh", format: `-command ". '{0}'"`, ext: ".ps1",
		before: "$ErrorActionPreference = 'stop'",
		after:  `if ((Test-Path -LiteralPath variable:\LASTEXITCODE)) { exit $LASTEXITCODE }`,
	},
}

// findShell reads shell:, "" for none. That is bash, or sh where there is no
// bash on the path, without pipefail in both cases.
func findShell(option, path string) (shell, error) {
	if option == "" {
		for _, program := range []string{"bash", "sh"} {
			if _, err := lookPath(program, path); err == nil {
				return shell{program: program, format: "-e {0}", ext: ".sh"}, nil
			}
		}
		return shell{}, fmt.Errorf("find a shell: neither bash nor sh is on PATH %q", path)
	}
	program, format, _ := strings.Cut(option, " ")
	sh := shell{program: program}
	for _, known := range shells {
		if known.program == program {
			sh = known
		}
	}
	if format = strings.TrimLeft(format, " \t\r\n"); format != "" {
		sh.format = format
	}
	if !strings.Contains(sh.format, "{0}") {
		return shell{}, fmt.Errorf("shell %q: want bash, sh, python, pwsh or a command with {0} for the script", option)
	}
	return sh, nil
}

// script is what is written to the file.
func (s shell) script(text string) string {
	if s.before == "" {
		return text
	}
	return s.before + "\n" + text + "\n" + s.after
}

// argv is the command that runs the script in a file.
func (s shell) argv(file string) ([]string, error) {
	argv := []string{s.program}
	for _, word := range splitArguments(s.format) {
		word, err := fillIn(word, file)
		if err != nil {
			return nil, fmt.Errorf("shell %q: %w", s.program+" "+s.format, err)
		}
		argv = append(argv, word)
	}
	return argv, nil
}

// line shows the shell in the log, with the place where the program is.
func (s shell) line(path string) string {
	program := s.program
	if full, err := lookPath(program, path); err == nil && !filepath.IsAbs(program) {
		program = full
	}
	return "shell: " + program + " " + s.format
}

// fillIn puts the script into a word as .NET's String.Format does: {0} is the
// script, {{ and }} are braces, any other brace is an error.
func fillIn(word, script string) (string, error) {
	var b strings.Builder
	for i := 0; i < len(word); i++ {
		rest := word[i:]
		switch {
		case strings.HasPrefix(rest, "{{"), strings.HasPrefix(rest, "}}"):
			b.WriteByte(word[i])
			i++
		case strings.HasPrefix(rest, "{0}"):
			b.WriteString(script)
			i += len("{0}") - 1
		case word[i] == '{', word[i] == '}':
			return "", fmt.Errorf("%q is not {0}: a brace of its own is written twice", rest)
		default:
			b.WriteByte(word[i])
		}
	}
	return b.String(), nil
}

// splitArguments cuts a line as GitHub's runner does, that is .NET on Linux
// (System.Diagnostics.Process): blanks separate, double quotes group and may be
// doubled within a group, a backslash escapes a double quote and nothing else,
// single quotes are plain characters.
func splitArguments(line string) []string {
	var words []string
	for i := 0; i < len(line); {
		if line[i] == ' ' || line[i] == '\t' {
			i++
			continue
		}
		word, n := nextArgument(line[i:])
		words = append(words, word)
		i += n
	}
	return words
}

// nextArgument takes the word that a line begins with; n is its length there.
func nextArgument(line string) (word string, n int) {
	var b strings.Builder
	quoted := false
	i := 0
	for i < len(line) {
		slashes := 0
		for i+slashes < len(line) && line[i+slashes] == '\\' {
			slashes++
		}
		i += slashes
		quote := i < len(line) && line[i] == '"'
		switch {
		case slashes > 0 && !quote:
			b.WriteString(strings.Repeat(`\`, slashes))
		case slashes > 0:
			b.WriteString(strings.Repeat(`\`, slashes/2))
			if slashes%2 == 1 {
				b.WriteByte('"')
				i++
			}
		case quote && quoted && strings.HasPrefix(line[i:], `""`):
			b.WriteByte('"')
			i += 2
		case quote:
			quoted = !quoted
			i++
		case !quoted && (line[i] == ' ' || line[i] == '\t'):
			return b.String(), i
		default:
			b.WriteByte(line[i])
			i++
		}
	}
	return b.String(), i
}
