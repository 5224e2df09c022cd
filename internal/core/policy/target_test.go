package policy_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/dc-release/dc-release/internal/core/policy"
)

func TestTheConfigurationOfATarget(t *testing.T) {
	digest := strings.Repeat("a", 64)
	for _, c := range []struct {
		name   string
		target string
		config map[string]string
		want   string // "" for nothing
	}{
		{"a directory", "localdir", map[string]string{"dir": "/srv/x"}, ""},
		{"no directory", "localdir", nil, `needs config "dir"`},
		{"a relative directory", "localdir", map[string]string{"dir": "x"}, `config dir "x": want an absolute path`},
		{"a command", "script", map[string]string{"deploy": "make"}, ""},
		{"somebody else deploys", "script", nil, ""},
		{"commands without the one", "script", map[string]string{"plan": "make"}, `target script needs config "deploy"`},
		{"an unknown key", "script", map[string]string{"deploy": "make", "build": "x"}, `target script has no config "build": want one of deploy, plan, observe`},
		{"an empty command", "script", map[string]string{"deploy": " "}, "want a command line"},
		{"the network", "script", map[string]string{"deploy": "make", "network": "yes"}, `config network "yes": want allowed`},
		{"secrets", "script", map[string]string{"deploy": "make", "secrets": "A b_2", "read-secrets": "A"}, ""},
		{"a secret that is no name", "script", map[string]string{"deploy": "make", "secrets": "A 2b"}, `config secrets "2b"`},
		{"a secret that is the engine's", "script", map[string]string{"deploy": "make", "read-secrets": "PATH"}, `config read-secrets "PATH"`},
		{"a program", "external", map[string]string{"program": "/opt/x", "sha256": digest, "workspace": "w"}, ""},
		{"a program that is not pinned", "external", map[string]string{"program": "/opt/x"}, `target external needs config "sha256"`},
		{"a digest that is none", "external", map[string]string{"program": "/opt/x", "sha256": "abc"}, `config sha256 "abc"`},
		{"the artifact that is the bundle", "databricks", map[string]string{"artifact": "bundle", "root": "/Workspace/x"}, ""},
		{"an artifact that is no name", "databricks", map[string]string{"artifact": "../bundle"}, `config artifact "../bundle": want the name of an artifact`},
		{"an artifact of a target that takes all", "localdir", map[string]string{"dir": "/srv/x", "artifact": "bundle"}, `target localdir has no config "artifact"`},
		{"an unknown target", "scirpt", nil, `target "scirpt": want one of localdir, script, external`},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := policy.Baseline{Solution: "corp-procurement", Profile: policy.NonGxP, Code: "/code", Environments: map[string]policy.Environment{"tst": {Target: c.target, Config: c.config}}}
			errs := b.Check()
			if c.want == "" && len(errs) > 0 || c.want != "" && (len(errs) != 1 || !strings.Contains(errs[0].Error(), c.want)) {
				t.Errorf("got %v, want %q", errors.Join(errs...), c.want)
			}
		})
	}
}
