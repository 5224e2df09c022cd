package ledger

import (
	"fmt"

	"golang.org/x/mod/sumdb/tlog"
)

// Root is the root of the first size leaves; the empty tree's root is the
// SHA-256 of nothing (RFC 6962 section 2.1).
func Root(size int64, hashes tlog.HashReader) (tlog.Hash, error) {
	root, err := tlog.TreeHash(size, hashes)
	if err != nil {
		return root, fmt.Errorf("hash tree of size %d: %w", size, err)
	}
	return root, nil
}

// Overlay reads hashes that a batch has computed but not stored yet before
// those of the store.
type Overlay struct {
	Stored tlog.HashReader
	Fresh  map[int64]tlog.Hash
}

// ReadHashes implements tlog.HashReader.
func (o Overlay) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(indexes))
	var missing []int64
	var at []int
	for i, x := range indexes {
		if h, ok := o.Fresh[x]; ok {
			out[i] = h
			continue
		}
		missing, at = append(missing, x), append(at, i)
	}
	if len(missing) == 0 {
		return out, nil
	}
	stored, err := o.Stored.ReadHashes(missing)
	if err != nil {
		return nil, err
	}
	for i, h := range stored {
		out[at[i]] = h
	}
	return out, nil
}

// Extend computes the hashes that the leaf with index n (from 0) adds; they
// are returned in storage order together with the first index.
func Extend(n int64, leaf tlog.Hash, hashes tlog.HashReader) (first int64, fresh []tlog.Hash, err error) {
	fresh, err = tlog.StoredHashesForRecordHash(n, leaf, hashes)
	if err != nil {
		return 0, nil, fmt.Errorf("extend tree at %d: %w", n, err)
	}
	return tlog.StoredHashIndex(0, n), fresh, nil
}

// Memory is a tree in memory, for verification of a whole ledger and of
// published folders.
type Memory struct {
	size   int64
	hashes []tlog.Hash
}

// Add appends a leaf.
func (m *Memory) Add(leaf tlog.Hash) error {
	_, fresh, err := Extend(m.size, leaf, m)
	if err != nil {
		return err
	}
	m.hashes = append(m.hashes, fresh...)
	m.size++
	return nil
}

// Size is the number of leaves.
func (m *Memory) Size() int64 { return m.size }

// Root is the root over all leaves.
func (m *Memory) Root() (tlog.Hash, error) { return Root(m.size, m) }

// ReadHashes implements tlog.HashReader.
func (m *Memory) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(indexes))
	for i, x := range indexes {
		if x < 0 || x >= int64(len(m.hashes)) {
			return nil, fmt.Errorf("hash %d: the tree has %d", x, len(m.hashes))
		}
		out[i] = m.hashes[x]
	}
	return out, nil
}

// Head is size and root of a ledger.
type Head struct {
	Size int64
	Root tlog.Hash
}
