// Package witnessdir keeps what a witness knows in a directory of its own: its
// key, what it saw last, and the checkpoint that it cosigned.
package witnessdir

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/dc-release/dc-release/internal/app/witness"
	"github.com/dc-release/dc-release/internal/core/canonical"
	"github.com/dc-release/dc-release/internal/core/fault"
	"github.com/dc-release/dc-release/internal/core/ledger"
)

// The files of the directory.
const (
	keyFile      = "witness.key"
	memoryFile   = "seen.json"
	CosignedFile = "cosigned"
)

// Dir is an open directory; one process has it at a time.
type Dir struct {
	path string
	lock *os.File
	ledger.Cosigner
}

// Open opens the directory, made when it is not there, and its key, which is
// that of a file elsewhere when one is named.
func Open(path, key string) (*Dir, error) {
	if err := os.MkdirAll(path, 0o700); err != nil {
		return nil, fmt.Errorf("open witness: %w", err)
	}
	lock, err := os.OpenFile(filepath.Join(path, "lock"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open witness: %w", err)
	}
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return nil, errors.Join(fault.New(fault.Conflict, "another witness uses %s", path), lock.Close())
	}
	d := &Dir{path: path, lock: lock}
	if key == "" {
		key = filepath.Join(path, keyFile)
		if err := create(key); err != nil {
			return nil, errors.Join(fmt.Errorf("make key of witness: %w", err), lock.Close())
		}
	}
	if d.Key, err = read(key); err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	d.Name = "dc-release-witness/" + hex.EncodeToString(d.Public()[:6])
	return d, nil
}

// Path is the directory.
func (d *Dir) Path() string { return d.path }

// Public is the public half of the key.
func (d *Dir) Public() ed25519.PublicKey { return d.Key.Public().(ed25519.PublicKey) }

// create makes a key where there is none.
func create(path string) error {
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return err
	}
	return write(path, []byte(base64.StdEncoding.EncodeToString(key.Seed())+"\n"))
}

func read(path string) (ed25519.PrivateKey, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, fault.New(fault.Invalid, "key of witness: %v", err)
	}
	seed, err := base64.StdEncoding.Strict().DecodeString(strings.TrimSpace(string(raw)))
	if err != nil || len(seed) != ed25519.SeedSize {
		return nil, fault.New(fault.Invalid, "key of witness: %s: want %d bytes in base64", path, ed25519.SeedSize)
	}
	return ed25519.NewKeyFromSeed(seed), nil
}

// Memory is what was seen last, nil for nothing. A memory that cannot be read is
// an error and never the same as none.
func (d *Dir) Memory() (*witness.Memory, error) {
	raw, err := os.ReadFile(filepath.Join(d.path, memoryFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var m witness.Memory
	if err := canonical.Unmarshal(raw, &m); err != nil || m.Schema != witness.Schema || m.Size < 1 {
		return nil, fault.New(fault.Unverified, "%s/%s is not what a witness wrote: %v", d.path, memoryFile, err)
	}
	return &m, nil
}

// Keep remembers a checkpoint durably, and only then cosigns it. It gives the
// path of the cosigned checkpoint.
func (d *Dir) Keep(s witness.Seen, seconds int64) (string, error) {
	raw, err := canonical.Marshal(s.Memory)
	if err != nil {
		return "", err
	}
	if err := write(filepath.Join(d.path, memoryFile), raw); err != nil {
		return "", fmt.Errorf("remember size %d: %w", s.Size, err)
	}
	note, err := ledger.Cosign(s.Note, d.Cosigner, seconds)
	if err != nil {
		return "", err
	}
	path := filepath.Join(d.path, CosignedFile)
	return path, write(path, note)
}

// write makes a file that is whole and durable, or not there.
func write(path string, data []byte) error {
	f, err := os.OpenFile(path+".tmp", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Rename(path+".tmp", path); err != nil {
		return err
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

// Close gives the directory free.
func (d *Dir) Close() error { return d.lock.Close() }
