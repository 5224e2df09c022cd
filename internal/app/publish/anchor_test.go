package publish_test

import (
	"context"
	"crypto/ed25519"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/dc-release/dc-release/internal/app/publish"
	"github.com/dc-release/dc-release/internal/app/publish/publishtest"
	"github.com/dc-release/dc-release/internal/core/fault"
	"github.com/dc-release/dc-release/internal/core/gate"
	"github.com/dc-release/dc-release/internal/core/ledger"
	"github.com/dc-release/dc-release/internal/core/policy"
	"github.com/dc-release/dc-release/internal/core/releaselog"
)

var origin = ledger.Origin(publishtest.Installation, 1)

// anchors reads the branch as a third party does.
func (i *installation) anchors() (own releaselog.Anchors, foreign []string) {
	i.t.Helper()
	files := map[string][]byte{}
	for _, name := range strings.Fields(i.git(i.source, "ls-tree", "-r", "--name-only", "checkpoints")) {
		files[name] = []byte(i.git(i.source, "show", "checkpoints:"+name))
		if strings.HasSuffix(name, ".tst") {
			files[name] = i.token("checkpoints:" + name)
		} else if !strings.HasSuffix(name, ".json") {
			files[name] = append(files[name], '\n') // that the helper trims
		}
	}
	epochs, foreign := releaselog.ReadAnchors(files)
	return epochs[origin], foreign
}

func (i *installation) anchor() publish.Anchored {
	i.t.Helper()
	a, err := i.tryAnchor()
	if err != nil {
		i.t.Fatal(err)
	}
	return a
}

func (i *installation) tryAnchor() (publish.Anchored, error) {
	s, err := i.Solution(i.t.Context(), publishtest.Solution)
	if err != nil {
		return publish.Anchored{}, err
	}
	return i.Publisher.Anchor(i.t.Context(), s, time.Date(2026, 3, 4, 15, 0, 0, 0, time.UTC))
}

func (i *installation) grow(n int) {
	for range n {
		i.Append(ledger.Draft{Stream: "worker/w1", Data: &ledger.Refused{Operation: "something"}})
	}
}

func (i *installation) divergences() (out []*releaselog.Diverged) {
	i.t.Helper()
	events, err := i.Store.Stream(i.t.Context(), ledger.SolutionStream(publishtest.Solution), 0)
	if err != nil {
		i.t.Fatal(err)
	}
	for _, e := range events {
		if d, ok := e.Data.(*releaselog.Diverged); ok {
			out = append(out, d)
		}
	}
	return out
}

// proven follows the branch from its first checkpoint to its last one with
// nothing but what is there.
func (i *installation) proven() []int64 {
	i.t.Helper()
	a, foreign := i.anchors()
	if len(foreign) > 0 {
		i.t.Errorf("foreign files %v", foreign)
	}
	keys, err := releaselog.ParseKeys(a.Keys)
	if err != nil {
		i.t.Fatal(err)
	}
	var last ledger.Checkpoint
	for n, size := range a.Sizes() {
		c, _, err := a.Checkpoint(size, keys.Chain(releaselog.LedgerKey))
		if err != nil {
			i.t.Fatal(err)
		}
		if n > 0 {
			if err := a.Extends(last, c); err != nil {
				i.t.Error(err)
			}
		}
		last = c
	}
	return a.Sizes()
}

func TestAnchorsProveThatEachExtendsTheOneBefore(t *testing.T) {
	i := begin(t)
	first := i.anchor()
	if again := i.anchor(); again != first {
		t.Errorf("an unchanged ledger was anchored again: %+v, %+v", first, again)
	}
	i.grow(5)
	second := i.anchor()
	if got := i.proven(); !slices.Equal(got, []int64{first.Size, second.Size}) {
		t.Errorf("sizes %v", got)
	}
	if got := i.git(i.source, "log", "-1", "--format=%ct", "checkpoints"); got != "1772636400" {
		t.Errorf("committed at %s, want the time that was handed in", got)
	}
	if d := i.divergences(); len(d) != 0 {
		t.Errorf("own commits diverge: %+v", d)
	}
}

func TestAnAnchorThatComesLateIsProvenTowardsBothNeighbours(t *testing.T) {
	i := begin(t)
	i.anchor()
	r := i.Register("1.0.0", "")
	execution, fence := r.Step(gate.PreVal)
	args := i.ask(execution, fence, gate.PreVal)[0]
	i.grow(7)
	i.anchor() // before the publication, whose checkpoint is smaller
	if err := i.Publisher.Carry(t.Context(), args); err != nil {
		t.Fatal(err)
	}
	if got := i.proven(); len(got) != 3 {
		t.Errorf("sizes %v", got)
	}
}

func TestAttack13_SomebodyElsesCommitOnTheBranchOfAnchorsIsRecordedAndKept(t *testing.T) {
	i := begin(t)
	i.anchor()
	work := t.TempDir()
	i.git(work, "clone", "--quiet", "--branch", "checkpoints", i.source, ".")
	if err := os.WriteFile(filepath.Join(work, "note.txt"), []byte("theirs\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	i.git(work, "add", ".")
	i.git(work, "commit", "--quiet", "-m", "theirs")
	theirs := i.git(work, "rev-parse", "HEAD")
	i.git(work, "push", "--quiet", "origin", "HEAD:checkpoints")
	i.grow(3)
	a := i.anchor()
	d := i.divergences()
	if len(d) != 1 || !slices.Equal(d[0].Commits, []string{theirs}) || !slices.Equal(d[0].Files, []string{"note.txt: is no anchor"}) || d[0].Gone {
		t.Fatalf("divergences %+v", d)
	}
	if got := i.git(i.source, "rev-parse", a.Commit+"^"); got != theirs {
		t.Errorf("the anchor stands on %s, want %s", got, theirs)
	}
	if got := i.git(i.source, "show", "checkpoints:note.txt"); got != "theirs" {
		t.Errorf("their file is %q", got)
	}
	i.grow(3)
	i.anchor()
	if d := i.divergences(); len(d) != 1 {
		t.Errorf("the same divergence was recorded again: %d", len(d))
	}
}

func TestAttack12_ABranchOfAnchorsThatWasRewrittenIsRecorded(t *testing.T) {
	i := begin(t)
	first := i.anchor()
	i.grow(3)
	second := i.anchor()
	i.git(i.source, "update-ref", "refs/heads/checkpoints", first.Commit)
	i.grow(3)
	third := i.anchor()
	d := i.divergences()
	if len(d) != 1 || !d[0].Gone || d[0].Last != second.Commit || d[0].Head != third.Commit {
		t.Fatalf("divergences %+v", d)
	}
	if got := i.proven(); !slices.Equal(got, []int64{first.Size, second.Size, third.Size}) {
		t.Errorf("sizes %v: a witness of %d cannot follow", got, second.Size)
	}
	i.git(i.source, "update-ref", "-d", "refs/heads/checkpoints")
	i.grow(1)
	i.anchor()
	if got := i.proven(); len(got) != 4 {
		t.Errorf("sizes %v after the branch was deleted", got)
	}
}

func TestAttack08_AnotherCheckpointOfTheSameSizeIsAForkAndNeverReplaced(t *testing.T) {
	i := begin(t)
	i.anchor()
	i.grow(1)
	head, err := i.Store.Head(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	forged := ledger.Checkpoint{Origin: origin, Size: head.Size, Root: ledger.Hash{1}}
	note, err := ledger.SignNote(forged.Body(), ledger.NewSigner(origin, publishtest.Key("ledger")))
	if err != nil {
		t.Fatal(err)
	}
	path := releaselog.AnchorPath(origin, head.Size)
	_, err = i.mirror.Publish(t.Context(), publish.Commit{
		Branch: releaselog.AnchorBranch, ID: path, Subject: "fork", Seconds: 1,
		Compose: func(context.Context, publish.Base) (map[string]publish.Content, error) {
			return map[string]publish.Content{path: publish.Bytes(note)}, nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := i.tryAnchor(); fault.KindOf(err) != fault.Unverified {
		t.Errorf("got %v, want a refusal", err)
	}
	// The same key and the same committer: only the content tells.
	i.grow(1)
	if _, err := i.tryAnchor(); err != nil {
		t.Fatal(err)
	}
	d := i.divergences()
	if len(d) != 1 || len(d[0].Files) != 1 || !strings.Contains(d[0].Files[0], "is a checkpoint of another ledger") {
		t.Fatalf("divergences %+v", d)
	}
	if got := i.git(i.source, "show", "checkpoints:"+path); got+"\n" != string(note) {
		t.Errorf("the fork was replaced: %s", got)
	}
}

func TestAttack02_ALedgerThatWasCutCannotBeAnchored(t *testing.T) {
	i := begin(t)
	i.anchor()
	head, err := i.Store.Head(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	beyond := ledger.Checkpoint{Origin: origin, Size: head.Size + 9, Root: ledger.Hash{1}}
	note, err := ledger.SignNote(beyond.Body(), ledger.NewSigner(origin, publishtest.Key("ledger")))
	if err != nil {
		t.Fatal(err)
	}
	path := releaselog.AnchorPath(origin, beyond.Size)
	_, err = i.mirror.Publish(t.Context(), publish.Commit{
		Branch: releaselog.AnchorBranch, ID: path, Subject: "from before the cut", Seconds: 1,
		Compose: func(context.Context, publish.Base) (map[string]publish.Content, error) {
			return map[string]publish.Content{path: publish.Bytes(note)}, nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	i.grow(1)
	if _, err := i.tryAnchor(); fault.KindOf(err) != fault.Unverified {
		t.Errorf("got %v, want a refusal", err)
	}
	if d := i.divergences(); len(d) != 1 || !strings.Contains(strings.Join(d[0].Files, ""), "beyond the end") {
		t.Errorf("divergences %+v", d)
	}
}

func TestTheHourAnchorsAGrowingLedgerOnly(t *testing.T) {
	i := begin(t)
	now := time.Date(2026, 3, 4, 9, 0, 0, 0, time.UTC)
	solutions := func(ctx context.Context) ([]policy.Solution, error) { return i.Store.Solutions(ctx) }
	h := &publish.Hourly{Publisher: i.Publisher, Solutions: solutions, Head: i.Store.Head}
	h.Start(now)
	pushed := map[string]bool{}
	for minute := range 5 * 60 {
		at := now.Add(time.Duration(minute) * time.Minute)
		if minute == 90 {
			i.grow(1)
		}
		if h.Due(at) {
			if err := h.Round(t.Context(), at); err != nil {
				t.Fatal(err)
			}
			pushed[i.git(i.source, "log", "-1", "--format=%ct", "checkpoints")] = true
		}
	}
	want := []string{"1772618400", "1772622000"} // 10:00 and 11:00
	if got := slices.Sorted(maps.Keys(pushed)); !slices.Equal(got, want) {
		t.Errorf("anchored at %v, want %v", got, want)
	}
}

func TestAReleaseLogThatCannotBeReachedIsTriedAgainAfterAMinute(t *testing.T) {
	i := begin(t)
	away := i.source + ".away"
	now := time.Date(2026, 3, 4, 9, 0, 0, 0, time.UTC)
	h := &publish.Hourly{Publisher: i.Publisher, Solutions: i.Store.Solutions, Head: i.Store.Head}
	h.Start(now.Add(-time.Hour))
	if err := os.Rename(i.source, away); err != nil {
		t.Fatal(err)
	}
	if err := h.Round(t.Context(), now); err == nil || h.Due(now.Add(59*time.Second)) || !h.Due(now.Add(time.Minute)) {
		t.Fatalf("got %v", err)
	}
	if err := os.Rename(away, i.source); err != nil {
		t.Fatal(err)
	}
	if err := h.Round(t.Context(), now.Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	i.proven()
}

func TestAnchorsAreReadByTheirNameOnly(t *testing.T) {
	key := ledger.Keychain{ID: "dc-release/I/1", Links: []ledger.Link{{Public: publishtest.Key("ledger").Public().(ed25519.PublicKey)}}}
	epochs, foreign := releaselog.ReadAnchors(map[string][]byte{
		"checkpoints/dc-release~I~1/7": {}, "checkpoints/dc-release~I~1/07": {}, "checkpoints/dc-release~I~1/7-9.json": {},
		"checkpoints/dc-release~I~1/keys.json": {}, "checkpoints/dc-release~I~2/7": {}, "checkpoints/../7": {}, "README.md": {},
	})
	if !slices.Equal(foreign, []string{"README.md", "checkpoints/../7", "checkpoints/dc-release~I~1/07"}) {
		t.Errorf("foreign %v", foreign)
	}
	a := epochs["dc-release/I/1"]
	if len(epochs) != 2 || !slices.Equal(a.Sizes(), []int64{7}) || len(a.Proofs) != 1 || a.Keys == nil {
		t.Errorf("epochs %+v", epochs)
	}
	if _, _, err := a.Checkpoint(7, key); err == nil {
		t.Error("an empty file is a checkpoint")
	}
}
