package script_test

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dc-release/dc-release/internal/adapter/deploy/contract"
	"github.com/dc-release/dc-release/internal/adapter/deploy/deploytest"
	"github.com/dc-release/dc-release/internal/adapter/deploy/program"
	"github.com/dc-release/dc-release/internal/adapter/deploy/script"
	"github.com/dc-release/dc-release/internal/adapter/sandbox"
	"github.com/dc-release/dc-release/internal/app/deploy"
	"github.com/dc-release/dc-release/internal/core/deployment"
	"github.com/dc-release/dc-release/internal/core/fault"
	"github.com/dc-release/dc-release/internal/core/policy"
)

func TestMain(m *testing.M) {
	if ran, code := sandbox.Init(os.Args[1:]); ran {
		os.Exit(code)
	}
	os.Exit(m.Run())
}

// newHost runs programs in real sandboxes; path stands first on their PATH.
func newHost(t *testing.T, secrets map[string]string, path ...string) contract.Host {
	t.Helper()
	kind, err := sandbox.Strongest(t.Context(), sandbox.Config{}, sandbox.None)
	if err != nil {
		t.Fatal(err)
	}
	data := t.TempDir()
	return contract.Host{
		Programs: &program.Runner{
			Dir: filepath.Join(data, "work", "deployments"), Hidden: data, Path: strings.Join(append(path, os.Getenv("PATH")), ":"), Now: time.Now,
			Open: func(ctx context.Context, p program.Place) (program.Box, error) {
				return sandbox.Open(ctx, kind, sandbox.Config{}, sandbox.Spec{
					Execution: p.Name, Keep: p.Keep, Show: p.Show, Temp: p.Temp, Offline: p.Offline, Hide: []string{data},
				})
			},
		},
		Secret: func(_ context.Context, _, environment, name string) (string, bool, error) {
			v, ok := secrets[environment+"/"+name]
			return v, ok, nil
		},
	}
}

// copies replaces what is in the directory by the artifact.
const copies = `rm -rf "$DC_RELEASE_DIRECTORY"/* && cp -R artifact/. "$DC_RELEASE_DIRECTORY"`

// facts prints the files below a directory as the facts of a state.
const facts = `facts() {
  [ -d "$1" ] || return 0
  (cd "$1" && find . -type f | LC_ALL=C sort) | while read -r f; do
    sum=$(sha256sum "$1/$f"); x=; [ -x "$1/$f" ] && x=' executable'
    printf '%s{"path":"%s","value":"%s"}' "$sep" "${f#./}" "${sum%% *}$x"; sep=,
  done
}
`

var observes = facts + `printf '{"schema":"dc-release/target-state/v1","facts":['; facts "$DC_RELEASE_DIRECTORY"; printf ']}'`

// plans compares the directory with the artifact, file by file.
var plans = facts + `changes() {
  (cd artifact && find . -type f; cd "$DC_RELEASE_DIRECTORY" 2>/dev/null && find . -type f) | LC_ALL=C sort -u | while read -r f; do
    if [ ! -e "$DC_RELEASE_DIRECTORY/$f" ]; then action=create
    elif [ ! -e "artifact/$f" ]; then action=delete
    elif cmp -s "artifact/$f" "$DC_RELEASE_DIRECTORY/$f"; then continue
    else action=update; fi
    printf '%s{"resource":"%s","action":"%s"}' "$sep" "${f#./}" "$action"; sep=,
  done
}
printf '{"schema":"dc-release/target-plan/v1","changes":['; changes; printf '],"expected":['; facts artifact
printf '],"kept":["the files of other programs"],"own":"%s"}' "$DC_RELEASE_ARTIFACT"`

func TestTarget(t *testing.T) {
	whole := map[string]string{
		"deploy": `[ "$(cat "$DC_RELEASE_PLAN")" = "$DC_RELEASE_ARTIFACT" ] && ` + copies, "plan": plans, "observe": observes,
		"run":     `printf '{"schema":"dc-release/target-runs/v1","tasks":[{"job":"%s","task":"","run":"1","outcome":"passed","message":"","millis":3}]}' "$1"`,
		"destroy": `rm -rf "$DC_RELEASE_DIRECTORY"/*`,
	}
	for name, config := range map[string]map[string]string{
		"with all commands": whole, "with a directory": {"deploy": copies}, "that cannot be observed": {"deploy": `test -f artifact/conf/a.json || test -f artifact/new.txt`},
	} {
		t.Run(name, func(t *testing.T) {
			deploytest.Run(t, func(t *testing.T) deploytest.Fixture {
				config := maps.Clone(config)
				dir := filepath.Join(t.TempDir(), "place")
				if name != "that cannot be observed" {
					config["directory"] = dir
				}
				return deploytest.Fixture{
					Target: script.Target{Host: newHost(t, nil)}, What: []string{"main"},
					Place: deploy.Place{Solution: "corp-procurement", Environment: "tst", Config: config},
					Tamper: func(t *testing.T) {
						if err := os.WriteFile(filepath.Join(dir, "conf/a.json"), []byte(`{"x":1}`), 0o644); err != nil {
							t.Fatal(err)
						}
					},
				}
			})
		})
	}
}

// place is a call of a configuration.
func place(config map[string]string) (*deploy.Call, deploytest.Blobs) {
	blobs := deploytest.Blobs{}
	return deploy.NewCall(deploy.Place{Solution: "corp-procurement", Environment: "tst", Config: config}, blobs), blobs
}

var files = deploytest.Files{"bin/run": "#!/bin/sh\necho ran\n", "a.txt": "a"}

func TestWhatACommandIsGiven(t *testing.T) {
	dir := t.TempDir()
	target := script.Target{Host: newHost(t, map[string]string{"tst/TOKEN": "w-r-i-t-e", "tst/READ_TOKEN": "r-e-a-d", "prd/TOKEN": "other"})}
	says := `(env | grep -E '^(DC_RELEASE_|TOKEN|READ_TOKEN)' | grep -vE '^DC_RELEASE_EXECUTION|^DC_RELEASE_SANDBOX|^DC_RELEASE_PROCESS' | sort; artifact/bin/run; ls) >&2; exit 1`
	c, _ := place(map[string]string{"deploy": says, "plan": says, "directory": dir, "secrets": "TOKEN", "read-secrets": "READ_TOKEN"})
	a := files.Artifact(t)
	given := func(err error) []string {
		t.Helper()
		if fault.KindOf(err) != fault.RunFailed {
			t.Fatalf("got %v", err)
		}
		lines := strings.Split(err.Error(), "\n")[1:]
		return slices.DeleteFunc(lines, func(l string) bool { return strings.Contains(l, "DC_RELEASE_PLAN=") && !strings.HasSuffix(l, "/plan") })
	}
	common := []string{
		"DC_RELEASE_ARTIFACT=" + a.Tree.Digest(), "DC_RELEASE_COMMIT=" + a.Commit, "DC_RELEASE_DIRECTORY=" + dir, "DC_RELEASE_ENVIRONMENT=tst",
		"DC_RELEASE_SOLUTION=corp-procurement", "DC_RELEASE_VERSION=1.0.0",
	}
	_, err := target.Plan(t.Context(), c, a)
	if d := cmp.Diff(slices.Concat(common, []string{"READ_TOKEN=***", "ran", "artifact"}), given(err)); d != "" {
		t.Errorf("the plan command: %s", d)
	}
	got := given(target.Apply(t.Context(), c, a, deployment.Plan{Own: "own plan"}))
	if i := slices.IndexFunc(got, func(l string) bool { return strings.HasPrefix(l, "DC_RELEASE_PLAN=") }); i < 0 {
		t.Errorf("no plan: %q", got)
	} else {
		got = slices.Delete(got, i, i+1)
	}
	if d := cmp.Diff(slices.Concat(common, []string{"TOKEN=***", "ran", "artifact", "plan"}), got); d != "" {
		t.Errorf("the deploy command: %s", d)
	}
}

func TestNoSecretComesBack(t *testing.T) {
	const secret = "correct-horse-battery-staple"
	target := script.Target{Host: newHost(t, map[string]string{"tst/S": secret})}
	c, blobs := place(map[string]string{
		"deploy": `echo "$S"`, "read-secrets": "S", "secrets": "S",
		"plan": `printf '{"schema":"dc-release/target-plan/v1","own":"%s"}' "$S"; echo "$S" >&2`, "run": `echo "$S"; exit 9`,
	})
	a := files.Artifact(t)
	p, err := target.Plan(t.Context(), c, a)
	if err != nil || p.Own != "***" {
		t.Errorf("%+v, %v", p, err)
	}
	if err := target.Apply(t.Context(), c, a, p); err != nil {
		t.Error(err)
	}
	if _, err := target.Run(t.Context(), c, a, nil); err == nil || strings.Contains(err.Error(), secret) {
		t.Error(err)
	}
	text := fmt.Sprintf("%+v", c.Record)
	for _, data := range blobs {
		text += string(data)
	}
	if strings.Contains(text, "horse") || len(c.Record.Invocations) != 3 {
		t.Error(text)
	}
	if got := c.Record.Invocations[0]; !slices.Contains(got.Environment, "S") || got.Exit != 0 {
		t.Errorf("%+v", got)
	}
}

func TestWhatACommandPrintsIsRead(t *testing.T) {
	target := script.Target{Host: newHost(t, nil)}
	a := files.Artifact(t)
	for _, c := range []struct{ name, key, line, want string }{
		{"another schema", "plan", `echo '{"schema":"x"}'`, `plan command of tst, stdout:1:11: schema: schema "x", want "dc-release/target-plan/v1"`},
		{"no schema", "plan", `echo '{}'`, `plan command of tst, stdout:1:1: schema: schema "", want "dc-release/target-plan/v1"`},
		{"an unknown key", "observe", "printf '{\\n \"fact\": []}'", `observe command of tst, stdout:2:2: unknown key "fact": want one of facts, schema`},
		{"a log line", "run", "echo Running", `run command of tst, stdout:1:1: invalid character 'R' looking for beginning of value`},
		{"nothing", "observe", "true", `observe command of tst, stdout:1:1: the JSON ends too early`},
		{"a failure", "plan", "echo no workspace >&2; exit 2", "plan command of tst ended with exit code 2:\nno workspace"},
		{"a missing program", "plan", "terraforn plan", "plan command of tst ended with exit code 127:\nscript: 1: terraforn: "},
	} {
		t.Run(c.name, func(t *testing.T) {
			call, _ := place(map[string]string{"deploy": "true", c.key: c.line})
			var err error
			switch c.key {
			case "plan":
				_, err = target.Plan(t.Context(), call, a)
			case "observe":
				_, err = target.Observe(t.Context(), call)
			default:
				_, err = target.Run(t.Context(), call, a, nil)
			}
			if err == nil || !strings.HasPrefix(err.Error(), c.want) {
				t.Errorf("got %v\nwant %s", err, c.want)
			}
			if c.name == "a missing program" && !strings.Contains(fault.HintOf(err), "not on the PATH") {
				t.Errorf("hint %q", fault.HintOf(err))
			}
		})
	}
}

func TestCheckFindsWhatIsMissing(t *testing.T) {
	target := script.Target{Host: newHost(t, map[string]string{"tst/S": "secret-value"})}
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name   string
		config map[string]string
		want   []string
	}{
		{"nothing is wrong", map[string]string{"deploy": "true", "directory": t.TempDir(), "secrets": "S", "check": "true"}, nil},
		{"no command", map[string]string{"directory": t.TempDir()}, []string{"environments.tst.config.deploy: error: there is no deploy command [command]"}},
		{"nothing to compare with", map[string]string{"deploy": "true", "observe": "true"}, []string{"environments.tst.config.plan: error: what is observed can be compared with nothing"}},
		{"nothing to observe", map[string]string{"deploy": "true"}, []string{"environments.tst.config.observe: warning: the place cannot be observed"}},
		{"a relative directory", map[string]string{"deploy": "true", "directory": "x"}, []string{`environments.tst.config.directory: error: environment tst: config directory "x": want an absolute path`}},
		{"a file", map[string]string{"deploy": "true", "directory": file}, []string{"environments.tst.config.directory: error: " + file + " is no directory"}},
		{"a secret", map[string]string{"deploy": "true", "directory": t.TempDir(), "secrets": "S NONE"}, []string{"environments.tst.config.secrets: error: environment tst: there is no secret NONE [secret]: set it with: dc-release secret set NONE --solution corp-procurement --environment tst"}},
		{
			"what the command finds",
			map[string]string{"deploy": "true", "directory": t.TempDir(), "check": `printf '{"schema":"dc-release/target-findings/v1","findings":[{"severity":"warning","rule":"r","where":"w","what":"odd","fix":"f"}]}'`},
			[]string{"w: warning: odd [r]: f"},
		},
		{"that the command fails", map[string]string{"deploy": "true", "directory": t.TempDir(), "check": "echo expired >&2; exit 1"}, []string{"environments.tst.config.check: error: check command of tst ended with exit code 1:\nexpired"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			call, _ := place(c.config)
			found, err := target.Check(t.Context(), call, deploy.Artifact{})
			if err != nil {
				t.Fatal(err)
			}
			if len(found) != len(c.want) {
				t.Fatalf("got %v, want %v", found, c.want)
			}
			for i, want := range c.want {
				if !strings.HasPrefix(found[i].String(), want) {
					t.Errorf("got %s\nwant %s", found[i], want)
				}
			}
		})
	}
}

func TestAPlaceOfSomebodyElse(t *testing.T) {
	target := script.Target{Host: newHost(t, nil)}
	c, _ := place(nil)
	_, planned := target.Plan(t.Context(), c, files.Artifact(t))
	for _, err := range []error{planned, target.Apply(t.Context(), c, files.Artifact(t), deployment.Plan{})} {
		if fault.KindOf(err) != fault.Invalid || !strings.Contains(fault.HintOf(err), "--environments FILE") {
			t.Errorf("%v, hint %q", err, fault.HintOf(err))
		}
	}
	if kind, ok := policy.TargetNamed("script"); !ok || len(kind.Missing(nil)) > 0 || len(kind.Missing(map[string]string{"plan": "x"})) != 1 {
		t.Errorf("%+v", kind)
	}
}
