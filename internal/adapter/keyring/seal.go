package keyring

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// SealKey is the key of the seal on final PDF files. Readers of PDF know no
// Ed25519, so it is one of its own, which the document key vouches for.
type SealKey struct {
	Key   *ecdsa.PrivateKey // P-256
	Since time.Time         // when it was made, to the second, UTC
}

// sealFile is keys/seal.json.
type sealFile struct {
	Private string `json:"private"` // PKCS #8, base64
	Since   string `json:"since"`
}

// Seal reads the key of the seal, made when it is not there.
func (r *Ring) Seal(now time.Time) (SealKey, error) {
	path := filepath.Join(r.dir, "seal.json")
	raw, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		raw, err = newSeal(now)
		if err == nil {
			err = write(path, raw)
		}
	}
	if err != nil {
		return SealKey{}, fmt.Errorf("open the key of the seal: %w", err)
	}
	key, err := readSeal(raw)
	if err != nil {
		return key, fmt.Errorf("open the key of the seal: %s: %w", path, err)
	}
	return key, nil
}

func newSeal(now time.Time) ([]byte, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	return json.Marshal(sealFile{Private: base64.StdEncoding.EncodeToString(der), Since: now.UTC().Format(time.RFC3339)})
}

func readSeal(raw []byte) (SealKey, error) {
	var f sealFile
	if err := json.Unmarshal(raw, &f); err != nil {
		return SealKey{}, err
	}
	since, err := time.Parse(time.RFC3339, f.Since)
	if err != nil {
		return SealKey{}, err
	}
	der, err := base64.StdEncoding.Strict().DecodeString(f.Private)
	if err != nil {
		return SealKey{}, err
	}
	key, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		return SealKey{}, err
	}
	p256, ok := key.(*ecdsa.PrivateKey)
	if !ok || p256.Curve != elliptic.P256() {
		return SealKey{}, errors.New("want a key of the curve P-256")
	}
	return SealKey{Key: p256, Since: since.UTC()}, nil
}
