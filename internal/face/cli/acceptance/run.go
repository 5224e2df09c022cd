package acceptance

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/dc-release/dc-release/internal/app/acceptance"
	"github.com/dc-release/dc-release/internal/app/operation"
	core "github.com/dc-release/dc-release/internal/core/acceptance"
	"github.com/dc-release/dc-release/internal/core/document"
	"github.com/dc-release/dc-release/internal/core/fault"
	"github.com/dc-release/dc-release/internal/face/cli/console"
)

// run leads a tester through the steps on a terminal. It begins at the first one
// without a record, so that it goes on where it was left.
func run(env *console.Env) *cobra.Command {
	var v operation.Version
	var as string
	cmd := &cobra.Command{Use: "run EXECUTION", Short: "Go through the steps on a terminal, from the first that is open", Args: cobra.ExactArgs(1), RunE: func(cmd *cobra.Command, args []string) error {
		if !env.Terminal {
			return fault.New(fault.Invalid, "acceptance run asks on a terminal").WithHint("without one: dc-release acceptance record EXECUTION TEST STEP --actual TEXT --verdict VERDICT")
		}
		if as == "" {
			return fault.New(fault.Invalid, "acceptance run needs --as")
		}
		in := bufio.NewReader(env.In)
		for last := ""; ; {
			a, err := one(cmd, env, &v, args[0])
			if err != nil {
				return err
			}
			test, at, open := a.Next()
			if !open || a.State != "running" {
				env.Note("%s is %s, %d of %d steps are recorded", a.Acceptance, a.State, a.Recorded, a.Steps)
				if a.State == "running" {
					env.Note("sign it with: dc-release acceptance submit %s --solution %s --version %s --as %s", a.Acceptance, v.Solution, v.Version, as)
				}
				return nil
			}
			if at.Test != last {
				env.Note("\n%s %s\n%s", test.ID, document.Visible(test.Title), document.Visible(test.Text))
				last = at.Test
			}
			o, err := observe(env, in, test, at)
			if err == io.EOF {
				env.Note("\nleft at %s; go on with: dc-release acceptance run %s --solution %s --version %s --as %s", at, a.Acceptance, v.Solution, v.Version, as)
				return nil
			}
			if err != nil {
				return err
			}
			if err := recorded(cmd, env, operation.RecordStep{As: as, Version: v, Acceptance: a.Acceptance, Observation: o}); err != nil {
				return err
			}
		}
	}}
	of(cmd.Flags(), &v)
	cmd.Flags().StringVar(&as, "as", "", "your login")
	return cmd
}

// verdicts are the answers to the question how a step ended.
var verdicts = map[string]core.Verdict{
	"p": core.Passed, "passed": core.Passed, "f": core.Failed, "failed": core.Failed, "b": core.Blocked, "blocked": core.Blocked,
}

// observe asks for one step. io.EOF says that the tester leaves.
func observe(env *console.Env, in *bufio.Reader, test acceptance.ShownTest, at core.Place) (o acceptance.Observation, err error) {
	o.Place = at
	step := test.Steps[at.Step-1]
	env.Note("\nStep %d of %d: %s", at.Step, len(test.Steps), indented(step.Action))
	if step.Expected != "" {
		env.Note("Expected: %s", indented(step.Expected))
	}
	for o.Actual == "" {
		if o.Actual, err = answer(env, in, "seen: "); err != nil {
			return o, err
		}
	}
	for o.Verdict == "" {
		text, err := answer(env, in, "verdict, p(assed) f(ailed) b(locked): ")
		if err != nil {
			return o, err
		}
		o.Verdict = verdicts[strings.ToLower(text)]
	}
	for {
		path, err := answer(env, in, "file that shows it, < to paste, nothing for none: ")
		if err != nil || path == "" {
			return o, err
		}
		f, err := shown(env, in, path)
		if err == io.EOF {
			return o, err
		}
		if err != nil {
			env.Note("%v", err)
			continue
		}
		o.Files = append(o.Files, f)
	}
}

// shown is a file of the disk, or text that is pasted up to a line with a dot.
func shown(env *console.Env, in *bufio.Reader, path string) (acceptance.File, error) {
	if path != "<" {
		return captured(env, path)
	}
	env.Note("paste, and end with a line that holds one dot")
	var b strings.Builder
	for {
		line, err := in.ReadString('\n')
		if strings.TrimRight(line, "\r\n") == "." {
			return acceptance.File{Name: pasted, Data: []byte(b.String())}, nil
		}
		if err != nil {
			return acceptance.File{}, err
		}
		b.WriteString(line)
	}
}

func answer(env *console.Env, in *bufio.Reader, question string) (string, error) {
	fmt.Fprint(env.Err, question)
	line, err := in.ReadString('\n')
	if err != nil && line == "" {
		return "", err
	}
	return strings.TrimSpace(line), nil
}
