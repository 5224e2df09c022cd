package records

import (
	"context"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/dc-release/dc-release/internal/core/release"
	"github.com/dc-release/dc-release/internal/face/cli/console"
)

// DraftRequest asks for the draft of a release note.
type DraftRequest struct {
	Version, Dir, Repository string
	Print                    bool // do not write a file
}

// Drafted is a draft with the file that it was written to, "" for none.
type Drafted struct {
	Version, Path string
	release.Drafted
}

// WriteDraft makes it.
type WriteDraft func(ctx context.Context, q DraftRequest) (Drafted, error)

const draftHelp = `Draft the release note of a version from the commits of a working copy: those
since the highest version tag in the history of its head.

Each pull request is a change; what it merged is counted to it, and every other
commit is listed by itself, so that none is left out. The types of the changes
order them and suggest a version. Impact and risk are left to people: the marks
TODO(impact) and TODO(risk:...) are refused by the document checks. A note that
is there is never overwritten.`

func draftCommand(env *console.Env, write WriteDraft) *cobra.Command {
	var q DraftRequest
	cmd := &cobra.Command{Use: "draft VERSION", Short: "Draft the release note of a version", Long: draftHelp, Args: cobra.ExactArgs(1), RunE: func(cmd *cobra.Command, args []string) error {
		q.Version = args[0]
		d, err := write(cmd.Context(), q)
		if err != nil {
			return err
		}
		if env.JSON {
			return env.Print("release-draft", map[string]any{
				"version": d.Version, "path": d.Path, "text": string(d.Text), "commits": d.Commits(), "pull_requests": d.Requests, "pull_requests_of_notes": d.Notes,
				"commits_by_pull_requests": d.Brought, "commits_without": d.Alone, "suggested_bump": d.Suggested, "suggested_version": d.Least,
			}, func(*tabwriter.Writer) {})
		}
		if q.Print {
			if _, err := env.Out.Write(d.Text); err != nil {
				return err
			}
		} else {
			env.Note("wrote %s", d.Path)
		}
		env.Note("%d commits: %d by pull requests, %d without one; %d changes listed, %d pull requests of notes alone", d.Commits(), d.Brought, d.Alone, d.Requests, d.Notes)
		if !d.Least.IsZero() {
			env.Note("the types of the changes suggest a %s version: %s", d.Suggested, d.Least)
		}
		return nil
	}}
	cmd.Flags().StringVar(&q.Dir, "code", ".", "working copy of the code")
	cmd.Flags().StringVar(&q.Repository, "repository", "", "address of the code repository (default: that of the remote origin)")
	cmd.Flags().BoolVar(&q.Print, "print", false, "print the draft and write no file")
	return cmd
}
