package verify

import (
	"crypto/sha256"
	"math/bits"

	"github.com/dc-release/dc-release/internal/core/ledger"
)

// frontier is the right edge of a tree: as much as is needed to go on, however
// large the tree is.
type frontier struct {
	size  int64
	edge  []ledger.Hash // roots of the complete subtrees, the largest first
	fresh []ledger.Hash
}

// add appends a leaf and gives the hashes that it completes, in the order in
// which a store keeps them; valid until the next call.
func (f *frontier) add(leaf ledger.Hash) []ledger.Hash {
	f.fresh = append(f.fresh[:0], leaf)
	h := leaf
	for n := f.size; n&1 == 1; n >>= 1 {
		last := len(f.edge) - 1
		h = node(f.edge[last], h)
		f.edge = f.edge[:last]
		f.fresh = append(f.fresh, h)
	}
	f.edge = append(f.edge, h)
	f.size++
	return f.fresh
}

// root is the root of the tree (RFC 6962 section 2.1).
func (f *frontier) root() ledger.Hash {
	if f.size == 0 {
		return sha256.Sum256(nil)
	}
	h := f.edge[len(f.edge)-1]
	for i := len(f.edge) - 2; i >= 0; i-- {
		h = node(f.edge[i], h)
	}
	return h
}

func node(left, right ledger.Hash) ledger.Hash {
	var buf [1 + 2*sha256.Size]byte
	buf[0] = 1
	copy(buf[1:], left[:])
	copy(buf[1+sha256.Size:], right[:])
	return sha256.Sum256(buf[:])
}

// hashCount is how many hashes a store keeps for a size; also the index of the
// next leaf's.
func hashCount(size int64) int64 { return 2*size - int64(bits.OnesCount64(uint64(size))) }
