package archtest_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/dc-release/dc-release/internal/adapter/workflowfile"
	"github.com/dc-release/dc-release/internal/core/workflow"
)

// TestTheDocumentationOfWorkflowsIsWhatTheReaderGoesBy writes docs/workflows.md
// from the tables of the reader, the planner and the runner.
func TestTheDocumentationOfWorkflowsIsWhatTheReaderGoesBy(t *testing.T) {
	var b strings.Builder
	b.WriteString("# Workflows\n\nWhat of GitHub's workflow files is executed here, what is refused, and what is different. Generated from the tables that the reader, the planner and the runner go by (`make generate`); a test compares.\n\n")
	b.WriteString("`dc-release workflows plan` says of a repository what would run and why, or everything that is refused. `dc-release workflows eval` evaluates expressions.\n\n## Different from GitHub\n\n")
	for _, d := range workflowfile.Differences {
		fmt.Fprintf(&b, "- **%s**: %s.\n", d.Topic, d.Here)
	}
	fmt.Fprintf(&b, "\n## Events\n\nStart runs by themselves: %s. May be in a workflow and start nothing here: %s.\n\n", code(workflowfile.Started), code(workflowfile.NotStarted))
	b.WriteString("## Keys\n\n| of | key | here | different |\n|---|---|---|---|\n")
	for _, s := range workflowfile.Grammar() {
		if len(s.Keys) == 0 {
			t.Errorf("section %s has no keys", s.What)
		}
		for _, k := range s.Keys {
			here := "executed"
			if k.Refused != "" {
				here = "**refused**: " + k.Refused
			}
			fmt.Fprintf(&b, "| %s | `%s` | %s | %s |\n", s.What, k.Name, here, k.Differs)
		}
	}
	fmt.Fprintf(&b, "\n## Shells\n\n%s, and any command in which `{0}` stands for the script, with GitHub's arguments.\n\n", code(workflowfile.Shells))
	b.WriteString("## Actions that are satisfied natively\n\nWhatever the ref, nobody else's code is fetched or run. Inputs that are not listed are refused.\n\n| action | inputs | outputs | different |\n|---|---|---|---|\n")
	for _, n := range workflow.Natives {
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", n.Name, code(n.InputNames()), code(n.Outputs), n.Differs)
	}
	fmt.Fprintf(&b, "\nOthers come from the offline store: composite actions, and those that node runs (`node12` and later). Containers are refused.\n\n## Expressions\n\nAll of GitHub's language: %s. Contexts are available where GitHub has them; elsewhere they are refused when the plan is made.\n", code(workflow.FunctionNames()))
	same(t, "docs/workflows.md", []byte(b.String()))
}
