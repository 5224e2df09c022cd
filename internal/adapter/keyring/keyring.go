// Package keyring keeps the private keys of an installation in files of the
// data directory, outside of the database and of every step's reach.
package keyring

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/oklog/ulid/v2"

	"github.com/dc-release/dc-release/internal/core/ledger"
)

// Purposes says what each key signs. To add one: a line here; an installation
// that lacks it makes it at its next start.
var Purposes = []struct{ Name, Purpose string }{
	{"ledger", "checkpoints of the ledger"},
	{"attest", "envelopes of electronic signatures"},
	{"document", "indexes of published folders"},
}

// Ring is the keys of one installation.
type Ring struct {
	Installation string
	Epoch        int
	Keys         map[string]ed25519.PrivateKey
	WorkerToken  string // of the worker beside the server
	Created      []string

	dir  string
	left map[string]ed25519.PrivateKey // next keys of rotations that were not settled
}

// file is keys/installation.json.
type file struct {
	Installation string `json:"installation"`
	Epoch        int    `json:"epoch"`
	WorkerToken  string `json:"worker_token"`
}

// Open reads the keys, made when they are not there. Which one of a name is in
// force after a rotation that was not settled, SettleBy says.
func Open(dir string) (*Ring, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("open keys: %w", err)
	}
	r := &Ring{Keys: map[string]ed25519.PrivateKey{}, dir: dir, left: map[string]ed25519.PrivateKey{}}
	if err := r.identity(filepath.Join(dir, "installation.json")); err != nil {
		return nil, fmt.Errorf("open keys: %w", err)
	}
	for _, p := range Purposes {
		key, created, err := load(r.file(p.Name))
		if err != nil {
			return nil, fmt.Errorf("open key %s: %w", p.Name, err)
		}
		if created {
			r.Created = append(r.Created, p.Name)
		}
		r.Keys[p.Name] = key
	}
	if err := r.readNext(); err != nil {
		return nil, fmt.Errorf("open keys: %w", err)
	}
	return r, nil
}

func (r *Ring) identity(path string) error {
	raw, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		token := make([]byte, 24)
		if _, err := rand.Read(token); err != nil {
			return err
		}
		raw, err = json.Marshal(file{Installation: ulid.Make().String(), Epoch: 1, WorkerToken: base64.RawURLEncoding.EncodeToString(token)})
		if err != nil {
			return err
		}
		if err := write(path, raw); err != nil {
			return err
		}
	} else if err != nil {
		return err
	}
	var f file
	if err := json.Unmarshal(raw, &f); err != nil {
		return err
	}
	r.Installation, r.Epoch, r.WorkerToken = f.Installation, f.Epoch, f.WorkerToken
	return nil
}

func load(path string) (key ed25519.PrivateKey, created bool, err error) {
	raw, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		_, key, err := ed25519.GenerateKey(rand.Reader)
		if err != nil {
			return nil, false, err
		}
		return key, true, write(path, encode(key))
	}
	if err != nil {
		return nil, false, err
	}
	key, err = decode(path, raw)
	return key, false, err
}

func decode(path string, raw []byte) (ed25519.PrivateKey, error) {
	seed, err := base64.StdEncoding.Strict().DecodeString(strings.TrimSpace(string(raw)))
	if err != nil || len(seed) != ed25519.SeedSize {
		return nil, fmt.Errorf("%s: want %d bytes in base64", path, ed25519.SeedSize)
	}
	return ed25519.NewKeyFromSeed(seed), nil
}

// write makes a file that is whole and durable, or not there.
func write(path string, data []byte) error {
	tmp := path + ".tmp"
	f, err := os.OpenFile(tmp, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Rename(tmp, path); err != nil {
		return err
	}
	return syncDir(filepath.Dir(path))
}

// Public is the public half of a key.
func (r *Ring) Public(name string) ed25519.PublicKey {
	return r.Keys[name].Public().(ed25519.PublicKey)
}

// Origin is the identity of the ledger in checkpoints.
func (r *Ring) Origin() string { return ledger.Origin(r.Installation, r.Epoch) }

// Announce are the events that make the installation and its keys known; the
// first start appends them.
func (r *Ring) Announce() []ledger.Draft {
	out := []ledger.Draft{{Stream: ledger.Installation, Data: &ledger.InstallationCreated{Installation: r.Installation, Epoch: r.Epoch}}}
	for _, p := range Purposes {
		out = append(out, ledger.Draft{Stream: ledger.Installation, Data: &ledger.KeyCreated{
			Name: p.Name, Algorithm: "ed25519", Public: base64.StdEncoding.EncodeToString(r.Public(p.Name)), Purpose: p.Purpose,
		}})
	}
	return out
}
