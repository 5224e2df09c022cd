package wire

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"github.com/dc-release/dc-release/internal/core/ledger"
)

// headNote is the newest checkpoint beside the database.
func headNote(data string) string { return filepath.Join(data, "head.note") }

// writeHead replaces head.note after each commit, in order.
func (o *Owner) writeHead(h ledger.Head, events []ledger.Event) error {
	note, err := o.keys.OfHead(h, events)
	if err != nil {
		return err
	}
	path := headNote(o.Config.Data)
	if err := os.WriteFile(path+".tmp", note, 0o600); err != nil {
		return fmt.Errorf("write head.note: %w", err)
	}
	return exchange(path+".tmp", path)
}

// exchange gives the file tmp the name path. What was there becomes tmp and is
// written over the next time, which costs less than a new file for each commit
// (renameat2(2)); where there was nothing, or the file system cannot, it is renamed.
func exchange(tmp, path string) error {
	err := unix.Renameat2(unix.AT_FDCWD, tmp, unix.AT_FDCWD, path, unix.RENAME_EXCHANGE)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, unix.ENOENT), errors.Is(err, unix.EINVAL), errors.Is(err, unix.ENOSYS):
		return os.Rename(tmp, path)
	}
	return fmt.Errorf("replace %q: %w", path, err)
}
