// Package password hashes and verifies passwords with argon2id (RFC 9106) in
// the PHC string form.
package password

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/crypto/argon2"
)

// The parameters of new hashes: RFC 9106 section 4, second recommendation.
const (
	passes  = 3
	memory  = 64 << 10 // KiB
	lanes   = 1
	keySize = 32
	salt    = 16
)

// MinLength of a password, in bytes.
const MinLength = 12

// Hasher bounds how many hashes run at once: each takes 64 MiB.
type Hasher struct{ slots chan struct{} }

// NewHasher allows n hashes at once.
func NewHasher(n int) *Hasher { return &Hasher{slots: make(chan struct{}, n)} }

// Hash makes the PHC string of a new password.
func (h *Hasher) Hash(ctx context.Context, password string) (string, error) {
	if len(password) < MinLength {
		return "", fmt.Errorf("password: want at least %d characters", MinLength)
	}
	s := make([]byte, salt)
	if _, err := rand.Read(s); err != nil {
		return "", err
	}
	key, err := h.key(ctx, password, s, passes, memory, lanes)
	if err != nil {
		return "", err
	}
	enc := base64.RawStdEncoding.EncodeToString
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, memory, passes, lanes, enc(s), enc(key)), nil
}

// Verify reports whether the password is the one of the hash, in constant time
// for hashes of the same parameters.
func (h *Hasher) Verify(ctx context.Context, password, hash string) (bool, error) {
	parts := strings.Split(hash, "$")
	if len(parts) != 6 || parts[1] != "argon2id" {
		return false, errors.New("password hash: want the PHC form of argon2id")
	}
	var version, m, t, p int
	if _, err := fmt.Sscanf(parts[2], "v=%d", &version); err != nil || version != argon2.Version {
		return false, fmt.Errorf("password hash: version %q", parts[2])
	}
	if _, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &m, &t, &p); err != nil || m < 8 || m > 1<<20 || t < 1 || t > 16 || p < 1 || p > 16 {
		return false, fmt.Errorf("password hash: parameters %q", parts[3])
	}
	s, err := base64.RawStdEncoding.Strict().DecodeString(parts[4])
	if err != nil {
		return false, errors.New("password hash: salt")
	}
	want, err := base64.RawStdEncoding.Strict().DecodeString(parts[5])
	if err != nil || len(want) != keySize {
		return false, errors.New("password hash: key")
	}
	got, err := h.key(ctx, password, s, uint32(t), uint32(m), uint8(p))
	return err == nil && subtle.ConstantTimeCompare(got, want) == 1, err
}

func (h *Hasher) key(ctx context.Context, password string, salt []byte, t, m uint32, p uint8) ([]byte, error) {
	select {
	case h.slots <- struct{}{}:
		defer func() { <-h.slots }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	return argon2.IDKey([]byte(password), salt, t, m, p, keySize), nil
}
