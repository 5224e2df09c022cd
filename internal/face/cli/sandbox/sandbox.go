// Package sandbox is a place to try deployments: workspaces that look like those
// of Databricks and hold nothing real.
package sandbox

import (
	"context"
	"fmt"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/dc-release/dc-release/internal/core/policy"
	"github.com/dc-release/dc-release/internal/face/cli/console"
)

// Request says where the workspaces are kept and served.
type Request struct {
	Dir string // keeps their state and a stand-in for the databricks program
	// Listen is the address of the page; the workspaces take the ports after it, or
	// any with port 0. "" is where they were the last time, else Listen's default.
	Listen string
}

// Ready is what can be deployed to.
type Ready struct {
	Page       string      `json:"page"`
	Program    string      `json:"program"` // stand-in for the databricks program
	Workspaces []Workspace `json:"workspaces"`
}

// Workspace is that of one environment.
type Workspace struct {
	Environment string `json:"environment"`
	Host        string `json:"host"`
	Token       string `json:"token"` // of the deployer, made up
}

// DefaultListen is where the page is when nothing else is said.
const DefaultListen = "127.0.0.1:8700"

// Places are the workspaces as places of a product.
func (r Ready) Places(solution string) map[string]policy.Environment {
	out := map[string]policy.Environment{}
	for _, x := range r.Workspaces {
		out[x.Environment] = policy.Environment{Target: "databricks", Config: map[string]string{
			"program": r.Program, "bundle-target": x.Environment, "root": "/Workspace/Deployments/" + solution + "/" + x.Environment,
			"DATABRICKS_HOST": x.Host, "DATABRICKS_AUTH_TYPE": "pat", "DATABRICKS_TOKEN": x.Token,
		}}
	}
	return out
}

// Serve serves the workspaces until ctx ends and says when they can be used.
type Serve func(ctx context.Context, q Request, ready func(Ready) error) error

// New makes "dc-release sandbox".
func New(env *console.Env, serve Serve) *cobra.Command {
	var q Request
	var solution string
	cmd := &cobra.Command{
		Use: "sandbox", Short: "Serve four workspaces in memory to try deployments with, and a page that shows them", Args: cobra.NoArgs,
		Long: "Serve four workspaces, dev, tst, val and prd, that answer as those of Databricks do, as far as deployments and their verification go.\n\nThey are not Databricks and hold nothing real. A stand-in for the databricks program deploys jobs to them.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			if q.Dir == "" {
				q.Dir = env.Data + "-sandbox" // beside it: programs of deployments see nothing of the data directory
			}
			return serve(cmd.Context(), q, func(r Ready) error {
				return env.Print("sandbox", map[string]any{"sandbox": r}, func(w *tabwriter.Writer) { write(w, r, solution) })
			})
		},
	}
	cmd.Flags().StringVar(&solution, "solution", "SOLUTION", "product that is deployed, for the printed configuration")
	cmd.Flags().StringVar(&q.Dir, "dir", "", "folder that keeps the workspaces (default: beside the data directory)")
	cmd.Flags().StringVar(&q.Listen, "listen", "", "address of the page on this machine; the workspaces take the four ports after it, or any with port 0 (default: where they were the last time, else "+DefaultListen+")")
	return cmd
}

// write prints the places as "solution add --environments FILE" reads them.
func write(w *tabwriter.Writer, r Ready, solution string) {
	fmt.Fprintf(w, "# page: %s\n", r.Page)
	places := r.Places(solution)
	for _, x := range r.Workspaces {
		e := places[x.Environment]
		fmt.Fprintf(w, "%s:\n  target: %s\n  config:\n", x.Environment, e.Target)
		for _, key := range []string{"program", "bundle-target", "root", "DATABRICKS_HOST", "DATABRICKS_AUTH_TYPE", "DATABRICKS_TOKEN"} {
			fmt.Fprintf(w, "    %s: %s\n", key, e.Config[key])
		}
	}
}
