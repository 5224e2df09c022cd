// Package job is what a job calls while it runs: deploy, publish, document
// test and evidence add. They speak to the worker on loopback, with the token
// of their one execution.
package job

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/dc-release/dc-release/internal/app/deploy"
	"github.com/dc-release/dc-release/internal/app/work"
	"github.com/dc-release/dc-release/internal/core/fault"
	"github.com/dc-release/dc-release/internal/face/cli/console"
)

// Inside reports whether this process runs in a job.
func Inside() bool { return os.Getenv("DC_RELEASE_JOB_URL") != "" }

// call asks the worker; the answer is JSON.
func call[R any](ctx context.Context, method, path, contentType string, body io.Reader) (R, error) {
	var out R
	base := os.Getenv("DC_RELEASE_JOB_URL")
	if base == "" {
		return out, fault.New(fault.Invalid, "this command runs inside a job: DC_RELEASE_JOB_URL is not set").
			WithHint("call it in a step of a workflow; try it with: dc-release run --rehearse")
	}
	r, err := http.NewRequestWithContext(ctx, method, base+path, body)
	if err != nil {
		return out, err
	}
	r.Header.Set("Authorization", "Bearer "+os.Getenv("DC_RELEASE_JOB_TOKEN"))
	if contentType != "" {
		r.Header.Set("Content-Type", contentType)
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		if own := (*fault.Error)(nil); errors.As(err, &own) {
			return out, own // of the body
		}
		return out, fmt.Errorf("reach the worker: %w", err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return out, fault.ReadProblem(resp.Status, resp.Body)
	}
	if err := json.NewDecoder(resp.Body).Decode(&out); err != nil {
		return out, fmt.Errorf("answer of the worker: %w", err)
	}
	return out, nil
}

// Deploy is "dc-release deploy".
func Deploy(env *console.Env) *cobra.Command {
	var artifacts []string
	cmd := &cobra.Command{
		Use: "deploy", Short: "Deploy this run's artifact to the job's environment", Args: cobra.NoArgs,
		Long: "Deploy this run's artifact to the environment of the job that calls it.\n\nThe first deploying job hands the files in with --artifact; later jobs call it without and get those bytes.\n" +
			"Several artifacts are handed in at once, each under its name: --artifact bundle=dist/bundle --artifact wheels=dist/wheels.\n" +
			"They are promoted together, each in the folder of its name. A path that holds = is written with its folder: ./a=b.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			body, contentType, path := io.Reader(http.NoBody), "", "/deploy"
			handed, err := handedIn(artifacts)
			if err != nil {
				return err
			}
			if len(handed) > 0 {
				packed := packing(handed)
				defer packed.Close()
				body, contentType, path = packed, "application/x-tar", path+named(handed)
			}
			r, err := call[deploy.Receipt](cmd.Context(), http.MethodPost, path, contentType, body)
			if err != nil {
				return err
			}
			if r.Tree == "" {
				env.Note("rehearsal: would deploy to %s", r.Environment)
				return nil
			}
			fmt.Fprintf(env.Out, "deployed %d files to %s (%s): artifact %s\n", r.Files, r.Environment, r.Changes, r.Tree)
			return nil
		},
	}
	cmd.Flags().StringArrayVar(&artifacts, "artifact", nil, "folder or file to hand in, once a run; several as NAME=PATH each")
	cmd.AddCommand(runTasks(env))
	return cmd
}

// Publish is "dc-release publish".
func Publish(env *console.Env) *cobra.Command {
	var gate string
	cmd := &cobra.Command{
		Use: "publish", Short: "Publish a gate's records into the release log", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if gate == "" {
				return fault.New(fault.Invalid, "publish needs --gate")
			}
			p, err := call[work.Published](cmd.Context(), http.MethodPost, "/publish/"+url.PathEscape(gate), "", http.NoBody)
			if err != nil {
				return err
			}
			if p.Note != "" {
				env.Note("%s", p.Note)
				return nil
			}
			fmt.Fprintf(env.Out, "published %s as commit %s\n", p.Publication, p.Commit)
			return nil
		},
	}
	cmd.Flags().StringVar(&gate, "gate", "", "pre_val, approve_to_prd or approve_for_use")
	return cmd
}

// TestDocuments asks for the document tests of the job's commit.
func TestDocuments(ctx context.Context) (work.TestedDocuments, error) {
	return call[work.TestedDocuments](ctx, http.MethodPost, "/document-test", "", http.NoBody)
}

// AddEvidence is "dc-release evidence add FILE..." inside a job.
func AddEvidence(ctx context.Context, env *console.Env, files []string) error {
	for _, name := range files {
		f, err := os.Open(name)
		if err != nil {
			return fault.New(fault.Invalid, "evidence: %v", err)
		}
		clean := strings.TrimPrefix(filepath.ToSlash(filepath.Clean("/"+name)), "/")
		if workspace := os.Getenv("GITHUB_WORKSPACE"); workspace != "" {
			if abs, err := filepath.Abs(name); err == nil {
				if rel, err := filepath.Rel(workspace, abs); err == nil && filepath.IsLocal(rel) {
					clean = filepath.ToSlash(rel)
				}
			}
		}
		_, err = call[struct{}](ctx, http.MethodPut, "/evidence/"+clean, "application/octet-stream", bufio.NewReader(f)) // not a Closer: closed here
		if err = errors.Join(err, f.Close()); err != nil {
			return err
		}
		fmt.Fprintf(env.Out, "evidence %s handed in\n", clean)
	}
	return nil
}
