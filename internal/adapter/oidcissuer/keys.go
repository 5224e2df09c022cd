package oidcissuer

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Rotation of keys: a new one is made when the newest is RotateAfter old, and an
// old one is published for KeepFor after it was replaced, so that a relying party
// that keeps documents still finds it.
const (
	RotateAfter = 90 * 24 * time.Hour
	KeepFor     = 7 * 24 * time.Hour
)

// keyBits is the size of a key; RS256 is what relying parties of GitHub's tokens
// accept.
const keyBits = 2048

// Keys reads the keys below a directory, newest first. It makes the first one, and
// a new one when that is due, and deletes those that nobody needs any more.
func Keys(dir string, now time.Time) ([]Key, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("open issuer's keys: %w", err)
	}
	names, err := filepath.Glob(filepath.Join(dir, "*.pem"))
	if err != nil {
		return nil, fmt.Errorf("open issuer's keys: %w", err)
	}
	var keys []Key
	for _, name := range names {
		k, err := read(name)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("open issuer's key %s: %w", filepath.Base(name), err)
		}
		keys = append(keys, k)
	}
	slices.SortFunc(keys, func(a, b Key) int { return b.Created.Compare(a.Created) })
	if len(keys) == 0 || now.Sub(keys[0].Created) >= RotateAfter {
		k, err := create(dir, now)
		if err != nil {
			return nil, fmt.Errorf("make issuer's key: %w", err)
		}
		keys = slices.Insert(keys, 0, k)
	}
	for i := len(keys) - 1; i > 0; i-- {
		if now.Sub(keys[i-1].Created) < KeepFor {
			break
		}
		if err := os.Remove(filepath.Join(dir, keys[i].ID+".pem")); err != nil {
			return nil, fmt.Errorf("delete issuer's key: %w", err)
		}
		keys = keys[:i]
	}
	return keys, nil
}

const created = "Created"

func create(dir string, now time.Time) (Key, error) {
	private, err := rsa.GenerateKey(rand.Reader, keyBits)
	if err != nil {
		return Key{}, err
	}
	k := Key{Private: private, Created: now.UTC().Truncate(time.Second)}
	if k.ID, err = thumbprint(private); err != nil {
		return Key{}, err
	}
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return Key{}, err
	}
	block := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Headers: map[string]string{created: k.Created.Format(time.RFC3339)}, Bytes: der})
	path := filepath.Join(dir, k.ID+".pem")
	f, err := os.OpenFile(path+".tmp", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return Key{}, err
	}
	_, err = f.Write(block)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return Key{}, err
	}
	return k, os.Rename(path+".tmp", path)
}

func read(path string) (Key, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return Key{}, err
	}
	block, rest := pem.Decode(raw)
	if block == nil || len(strings.TrimSpace(string(rest))) > 0 {
		return Key{}, errors.New("want one PEM block")
	}
	at, err := time.Parse(time.RFC3339, block.Headers[created])
	if err != nil {
		return Key{}, fmt.Errorf("time of creation: %w", err)
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return Key{}, err
	}
	private, ok := parsed.(*rsa.PrivateKey)
	if !ok {
		return Key{}, errors.New("want an RSA key")
	}
	k := Key{Private: private, Created: at}
	if k.ID, err = thumbprint(private); err != nil {
		return Key{}, err
	}
	if k.ID+".pem" != filepath.Base(path) {
		return Key{}, fmt.Errorf("the key is %s: the file has another name", k.ID)
	}
	return k, nil
}

// thumbprint is the id of a key (RFC 7638).
func thumbprint(k *rsa.PrivateKey) (string, error) {
	e := []byte{byte(k.E >> 16), byte(k.E >> 8), byte(k.E)}
	canonical, err := json.Marshal(struct {
		E   string `json:"e"`
		Kty string `json:"kty"`
		N   string `json:"n"`
	}{base64.RawURLEncoding.EncodeToString(e), "RSA", base64.RawURLEncoding.EncodeToString(k.N.Bytes())})
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(canonical)
	return base64.RawURLEncoding.EncodeToString(sum[:]), nil
}

// Public is the public half in PKIX form, base64, for the record.
func (k Key) Public() (string, error) {
	der, err := x509.MarshalPKIXPublicKey(k.Private.Public())
	return base64.StdEncoding.EncodeToString(der), err
}
