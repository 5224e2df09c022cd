package ledger

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// A cosignature is what a witness adds to a checkpoint: C2SP tlog-cosignature,
// Ed25519. It says that the witness saw this checkpoint at a time and that it
// extends every one that it saw before.

// cosignatureSize is eight bytes of time and an Ed25519 signature.
const cosignatureSize = 8 + ed25519.SignatureSize

// Cosigner is a witness's name and key.
type Cosigner struct {
	Name string
	Key  ed25519.PrivateKey
}

// Cosign adds the witness's line to a checkpoint that was verified; seconds is
// since the epoch.
func Cosign(checkpoint []byte, c Cosigner, seconds int64) ([]byte, error) {
	body, _, err := cut(checkpoint)
	if err != nil {
		return nil, err
	}
	if c.Name == "" || seconds < 0 || strings.ContainsAny(c.Name, " +\t\r\n") {
		return nil, fmt.Errorf("cosign: name %q: want one without spaces and plus signs", c.Name)
	}
	raw := binary.BigEndian.AppendUint32(nil, cosignatureHash(c.Name, c.Key.Public().(ed25519.PublicKey)))
	raw = binary.BigEndian.AppendUint64(raw, uint64(seconds))
	raw = append(raw, ed25519.Sign(c.Key, cosigned(body, seconds))...)
	return append(append([]byte{}, checkpoint...), "— "+c.Name+" "+base64.StdEncoding.EncodeToString(raw)+"\n"...), nil
}

// cosigned is the text that a witness signs.
func cosigned(body string, seconds int64) []byte {
	return []byte("cosignature/v1\ntime " + strconv.FormatInt(seconds, 10) + "\n" + body)
}

// cosignatureHash is the key id of a witness: the first four bytes of
// SHA-256(name || "\n" || 0x04 || public key).
func cosignatureHash(name string, key ed25519.PublicKey) uint32 {
	h := sha256.New()
	h.Write([]byte(name + "\n\x04"))
	h.Write(key)
	return binary.BigEndian.Uint32(h.Sum(nil))
}

// Uncosigned gives the checkpoint as the ledger signed it, and the lines that
// witnesses added. What it gives is not verified.
func Uncosigned(data []byte) (checkpoint []byte, lines []string, err error) {
	body, signatures, err := cut(data)
	if err != nil {
		return nil, nil, err
	}
	return []byte(body + "\n" + signatures[0] + "\n"), signatures[1:], nil
}

// CheckCosignature verifies that a witness cosigned the checkpoint, and gives
// when, in seconds since the epoch.
func CheckCosignature(data []byte, name string, key ed25519.PublicKey) (seconds int64, err error) {
	body, lines, err := cut(data)
	if err != nil {
		return 0, err
	}
	for _, line := range lines[1:] {
		text, ok := strings.CutPrefix(line, "— "+name+" ")
		if !ok {
			continue
		}
		raw, err := base64.StdEncoding.Strict().DecodeString(text)
		if err != nil || len(raw) != 4+cosignatureSize || binary.BigEndian.Uint32(raw) != cosignatureHash(name, key) {
			continue
		}
		at := binary.BigEndian.Uint64(raw[4:])
		if at < 1<<62 && ed25519.Verify(key, cosigned(body, int64(at)), raw[12:]) {
			return int64(at), nil
		}
	}
	return 0, fmt.Errorf("checkpoint: witness %q did not cosign it", name)
}

// maxCosignatures bounds the lines of a checkpoint that are looked at.
const maxCosignatures = 64

// cut splits a checkpoint into its body and its signature lines.
func cut(data []byte) (body string, signatures []string, err error) {
	body, rest, ok := strings.Cut(string(data), "\n\n")
	if !ok || !strings.HasSuffix(rest, "\n") {
		return "", nil, errors.New("checkpoint: want a text, an empty line and signatures")
	}
	body += "\n"
	if _, err := ParseCheckpoint(body); err != nil {
		return "", nil, err
	}
	signatures = strings.Split(strings.TrimSuffix(rest, "\n"), "\n")
	if len(signatures) > maxCosignatures {
		return "", nil, fmt.Errorf("checkpoint: %d signatures, want at most %d", len(signatures), maxCosignatures)
	}
	return body, signatures, nil
}
