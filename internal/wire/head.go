package wire

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/dc-release/dc-release/internal/core/ledger"
)

// headNote is the newest checkpoint beside the database.
func headNote(data string) string { return filepath.Join(data, "head.note") }

// writeHead replaces head.note after each commit, in order.
func (o *Owner) writeHead(h ledger.Head) error {
	c := ledger.Checkpoint{Origin: o.Ring.Origin(), Size: h.Size, Root: h.Root}
	note, err := ledger.SignNote(c.Body(), ledger.NewSigner(c.Origin, o.Ring.Keys["ledger"]))
	if err != nil {
		return err
	}
	path := headNote(o.Config.Data)
	if err := os.WriteFile(path+".tmp", note, 0o600); err != nil {
		return fmt.Errorf("write head.note: %w", err)
	}
	return os.Rename(path+".tmp", path)
}
