package runner

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/dc-release/dc-release/internal/core/workflow"
)

// shell is a way to run a script.
type shell struct {
	name string
	argv []string // {0} is the script
	ext  string
}

// shells are those that a workflow can name (docs.github.com, "Workflow
// syntax", jobs.<job_id>.steps[*].shell).
var shells = []shell{
	{"bash", []string{"bash", "--noprofile", "--norc", "-e", "-o", "pipefail", "{0}"}, ".sh"},
	{"sh", []string{"sh", "-e", "{0}"}, ".sh"},
	{"python", []string{"python", "{0}"}, ".py"},
}

// defaultShells are tried in order where no shell is named.
var defaultShells = []shell{
	{"", []string{"bash", "-e", "{0}"}, ".sh"},
	{"", []string{"sh", "-e", "{0}"}, ".sh"},
}

// runScript runs run:.
func (j *job) runScript(ctx context.Context, s *step) error {
	env := j.expressions(s)
	script, err := j.text(workflow.KeyStepRun, s.Run, env)
	if err != nil {
		return err
	}
	shellName, err := j.firstText(env, keyed{workflow.KeyStepDirectory, s.Shell},
		keyed{workflow.KeyJobDefaults, j.a.Job.Body.Defaults.Shell}, keyed{workflow.KeyJobDefaults, j.a.Job.WorkflowDefaults.Shell})
	if err != nil {
		return err
	}
	dir, err := j.firstText(env, keyed{workflow.KeyStepDirectory, s.WorkingDirectory},
		keyed{workflow.KeyJobDefaults, j.a.Job.Body.Defaults.WorkingDirectory}, keyed{workflow.KeyJobDefaults, j.a.Job.WorkflowDefaults.WorkingDirectory})
	if err != nil {
		return err
	}
	if !filepath.IsAbs(dir) {
		dir = filepath.Join(j.area.workspace(), dir)
	}
	variables := j.variables(s)
	j.offerEvidenceFile(s, variables)
	sh, err := j.shell(shellName, variables["PATH"])
	if err != nil {
		return err
	}
	file := "script" + sh.ext
	if err := s.files.write(file, strings.ReplaceAll(script, "\r\n", "\n")+"\n"); err != nil {
		return err
	}
	if err := s.files.seal(); err != nil {
		return err
	}
	argv := slices.Clone(sh.argv)
	for i := range argv {
		argv[i] = strings.ReplaceAll(argv[i], "{0}", s.files.path(file))
	}
	j.head(s, script, "shell: "+strings.Join(sh.argv, " "))
	s.code, err = j.execute(ctx, s, argv, variables, dir)
	if err == nil && s.code != 0 {
		err = fmt.Errorf("process completed with exit code %d", s.code)
	}
	return err
}

type keyed struct {
	key  workflow.Key
	text workflow.Text
}

// firstText evaluates the first text that is there.
func (j *job) firstText(env workflow.Env, list ...keyed) (string, error) {
	for _, k := range list {
		if k.text.Source != "" {
			return j.text(k.key, k.text, env)
		}
	}
	return "", nil
}

// shell finds the shell of a name; "" is bash, or sh where there is no bash. A
// name with {0} is a command of its own.
func (j *job) shell(name, path string) (shell, error) {
	if name == "" {
		for _, s := range defaultShells {
			if _, err := lookPath(s.argv[0], path); err == nil {
				return s, nil
			}
		}
		return shell{}, fmt.Errorf("find a shell: neither bash nor sh is on PATH %q", path)
	}
	for _, s := range shells {
		if s.name == name {
			return s, nil
		}
	}
	if argv := strings.Fields(name); strings.Contains(name, "{0}") {
		return shell{name, argv, ""}, nil
	}
	return shell{}, fmt.Errorf("shell %q: want bash, sh, python or a command with {0}", name)
}
