package external_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/dc-release/dc-release/internal/adapter/deploy/contract"
	"github.com/dc-release/dc-release/internal/adapter/deploy/deploytest"
	"github.com/dc-release/dc-release/internal/adapter/deploy/external"
	"github.com/dc-release/dc-release/internal/adapter/deploy/program"
	"github.com/dc-release/dc-release/internal/adapter/sandbox"
	"github.com/dc-release/dc-release/internal/app/deploy"
	"github.com/dc-release/dc-release/internal/core/fault"
)

func TestMain(m *testing.M) {
	if ran, code := sandbox.Init(os.Args[1:]); ran {
		os.Exit(code)
	}
	if os.Getenv(external.Marker) == external.Schema {
		if err := example(os.Stdin, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func newTarget(t *testing.T) external.Target {
	t.Helper()
	kind, err := sandbox.Strongest(t.Context(), sandbox.Config{}, sandbox.None)
	if err != nil {
		t.Fatal(err)
	}
	data := t.TempDir()
	return external.Target{Host: contract.Host{
		Programs: &program.Runner{
			Dir: filepath.Join(data, "work"), Hidden: data, Path: os.Getenv("PATH"), Now: time.Now,
			Open: func(ctx context.Context, p program.Place) (program.Box, error) {
				return sandbox.Open(ctx, kind, sandbox.Config{}, sandbox.Spec{
					Execution: p.Name, Keep: p.Keep, Show: p.Show, Temp: p.Temp, Offline: p.Offline, Hide: []string{data},
				})
			},
		},
		Secret: func(_ context.Context, _, _, name string) (string, bool, error) {
			return "value-of-" + name, name == "TOKEN", nil
		},
	}}
}

// pin configures this test binary as the program.
func pin(t *testing.T, target external.Target, more ...string) deploy.Place {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	_, sha, err := target.Programs.Find(t.Context(), exe)
	if err != nil {
		t.Fatal(err)
	}
	config := map[string]string{"program": exe, "sha256": sha}
	for i := 0; i < len(more); i += 2 {
		config[more[i]] = more[i+1]
	}
	return deploy.Place{Solution: "corp-procurement", Environment: "tst", Config: config}
}

func TestTarget(t *testing.T) {
	deploytest.Run(t, func(t *testing.T) deploytest.Fixture {
		dir, target := filepath.Join(t.TempDir(), "place"), newTarget(t)
		return deploytest.Fixture{
			Target: target, Place: pin(t, target, "directory", dir), What: []string{"main"},
			Tamper: func(t *testing.T) {
				if err := os.WriteFile(filepath.Join(dir, "conf/a.json"), []byte(`{"x":1}`), 0o644); err != nil {
					t.Fatal(err)
				}
			},
		}
	})
}

func TestAnotherProgramIsRefused(t *testing.T) {
	target := newTarget(t)
	place := pin(t, target, "directory", t.TempDir())
	place.Config["sha256"] = strings.Repeat("0", 64)
	c := deploy.NewCall(place, deploytest.Blobs{})
	_, err := target.Describe(t.Context(), c)
	if fault.KindOf(err) != fault.Forbidden || !strings.Contains(fault.HintOf(err), "solution revise") {
		t.Errorf("%v, hint %q", err, fault.HintOf(err))
	}
	if err := target.Destroy(t.Context(), c, deploy.Artifact{}); fault.KindOf(err) != fault.Forbidden || len(c.Record.Invocations) > 0 {
		t.Errorf("%v; ran %d programs", err, len(c.Record.Invocations))
	}
	found, err := target.Check(t.Context(), c, deploy.Artifact{})
	if err != nil || len(found) != 1 || found[0].Rule != "program" {
		t.Errorf("%v, %v", found, err)
	}
	place.Config["program"] = "relative"
	if _, err := target.Observe(t.Context(), c); fault.KindOf(err) != fault.Invalid {
		t.Error(err)
	}
}

func TestWhatAProgramAnswersIsRead(t *testing.T) {
	target := newTarget(t)
	for odd, want := range map[string]string{
		`{}`:                           `stdout:1:1: want either a result or an error`,
		`{"result": {}, "error": {}}`:  `stdout:1:1: want either a result or an error`,
		`{"reslut": {}}`:               `stdout:1:2: unknown key "reslut": want one of error, result`,
		`{"result": {"fact": []}}`:     `stdout:1:13: result: unknown key "fact": want one of facts`,
		`{"error": {"kind": "fatal"}}`: `stdout:1:20: error.kind: kind "fatal": want one of [invalid not-found`,
		`{"error": {"kind": "conflict", "message": "locked by ada", "fix": "wait"}}`: `call observe of the program of tst: locked by ada`,
		`{"result": {"facts": [{"path": "a"}, {"path": "a"}]}}`:                      `stdout:1:47: result.facts[1].path: path "a" stands twice`,
	} {
		c := deploy.NewCall(pin(t, target, "odd", odd), deploytest.Blobs{})
		_, err := target.Observe(t.Context(), c)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s\n got %v\nwant %s", odd, err, want)
		}
		if strings.Contains(odd, "locked") && (fault.KindOf(err) != fault.Conflict || fault.HintOf(err) != "wait") {
			t.Errorf("%v, hint %q", err, fault.HintOf(err))
		}
	}
}

func TestSecretsAreGivenAndHidden(t *testing.T) {
	target := newTarget(t)
	place := pin(t, target, "directory", t.TempDir(), "secrets", "TOKEN", "odd", `{"result": {"x": "value-of-TOKEN"}}`)
	blobs := deploytest.Blobs{}
	c := deploy.NewCall(place, blobs)
	if err := target.Destroy(t.Context(), c, deploy.Artifact{}); err == nil || strings.Contains(err.Error(), "value-of") {
		t.Error(err)
	}
	for _, data := range blobs {
		if strings.Contains(string(data), "value-of") {
			t.Errorf("kept %s", data)
		}
	}
	place.Config["secrets"] = "NONE"
	if err := target.Destroy(t.Context(), c, deploy.Artifact{}); fault.KindOf(err) != fault.NotFound || !strings.Contains(fault.HintOf(err), "secret set NONE") {
		t.Errorf("%v, hint %q", err, fault.HintOf(err))
	}
}
