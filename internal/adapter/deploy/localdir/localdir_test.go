package localdir_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/dc-release/dc-release/internal/adapter/deploy/deploytest"
	"github.com/dc-release/dc-release/internal/adapter/deploy/localdir"
	"github.com/dc-release/dc-release/internal/app/deploy"
)

func TestTarget(t *testing.T) {
	deploytest.Run(t, func(t *testing.T) deploytest.Fixture {
		root := t.TempDir()
		return deploytest.Fixture{
			Target: localdir.Target{},
			Place:  deploy.Place{Solution: "corp-procurement", Environment: "tst", Config: map[string]string{"dir": root}},
			Tamper: func(t *testing.T) {
				if err := os.WriteFile(filepath.Join(root, "current", "conf/a.json"), []byte(`{"x":1}`), 0o644); err != nil {
					t.Fatal(err)
				}
			},
		}
	})
}
