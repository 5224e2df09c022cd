package workflows

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"text/tabwriter"
	"unicode"

	"github.com/spf13/cobra"

	"github.com/dc-release/dc-release/internal/core/fault"
	"github.com/dc-release/dc-release/internal/core/workflow"
	"github.com/dc-release/dc-release/internal/face/cli/console"
)

const evalHelp = `Evaluate one expression of a workflow as GitHub does, with or without ${{ }}.

Contexts come from the object in FILE: {"github": {"ref": "refs/heads/main"}}. Of
github, env, vars, job, jobs, steps, runner, secrets, strategy, matrix, needs and
inputs one that is not given is an empty object; any other name that is not given
is an error. Names have any case. hashFiles is an error: there is no workspace.

With --lines each line of standard input is a request, and is answered by a line:

  {"expression": "github.ref", "contexts": {...}, "status": "success"}
  {"kind": "string", "value": "refs/heads/main"}
  {"error": "unexpected symbol ...", "position": 7}

kind is null, boolean, number, string, array or object; NaN, Infinity and -Infinity
are strings in value. position is the offset in bytes within the expression.
contexts and status may be left out. A line has at most 16 MiB.`

func evalCommand(env *console.Env) *cobra.Command {
	var file, status string
	var lines bool
	cmd := &cobra.Command{
		Use: "eval EXPRESSION", Short: "Evaluate an expression as GitHub does", Long: evalHelp,
		Args: func(_ *cobra.Command, args []string) error {
			switch {
			case lines && (len(args) > 0 || file != "" || status != statusSuccess):
				return fault.New(fault.Invalid, "--lines reads expressions, contexts and status from standard input: want it alone")
			case !lines && len(args) != 1:
				return fault.New(fault.Invalid, "%d arguments: want one expression, quoted for the shell, or --lines", len(args))
			default:
				return nil
			}
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if lines {
				return answerLines(cmd.Context(), env.In, env.Out)
			}
			return evalOne(env, args[0], file, status)
		},
	}
	cmd.Flags().StringVar(&file, "context", "", "JSON file with an object of contexts; GitHub's own contexts that it lacks are empty objects")
	cmd.Flags().StringVar(&status, "status", statusSuccess, "what success(), failure() and cancelled() see: success, failure or cancelled")
	cmd.Flags().BoolVar(&lines, "lines", false, "answer one JSON request per line of standard input")
	return cmd
}

func evalOne(env *console.Env, expression, file, status string) error {
	q := request{Expression: &expression, Status: status}
	if file != "" {
		data, err := os.ReadFile(file)
		if errors.Is(err, os.ErrNotExist) {
			return fault.New(fault.NotFound, "read contexts: %v", err)
		}
		if err != nil {
			return fmt.Errorf("read contexts: %w", err)
		}
		if err := json.Unmarshal(data, &q.Contexts); err != nil {
			return fault.New(fault.Invalid, "read contexts from %q: %v", file, err)
		}
	}
	v, err := q.evaluate()
	var where *workflow.ExpressionError
	if errors.As(err, &where) {
		env.Note("dc-release: evaluate expression: %s\n%s", where.Message, pointAt(expression, where.Offset))
		return &console.Exit{Code: fault.ExitCode(fault.New(fault.Invalid, ""))}
	}
	if err != nil {
		return fault.New(fault.Invalid, "%v", err)
	}
	value := finite(v)
	return env.Print("workflows-eval", map[string]any{"kind": v.Kind().String(), "value": value}, func(w *tabwriter.Writer) {
		data, err := json.Marshal(value)
		if err != nil { // every value that is finite has a JSON form
			data = []byte(v.Text())
		}
		fmt.Fprintln(w, string(data))
	})
}

// pointAt is the line of a text that holds a byte, with a mark below it.
func pointAt(text string, offset int) string {
	offset = min(offset, len(text))
	start := strings.LastIndexByte(text[:offset], '\n') + 1
	line, _, _ := strings.Cut(text[start:], "\n")
	under := strings.Map(func(r rune) rune {
		if r == '\t' {
			return r
		}
		return ' '
	}, text[start:offset])
	return "  " + strings.Map(printable, line) + "\n  " + under + "^"
}

// printable keeps what a terminal might take for a command from it.
func printable(r rune) rune {
	if r == '\t' || unicode.IsPrint(r) {
		return r
	}
	return unicode.ReplacementChar
}
