package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// site is where both programs work: their binaries, stub tools, and what act has
// in the place of the network.
type site struct {
	dir       string
	root      string // of the main module
	ours, act string // programs
	sandbox   string // of ours, "" for the strongest that works
	env       []string
}

// framework is the repository that the guide's workflows call, and the actions
// they use.
const framework = "NovoNordisk-DataCore/dc-release"

var actions = []string{"actions/checkout", "actions/setup-python"}

// newSite builds both programs and makes everything they need below dir.
func newSite(ctx context.Context, dir string) (*site, error) {
	root, err := mainModule()
	if err != nil {
		return nil, err
	}
	s := &site{dir: dir, root: root, ours: filepath.Join(dir, "bin", "dc-release"), act: filepath.Join(dir, "bin", "act")}
	build := append(os.Environ(), "CGO_ENABLED=0")
	if _, _, err := run(ctx, root, build, "go", "build", "-trimpath", "-o", s.ours, "./cmd/dc-release"); err != nil {
		return nil, err
	}
	if _, _, err := run(ctx, filepath.Join(root, "peer"), build, "go", "build", "-trimpath", "-o", s.act, "github.com/nektos/act"); err != nil {
		return nil, err
	}
	s.env = []string{
		"PATH=" + s.path("stubs") + string(os.PathListSeparator) + os.Getenv("PATH"),
		"HOME=" + s.path("home"), "XDG_STATE_HOME=" + s.path("home/state"), "XDG_CACHE_HOME=" + s.path("home/cache"), "XDG_CONFIG_HOME=" + s.path("home/config"),
		"GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=/dev/null",
		"GIT_AUTHOR_NAME=Ada Nielsen", "GIT_AUTHOR_EMAIL=ada@corp-procurement.example",
		"GIT_COMMITTER_NAME=Ada Nielsen", "GIT_COMMITTER_EMAIL=ada@corp-procurement.example",
		"DATABRICKS_TOKEN=x",
	}
	if err := s.stubs(); err != nil {
		return nil, err
	}
	return s, s.neighbours(ctx)
}

func (s *site) path(name string) string { return filepath.Join(s.dir, filepath.FromSlash(name)) }

// mainModule is the directory above the one that holds this module's go.mod.
func mainModule() (string, error) {
	dir, err := os.Getwd()
	for err == nil && filepath.Dir(dir) != dir {
		if _, err := os.Stat(filepath.Join(dir, "cmd", "dc-release")); err == nil {
			return dir, nil
		}
		dir = filepath.Dir(dir)
	}
	return "", fmt.Errorf("find cmd/dc-release at or above the working directory: not there")
}

func write(file, content string, mode os.FileMode) error {
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	return os.WriteFile(file, []byte(content), mode)
}

// stubs makes the tools that the guide's steps call. act runs the framework's
// steps too, so that it needs a dc-release of its own.
func (s *site) stubs() error {
	for name, body := range map[string]string{
		"stubs/pip": "", "stubs/poetry": "", "stubs/databricks": "",
		"stubs/python":        "case \"$1\" in --version|-V) echo Python 3.11.9; exit 0;; esac\n",
		"act-only/dc-release": "",
	} {
		if err := write(s.path(name), "#!/bin/sh\n"+body+"echo "+filepath.Base(name)+" \"$@\"\n", 0o755); err != nil {
			return err
		}
	}
	return os.MkdirAll(s.path("home"), 0o755)
}

// neighbours makes the repositories that act takes from the network otherwise.
// An action of one step is the least that act runs; dc-release has its own.
func (s *site) neighbours(ctx context.Context) error {
	for _, name := range actions {
		if err := write(s.path(name+"/action.yml"), "name: stub\ndescription: stub\nruns:\n  using: composite\n  steps:\n    - run: \"true\"\n      shell: sh\n", 0o644); err != nil {
			return err
		}
		if err := s.commit(ctx, s.path(name)); err != nil {
			return err
		}
	}
	own, err := filepath.Glob(filepath.Join(s.root, ".github", "workflows", "*.yaml"))
	if err != nil || len(own) == 0 {
		return fmt.Errorf("find the framework's workflows below %s: none", s.root)
	}
	for _, file := range own {
		data, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		if err := write(s.path(framework+"/.github/workflows/"+filepath.Base(file)), string(data), 0o644); err != nil {
			return err
		}
	}
	return s.commit(ctx, s.path(framework))
}

// commit makes a directory a repository with one commit on main, tagged v1.0.0.
func (s *site) commit(ctx context.Context, dir string) error {
	for _, c := range []string{"init --quiet --initial-branch=main .", "add .", "commit --quiet --allow-empty -m First", "tag --force -a v1.0.0 -m v1.0.0"} {
		if _, _, err := run(ctx, dir, s.env, "git", strings.Fields(c)...); err != nil {
			return err
		}
	}
	return nil
}

func guideFiles(root string) (map[string]string, error) {
	files := map[string]string{}
	for _, name := range []string{"main.yaml", "deploy_and_test.yaml", "check_code_quality.yaml"} {
		data, err := os.ReadFile(filepath.Join(root, "internal", "adapter", "workflowfile", "testdata", "guide", name))
		if err != nil {
			return nil, err
		}
		files[name] = string(data)
	}
	return files, nil
}

// repository makes the repository of a workload.
func (s *site) repository(ctx context.Context, load workload) (string, error) {
	files, err := load.files(s.root)
	if err != nil {
		return "", err
	}
	dir := s.path("repositories/" + strings.ReplaceAll(load.name, " ", "-"))
	for name, content := range files {
		if err := write(filepath.Join(dir, ".github", "workflows", name), content, 0o644); err != nil {
			return "", err
		}
	}
	return dir, s.commit(ctx, dir)
}

func (s *site) runOurs(ctx context.Context, repo string, load workload) (measure, error) {
	m, out, err := run(ctx, repo, s.env, s.ours, "--sandbox="+s.sandbox, "run", "--rehearse", "--repo", repo, "--event", "push", "--ref", "v1.0.0",
		"--secret", "DATABRICKS_TOKEN", "--var", "DATABRICKS_HOST=x", "--json")
	if err != nil {
		return m, err
	}
	var answer struct {
		Conclusion string `json:"conclusion"`
		Jobs       []struct {
			Key        string `json:"key"`
			Conclusion string `json:"conclusion"`
		} `json:"jobs"`
	}
	if err := json.Unmarshal(out, &answer); err != nil {
		return m, fmt.Errorf("read the answer of dc-release: %w", err)
	}
	succeeded := 0
	for _, j := range answer.Jobs {
		if !strings.Contains(j.Key, "/") && j.Conclusion == "success" {
			succeeded++
		}
	}
	if answer.Conclusion != "success" || succeeded != load.jobs {
		return m, fmt.Errorf("dc-release: run is %q with %d jobs in success: want %d", answer.Conclusion, succeeded, load.jobs)
	}
	return m, nil
}

func (s *site) runAct(ctx context.Context, repo string, load workload) (measure, error) {
	event := s.path("tag.json")
	if err := write(event, `{"ref":"refs/tags/v1.0.0","repository":{"name":"corp-procurement","full_name":"corp/corp-procurement"}}`, 0o644); err != nil {
		return measure{}, err
	}
	args := []string{
		"push", "-e", event, "-P", "ubuntu-latest=-self-hosted", "--no-skip-checkout", "--action-cache-path", s.path("act-cache"), "--action-offline-mode",
		"-s", "DATABRICKS_TOKEN=x", "--var", "DATABRICKS_HOST=x", "-s", "GITHUB_TOKEN=x", "--container-daemon-socket", "-",
		"--local-repository", framework + "@main=" + s.path(framework),
	}
	for _, name := range actions {
		args = append(args, "--local-repository", name+"@v4="+s.path(name))
	}
	env := append([]string{}, s.env...)
	env[0] = "PATH=" + s.path("act-only") + string(os.PathListSeparator) + strings.TrimPrefix(env[0], "PATH=")
	m, out, err := run(ctx, repo, env, s.act, args...)
	if err == nil && strings.Count(string(out), "Job succeeded") < load.jobs {
		err = fmt.Errorf("act: %d jobs succeeded: want %d\n%s", strings.Count(string(out), "Job succeeded"), load.jobs, out)
	}
	return m, err
}
