package witnessdir_test

import (
	"crypto/ed25519"
	"encoding/base64"
	"os"
	"path/filepath"
	"testing"

	"github.com/dc-release/dc-release/internal/adapter/witnessdir"
	"github.com/dc-release/dc-release/internal/app/witness"
	"github.com/dc-release/dc-release/internal/core/fault"
	"github.com/dc-release/dc-release/internal/core/ledger"
)

func TestAWitnessRemembersBeforeItCosigns(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "qa")
	d, err := witnessdir.Open(dir, "")
	if err != nil {
		t.Fatal(err)
	}
	if m, err := d.Memory(); m != nil || err != nil {
		t.Errorf("a new witness remembers %+v, %v", m, err)
	}
	if _, err := witnessdir.Open(dir, ""); fault.KindOf(err) != fault.Conflict {
		t.Errorf("two at once: %v", err)
	}
	c := ledger.Checkpoint{Origin: "dc-release/I/1", Size: 7}
	note, err := ledger.SignNote(c.Body(), ledger.NewSigner(c.Origin, d.Key))
	if err != nil {
		t.Fatal(err)
	}
	seen := witness.Seen{Memory: witness.Memory{Schema: witness.Schema, Origin: c.Origin, Size: 7, Root: base64.StdEncoding.EncodeToString(c.Root[:]), Key: "k"}, Note: note}
	path, err := d.Keep(seen, 42)
	if err != nil {
		t.Fatal(err)
	}
	cosigned, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if at, err := ledger.CheckCosignature(cosigned, d.Name, d.Public()); err != nil || at != 42 {
		t.Errorf("cosigned at %d, %v", at, err)
	}
	name, public := d.Name, d.Public()
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	if d, err = witnessdir.Open(dir, ""); err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if m, err := d.Memory(); err != nil || *m != seen.Memory || d.Name != name || !public.Equal(d.Public()) {
		t.Errorf("after a restart: %+v, %v, %s", m, err, d.Name)
	}
	if err := os.WriteFile(filepath.Join(dir, "seen.json"), []byte("{}"), 0o600); err != nil {
		t.Fatal(err)
	}
	if m, err := d.Memory(); err == nil {
		t.Errorf("a damaged memory is taken for %+v", m)
	}
}

func TestAKeyFromElsewhereIsNeverMade(t *testing.T) {
	dir, key := t.TempDir(), filepath.Join(t.TempDir(), "key")
	if _, err := witnessdir.Open(dir, key); fault.KindOf(err) != fault.Invalid {
		t.Errorf("an absent key: %v", err)
	}
	if err := os.WriteFile(key, []byte(base64.StdEncoding.EncodeToString(make([]byte, ed25519.SeedSize))), 0o600); err != nil {
		t.Fatal(err)
	}
	d, err := witnessdir.Open(dir, key)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if !d.Key.Equal(ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))) {
		t.Error("another key")
	}
}
