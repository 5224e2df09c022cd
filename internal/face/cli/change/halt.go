package change

import (
	"encoding/json"

	"github.com/spf13/cobra"

	"github.com/dc-release/dc-release/internal/app/operation"
	"github.com/dc-release/dc-release/internal/face/cli/console"
	"github.com/dc-release/dc-release/internal/face/cli/people"
)

// OfRelease makes "release hold" and "release resume".
func OfRelease(env *console.Env) []*cobra.Command {
	make := func(verb, op, short string) *cobra.Command {
		var q operation.HoldRelease
		cmd := &cobra.Command{Use: verb, Short: short, Args: cobra.NoArgs, RunE: func(cmd *cobra.Command, _ []string) error {
			_, err := console.Change[json.RawMessage](cmd.Context(), env, op, q)
			return err
		}}
		of(cmd.Flags(), &q.Version)
		by(cmd.Flags(), &q.ByAdministrator)
		return cmd
	}
	return []*cobra.Command{
		make("hold", "release.hold", "Stop a release where it is; signatures stay"),
		make("resume", "release.resume", "Let a held release go on"),
	}
}

// OfSolution makes "solution freeze" and "solution unfreeze".
func OfSolution(env *console.Env) []*cobra.Command {
	var q, lift operation.FreezeSolution
	var since, until string
	freeze := &cobra.Command{Use: "freeze", Short: "Keep releases out of production for a time; emergencies pass", Args: cobra.NoArgs, RunE: func(cmd *cobra.Command, _ []string) (err error) {
		if q.Since, err = people.Moment("--since", since); err != nil {
			return err
		}
		if q.Until, err = people.Moment("--until", until); err != nil {
			return err
		}
		return named(cmd, env, "solution.freeze", q)
	}}
	freeze.Flags().StringVar(&q.Solution, "solution", "", "solution")
	freeze.Flags().StringVar(&since, "since", "", "from when, RFC 3339 or YYYY-MM-DD in UTC (default: now)")
	freeze.Flags().StringVar(&until, "until", "", "until when, RFC 3339 or YYYY-MM-DD in UTC")
	by(freeze.Flags(), &q.ByAdministrator)
	unfreeze := &cobra.Command{Use: "unfreeze FREEZE", Short: "End a freeze before its time", Args: cobra.ExactArgs(1), RunE: func(cmd *cobra.Command, args []string) error {
		lift.Freeze = args[0]
		_, err := console.Change[json.RawMessage](cmd.Context(), env, "solution.unfreeze", lift)
		return err
	}}
	unfreeze.Flags().StringVar(&lift.Solution, "solution", "", "solution")
	by(unfreeze.Flags(), &lift.ByAdministrator)
	return []*cobra.Command{freeze, unfreeze}
}
