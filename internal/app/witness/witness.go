// Package witness follows the ledger of an installation from elsewhere: with
// the anchors of a release log and what was seen before it decides whether the
// ledger only grew. It trusts nothing that it cannot prove.
package witness

import (
	"encoding/base64"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/dc-release/dc-release/internal/core/fault"
	"github.com/dc-release/dc-release/internal/core/ledger"
	"github.com/dc-release/dc-release/internal/core/releaselog"
)

// Schema of a Memory.
const Schema = "dc-release/witness/v1"

// Memory is what a witness saw last.
type Memory struct {
	Schema string `json:"schema"`
	Origin string `json:"origin"`
	Size   int64  `json:"size"`
	Root   string `json:"root"` // base64
	Key    string `json:"key"`  // of the ledger, the newest then; base64
}

// Look is one look at a release log.
type Look struct {
	Last  *Memory           // nil for the first look
	Files map[string][]byte // of branch checkpoints
	Trust *releaselog.Trust // what is known of the issuer from elsewhere, nil for nothing
	Epoch int               // of the installation that is accepted as new; 0 for none
}

// Seen is a checkpoint that extends all that was seen before.
type Seen struct {
	Memory
	Note    []byte // as the ledger signed it
	From    int64  // size that was seen before, 0 for none
	Trusted bool   // the keys are those of the trust file
}

// Follow verifies every checkpoint of the branch, the proofs between them, and
// that what was seen before is among them. Anything else is fault.Unverified
// with the reason: the ledger was cut, rewritten, forked or begun again.
func Follow(l Look) (Seen, error) {
	epochs, _ := releaselog.ReadAnchors(l.Files)
	a, err := l.choose(epochs)
	if err != nil {
		return Seen{}, err
	}
	keys, err := l.keys(a)
	if err != nil {
		return Seen{}, err
	}
	chain, signer, err := follow(a, keys)
	if err != nil {
		return Seen{}, err
	}
	if l.Trust != nil && signer < l.Trust.Known(keys, releaselog.LedgerKey) {
		return Seen{}, refuse("%s: is signed by a key from before the one of the trust file", releaselog.AnchorPath(a.Origin, chain[len(chain)-1].Size))
	}
	public := keys.Chain(releaselog.LedgerKey).Current() // a rotation that was seen is never forgotten
	newest := chain[len(chain)-1]
	out := Seen{
		Memory: Memory{
			Schema: Schema, Origin: a.Origin, Size: newest.Size, Root: base64.StdEncoding.EncodeToString(newest.Root[:]),
			Key: base64.StdEncoding.EncodeToString(public),
		},
		Note: a.Notes[newest.Size], Trusted: l.Trust != nil,
	}
	if l.Last == nil || l.Last.Origin != a.Origin {
		return out, nil
	}
	out.From = l.Last.Size
	return out, l.extends(chain)
}

func refuse(format string, args ...any) *fault.Error {
	return fault.New(fault.Unverified, format, args...)
}

// choose finds the epoch to follow.
func (l Look) choose(epochs map[string]releaselog.Anchors) (releaselog.Anchors, error) {
	installation, known := "", 0
	switch {
	case l.Last != nil:
		installation, known = split(l.Last.Origin)
	case l.Trust != nil:
		installation = l.Trust.Installation
	default:
		for _, origin := range slices.Sorted(maps.Keys(epochs)) {
			other, _ := split(origin)
			if installation != "" && other != installation {
				return releaselog.Anchors{}, refuse("the release log has checkpoints of installations %s and %s", installation, other).WithHint("say with --trust FILE which one is followed")
			}
			installation = other
		}
	}
	newest := 0
	for origin, a := range epochs {
		if i, epoch := split(origin); i == installation && len(a.Notes) > 0 {
			newest = max(newest, epoch)
		}
	}
	switch {
	case newest == 0 && l.Last == nil:
		return releaselog.Anchors{}, fault.New(fault.NotFound, "branch %s of the release log has no checkpoint to witness", releaselog.AnchorBranch).WithHint("make one with: dc-release audit checkpoint")
	case newest < known:
		return releaselog.Anchors{}, refuse("the release log has no checkpoint of %s any more, size %d was witnessed", l.Last.Origin, l.Last.Size)
	case known != 0 && newest > known && l.Epoch != newest:
		return releaselog.Anchors{}, refuse("the installation began epoch %d, epoch %d was witnessed up to size %d", newest, known, l.Last.Size).
			WithHint("when that is right and documented, accept it with --accept-epoch %d", newest)
	}
	return epochs[ledger.Origin(installation, newest)], nil
}

// split gives installation and epoch of an origin.
func split(origin string) (installation string, epoch int) {
	parts := strings.Split(origin, "/")
	if len(parts) != 3 {
		return "", 0
	}
	epoch, _ = strconv.Atoi(parts[2])
	return parts[1], epoch
}

// keys are the ledger's: among them is the key that was seen before, and those of
// the trust file. That each follows from the one before was verified when they
// were read.
func (l Look) keys(a releaselog.Anchors) (releaselog.Keys, error) {
	file := releaselog.AnchorKeysPath(a.Origin)
	keys, err := releaselog.ParseKeys(a.Keys)
	if err != nil {
		return keys, refuse("%s: %v", file, err)
	}
	if ledger.Origin(keys.Installation, keys.Epoch) != a.Origin {
		return keys, refuse("%s: are the keys of epoch %d of %s", file, keys.Epoch, keys.Installation)
	}
	if l.Trust != nil {
		for _, name := range releaselog.KeyNames {
			if l.Trust.Known(keys, name) < 0 {
				return keys, refuse("%s: the %s key is not the one of the trust file", file, name)
			}
		}
	}
	if l.Last == nil || l.Last.Origin != a.Origin {
		return keys, nil
	}
	known, err := base64.StdEncoding.Strict().DecodeString(l.Last.Key)
	if err != nil || keys.Chain(releaselog.LedgerKey).Find(ledger.Fingerprint(known)) < 0 {
		return keys, refuse("%s: the ledger's key is not the one that was witnessed, and no rotation leads from that one to it", file)
	}
	return keys, nil
}

// follow verifies all checkpoints of an epoch, each signed by a key that was in
// force, and that every rotation is in the ledger. It gives which key signed the
// newest.
func follow(a releaselog.Anchors, keys releaselog.Keys) (chain []ledger.Checkpoint, signer int, err error) {
	for _, size := range a.Sizes() {
		var c ledger.Checkpoint
		if c, signer, err = a.Checkpoint(size, keys.Chain(releaselog.LedgerKey)); err != nil {
			return nil, 0, refuse("%s: %v", releaselog.AnchorPath(a.Origin, size), err)
		}
		if n := len(chain); n > 0 {
			if err := a.Extends(chain[n-1], c); err != nil {
				return nil, 0, refuse("%s: %v", releaselog.AnchorPath(a.Origin, size), err)
			}
		}
		chain = append(chain, c)
	}
	for _, r := range keys.Rotations {
		if err := a.Rotated(r, chain); err != nil {
			return nil, 0, refuse("%s: %v", releaselog.AnchorKeysPath(a.Origin), err)
		}
	}
	return chain, signer, nil
}

// extends reports whether what was seen before is a part of the chain.
func (l Look) extends(chain []ledger.Checkpoint) error {
	newest := chain[len(chain)-1].Size
	if newest < l.Last.Size {
		return refuse("the ledger went back: its newest checkpoint has size %d, size %d was witnessed", newest, l.Last.Size)
	}
	i := slices.IndexFunc(chain, func(c ledger.Checkpoint) bool { return c.Size == l.Last.Size })
	if i < 0 {
		return refuse("there is no proof that size %d extends size %d: the checkpoint that was witnessed is not in the release log any more", newest, l.Last.Size)
	}
	if root := base64.StdEncoding.EncodeToString(chain[i].Root[:]); root != l.Last.Root {
		return refuse("the ledger was forked or rewritten: size %d has root %s, root %s was witnessed", l.Last.Size, root, l.Last.Root)
	}
	return nil
}

// Answer is what a look gave, for the command line.
type Answer struct {
	Seen
	Witness string // name of the witness
	Public  string // its key, base64
	File    string // the cosigned checkpoint
}

// String says what was done.
func (a Answer) String() string {
	if a.From == 0 {
		return fmt.Sprintf("%s: size %d witnessed for the first time", a.Origin, a.Size)
	}
	return fmt.Sprintf("%s: size %d extends size %d", a.Origin, a.Size, a.From)
}
