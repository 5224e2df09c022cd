package program_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/dc-release/dc-release/internal/app/deploy"
	"github.com/dc-release/dc-release/internal/archtest/need"
	"github.com/dc-release/dc-release/internal/core/fault"
)

func ownerOf(info fs.FileInfo) int { return int(info.Sys().(*syscall.Stat_t).Uid) }

func TestADirectoryOfSeveralUsersIsNotLent(t *testing.T) {
	need.Root(t)
	w := newWorld(t)
	lend := func(dir string) error {
		_, err := w.sh("true", func(p *deploy.Program) { p.Write = []string{dir} })
		return err
	}
	mixed, linked := t.TempDir(), t.TempDir()
	file := filepath.Join(mixed, "x")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := lend(mixed); err != nil {
		t.Fatal(err)
	}
	if err := os.Link(file, filepath.Join(linked, "y")); err != nil {
		t.Fatal(err)
	}
	if err := os.Chown(file, 65534, 65534); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{mixed, linked} {
		if err := lend(dir); fault.KindOf(err) != fault.Forbidden || fault.HintOf(err) == "" {
			t.Errorf("%s: %v", dir, err)
		}
	}
	if info, err := os.Stat(file); err != nil || ownerOf(info) != 65534 {
		t.Errorf("a refused directory was changed: %v", err)
	}
}
