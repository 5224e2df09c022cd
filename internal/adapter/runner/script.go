package runner

import (
	"context"
	"fmt"
	"path/filepath"

	"github.com/dc-release/dc-release/internal/core/workflow"
)

// runScript runs run:.
func (j *job) runScript(ctx context.Context, s *step) error {
	env := j.expressions(s)
	script, err := j.text(workflow.KeyStepRun, s.Run, env)
	if err != nil {
		return err
	}
	option, dir, err := j.defaulted(s, env)
	if err != nil {
		return err
	}
	if !filepath.IsAbs(dir) {
		dir = filepath.Join(j.area.workspace(), dir)
	}
	variables := j.variables(s)
	j.offerEvidenceFile(s, variables)
	sh, err := findShell(option, variables["PATH"])
	if err != nil {
		return err
	}
	file := "script" + sh.ext
	argv, err := sh.argv(s.files.path(file))
	if err != nil {
		return err
	}
	if err := s.files.write(file, sh.script(script)); err != nil {
		return err
	}
	if err := s.files.seal(); err != nil {
		return err
	}
	j.head(s, script, sh.line(variables["PATH"]))
	s.code, err = j.execute(ctx, s, argv, variables, dir)
	if err == nil && s.code != 0 {
		err = fmt.Errorf("process completed with exit code %d", s.code)
	}
	return err
}

// defaulted gives shell: and working-directory: of a step, or those of
// defaults.run of the job or the workflow. As on GitHub an empty shell counts as
// none, and an empty directory of the step as the workspace. The steps of a
// composite action have no defaults and must name their shell.
func (j *job) defaulted(s *step, env workflow.Env) (option, dir string, err error) {
	type level struct {
		key      workflow.Key
		defaults workflow.Defaults
	}
	levels := []level{{workflow.KeyStepDirectory, workflow.Defaults{Shell: s.Shell, WorkingDirectory: s.WorkingDirectory}}}
	if s.in.of == nil {
		levels = append(levels, level{workflow.KeyJobDefaults, j.a.Job.Body.Defaults}, level{workflow.KeyJobDefaults, j.a.Job.WorkflowDefaults})
	}
	settled := s.WorkingDirectory.Source != ""
	for i, l := range levels {
		if option == "" {
			if option, err = j.text(l.key, l.defaults.Shell, env); err != nil {
				return "", "", err
			}
		}
		if dir == "" && (i == 0 || !settled) {
			if dir, err = j.text(l.key, l.defaults.WorkingDirectory, env); err != nil {
				return "", "", err
			}
		}
	}
	if option == "" && s.in.of != nil {
		return "", "", fmt.Errorf("%s: required property is missing: shell", s.At)
	}
	return option, dir, nil
}
