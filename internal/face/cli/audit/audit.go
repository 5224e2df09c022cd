// Package audit is "dc-release audit": the trail as a list, and its
// verification with nothing but what was handed over.
package audit

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/dc-release/dc-release/internal/app/verify"
	"github.com/dc-release/dc-release/internal/core/fault"
	"github.com/dc-release/dc-release/internal/face/cli/console"
)

// Verification says what is verified: a folder of a release log, or the store
// of a data directory.
type Verification struct {
	Data       string
	ReleaseLog string
	Version    string   // folder: X.Y.Z, X.Y.Z/rev-N or rollbacks/PLACE-N
	Trust      string   // file with fingerprints
	Export     string   // file of an export in JSON lines
	Anchors    []string // files with checkpoints that the store must extend
	TSACA      string   // file with the certificates that authorities of time stamps must lead to
}

// Verify does it.
type Verify func(ctx context.Context, q Verification) (verify.Report, error)

// New makes the command.
func New(env *console.Env, do Verify, look Witness, bundle Bundle) *cobra.Command {
	cmd := &cobra.Command{Use: "audit", Short: "The audit trail: list, anchor and verify"}
	cmd.AddCommand(listCommand(env), exportCommand(env, bundle), reviewCommand(env), verifyCommand(env, do), checkpoint(env), rotateCommand(env), witnessCommand(env, look))
	return cmd
}

func verifyCommand(env *console.Env, do Verify) *cobra.Command {
	var q Verification
	var require bool
	cmd := &cobra.Command{
		Use: "verify", Short: "Verify the ledger, or a published folder on a machine that has nothing else", Args: cobra.NoArgs,
		Long: "Verify the ledger of a data directory, or with --release-log and --version a published folder.\n\nWithout --trust the answer is only about consistency: who issued the records is not established.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			if (q.ReleaseLog == "") != (q.Version == "") {
				return fault.New(fault.Invalid, "a published folder needs both --release-log and --version")
			}
			if q.Export != "" && q.ReleaseLog != "" {
				return fault.New(fault.Invalid, "verify either --export or --release-log")
			}
			if (q.ReleaseLog != "" || q.Export != "") && len(env.Anchors) > 0 {
				return fault.New(fault.Invalid, "--anchor is for the ledger of a data directory: published folders and exports have checkpoints of their own")
			}
			q.Anchors, q.TSACA = env.Anchors, env.TSACA
			q.Data, q.Version = env.Data, strings.TrimPrefix(q.Version, "v")
			report, err := do(cmd.Context(), q)
			if err != nil {
				return err
			}
			if err := show(env, report); err != nil {
				return err
			}
			if !report.OK || (require && report.Trust != verify.TrustVerified) {
				if report.OK {
					env.Note("dc-release: the issuer is not established and --require-trust was given")
				}
				return &console.Exit{Code: fault.ExitCode(fault.New(fault.Unverified, ""))}
			}
			return nil
		},
	}
	fs := cmd.Flags()
	fs.StringVar(&q.ReleaseLog, "release-log", "", "folder of a release log")
	fs.StringVar(&q.Version, "version", "", "version, or rollbacks/PLACE-N")
	fs.StringVar(&q.Export, "export", "", "file that audit export --format jsonl wrote")
	fs.StringVar(&q.Trust, "trust", "", "file with the fingerprints of the issuer's keys, received elsewhere")
	fs.BoolVar(&require, "require-trust", false, "fail when the issuer is not established")
	return cmd
}

func show(env *console.Env, r verify.Report) error {
	if !env.JSON {
		_, err := fmt.Fprint(env.Out, r.Text())
		return err
	}
	enc := json.NewEncoder(env.Out)
	enc.SetIndent("", "  ")
	return enc.Encode(r)
}
