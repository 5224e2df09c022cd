package bundle

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// ReadGit asks the git command for the checkout that a folder lies in. Outside
// of a checkout, or without the command, everything is empty.
func ReadGit(ctx context.Context, root string) Git {
	ask := func(args ...string) string {
		// who owns the checkout does not matter to what is only read
		c := exec.CommandContext(ctx, "git", append([]string{"-C", root, "-c", "safe.directory=*"}, args...)...)
		for _, e := range os.Environ() {
			if !strings.HasPrefix(e, "GIT_") {
				c.Env = append(c.Env, e)
			}
		}
		c.Env = append(c.Env, "GIT_CONFIG_NOSYSTEM=1", "LC_ALL=C")
		out, err := c.Output()
		if err != nil {
			return ""
		}
		return strings.TrimSpace(string(out))
	}
	top := ask("rev-parse", "--show-toplevel")
	if top == "" {
		return Git{}
	}
	g := Git{
		Branch: ask("symbolic-ref", "--short", "--quiet", "HEAD"),
		Commit: ask("rev-parse", "--verify", "--quiet", "HEAD"),
		Origin: ask("config", "--get", "remote.origin.url"),
		Path:   ".",
	}
	if real, err := filepath.EvalSymlinks(root); err == nil {
		if abs, err := filepath.Abs(real); err == nil {
			if rel, err := filepath.Rel(top, abs); err == nil {
				g.Path = filepath.ToSlash(rel)
			}
		}
	}
	return g
}
