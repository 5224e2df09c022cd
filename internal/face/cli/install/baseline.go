package install

import (
	"encoding/json"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/dc-release/dc-release/internal/app/operation"
	"github.com/dc-release/dc-release/internal/core/fault"
	"github.com/dc-release/dc-release/internal/core/policy"
	"github.com/dc-release/dc-release/internal/face/cli/change"
	"github.com/dc-release/dc-release/internal/face/cli/console"
)

func baseline(env *console.Env, use, op, short string) *cobra.Command {
	var q operation.AddSolution
	var profile, file string
	var places, templates, trusted []string
	var guard protection
	cmd := &cobra.Command{Use: use, Short: short, Args: cobra.ExactArgs(1), RunE: func(cmd *cobra.Command, args []string) (err error) {
		q.Baseline.Solution, q.Baseline.Profile = args[0], policy.Profile(profile)
		if q.Baseline.Environments, err = environments(places); err != nil {
			return err
		}
		if err := guard.apply(q.Baseline.Environments); err != nil {
			return err
		}
		if q.Environments, err = environmentsFile(file); err != nil {
			return err
		}
		if q.Baseline.Templates, err = digests(templates); err != nil {
			return err
		}
		if q.Baseline.Scans.Builders, err = builders(trusted); err != nil {
			return err
		}
		if op == "solution.revise" {
			return change.Revise(cmd, env, operation.ReviseSolution(q))
		}
		_, err = console.Change[json.RawMessage](cmd.Context(), env, op, q)
		return err
	}}
	fs := cmd.Flags()
	fs.StringVar(&profile, "profile", "gxp", "gxp or non-gxp")
	fs.StringVar(&q.Baseline.Code, "code", "", "code repository")
	fs.StringVar(&q.Baseline.Requirements, "requirements", "", "requirements repository")
	fs.StringVar(&q.Baseline.ReleaseLog, "release-log", "", "release-log repository")
	fs.StringVar(&q.Baseline.Branch, "branch", "main", "branch that releases come from")
	fs.StringVar(&q.Baseline.Workflow, "workflow", ".github/workflows/main.yaml", "workflow")
	fs.StringVar(&q.Baseline.Rebuilds, "rebuilds", "", "\"accepted\": foreign deployments that build again are detected, not prevented")
	fs.Int64Var(&q.Baseline.Category, "category", 0, "GAMP 5 category, which chooses the set of documents: 1, 3, 4 or 5 (0 is read as 5)")
	fs.StringVar(&q.Baseline.Rollback.Rehearse, "rehearse", "", "place where going back is rehearsed before a release may enter PRD: tst or val (empty is read as tst)")
	fs.BoolVar(&q.Baseline.Rollback.Automatic, "automatic-rollback", false, "PRD goes back by itself when its installation verification fails")
	fs.StringVar(&q.Baseline.Scans.Severity, "scans", "", "demand a scan before VAL without findings of this severity or worse: critical, high, medium, low")
	fs.BoolVar(&q.Baseline.Scans.SBOM, "sbom", false, "demand a list of the artifact's components (CycloneDX) before VAL")
	fs.BoolVar(&q.Baseline.Scans.Provenance, "provenance", false, "demand a signed statement of the artifact's build before VAL")
	fs.StringArrayVar(&trusted, "builder", nil, "NAME=FILE: with --provenance, trust only statements that a builder signed; its public key, Ed25519 or ECDSA P-256, as PEM or base64")
	fs.StringArrayVar(&templates, "template", nil, "KIND=FILE or KIND=SHA256: template that documents of the kind may be made with")
	fs.StringArrayVar(&places, "environment", nil, "NAME=localdir:DIR or NAME=script, for dev, tst, val, prd")
	fs.StringVar(&file, "environments", "", "file (YAML) with all places: target, config, names and protection of each, see docs/targets.md")
	guard.flags(fs)
	fs.StringVar(&q.As, "as", "", "login of the administrator who acts")
	fs.StringVar(&q.Reason, "reason", "", "reason")
	return cmd
}

// environments reads NAME=localdir:DIR and NAME=script.
func environments(places []string) (map[string]policy.Environment, error) {
	out := map[string]policy.Environment{}
	for _, p := range places {
		name, target, ok := strings.Cut(p, "=")
		kind, dir, _ := strings.Cut(target, ":")
		if !ok || (kind == "localdir" && dir == "") {
			return nil, fault.New(fault.Invalid, "--environment %q: want NAME=localdir:DIR or NAME=script", p).
				WithHint("whatever else can be configured is in the file of --environments")
		}
		e := policy.Environment{Target: kind}
		if dir != "" {
			e.Config = map[string]string{"dir": dir}
		}
		out[name] = e
	}
	return out, nil
}

func environmentsFile(path string) (operation.EnvironmentsFile, error) {
	if path == "" {
		return operation.EnvironmentsFile{}, nil
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return operation.EnvironmentsFile{}, fault.New(fault.Invalid, "--environments: %v", err)
	}
	return operation.EnvironmentsFile{Name: path, Text: string(text)}, nil
}
