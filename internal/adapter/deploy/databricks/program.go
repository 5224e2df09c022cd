package databricks

import (
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"

	"golang.org/x/mod/semver"

	"github.com/dc-release/dc-release/internal/app/deploy"
	"github.com/dc-release/dc-release/internal/core/deployment"
	"github.com/dc-release/dc-release/internal/core/fault"
)

// minVersion is the first version of the program whose plans can be kept and
// carried out later.
const minVersion = "v0.279.0"

// tool finds the program, asks it for its version and refuses one that is too
// old.
func (s *session) tool(ctx context.Context) (deployment.Tool, error) {
	path, sum, err := s.Programs.Find(ctx, s.place.program)
	if err != nil {
		return deployment.Tool{}, err
	}
	out, err := s.run(ctx, "version", "--output", "json")
	if err != nil {
		return deployment.Tool{}, err
	}
	var said struct {
		Version string `json:"Version"`
	}
	if err := json.Unmarshal(out, &said); err != nil || said.Version == "" {
		return deployment.Tool{}, fault.New(fault.Invalid, "%s does not say its version: %.200s", path, out)
	}
	v := "v" + strings.TrimPrefix(said.Version, "v")
	if !semver.IsValid(v) || semver.Compare(v, minVersion) < 0 && semver.Compare(strings.SplitN(v, "-", 2)[0], minVersion) < 0 {
		return deployment.Tool{}, fault.New(fault.Invalid, "%s is version %s; plans are carried out by %s and later", path, said.Version, minVersion[1:]).
			WithHint("install a newer Databricks CLI; https://docs.databricks.com/dev-tools/cli/install.html")
	}
	return deployment.Tool{Name: path, Version: said.Version, SHA256: sum}, nil
}

// run runs the program and wants it to end well; what it says on stderr is its
// error.
func (s *session) run(ctx context.Context, args ...string) ([]byte, error) {
	out, err := s.start(ctx, args)
	if err == nil && out.Exit != 0 {
		err = s.failed(args, out)
	}
	return out.Stdout, err
}

// start runs the program to its end in the folder of the bundle.
func (s *session) start(ctx context.Context, args []string) (deploy.Output, error) {
	return s.startIn(ctx, bundleFolder, args)
}

// startIn runs the program to its end in a folder of the one that was lent. What it
// says on stderr is given without secrets: it prints some of those that it is given.
func (s *session) startIn(ctx context.Context, dir string, args []string) (deploy.Output, error) {
	path, _, err := s.Programs.Find(ctx, s.place.program)
	if err != nil {
		return deploy.Output{}, err
	}
	env, err := s.handed(ctx)
	if err != nil {
		return deploy.Output{}, err
	}
	for name, value := range s.place.environment {
		if strings.HasPrefix(name, variablePrefix) {
			env[name] = value
		}
	}
	env["DATABRICKS_BUNDLE_ENGINE"] = "direct"
	env["DATABRICKS_CLI_DISABLE_TELEMETRY"] = "true"
	var hide []string
	for _, secret := range s.given {
		hide = append(hide, string(secret))
	}
	see := []string{path}
	if token := env["DATABRICKS_OIDC_TOKEN_FILEPATH"]; token != "" {
		see = append(see, token)
	}
	out, err := s.Programs.Run(ctx, s.call, s.folder, deploy.Program{
		Argv: append([]string{path}, args...), Before: s.before, Env: env, Hide: hide, Dir: dir, See: see, Network: true,
	})
	out.Stderr = []byte(s.redacted(string(out.Stderr)))
	return out, err
}

// failed is what the program said when it failed, with what helps
// where it is known.
func (s *session) failed(args []string, out deploy.Output) error {
	said := strings.TrimSpace(string(out.Stderr))
	if i := strings.LastIndex(said, "Error: "); i >= 0 {
		said = said[i+len("Error: "):]
	}
	if len(said) > 2000 {
		said = said[:2000] + " ..."
	}
	command, _, _ := strings.Cut(strings.Join(args, " "), " --")
	err := fault.New(fault.Invalid, "databricks %s: exit %d: %s", command, out.Exit, said)
	switch {
	case stale.MatchString(said):
		return fault.New(fault.Conflict, "the plan is stale: %s", said).WithHint("plan again with: dc-release environment plan --environment %s", s.call.Environment)
	case strings.Contains(said, "acquire") && strings.Contains(said, "lock"):
		return fault.New(fault.Conflict, "%s", err.Error()).WithHint(lockHint)
	case command == "bundle deploy" || command == "bundle destroy":
		return err.WithHint("the place may be mixed; see what is there with: dc-release environment verify %s; then put right what the program says and start the job again", s.call.Environment)
	}
	return err.WithHint("nothing was changed; put right what the program says and start it again")
}

// stale is what the program says of a plan that was made from another state: another
// serial or, where nothing was deployed then, another lineage.
var stale = regexp.MustCompile(`plan (?:serial|lineage) .*does not match state`)

// validate is the resolved configuration, as the program itself sees it.
func (s *session) validate(ctx context.Context) (map[string]any, error) {
	out, err := s.run(ctx, "bundle", "validate", "--target", s.place.target, "--output", "json")
	if err != nil {
		return nil, err
	}
	config, err := object(out)
	if err != nil {
		return nil, fmt.Errorf("databricks bundle validate: %w", err)
	}
	return config, nil
}
