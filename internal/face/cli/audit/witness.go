package audit

import (
	"context"
	"fmt"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/dc-release/dc-release/internal/app/witness"
	"github.com/dc-release/dc-release/internal/core/fault"
	"github.com/dc-release/dc-release/internal/face/cli/console"
)

// Witnessing says which release log is looked at, and what the witness knows.
type Witnessing struct {
	ReleaseLog string // path or URL
	State      string // directory of the witness
	Key        string // file with its key, "" for the one in its directory
	Trust      string // file with fingerprints
	Epoch      int    // that is accepted as new, 0 for none
}

// Witness does it.
type Witness func(ctx context.Context, q Witnessing) (witness.Answer, error)

func witnessCommand(env *console.Env, do Witness) *cobra.Command {
	var q Witnessing
	cmd := &cobra.Command{
		Use: "witness", Short: "Follow the ledger from another machine, and cosign a checkpoint that extends all before", Args: cobra.NoArgs,
		Long: "Read the checkpoints of a release log, prove that the newest extends the one that this witness saw last, remember it and cosign it (C2SP tlog-cosignature). Nothing of the installation is needed but its release log.\n\nA ledger that went back, was forked or rewritten is refused with exit code 7. The key of the witness is made at the first use; the first look trusts the keys in the release log unless --trust names them.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			if q.ReleaseLog == "" || q.State == "" {
				return fault.New(fault.Invalid, "audit witness needs --release-log and --state")
			}
			a, err := do(cmd.Context(), q)
			if err != nil {
				return err
			}
			return env.Print("witnessed", map[string]any{
				"origin": a.Origin, "size": a.Size, "root": a.Root, "from": a.From, "trusted": a.Trusted, "witness": a.Witness, "public": a.Public, "cosigned": a.File,
			}, func(w *tabwriter.Writer) {
				fmt.Fprintf(w, "%s\ncosigned by %s in %s\nkey of the witness: %s\n", a, a.Witness, a.File, a.Public)
				if !a.Trusted && a.From == 0 {
					fmt.Fprintln(w, "the ledger's key was taken from the release log; give --trust FILE to know whose it is")
				}
			})
		},
	}
	fs := cmd.Flags()
	fs.StringVar(&q.ReleaseLog, "release-log", "", "release-log repository, path or URL")
	fs.StringVar(&q.State, "state", "", "directory of the witness")
	fs.StringVar(&q.Key, "key", "", "file with the key of the witness (default: in --state, made at the first use)")
	fs.StringVar(&q.Trust, "trust", "", "file with the fingerprints of the issuer's keys, received elsewhere")
	fs.IntVar(&q.Epoch, "accept-epoch", 0, "accept that the installation began this epoch")
	return cmd
}
