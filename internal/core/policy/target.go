package policy

import (
	"fmt"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/dc-release/dc-release/internal/core/deployment"
)

// Keys of the configuration that the targets whose programs are configured have
// in common.
const (
	DirectoryKey = "directory" // absolute path of the directory that is the place
	NetworkKey   = "network"   // NetworkAllowed, or absent
	// Names of secrets, separated by blanks: for what changes the place, and for
	// what only looks at it, which happens before people have decided.
	SecretsKey     = "secrets"
	ReadSecretsKey = "read-secrets"
	// ArtifactKey names the one of several artifacts that goes to the place.
	ArtifactKey = "artifact"
	// NetworkAllowed is the only value of NetworkKey.
	NetworkAllowed = "allowed"
)

// TargetKind says what the configuration of a place with this target may hold.
type TargetKind struct {
	Name string
	Keys []string // all of them; with Any others too
	Any  bool
	// Needs are those that must be there. With Bare a place without any
	// configuration is right too: somebody else deploys to it.
	Needs []string
	Bare  bool
}

// TargetKinds is the list. To add one: a line here, the target in internal/wire.
var TargetKinds = []TargetKind{
	{Name: "localdir", Keys: []string{"dir"}, Needs: []string{"dir"}},
	{
		Name: "script", Keys: []string{"deploy", "plan", "observe", "run", "destroy", "check", DirectoryKey, NetworkKey, SecretsKey, ReadSecretsKey},
		Needs: []string{"deploy"}, Bare: true,
	},
	{Name: "external", Keys: []string{"program", "sha256", DirectoryKey, NetworkKey, SecretsKey, ReadSecretsKey}, Any: true, Needs: []string{"program", "sha256"}},
	{Name: "databricks", Keys: []string{ArtifactKey}, Any: true, Bare: true},
}

// TargetNamed finds a kind.
func TargetNamed(name string) (TargetKind, bool) {
	i := slices.IndexFunc(TargetKinds, func(k TargetKind) bool { return k.Name == name })
	if i < 0 {
		return TargetKind{}, false
	}
	return TargetKinds[i], true
}

// TargetNames are those of all kinds.
func TargetNames() []string {
	var out []string
	for _, k := range TargetKinds {
		out = append(out, k.Name)
	}
	return out
}

var secretForm = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// CheckValue reports what is wrong with the value of a key, in words that follow
// its name.
func (k TargetKind) CheckValue(key, value string) error {
	switch key {
	case "dir", DirectoryKey, "program":
		if !path.IsAbs(value) || strings.ContainsRune(value, 0) {
			return fmt.Errorf("%q: want an absolute path", value)
		}
	case "sha256":
		if !digestForm.MatchString(value) {
			return fmt.Errorf("%q: want the SHA-256 of the program, 64 hexadecimal digits in small letters", value)
		}
	case NetworkKey:
		if value != NetworkAllowed {
			return fmt.Errorf("%q: want %s, or leave the key out", value, NetworkAllowed)
		}
	case ArtifactKey:
		if deployment.CheckPart(value) != nil {
			return fmt.Errorf("%q: want the name of an artifact, small letters, digits and single hyphens", value)
		}
	case SecretsKey, ReadSecretsKey:
		for _, name := range strings.Fields(value) {
			if !secretForm.MatchString(name) || strings.HasPrefix(name, "DC_RELEASE_") || slices.Contains([]string{"PATH", "HOME", "TMPDIR"}, name) {
				return fmt.Errorf("%q: want names of secrets, which become environment variables", name)
			}
		}
	default:
		if strings.TrimSpace(value) == "" || strings.ContainsRune(value, 0) {
			return fmt.Errorf("%q: want a command line, or leave the key out", value)
		}
	}
	return nil
}

// secretName is a variable whose value nobody may see.
var secretName = regexp.MustCompile(`^[A-Z0-9_]*(TOKEN|SECRET|PASSWORD|PRIVATE_KEY)$`)

// local reports whether a host is this machine, where a sandbox has made up what
// is secret.
func local(host string) bool {
	return strings.HasPrefix(host, "http://127.0.0.1:") || strings.HasPrefix(host, "http://localhost:") || strings.HasPrefix(host, "http://[::1]:")
}

// Missing are the needed keys that a configuration does not have.
func (k TargetKind) Missing(config map[string]string) []string {
	if k.Bare && len(config) == 0 {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(k.Needs), func(key string) bool { _, ok := config[key]; return ok })
}

// checkTarget reports everything wrong with the target of a place.
func (e Environment) checkTarget(place string) []error {
	kind, ok := TargetNamed(e.Target)
	if !ok {
		return []error{fmt.Errorf("environment %q: target %q: want one of %s", place, e.Target, strings.Join(TargetNames(), ", "))}
	}
	var out []error
	for _, key := range slices.Sorted(maps.Keys(e.Config)) {
		if !kind.Any && !slices.Contains(kind.Keys, key) {
			out = append(out, fmt.Errorf("environment %q: target %s has no config %q: want one of %s", place, e.Target, key, strings.Join(kind.Keys, ", ")))
			continue
		}
		if secretName.MatchString(key) && !local(e.Config["DATABRICKS_HOST"]) {
			out = append(out, fmt.Errorf("environment %q: config %s: a secret would stand in the ledger: keep it with secret set, and name it under %s", place, key, SecretsKey))
		}
		if !slices.Contains(kind.Keys, key) {
			continue
		}
		if err := kind.CheckValue(key, e.Config[key]); err != nil {
			out = append(out, fmt.Errorf("environment %q: config %s %w", place, key, err))
		}
	}
	for _, key := range kind.Missing(e.Config) {
		out = append(out, fmt.Errorf("environment %q: target %s needs config %q", place, e.Target, key))
	}
	return out
}
