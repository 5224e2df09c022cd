package databricks

import (
	"errors"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/dc-release/dc-release/internal/app/deploy"
	"github.com/dc-release/dc-release/internal/core/deployment"
	"github.com/dc-release/dc-release/internal/core/fault"
	"github.com/dc-release/dc-release/internal/core/policy"
)

const variablePrefix = "BUNDLE_VAR_"

// place is what the configuration of an environment says.
type place struct {
	target  string // of the bundle
	root    string // folder of the workspace that everything is deployed below
	program string
	// artifact is the one of several artifacts that is the bundle, "" for a bundle
	// that was handed in without a name.
	artifact string
	origin   string // address of the code repository, for the bundle's tags
	// environment are variables by the names that Databricks' tools know, and
	// those of the bundle.
	environment map[string]string
	secrets     []string // names of further ones
	// unread are the resources, such as pipelines.sales, that are verified by other
	// means, because this target cannot read them back.
	unread []string
}

var variableForm = regexp.MustCompile(`^(DATABRICKS|ARM|AZURE|ACTIONS|SYSTEM)_[A-Z0-9_]+$|^` + variablePrefix + `[A-Za-z_][A-Za-z0-9_]*$`)

// readPlace reads a configuration and names everything that is wrong with it.
func readPlace(p deploy.Place) (place, error) {
	out := place{program: "databricks", environment: map[string]string{}}
	var bad []error
	at := "environments." + p.Environment + ".config."
	wrong := func(key, format string, args ...any) {
		bad = append(bad, fault.New(fault.Invalid, at+key+": "+format, args...))
	}
	for _, key := range slices.Sorted(maps.Keys(p.Config)) {
		value := p.Config[key]
		switch {
		case key == "bundle-target":
			out.target = value
		case key == "root":
			out.root = strings.TrimSuffix(value, "/")
		case key == policy.ArtifactKey:
			out.artifact = value
			if err := deployment.CheckPart(value); err != nil {
				wrong(key, "%v", err)
			}
		case key == "program":
			out.program = value
		case key == "origin":
			out.origin = value
			if strings.ContainsAny(value, "\n\r\"\\") {
				wrong(key, "%q is no address", value)
			}
		case key == "secrets":
			out.secrets = words(value)
		case key == "not-read-back":
			out.unread = words(value)
		case variableForm.MatchString(key):
			out.environment[key] = value
		default:
			wrong(key, "unknown; want bundle-target, root, artifact, program, origin, secrets, not-read-back, a variable such as DATABRICKS_HOST, or BUNDLE_VAR_name")
		}
	}
	if out.target == "" {
		wrong("bundle-target", "not there; name the bundle's target of this environment")
	}
	if !strings.HasPrefix(out.root, "/Workspace/") || path.Clean(out.root) != out.root {
		wrong("root", "%q: want the folder that the bundle's target deploys below, /Workspace/...", out.root)
	}
	for _, name := range out.unread {
		if kind, key, ok := strings.Cut(name, "."); !ok || key == "" || kind == "jobs" {
			wrong("not-read-back", "%q: want the names of resources such as pipelines.sales; jobs are read back", name)
		}
	}
	for _, name := range out.secrets {
		if !variableForm.MatchString(name) {
			wrong("secrets", "%q is no variable such as DATABRICKS_CLIENT_SECRET", name)
		}
		if _, plain := out.environment[name]; plain {
			wrong(name, "stands in the configuration and among the secrets")
		}
	}
	return out, errors.Join(bad...)
}

func words(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ' ' })
}
