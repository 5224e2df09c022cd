package demo

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/dc-release/dc-release/examples"
	"github.com/dc-release/dc-release/internal/app/operation"
	"github.com/dc-release/dc-release/internal/core/policy"
)

func (s *show) bare(name string) string { return s.path("git", name+".git") }

func (s *show) clone() string { return s.path("work", solution) }

// git runs git as the engineer, with a configuration of its own.
func (s *show) git(dir string, args ...string) error {
	cmd := exec.Command("git", args...)
	cmd.Dir = dir
	cmd.Env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + s.dir, "LC_ALL=C", "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=/dev/null", "GIT_TERMINAL_PROMPT=0",
		"GIT_AUTHOR_NAME=" + engineer.Name, "GIT_AUTHOR_EMAIL=" + engineer.Email,
		"GIT_COMMITTER_NAME=" + engineer.Name, "GIT_COMMITTER_EMAIL=" + engineer.Email,
	}
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("git %s: %w: %s", strings.Join(args, " "), err, strings.TrimSpace(out.String()))
	}
	return nil
}

func (s *show) gits(dir string, commands ...[]string) error {
	for _, c := range commands {
		if err := s.git(dir, c...); err != nil {
			return err
		}
	}
	return nil
}

// unpack writes the files of an example folder.
func unpack(from, to string) error {
	return fs.WalkDir(examples.Files, from, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := examples.Files.ReadFile(path)
		if err != nil {
			return err
		}
		name := filepath.Join(to, strings.TrimPrefix(path, from+"/"))
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			return err
		}
		return os.WriteFile(name, data, 0o644)
	})
}

// repositories makes the three repositories with their hooks and records the
// solution.
func (s *show) repositories(ctx context.Context) error {
	for _, name := range []string{"code", "requirements", "release-log"} {
		if err := os.MkdirAll(s.bare(name), 0o755); err != nil {
			return err
		}
		if err := s.git(s.bare(name), "init", "--quiet", "--bare", "--initial-branch=main", "."); err != nil {
			return err
		}
	}
	_, err := ask[operation.None](ctx, s, "solution.add", operation.AddSolution{
		ByAdministrator: operation.ByAdministrator{As: administrator, Reason: "the demo's product"},
		Baseline: policy.Baseline{
			Solution: solution, Profile: policy.GxP, Code: s.bare("code"), Requirements: s.bare("requirements"), ReleaseLog: s.bare("release-log"),
			Branch: "main", Workflow: ".github/workflows/main.yaml", Environments: s.places,
		},
	})
	if err != nil {
		return err
	}
	if err := s.hooks(); err != nil {
		return err
	}
	return s.firstCommits()
}

// hooks refuse moved tags and leave pushes in the intake spool.
func (s *show) hooks() error {
	for name, script := range map[string]string{
		"update":       fmt.Sprintf("#!/bin/sh\nexec '%s' intake guard \"$@\"\n", s.program()),
		"post-receive": fmt.Sprintf("#!/bin/sh\nexec '%s' --data '%s' intake drop --solution %s --actor %s\n", s.program(), s.Env.Data, solution, engineer.Login),
	} {
		if err := os.WriteFile(filepath.Join(s.bare("code"), "hooks", name), []byte(script), 0o755); err != nil {
			return err
		}
	}
	return nil
}

func (s *show) firstCommits() error {
	requirements := s.path("work", "requirements")
	if err := unpack("corp-procurement/requirements", requirements); err != nil {
		return err
	}
	if err := unpack("corp-procurement/acceptance", s.path("work")); err != nil {
		return err
	}
	if err := s.gits(requirements, []string{"init", "--quiet", "--initial-branch=main", "."}, []string{"add", "."},
		[]string{"commit", "--quiet", "-m", "Write down what procurement needs"}, []string{"push", "--quiet", s.bare("requirements"), "main"}); err != nil {
		return err
	}
	if err := os.MkdirAll(s.clone(), 0o755); err != nil {
		return err
	}
	return s.gits(s.clone(), []string{"init", "--quiet", "--initial-branch=main", "."}, []string{"remote", "add", "origin", s.bare("code")},
		[]string{"commit", "--quiet", "--allow-empty", "-m", "Begin corp-procurement"})
}

// pullRequest pushes the product as pull request 1.
func (s *show) pullRequest(ctx context.Context) error {
	for _, from := range []string{"corp-procurement/code", "corp-procurement/bundle"} {
		if err := unpack(from, s.clone()); err != nil {
			return err
		}
	}
	if err := s.gits(s.clone(), []string{"checkout", "--quiet", "-b", "release/1.0.0"}, []string{"add", "."},
		[]string{"commit", "--quiet", "-m", "Load orders and sum the spend of each supplier"},
		[]string{"push", "--quiet", "origin", "HEAD:refs/pull/1/head"}); err != nil {
		return err
	}
	return s.settle(ctx)
}

// merge brings it to main.
func (s *show) merge(ctx context.Context) error {
	if err := s.gits(s.clone(), []string{"checkout", "--quiet", "main"},
		[]string{"merge", "--quiet", "--no-ff", "-m", "Load orders and sum the spend of each supplier (#1)", "release/1.0.0"},
		[]string{"push", "--quiet", "origin", "main"}); err != nil {
		return err
	}
	return s.settle(ctx)
}

func (s *show) tag(version string) error {
	return s.gits(s.clone(), []string{"tag", "-a", "v" + version, "-m", "Release " + version}, []string{"push", "--quiet", "origin", "v" + version})
}

const note110 = `# Release note
This release contains the following changes:
* [#2 - Sort suppliers by name](https://github.com/local/corp-procurement/pull/2)
## Impact assessment
The report lists suppliers in the order of their names. No interface changes.
## Risk assessment
- **Low Risk**: One sorting step, covered by the integration test.
- **Data Quality**: Sums are unchanged.
- **Performance**: No impact.
- **Dependencies**: No changes.
`

// increment changes the product, merges and releases 1.1.0.
func (s *show) increment(ctx context.Context) error {
	step := filepath.Join(s.clone(), "src", "etl", "landing_to_bronze.sh")
	raw, err := os.ReadFile(step)
	if err != nil {
		return err
	}
	changed := strings.Replace(string(raw), "| sort\n", "| sort -t';' -k1,1\n", 1)
	if err := os.WriteFile(step, []byte(changed), 0o644); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(s.clone(), "documentation", "releases", "1.1.0.md"), []byte(note110), 0o644); err != nil {
		return err
	}
	if err := s.gits(s.clone(), []string{"checkout", "--quiet", "-b", "release/1.1.0"}, []string{"add", "."},
		[]string{"commit", "--quiet", "-m", "Sort suppliers by name"}, []string{"checkout", "--quiet", "main"},
		[]string{"merge", "--quiet", "--no-ff", "-m", "Sort suppliers by name (#2)", "release/1.1.0"}, []string{"push", "--quiet", "origin", "main"}); err != nil {
		return err
	}
	if err := s.settle(ctx); err != nil {
		return err
	}
	return s.release(ctx, "1.1.0")
}

// checkOutReleaseLog makes the published records readable as files.
func (s *show) checkOutReleaseLog() error {
	return s.git(s.dir, "clone", "--quiet", s.bare("release-log"), s.path("release-log"))
}
