package ledger

import (
	"encoding/hex"
	"fmt"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// Hash is a hash of the tree.
type Hash = tlog.Hash

// HashReader reads stored hashes of the tree.
type HashReader = tlog.HashReader

// Verifier verifies signed notes.
type Verifier = note.Verifier

// ProveInclusion proves that the event seq (from 1) stands in the tree of a
// size: RFC 6962 section 2.1.1, the path in lower-case hexadecimal.
func ProveInclusion(size, seq int64, hashes HashReader) ([]string, error) {
	p, err := tlog.ProveRecord(size, seq-1, hashes)
	if err != nil {
		return nil, fmt.Errorf("prove event %d in %d: %w", seq, size, err)
	}
	return encodePath(p), nil
}

// CheckInclusion verifies what ProveInclusion made for the event's leaf hash.
func CheckInclusion(path []string, size int64, root Hash, seq int64, leaf Hash) error {
	p, err := decodePath(path)
	if err != nil {
		return err
	}
	if seq < 1 || seq > size {
		return fmt.Errorf("event %d is not in a tree of size %d", seq, size)
	}
	return tlog.CheckRecord(p, size, root, seq-1, leaf)
}

// ProveConsistency proves that the tree of size to extends that of size from:
// RFC 6962 section 2.1.2.
func ProveConsistency(from, to int64, hashes HashReader) ([]string, error) {
	p, err := tlog.ProveTree(to, from, hashes)
	if err != nil {
		return nil, fmt.Errorf("prove that size %d extends %d: %w", to, from, err)
	}
	return encodePath(p), nil
}

// CheckConsistency verifies what ProveConsistency made.
func CheckConsistency(path []string, from, to Head) error {
	p, err := decodePath(path)
	if err != nil {
		return err
	}
	if from.Size < 1 || from.Size > to.Size {
		return fmt.Errorf("size %d does not extend size %d", to.Size, from.Size)
	}
	return tlog.CheckTree(p, to.Size, to.Root, from.Size, from.Root)
}

func encodePath(p []tlog.Hash) []string {
	out := make([]string, len(p))
	for i, h := range p {
		out[i] = hex.EncodeToString(h[:])
	}
	return out
}

func decodePath(path []string) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(path))
	for i, s := range path {
		raw, err := hex.DecodeString(s)
		if err != nil || len(raw) != tlog.HashSize || hex.EncodeToString(raw) != s {
			return nil, fmt.Errorf("proof: hash %q: want %d bytes in lower-case hexadecimal", s, tlog.HashSize)
		}
		out[i] = tlog.Hash(raw)
	}
	return out, nil
}
