package releaselog

import (
	"fmt"
	"maps"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/dc-release/dc-release/internal/core/canonical"
	"github.com/dc-release/dc-release/internal/core/ledger"
)

// AnchorBranch is the branch of anchors.
const AnchorBranch = "checkpoints"

// AnchorProofSchema of a file FROM-TO.json.
const AnchorProofSchema = "dc-release/checkpoint-proof/v1"

// RotationProofSchema of a file rotation-SEQ.json.
const RotationProofSchema = "dc-release/rotation-proof/v1"

// AnchorFolder is where the anchors of an epoch stand.
func AnchorFolder(origin string) string {
	return AnchorBranch + "/" + strings.ReplaceAll(origin, "/", "~")
}

// AnchorPath is where a checkpoint stands on the branch of anchors.
func AnchorPath(origin string, size int64) string {
	return AnchorFolder(origin) + "/" + strconv.FormatInt(size, 10)
}

// AnchorProofPath is where the proof stands that one anchor extends another.
func AnchorProofPath(origin string, from, to int64) string {
	return fmt.Sprintf("%s/%d-%d.json", AnchorFolder(origin), from, to)
}

// RotationProofPath is where the proof stands that a rotation is in the ledger.
func RotationProofPath(origin string, seq int64) string {
	return fmt.Sprintf("%s/rotation-%d.json", AnchorFolder(origin), seq)
}

// AnchorKeysPath is where the keys stand that the anchors are verified with.
func AnchorKeysPath(origin string) string { return AnchorFolder(origin) + "/" + KeysFile }

// AnchorProof proves that the checkpoint of size To extends that of size From,
// its neighbour on the branch.
type AnchorProof struct {
	Schema string   `json:"schema"`
	Origin string   `json:"origin"`
	From   int64    `json:"from"`
	To     int64    `json:"to"`
	Path   []string `json:"path"` // RFC 6962 section 2.1.2, hexadecimal
}

// RotationProof proves that the event of a rotation stands in the tree of a
// checkpoint of the branch.
type RotationProof struct {
	Schema string   `json:"schema"`
	Origin string   `json:"origin"`
	Seq    int64    `json:"seq"`
	Size   int64    `json:"size"`
	Path   []string `json:"path"` // RFC 6962 section 2.1.1, hexadecimal
}

// Anchors are the files of one epoch on the branch.
type Anchors struct {
	Origin    string
	Keys      []byte
	Notes     map[int64][]byte
	Proofs    map[[2]int64][]byte // by from and to
	Rotations map[int64][]byte    // proofs by seq
	Tokens    map[int64][]byte    // time stamps, by the size of their checkpoint
}

// Sizes are those of the checkpoints, the smallest first.
func (a Anchors) Sizes() []int64 { return slices.Sorted(maps.Keys(a.Notes)) }

// Checkpoint opens the checkpoint of a size with the ledger's keys of the epoch,
// and gives which of them signed it.
func (a Anchors) Checkpoint(size int64, keys ledger.Keychain) (ledger.Checkpoint, int, error) {
	c, link, err := keys.OpenCheckpoint(a.Notes[size])
	if err == nil && (c.Origin != a.Origin || c.Size != size) {
		err = fmt.Errorf("checkpoint: is of %s and size %d, stands as size %d of %s", c.Origin, c.Size, size, a.Origin)
	}
	return c, link, err
}

// Rotated verifies that a rotation is in the ledger: it stands in the tree of one
// of the checkpoints, which were verified before.
func (a Anchors) Rotated(rotation ledger.Record, checkpoints []ledger.Checkpoint) error {
	h, err := rotation.Open()
	if err != nil {
		return err
	}
	raw, ok := a.Rotations[h.Seq]
	if !ok {
		return fmt.Errorf("there is no proof that event %d, which rotates a key, is in the ledger", h.Seq)
	}
	var p RotationProof
	if err := canonical.Unmarshal(raw, &p); err != nil {
		return fmt.Errorf("proof of event %d: %w", h.Seq, err)
	}
	if p.Schema != RotationProofSchema || p.Origin != a.Origin || p.Seq != h.Seq {
		return fmt.Errorf("proof of event %d: is of another thing", h.Seq)
	}
	i := slices.IndexFunc(checkpoints, func(c ledger.Checkpoint) bool { return c.Size == p.Size })
	if i < 0 {
		return fmt.Errorf("proof of event %d: there is no checkpoint of size %d", h.Seq, p.Size)
	}
	if err := ledger.CheckInclusion(p.Path, p.Size, checkpoints[i].Root, h.Seq, rotation.LeafHash()); err != nil {
		return fmt.Errorf("event %d, which rotates a key, is not in the tree of size %d: %w", h.Seq, p.Size, err)
	}
	return nil
}

// Extends verifies the proof between two checkpoints of the branch.
func (a Anchors) Extends(from, to ledger.Checkpoint) error {
	raw, ok := a.Proofs[[2]int64{from.Size, to.Size}]
	if !ok {
		return fmt.Errorf("there is no proof that size %d extends size %d", to.Size, from.Size)
	}
	var p AnchorProof
	if err := canonical.Unmarshal(raw, &p); err != nil {
		return fmt.Errorf("proof that size %d extends size %d: %w", to.Size, from.Size, err)
	}
	if p.Schema != AnchorProofSchema || p.Origin != a.Origin || p.From != from.Size || p.To != to.Size {
		return fmt.Errorf("proof that size %d extends size %d: is of another thing", to.Size, from.Size)
	}
	err := ledger.CheckConsistency(p.Path, ledger.Head{Size: from.Size, Root: from.Root}, ledger.Head{Size: to.Size, Root: to.Root})
	if err != nil {
		return fmt.Errorf("size %d does not extend size %d: %w", to.Size, from.Size, err)
	}
	return nil
}

var anchorForm = regexp.MustCompile(`^checkpoints/(dc-release~[A-Za-z0-9]+~[0-9]+)/(keys\.json|([1-9][0-9]{0,15})(\.tst)?|([1-9][0-9]{0,15})-([1-9][0-9]{0,15})\.json|rotation-([1-9][0-9]{0,15})\.json)$`)

// ReadAnchors sorts the files of the branch by epoch; foreign are those that no
// installation of this program puts there.
func ReadAnchors(files map[string][]byte) (epochs map[string]Anchors, foreign []string) {
	epochs = map[string]Anchors{}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		m := anchorForm.FindStringSubmatch(name)
		if m == nil {
			foreign = append(foreign, name)
			continue
		}
		origin := strings.ReplaceAll(m[1], "~", "/")
		a, ok := epochs[origin]
		if !ok {
			a = Anchors{Origin: origin, Notes: map[int64][]byte{}, Proofs: map[[2]int64][]byte{}, Rotations: map[int64][]byte{}, Tokens: map[int64][]byte{}}
		}
		number := func(s string) int64 { n, _ := strconv.ParseInt(s, 10, 64); return n }
		switch {
		case path.Base(name) == KeysFile:
			a.Keys = files[name]
		case m[5] != "":
			a.Proofs[[2]int64{number(m[5]), number(m[6])}] = files[name]
		case m[4] != "":
			a.Tokens[number(m[3])] = files[name]
		case m[7] != "":
			a.Rotations[number(m[7])] = files[name]
		default:
			a.Notes[number(m[3])] = files[name]
		}
		epochs[origin] = a
	}
	return epochs, foreign
}

// Diverged records that the branch of anchors of a solution's release log is
// not as this installation left it. Nothing that was found was replaced.
type Diverged struct {
	Branch  string   `json:"branch"`
	Last    string   `json:"last"`    // commit that was seen last, "" for none
	Head    string   `json:"head"`    // commit that was found
	Gone    bool     `json:"gone"`    // the last commit is not in the branch any more
	Commits []string `json:"commits"` // by others, since the last
	Files   []string `json:"files"`   // that are no anchors of this ledger, each with why
}

// EventType implements ledger.Payload.
func (Diverged) EventType() (string, int) { return "checkpoint.diverged", 1 }
