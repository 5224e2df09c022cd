package run

import (
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/dc-release/dc-release/internal/core/fault"
	"github.com/dc-release/dc-release/internal/face/cli/console"
)

// Values are the secrets and variables that a command brings along.
type Values struct{ secrets, vars []string }

// Flags adds --secret and --var to a command.
func (v *Values) Flags(cmd *cobra.Command) {
	cmd.Flags().StringArrayVar(&v.secrets, "secret", nil, "secret NAME (from the environment), NAME=@FILE or NAME=VALUE")
	cmd.Flags().StringArrayVar(&v.vars, "var", nil, "variable NAME=VALUE")
}

// Read gives them to the command's surroundings.
func (v *Values) Read(env *console.Env) (err error) {
	if env.Secrets, err = secrets(env, v.secrets); err != nil {
		return err
	}
	env.Vars, err = pairs("var", v.vars)
	return err
}

// secrets reads NAME (from the environment), NAME=@FILE and NAME=VALUE; the
// last stands in the process list and is warned of.
func secrets(env *console.Env, list []string) (map[string]string, error) {
	out := map[string]string{}
	for _, s := range list {
		name, value, given := strings.Cut(s, "=")
		file, fromFile := strings.CutPrefix(value, "@")
		switch {
		case name == "":
			return nil, fault.New(fault.Invalid, "--secret %q: want NAME, NAME=@FILE or NAME=VALUE", s)
		case !given:
			v, ok := os.LookupEnv(name)
			if !ok {
				return nil, fault.New(fault.Invalid, "--secret %s: the environment has no %s", name, name)
			}
			out[name] = v
		case fromFile:
			raw, err := os.ReadFile(file)
			if err != nil {
				return nil, fault.New(fault.Invalid, "--secret %s: %v", name, err)
			}
			out[name] = strings.TrimSuffix(string(raw), "\n")
		default:
			env.Note("warning: the value of secret %s stands in the process list; use --secret %s or %s=@FILE", name, name, name)
			out[name] = value
		}
	}
	return out, nil
}

func pairs(flag string, list []string) (map[string]string, error) {
	out := map[string]string{}
	for _, s := range list {
		name, value, ok := strings.Cut(s, "=")
		if !ok || name == "" {
			return nil, fault.New(fault.Invalid, "--%s %q: want NAME=VALUE", flag, s)
		}
		out[name] = value
	}
	return out, nil
}
