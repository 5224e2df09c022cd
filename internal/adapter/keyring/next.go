package keyring

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// A rotation survives the end of the process at any point because of its order:
// the next key is durable in NAME.next before the event that announces it is
// appended, and takes the place of NAME.key after. Between them the ledger says
// which one is in force, and nothing is signed with the other.

func (r *Ring) file(name string) string { return filepath.Join(r.dir, name+".key") }
func (r *Ring) next(name string) string { return filepath.Join(r.dir, name+".next") }

// Next makes a key and keeps it beside the one in force.
func (r *Ring) Next(name string) (ed25519.PrivateKey, error) {
	if _, err := os.Stat(r.next(name)); !errors.Is(err, fs.ErrNotExist) {
		return nil, errors.Join(fmt.Errorf("%s is there already: a rotation was not settled", r.next(name)), err)
	}
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, err
	}
	return key, write(r.next(name), encode(key))
}

// Settle puts the next key into the place of the one in force, or drops it.
func (r *Ring) Settle(name string, inForce bool) error {
	if !inForce {
		return errors.Join(os.Remove(r.next(name)), syncDir(r.dir))
	}
	if err := os.Rename(r.next(name), r.file(name)); err != nil {
		return err
	}
	return syncDir(r.dir)
}

// readNext reads the next keys that a process left behind.
func (r *Ring) readNext() error {
	for _, p := range Purposes {
		raw, err := os.ReadFile(r.next(p.Name))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		if r.left[p.Name], err = decode(r.next(p.Name), raw); err != nil {
			return err
		}
	}
	return nil
}

// SettleBy takes as keys in force those that the ledger announced last, given by
// name, nil for one that it never announced. A next key that the ledger does not
// know is none; a key that it does not know at all is an error for each name. It
// changes no file: Keep does.
func (r *Ring) SettleBy(announced func(name string) ed25519.PublicKey) error {
	var errs []error
	for _, p := range Purposes {
		want := announced(p.Name)
		if want == nil || want.Equal(r.Public(p.Name)) {
			continue
		}
		if next, ok := r.left[p.Name]; ok && want.Equal(next.Public()) {
			r.Keys[p.Name] = next
			continue
		}
		errs = append(errs, fmt.Errorf("%s is not the %s key that the ledger announced last", r.file(p.Name), p.Name))
	}
	return errors.Join(errs...)
}

// Keep makes the files say what SettleBy found.
func (r *Ring) Keep() error {
	for name, next := range r.left {
		if err := r.Settle(name, r.Keys[name].Equal(next)); err != nil {
			return fmt.Errorf("settle the rotation of key %s: %w", name, err)
		}
		delete(r.left, name)
	}
	return nil
}

func encode(key ed25519.PrivateKey) []byte {
	return []byte(base64.StdEncoding.EncodeToString(key.Seed()) + "\n")
}

func syncDir(path string) error {
	dir, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}
