// Package install is about an installation: its solutions, its server and its
// intake of pushes.
package install

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/dc-release/dc-release/internal/app/inspect"
	"github.com/dc-release/dc-release/internal/app/intake"
	"github.com/dc-release/dc-release/internal/app/integrity"
	"github.com/dc-release/dc-release/internal/app/operation"
	"github.com/dc-release/dc-release/internal/core/fault"
	"github.com/dc-release/dc-release/internal/core/policy"
	"github.com/dc-release/dc-release/internal/face/cli/change"
	"github.com/dc-release/dc-release/internal/face/cli/console"
	"github.com/dc-release/dc-release/internal/face/cli/run"
)

// Solution makes "dc-release solution".
func Solution(env *console.Env) *cobra.Command {
	cmd := &cobra.Command{Use: "solution", Short: "Solutions that this installation releases"}
	cmd.AddCommand(&cobra.Command{Use: "list", Short: "List solutions", Args: cobra.NoArgs, RunE: func(cmd *cobra.Command, _ []string) error {
		all, err := console.Ask[[]policy.Solution](cmd.Context(), env, "solution.list", operation.None{})
		if err != nil {
			return err
		}
		return env.Print("solution-list", map[string]any{"solutions": all}, func(w *tabwriter.Writer) {
			fmt.Fprintln(w, "SOLUTION\tPROFILE\tCODE\tRELEASE LOG")
			for _, s := range all {
				fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", s.Solution, s.Profile, s.Code, s.ReleaseLog)
			}
		})
	}}, baseline(env, "add KEY", "solution.add", "Record the baseline of a solution"),
		baseline(env, "revise KEY", "solution.revise", "Ask for another baseline; QC signs it"))
	cmd.AddCommand(append(change.OfSolution(env), review(env))...)
	return cmd
}

// Serve makes "dc-release serve". Hold keeps the owner working until ctx ends.
func Serve(env *console.Env) *cobra.Command {
	var values run.Values
	cmd := &cobra.Command{Use: "serve", Short: "Own the data directory and drive its runs until interrupted", Args: cobra.NoArgs, RunE: func(cmd *cobra.Command, _ []string) error {
		ctx := cmd.Context()
		if err := values.Read(env); err != nil {
			return err
		}
		env.Serving = true
		err := env.With(context.WithoutCancel(ctx), func(s console.Session) error {
			if !s.Owner() {
				return fault.New(fault.Conflict, "another process owns %s", env.Data)
			}
			err := s.WaitIdle(ctx)
			if hold := (*integrity.Hold)(nil); errors.As(err, &hold) {
				env.Note("%v", hold) // queries are answered, nothing is changed
			} else if err != nil && ctx.Err() == nil {
				return err
			}
			env.Note("serving %s", env.Data)
			<-ctx.Done()
			return nil
		})
		return err
	}}
	values.Flags(cmd)
	cmd.Flags().StringVar(&env.Issuer, "issuer", "", "URL under which this process issues identity tokens to jobs (the iss claim)")
	cmd.Flags().StringVar(&env.Listen, "listen", "", "address at which the pages and the issuer's documents are served, like 127.0.0.1:8085; put TLS in front of it")
	cmd.Flags().StringVar(&env.URL, "url", "", "address at which browsers reach --listen, like https://release.example; passkeys are bound to it")
	cmd.Flags().DurationVar(&env.DriftEvery, "drift-every", 0, "how often every place is read back; a difference opens a deviation (default 1h)")
	cmd.Flags().StringVar(&env.Provider, "oidc", "", "file (JSON) with the OpenID Connect provider that people sign in at")
	return cmd
}

// Intake makes "dc-release intake": drop is what a git hook calls, without it
// the spool is taken and driven.
func Intake(env *console.Env) *cobra.Command {
	var values run.Values
	cmd := &cobra.Command{Use: "intake", Short: "Take pushes from the intake spool and drive what they start", Args: cobra.NoArgs, RunE: func(cmd *cobra.Command, _ []string) error {
		if err := values.Read(env); err != nil {
			return err
		}
		var runs []inspect.Run
		err := env.With(cmd.Context(), func(s console.Session) (err error) {
			if err := s.WaitIdle(cmd.Context()); err != nil {
				return err
			}
			runs, err = operation.Ask[[]inspect.Run](cmd.Context(), s, "run.list", operation.Scope{})
			return err
		})
		if err != nil {
			return err
		}
		for _, r := range runs {
			env.Note("run %s, %s of %s: %s", r.Run, r.Event, r.Ref, stateOf(r))
		}
		for _, r := range runs {
			if r.Conclusion == "" || r.Conclusion == "failure" {
				return run.Ended(inspect.RunDetail{Finished: r.Conclusion != "", Conclusion: r.Conclusion})
			}
		}
		return nil
	}}
	values.Flags(cmd)
	cmd.AddCommand(drop(env), guard(env))
	return cmd
}

func stateOf(r inspect.Run) string {
	if r.Conclusion == "" {
		return "waits"
	}
	return r.Conclusion
}

// drop reads the lines of a post-receive hook and leaves one file for each.
func drop(env *console.Env) *cobra.Command {
	var p intake.Push
	cmd := &cobra.Command{Use: "drop", Short: "Drop pushes into the intake spool (post-receive hook)", Args: cobra.NoArgs, RunE: func(*cobra.Command, []string) error {
		if p.Solution == "" {
			return fault.New(fault.Invalid, "intake drop needs --solution")
		}
		dir := filepath.Join(env.Data, "spool", "intake")
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return err
		}
		in := bufio.NewScanner(env.In)
		for n := 0; in.Scan(); n++ {
			f := strings.Fields(in.Text())
			if len(f) != 3 {
				return fault.New(fault.Invalid, "line %d: want OLD NEW REF", n+1)
			}
			q := p
			q.Event, q.Object, q.Ref, q.Deleted = "push", f[1], f[2], strings.Trim(f[1], "0") == ""
			if strings.HasPrefix(q.Ref, "refs/pull/") {
				q.Event = "pull_request"
			}
			if err := leave(dir, n, q); err != nil {
				return err
			}
		}
		return in.Err()
	}}
	cmd.Flags().StringVar(&p.Solution, "solution", "", "solution of the repository")
	cmd.Flags().StringVar(&p.Actor, "actor", "local", "who pushed")
	cmd.Flags().StringVar(&p.Repository, "repository", "", "owner/name (default local/SOLUTION)")
	return cmd
}

// leave writes a spool file that is whole or not there; names sort by time.
func leave(dir string, n int, p intake.Push) error {
	raw, err := json.Marshal(p)
	if err != nil {
		return err
	}
	name := fmt.Sprintf("%020d-%d-%03d", time.Now().UnixNano(), os.Getpid(), n)
	tmp := filepath.Join(dir, name+".tmp")
	f, err := os.OpenFile(tmp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(raw)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(tmp, filepath.Join(dir, name+".json"))
}

// guard is the update hook: tags are made once, never moved, never deleted.
func guard(*console.Env) *cobra.Command {
	return &cobra.Command{Use: "guard REF OLD NEW", Short: "Refuse moved and deleted tags (update hook)", Args: cobra.ExactArgs(3), RunE: func(_ *cobra.Command, args []string) error {
		if strings.HasPrefix(args[0], "refs/tags/") && strings.Trim(args[1], "0") != "" {
			return fault.New(fault.Forbidden, "tag %s exists: tags are neither moved nor deleted", strings.TrimPrefix(args[0], "refs/tags/")).
				WithHint("take the next version")
		}
		return nil
	}}
}
