package keyring

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
)

// secretsKey names the key that secrets of solutions are sealed with. It signs
// nothing and is not announced in the ledger; "seal" is the key of PDF files.
const secretsKey = "secrets"

// secretsKeySize is its length in bytes.
const secretsKeySize = 32

// SecretsKeys reads the key in keys/secrets.key, and the next one that a rotation
// left in keys/secrets.next; nil for what is not there.
func (r *Ring) SecretsKeys() (key, next []byte, err error) {
	if key, err = readSecretsKey(r.file(secretsKey)); err != nil {
		return nil, nil, err
	}
	next, err = readSecretsKey(r.next(secretsKey))
	return key, next, err
}

// MakeSecretsKey makes the first one.
func (r *Ring) MakeSecretsKey() ([]byte, error) { return makeSecretsKey(r.file(secretsKey)) }

// NextSecretsKey makes the one that a rotation puts into the place of the first.
func (r *Ring) NextSecretsKey() ([]byte, error) { return makeSecretsKey(r.next(secretsKey)) }

// SettleSecretsKey puts the next key into the place of the one before, or drops it.
func (r *Ring) SettleSecretsKey(inForce bool) error { return r.Settle(secretsKey, inForce) }

func makeSecretsKey(path string) ([]byte, error) {
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		return nil, errors.Join(fmt.Errorf("make %s: there is one already", path), err)
	}
	key := make([]byte, secretsKeySize)
	if _, err := rand.Read(key); err != nil {
		return nil, err
	}
	return key, write(path, []byte(base64.StdEncoding.EncodeToString(key)+"\n"))
}

func readSecretsKey(path string) ([]byte, error) {
	raw, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	key, err := DecodeSecretsKey(string(raw))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return key, nil
}

// DecodeSecretsKey reads a key as it stands in a file: 32 bytes in base64, and
// white space around them. The error never repeats it.
func DecodeSecretsKey(text string) ([]byte, error) {
	key, err := base64.StdEncoding.Strict().DecodeString(strings.TrimSpace(text))
	if err != nil || len(key) != secretsKeySize {
		return nil, fmt.Errorf("want a key of %d random bytes in base64", secretsKeySize)
	}
	return key, nil
}
