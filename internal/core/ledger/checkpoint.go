package ledger

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// Checkpoint fixes the ledger at a size: C2SP tlog-checkpoint body with the
// origin dc-release/<installation>/<epoch>.
type Checkpoint struct {
	Origin string
	Size   int64
	Root   tlog.Hash
}

// Origin is the log identity of an installation's epoch.
func Origin(installation string, epoch int) string {
	return "dc-release/" + installation + "/" + strconv.Itoa(epoch)
}

// Body is the text that is signed.
func (c Checkpoint) Body() string {
	return c.Origin + "\n" + strconv.FormatInt(c.Size, 10) + "\n" + base64.StdEncoding.EncodeToString(c.Root[:]) + "\n"
}

// ParseCheckpoint reads a body and accepts only what Body writes.
func ParseCheckpoint(body string) (Checkpoint, error) {
	lines := strings.Split(body, "\n")
	if len(lines) != 4 || lines[3] != "" || lines[0] == "" {
		return Checkpoint{}, errors.New("checkpoint: want three lines: origin, size, root")
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil || size < 0 {
		return Checkpoint{}, fmt.Errorf("checkpoint: size %q: want a number", lines[1])
	}
	root, err := base64.StdEncoding.Strict().DecodeString(lines[2])
	if err != nil || len(root) != tlog.HashSize {
		return Checkpoint{}, fmt.Errorf("checkpoint: root %q: want %d bytes in base64", lines[2], tlog.HashSize)
	}
	c := Checkpoint{Origin: lines[0], Size: size, Root: tlog.Hash(root)}
	if c.Body() != body {
		return Checkpoint{}, errors.New("checkpoint: not in its one form")
	}
	return c, nil
}

// Signer signs notes with an Ed25519 key under a name.
type Signer struct {
	name string
	key  ed25519.PrivateKey
}

// NewSigner makes a signer; the name has no spaces and no plus sign.
func NewSigner(name string, key ed25519.PrivateKey) Signer { return Signer{name: name, key: key} }

// Name is the key name in the signature line.
func (s Signer) Name() string { return s.name }

// KeyHash is the note key hash: the first four bytes of
// SHA-256(name || "\n" || 0x01 || public key).
func (s Signer) KeyHash() uint32 { return keyHash(s.name, s.key.Public().(ed25519.PublicKey)) }

// Sign signs bytes.
func (s Signer) Sign(msg []byte) ([]byte, error) { return ed25519.Sign(s.key, msg), nil }

type verifier struct {
	name string
	key  ed25519.PublicKey
}

// NewVerifier verifies notes signed under name with the key.
func NewVerifier(name string, key ed25519.PublicKey) note.Verifier {
	return verifier{name: name, key: key}
}

func (v verifier) Name() string    { return v.name }
func (v verifier) KeyHash() uint32 { return keyHash(v.name, v.key) }
func (v verifier) Verify(msg, sig []byte) bool {
	return ed25519.Verify(v.key, msg, sig)
}

func keyHash(name string, key ed25519.PublicKey) uint32 {
	h := sha256.New()
	h.Write([]byte(name + "\n\x01"))
	h.Write(key)
	return binary.BigEndian.Uint32(h.Sum(nil))
}

// SignNote signs a text (ending in a newline) as a signed note.
func SignNote(text string, s Signer) ([]byte, error) {
	return note.Sign(&note.Note{Text: text}, s)
}

// OpenNote verifies a note that carries exactly one signature, by v, and
// accepts only the one way of writing it.
func OpenNote(data []byte, v note.Verifier) (string, error) {
	n, err := note.Open(data, note.VerifierList(v))
	if err != nil {
		return "", fmt.Errorf("signed note: %w", err)
	}
	if len(n.Sigs) != 1 || len(n.UnverifiedSigs) != 0 {
		return "", errors.New("signed note: want exactly one signature")
	}
	raw, err := base64.StdEncoding.Strict().DecodeString(n.Sigs[0].Base64)
	if err != nil {
		return "", errors.New("signed note: signature is not strict base64")
	}
	again := n.Text + "\n— " + n.Sigs[0].Name + " " + base64.StdEncoding.EncodeToString(raw) + "\n"
	if !bytes.Equal([]byte(again), data) {
		return "", errors.New("signed note: not in its one form")
	}
	return n.Text, nil
}

// OpenCheckpoint verifies a signed checkpoint note.
func OpenCheckpoint(data []byte, v note.Verifier) (Checkpoint, error) {
	text, err := OpenNote(data, v)
	if err != nil {
		return Checkpoint{}, err
	}
	c, err := ParseCheckpoint(text)
	if err != nil {
		return c, err
	}
	if c.Origin != v.Name() {
		return c, fmt.Errorf("checkpoint: origin %q is signed by the key %q", c.Origin, v.Name())
	}
	return c, nil
}
