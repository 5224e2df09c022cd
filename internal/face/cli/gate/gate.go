// Package gate is "dc-release gate": what waits at gates, and the signatures
// that people give there.
package gate

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/dc-release/dc-release/internal/app/inspect"
	"github.com/dc-release/dc-release/internal/app/operation"
	"github.com/dc-release/dc-release/internal/app/sign"
	"github.com/dc-release/dc-release/internal/core/document"
	"github.com/dc-release/dc-release/internal/core/fault"
	"github.com/dc-release/dc-release/internal/core/gate"
	"github.com/dc-release/dc-release/internal/core/ledger"
	"github.com/dc-release/dc-release/internal/core/signature"
	"github.com/dc-release/dc-release/internal/face/cli/console"
)

// New makes the command.
func New(env *console.Env) *cobra.Command {
	cmd := &cobra.Command{Use: "gate", Short: "Gates: what they wait for, and signing"}
	cmd.AddCommand(list(env), show(env), tasks(env), comment(env),
		ceremony(env, "sign", "gate.sign", "Sign at an open gate"),
		ceremony(env, "reject", "gate.reject", "Reject a release: its version is burnt"),
		ceremony(env, "withdraw", "gate.withdraw", "Withdraw your signature while the gate is open"))
	return cmd
}

func list(env *console.Env) *cobra.Command {
	var solution string
	cmd := &cobra.Command{Use: "list", Short: "List the gates that wait", Args: cobra.NoArgs, RunE: func(cmd *cobra.Command, _ []string) error {
		gates, err := console.Ask[[]inspect.Gate](cmd.Context(), env, "gate.list", operation.Scope{Solution: solution})
		if err != nil {
			return err
		}
		return env.Print("gate-list", map[string]any{"gates": gates}, func(w *tabwriter.Writer) {
			fmt.Fprintln(w, "GATE\tSOLUTION\tVERSION\tSTATE\tWAITS FOR")
			for _, g := range gates {
				waits := strings.Join(g.Unsigned, ", ")
				if len(g.Missing) > 0 {
					waits = strings.Join(g.Missing, "; ")
				}
				fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", g.Gate, g.Solution, g.Version, g.Phase, waits)
			}
		})
	}}
	cmd.Flags().StringVar(&solution, "solution", "", "only this solution")
	return cmd
}

func show(env *console.Env) *cobra.Command {
	var solution, version string
	cmd := &cobra.Command{Use: "show GATE", Short: "Show a gate of a release", Args: cobra.ExactArgs(1), RunE: func(cmd *cobra.Command, args []string) error {
		r, err := console.Ask[inspect.ReleaseDetail](cmd.Context(), env, "release.show", operation.Version{Solution: solution, Version: version})
		if err != nil {
			return err
		}
		for _, g := range r.Gates {
			if g.Gate == args[0] {
				return env.Print("gate", map[string]any{"gate": g}, func(w *tabwriter.Writer) { Write(w, g) })
			}
		}
		return fault.New(fault.NotFound, "release %s has not come to gate %q", r.Version, args[0])
	}}
	cmd.Flags().StringVar(&solution, "solution", "", "solution")
	cmd.Flags().StringVar(&version, "version", "", "version")
	return cmd
}

// Write prints a gate for people.
func Write(w io.Writer, g inspect.Gate) {
	fmt.Fprintf(w, "gate %s of %s %s: %s\n", g.Gate, g.Solution, g.Version, g.Phase)
	if g.Manifest != "" {
		fmt.Fprintf(w, "  manifest\t%s\n", g.Manifest)
	}
	if d := g.Deployment; d != nil {
		fmt.Fprintf(w, "  deploys\tto %s: %s\n", d.Environment, d.Summary)
		for _, x := range d.Destroys {
			fmt.Fprintf(w, "  deletes\t%s\n", x)
		}
	}
	for _, m := range g.Missing {
		fmt.Fprintf(w, "  missing\t%s\n", m)
	}
	for i, m := range g.Unsigned {
		fmt.Fprintf(w, "  needs\t%s\tby %s\n", m, g.Roles[i])
	}
	for _, s := range g.Signatures {
		state := "counts"
		if !s.Effective {
			state = "does not count"
		}
		WriteSigned(w, "signed ("+state+")", s.Printed)
		if s.Unreadable != "" {
			fmt.Fprintf(w, "    as the ledger tells it: %s\n", s.Unreadable)
		}
	}
	for _, v := range g.Voided {
		fmt.Fprintf(w, "  voided\t%s\n", v)
	}
}

// WriteSigned prints a signature for people, with everything that documents print
// of one.
func WriteSigned(w io.Writer, label string, m document.Manifestation) {
	fmt.Fprintf(w, "  %s\t%s\n", label, m.Name)
	for _, line := range m.Lines() {
		fmt.Fprintf(w, "    %s\n", line)
	}
}

func ceremony(env *console.Env, verb, op, short string) *cobra.Command {
	var r sign.Request
	var meaning, environment, credentials string
	cmd := &cobra.Command{Use: verb + " GATE", Short: short, Args: cobra.ExactArgs(1), RunE: func(cmd *cobra.Command, args []string) error {
		r.Gate, r.Meaning = args[0], signature.Meaning(meaning)
		if r.Solution == "" || r.As == "" || (r.Version == "" && r.Gate != gate.ApproveRollback) {
			return fault.New(fault.Invalid, "gate %s needs --solution, --version and --as", verb)
		}
		if verb == "sign" && meaning == "" {
			return fault.New(fault.Invalid, "gate sign needs --meaning").WithHint("see what the gate asks for with: dc-release gate show %s --solution %s --version %s", r.Gate, r.Solution, r.Version)
		}
		r.Version = strings.TrimPrefix(r.Version, "v")
		if r.Gate == gate.ApproveRollback {
			r.Subject = ledger.EnvironmentStream(r.Solution, environment)
		}
		var err error
		if r.Credentials, err = Credentials(env, credentials); err != nil {
			return err
		}
		signed, err := console.Change[sign.Signed](cmd.Context(), env, op, r)
		if err != nil {
			return err
		}
		return env.Print("signature", map[string]any{"signature": signed.Signature, "manifest": signed.Manifest, "role": signed.Role, "time": signed.Time}, func(w *tabwriter.Writer) {
			fmt.Fprintf(w, "recorded %s as %s at %s over manifest %.12s\n", signed.Signature, signed.Role, signed.Time, signed.Manifest)
		})
	}}
	fs := cmd.Flags()
	fs.StringVar(&r.Solution, "solution", "", "solution")
	fs.StringVar(&r.Version, "version", "", "version X.Y.Z")
	fs.StringVar(&r.As, "as", "", "your login")
	fs.StringVar(&r.Reason, "reason", "", "reason")
	fs.StringVar(&r.Manifest, "manifest", "", "manifest that you reviewed; another open one is refused")
	fs.StringVar(&environment, "environment", "prd", "place of a rollback")
	fs.StringVar(&credentials, "credentials", "", "file with {\"password\": ..., \"code\": ...}, - for standard input")
	if verb == "sign" {
		fs.StringVar(&meaning, "meaning", "", "what you declare")
	}
	return cmd
}

// Credentials reads a password and a fresh code from a file or standard input;
// on a terminal it asks.
func Credentials(env *console.Env, from string) (sign.Credentials, error) {
	var c sign.Credentials
	if from == "" {
		if env.Terminal {
			return ask(env)
		}
		return c, fault.New(fault.Invalid, "a signature needs --credentials FILE or -").WithHint("JSON with password and a fresh code; neither is ever an argument")
	}
	in := env.In
	if from != "-" {
		f, err := os.Open(from)
		if err != nil {
			return c, fault.New(fault.Invalid, "--credentials: %v", err)
		}
		defer f.Close()
		in = f
	}
	dec := json.NewDecoder(io.LimitReader(in, 64<<10))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&c); err != nil {
		return c, fault.New(fault.Invalid, "--credentials: %v", err).WithHint(`want {"password": "...", "code": "123456"}`)
	}
	if c.Password == "" || c.Code == "" {
		return c, fault.New(fault.Invalid, "--credentials: want both password and code")
	}
	return c, nil
}

func ask(env *console.Env) (c sign.Credentials, err error) {
	if c.Password, err = console.Secret(env, "password: "); err != nil {
		return c, err
	}
	fmt.Fprint(env.Err, "code: ")
	_, err = fmt.Fscanln(env.In, &c.Code)
	return c, errors.Join(err)
}
