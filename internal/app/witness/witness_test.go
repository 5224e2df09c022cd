package witness_test

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"maps"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/dc-release/dc-release/internal/app/witness"
	"github.com/dc-release/dc-release/internal/core/canonical"
	"github.com/dc-release/dc-release/internal/core/fault"
	"github.com/dc-release/dc-release/internal/core/ledger"
	"github.com/dc-release/dc-release/internal/core/releaselog"
)

const installation = "01J0000000000000000000INST"

func key(b byte) ed25519.PrivateKey {
	return ed25519.NewKeyFromSeed(bytes.Repeat([]byte{b}, ed25519.SeedSize))
}

func public(b byte) ed25519.PublicKey { return key(b).Public().(ed25519.PublicKey) }

type fataler interface {
	Helper()
	Fatal(...any)
}

// log is a ledger with the branch of anchors that it left.
type log struct {
	t         fataler
	epoch     int
	key       byte // that checkpoints are signed with
	first     byte // that it began with
	rotations []ledger.Record
	tree      ledger.Memory
	heads     map[int64]ledger.Head
	files     map[string][]byte
}

func begin(t fataler, epoch int) *log {
	l := &log{t: t, epoch: epoch, key: 1, first: 1, heads: map[int64]ledger.Head{}, files: map[string][]byte{}}
	l.keys()
	return l
}

func (l *log) origin() string { return ledger.Origin(installation, l.epoch) }

// keys writes keys.json with the rotations that there are.
func (l *log) keys() {
	k := releaselog.Keys{Schema: releaselog.KeysSchema, Installation: installation, Epoch: l.epoch, Rotations: l.rotations, Keys: []releaselog.Key{
		releaselog.NewKey(releaselog.LedgerKey, l.origin(), public(l.first)), releaselog.NewKey(releaselog.AttestKey, releaselog.AttestKeyID(installation), public(2)),
		releaselog.NewKey(releaselog.DocumentKey, releaselog.DocumentKeyID(installation), public(3)),
	}}
	if len(k.Rotations) > 0 {
		k.Schema = releaselog.RotatedKeysSchema
	}
	raw, err := canonical.Marshal(k)
	l.must(err)
	l.files[releaselog.AnchorKeysPath(l.origin())] = raw
}

// rotated appends the event of a rotation, whoever signs it.
func (l *log) rotated(d *ledger.KeyRotated) {
	l.t.Helper()
	body, err := canonical.Marshal(d)
	l.must(err)
	part := ledger.Part{Salt: make([]byte, ledger.SaltSize), Body: body}
	seq := l.tree.Size() + 1
	header, err := canonical.Marshal(ledger.Header{
		Schema: ledger.Schema, Seq: seq, ID: "01J", Stream: ledger.Installation, Version: seq, Type: "key.rotated", TypeVersion: 1, Time: "2026-03-04T13:22:05.000000Z",
		Actor: ledger.Actor{Kind: ledger.Person, ID: "P"}, Reason: "stolen", Parts: map[string]string{ledger.Public: part.Commitment()},
	})
	l.must(err)
	r := ledger.Record{Header: header, Parts: map[string]ledger.Part{ledger.Public: part}}
	l.must(l.tree.Add(r.LeafHash()))
	l.rotations = append(l.rotations, r)
}

// rotate replaces the ledger's key, anchors it and proves it there.
func (l *log) rotate(next byte) {
	l.t.Helper()
	l.rotated(ledger.Rotate(installation, releaselog.LedgerKey, key(l.key), key(next)))
	l.key = next
	l.anchor()
	l.keys()
	l.prove()
}

// prove proves the last rotation in the tree as it is.
func (l *log) prove() {
	l.t.Helper()
	h, err := l.rotations[len(l.rotations)-1].Open()
	l.must(err)
	path, err := ledger.ProveInclusion(l.tree.Size(), h.Seq, &l.tree)
	l.must(err)
	raw, err := canonical.Marshal(releaselog.RotationProof{Schema: releaselog.RotationProofSchema, Origin: l.origin(), Seq: h.Seq, Size: l.tree.Size(), Path: path})
	l.must(err)
	l.files[releaselog.RotationProofPath(l.origin(), h.Seq)] = raw
}

func (l *log) must(err error) {
	l.t.Helper()
	if err != nil {
		l.t.Fatal(err)
	}
}

// grow appends events.
func (l *log) grow(events ...string) {
	for _, e := range events {
		l.must(l.tree.Add(ledger.Record{Header: []byte(e)}.LeafHash()))
	}
}

// anchor commits the checkpoint of the ledger as it is, with its proof.
func (l *log) anchor() {
	l.t.Helper()
	root, err := l.tree.Root()
	l.must(err)
	h := ledger.Head{Size: l.tree.Size(), Root: root}
	c := ledger.Checkpoint{Origin: l.origin(), Size: h.Size, Root: root}
	note, err := ledger.SignNote(c.Body(), ledger.NewSigner(c.Origin, key(l.key)))
	l.must(err)
	epochs, _ := releaselog.ReadAnchors(l.files)
	before := int64(0)
	for _, size := range epochs[l.origin()].Sizes() {
		if size < h.Size {
			before = size
		}
	}
	l.files[releaselog.AnchorPath(l.origin(), h.Size)] = note
	if before > 0 {
		path, err := ledger.ProveConsistency(before, h.Size, &l.tree)
		l.must(err)
		raw, err := canonical.Marshal(releaselog.AnchorProof{Schema: releaselog.AnchorProofSchema, Origin: l.origin(), From: before, To: h.Size, Path: path})
		l.must(err)
		l.files[releaselog.AnchorProofPath(l.origin(), before, h.Size)] = raw
	}
}

// honest is a ledger of ten events with anchors at 3, 7 and 10.
func honest(t fataler) *log {
	l := begin(t, 1)
	for i, e := range strings.Fields("a b c d e f g h i j") {
		l.grow(e)
		if slices.Contains([]int{2, 6, 9}, i) {
			l.anchor()
		}
	}
	return l
}

func seen(t *testing.T, l *log, last *witness.Memory) witness.Seen {
	t.Helper()
	s, err := witness.Follow(witness.Look{Last: last, Files: l.files})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestAWitnessFollowsALedgerThatGrows(t *testing.T) {
	l := honest(t)
	first := seen(t, l, nil)
	if first.Size != 10 || first.From != 0 || first.Origin != l.origin() {
		t.Errorf("first look: %+v", first)
	}
	if again := seen(t, l, &first.Memory); again.From != 10 || again.Memory != first.Memory {
		t.Errorf("nothing new: %+v", again)
	}
	l.grow("k", "l")
	l.anchor()
	if next := seen(t, l, &first.Memory); next.Size != 12 || next.From != 10 {
		t.Errorf("second look: %+v", next)
	}
}

func refused(t *testing.T, l witness.Look, reason string) {
	t.Helper()
	if _, err := witness.Follow(l); fault.KindOf(err) != fault.Unverified || !strings.Contains(err.Error(), reason) {
		t.Errorf("got %v, want a refusal that says %q", err, reason)
	}
}

func TestAttack02_TruncationIsRefused(t *testing.T) {
	last := seen(t, honest(t), nil).Memory
	cut := begin(t, 1)
	cut.grow("a", "b", "c")
	cut.anchor()
	refused(t, witness.Look{Last: &last, Files: cut.files}, "went back: its newest checkpoint has size 3, size 10 was witnessed")
	cut.grow(strings.Fields("d e f g h X i j k")...) // cut and grown beyond
	cut.anchor()
	refused(t, witness.Look{Last: &last, Files: cut.files}, "no proof that size 12 extends size 10")
}

func TestAttack03_ARewriteIsRefused(t *testing.T) {
	last := seen(t, honest(t), nil).Memory
	other := begin(t, 1)
	other.grow(strings.Fields("a b c d e f g h i J")...)
	other.anchor()
	other.grow("k")
	other.anchor()
	refused(t, witness.Look{Last: &last, Files: other.files}, "forked or rewritten")
	// The old checkpoints stay and the new one does not extend them.
	mixed := honest(t)
	maps.Copy(mixed.files, other.files)
	for size, note := range map[int64][]byte{10: honest(t).files[releaselog.AnchorPath(other.origin(), 10)]} {
		mixed.files[releaselog.AnchorPath(other.origin(), size)] = note
	}
	refused(t, witness.Look{Last: &last, Files: mixed.files}, "size 11 does not extend size 10")
}

func TestAttack04_ALedgerThatWasBegunAgainIsRefused(t *testing.T) {
	last := seen(t, honest(t), nil).Memory
	fresh := begin(t, 1) // the same key
	fresh.grow("x", "y")
	fresh.anchor()
	refused(t, witness.Look{Last: &last, Files: fresh.files}, "went back")
	refused(t, witness.Look{Last: &last, Files: nil}, "no checkpoint of "+last.Origin+" any more")
}

func TestAttack08_TwoViewsOfOneLedgerAreNotBothCosigned(t *testing.T) {
	left, right := honest(t), honest(t)
	left.grow("k")
	right.grow("K")
	left.anchor()
	right.anchor()
	last := seen(t, left, nil).Memory
	right.grow("l")
	right.anchor()
	refused(t, witness.Look{Last: &last, Files: right.files}, "forked or rewritten")
}

func TestAttack55_AnotherKeyIsRefused(t *testing.T) {
	last := seen(t, honest(t), nil).Memory
	stolen := honest(t)
	stolen.key, stolen.first = 7, 7
	stolen.keys()
	refused(t, witness.Look{Last: &last, Files: stolen.files}, "key is not the one that was witnessed")
	refused(t, witness.Look{Files: stolen.files}, "signature") // signed by the old one
}

func TestAWitnessFollowsAKeyThatIsRotated(t *testing.T) {
	l := honest(t)
	last := seen(t, l, nil).Memory
	l.rotate(7)
	next := seen(t, l, &last)
	if next.Size != 11 || next.From != 10 || next.Key != base64.StdEncoding.EncodeToString(public(7)) {
		t.Errorf("after the rotation: %+v", next)
	}
	l.grow("l", "m")
	l.rotate(8)
	l.grow("n")
	l.anchor()
	// One who slept over both rotations, one who looked between, and one who looks
	// for the first time.
	for name, memory := range map[string]*witness.Memory{"the first key": &last, "the second": &next.Memory, "none": nil} {
		if s := seen(t, l, memory); s.Size != 15 || s.Key != base64.StdEncoding.EncodeToString(public(8)) {
			t.Errorf("with %s: %+v", name, s)
		}
	}
	trust := &releaselog.Trust{Installation: installation, Fingerprints: map[string]string{
		releaselog.LedgerKey: ledger.Fingerprint(public(1)), releaselog.AttestKey: ledger.Fingerprint(public(2)), releaselog.DocumentKey: ledger.Fingerprint(public(3)),
	}}
	if s, err := witness.Follow(witness.Look{Files: l.files, Trust: trust}); err != nil || !s.Trusted {
		t.Errorf("with the first trust file: %+v, %v", s, err)
	}
}

// TestAttack55_ANewKeyIsAcceptedWithItsWholeChainOnly is about who stole a key, or
// has one of his own.
func TestAttack55_ANewKeyIsAcceptedWithItsWholeChainOnly(t *testing.T) {
	last := seen(t, honest(t), nil).Memory
	rotated := func() *log {
		l := honest(t)
		l.rotate(7)
		return l
	}
	after := seen(t, rotated(), &last).Memory
	half := ledger.Rotate(installation, releaselog.LedgerKey, key(9), key(7)) // signed by the new key alone
	half.Old, half.OldID = base64.StdEncoding.EncodeToString(public(1)), ledger.Fingerprint(public(1))
	for name, c := range map[string]struct {
		last   witness.Memory
		log    func(l *log)
		reason string
	}{
		"a new key without a chain": {last, func(l *log) { l.first, l.rotations = 7, nil; l.keys() }, "no rotation leads"},
		"the rotation without proof": {last, func(l *log) {
			delete(l.files, releaselog.RotationProofPath(l.origin(), 11))
		}, "there is no proof that event 11"},
		"a rotation that is not in the tree": {last, func(l *log) {
			l.rotations[0].Header = bytes.Replace(l.rotations[0].Header, []byte("stolen"), []byte("needed"), 1)
			l.keys()
		}, "is not in the tree of size 11"},
		"the old key goes on": {after, func(l *log) { l.key = 1; l.grow("l"); l.anchor() }, "which event 11 replaced"},
		"the rotation is taken back": {after, func(l *log) {
			l.rotations = nil
			l.keys()
		}, "no rotation leads"},
		"the old key goes on and the rotation is hidden": {after, func(l *log) {
			l.key, l.rotations = 1, nil
			delete(l.files, releaselog.AnchorPath(l.origin(), 11))
			l.grow("l")
			l.anchor()
			l.keys()
		}, "no rotation leads"},
		"a rotation by half":        {last, func(l *log) { l.rotations = nil; l.rotated(half); l.keys(); l.prove() }, "is not signed by the old ledger key"},
		"a rotation of a third key": {last, func(l *log) { l.rotated(ledger.Rotate(installation, "ledger", key(9), key(6))); l.keys(); l.prove() }, "in force is"},
	} {
		t.Run(name, func(t *testing.T) {
			l := rotated()
			c.log(l)
			refused(t, witness.Look{Last: &c.last, Files: l.files}, c.reason)
		})
	}
}

func TestANewEpochIsAcceptedByItsNumberOnly(t *testing.T) {
	l := honest(t)
	last := seen(t, l, nil).Memory
	next := begin(t, 2)
	next.grow("restored")
	next.anchor()
	maps.Copy(l.files, next.files)
	refused(t, witness.Look{Last: &last, Files: l.files}, "began epoch 2")
	refused(t, witness.Look{Last: &last, Files: l.files, Epoch: 3}, "began epoch 2")
	got, err := witness.Follow(witness.Look{Last: &last, Files: l.files, Epoch: 2})
	if err != nil || got.Origin != next.origin() || got.From != 0 {
		t.Fatalf("got %+v, %v", got, err)
	}
	refused(t, witness.Look{Last: &got.Memory, Files: honest(t).files, Epoch: 1}, "any more")
}

func TestTheTrustFileSaysWhoseLedgerItIs(t *testing.T) {
	l := honest(t)
	trust := &releaselog.Trust{Schema: releaselog.TrustSchema, Installation: installation, Fingerprints: map[string]string{
		releaselog.LedgerKey: canonical.SHA256(public(1)), releaselog.AttestKey: canonical.SHA256(public(2)), releaselog.DocumentKey: canonical.SHA256(public(3)),
	}}
	if s, err := witness.Follow(witness.Look{Files: l.files, Trust: trust}); err != nil || !s.Trusted {
		t.Errorf("got %+v, %v", s, err)
	}
	trust.Fingerprints[releaselog.AttestKey] = canonical.SHA256(public(9))
	refused(t, witness.Look{Files: l.files, Trust: trust}, "attest key is not the one of the trust file")
	if _, err := witness.Follow(witness.Look{}); fault.KindOf(err) != fault.NotFound {
		t.Errorf("an empty release log: %v", err)
	}
}

func TestAttack01_AnyChangedByteOfAnAnchorIsRefused(t *testing.T) {
	l := honest(t)
	last := seen(t, l, nil).Memory
	for name, data := range l.files {
		for i := range data {
			files := maps.Clone(l.files)
			files[name] = bytes.Clone(data)
			files[name][i] ^= 1
			s, err := witness.Follow(witness.Look{Last: &last, Files: files})
			if err == nil && s.Memory == last && strings.HasSuffix(name, releaselog.KeysFile) {
				continue // a byte of what is said about another key
			}
			if err == nil {
				t.Errorf("byte %d of %s was changed and nothing was refused", i, name)
			}
		}
	}
}

// Whatever is taken out of a release log, the witness never cosigns less or
// something else than it saw.
func TestAWitnessNeverGoesBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := begin(t, 1)
		var last *witness.Memory
		for range rapid.IntRange(1, 6).Draw(t, "looks") {
			for range rapid.IntRange(1, 3).Draw(t, "anchors") {
				l.grow(rapid.SliceOfN(rapid.StringMatching(`[a-z]{1,4}`), 1, 5).Draw(t, "events")...)
				l.anchor()
			}
			files := maps.Clone(l.files)
			names := slices.Sorted(maps.Keys(files))
			for _, name := range rapid.SliceOfN(rapid.SampledFrom(names), 0, 2).Draw(t, "removed") {
				delete(files, name)
			}
			s, err := witness.Follow(witness.Look{Last: last, Files: files})
			if err != nil {
				continue
			}
			if last != nil && s.Size < last.Size {
				t.Fatalf("went from %d to %d", last.Size, s.Size)
			}
			root, err := ledger.Root(s.Size, &l.tree)
			l.must(err)
			if c, err := ledger.ParseCheckpoint(strings.SplitAfter(string(s.Note), "\n\n")[0][:strings.Index(string(s.Note), "\n\n")+1]); err != nil || c.Root != root {
				t.Fatalf("size %d: %v", s.Size, err)
			}
			last = &s.Memory
		}
	})
}
