package publish

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"time"

	"github.com/dc-release/dc-release/internal/core/canonical"
	"github.com/dc-release/dc-release/internal/core/fault"
	"github.com/dc-release/dc-release/internal/core/ledger"
	"github.com/dc-release/dc-release/internal/core/policy"
	"github.com/dc-release/dc-release/internal/core/releaselog"
)

// AnchorEffect is the kind of the effect that anchors the ledger in the release
// log of a solution.
const AnchorEffect = "checkpoint"

// AnchorAfter is the effect of a batch after which the ledger is anchored; key
// makes it one of its kind.
func AnchorAfter(solution, key string) ledger.Effect {
	raw, _ := json.Marshal(args{Solution: solution}) // strings only
	return ledger.Effect{Kind: AnchorEffect, Key: AnchorEffect + "/" + solution + "/" + key, Args: raw}
}

// Anchored is a checkpoint with where it was pushed to.
type Anchored struct {
	Solution   string `json:"solution"`
	Size       int64  `json:"size"`
	Commit     string `json:"commit"` // of branch checkpoints
	Checkpoint string `json:"checkpoint"`
}

// CarryAnchor implements the effect.
func (p *Publisher) CarryAnchor(ctx context.Context, raw []byte) error {
	var a args
	if err := json.Unmarshal(raw, &a); err != nil {
		return fmt.Errorf("anchor: %w", err)
	}
	solution, err := p.Solutions.Solution(ctx, a.Solution)
	if err != nil {
		return err
	}
	_, err = p.Anchor(ctx, solution, p.Now())
	return err
}

// Anchor commits the checkpoint of the ledger as it is to the release log of a
// solution, with the proof that it extends the one before. A solution without a
// release log is anchored nowhere.
func (p *Publisher) Anchor(ctx context.Context, solution policy.Solution, now time.Time) (Anchored, error) {
	if solution.ReleaseLog == "" {
		return Anchored{}, nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	log, err := p.ReleaseLogs(ctx, solution)
	if err != nil {
		return Anchored{}, err
	}
	a := anchor{seconds: now.Unix()}
	if a.size, a.note, err = p.newest(ctx); err != nil {
		return Anchored{}, err
	}
	commit, err := p.anchor(ctx, solution, log, a)
	if err != nil {
		return Anchored{}, fmt.Errorf("anchor the ledger in the release log of %s: %w", solution.Solution, err)
	}
	return Anchored{Solution: solution.Solution, Size: a.size, Commit: commit, Checkpoint: string(a.note)}, nil
}

// newest signs the checkpoint of the ledger as it is.
func (p *Publisher) newest(ctx context.Context) (size int64, note []byte, err error) {
	var root ledger.Hash
	err = p.Log.Hashes(ctx, func(end int64, r ledger.HashReader) error {
		size = end
		root, err = ledger.Root(end, r)
		return err
	})
	if err != nil {
		return 0, nil, err
	}
	note, err = p.Checkpoint(size, root)
	return size, note, err
}

// Checkpoint signs the checkpoint of a size. It may wait until a rotation has
// ended: nobody asks who reads the ledger at the same time.
func (p *Publisher) Checkpoint(size int64, root ledger.Hash) ([]byte, error) {
	return p.Keys.Checkpoint(ledger.Head{Size: size, Root: root})
}

// anchor is a checkpoint to be committed.
type anchor struct {
	size    int64
	note    []byte
	seconds int64
}

// anchor puts a checkpoint on the branch of anchors, once, and looks at what
// others did there.
func (p *Publisher) anchor(ctx context.Context, solution policy.Solution, log ReleaseLog, a anchor) (string, error) {
	lost, err := p.taken(ctx, log)
	if err != nil {
		return "", err
	}
	commit, err := log.Publish(ctx, Commit{
		Branch: releaselog.AnchorBranch, ID: releaselog.AnchorPath(p.origin(), a.size), Subject: fmt.Sprintf("checkpoint of size %d", a.size), Seconds: a.seconds,
		Compose: func(ctx context.Context, base Base) (map[string]Content, error) {
			return p.composeAnchor(ctx, base, a, lost)
		},
	})
	if err == nil {
		a.note, err = p.anchored(ctx, log.At(commit), a)
	}
	if err == nil {
		err = p.askStamp(ctx, solution, a)
	}
	return commit, errors.Join(err, p.look(ctx, solution, log))
}

// composeAnchor gives the checkpoint, those of this ledger that somebody took
// from the branch, and the proofs between neighbours that are not there. What
// is there is never replaced, but for keys that were rotated since, which are
// added to the others with the proof of each rotation.
func (p *Publisher) composeAnchor(ctx context.Context, base Base, a anchor, lost map[int64][]byte) (map[string]Content, error) {
	there, _, err := anchorsAt(ctx, base)
	if err != nil {
		return nil, err
	}
	own := there[p.origin()]
	if _, ok := own.Notes[a.size]; ok {
		return nil, nil // read back and compared afterwards
	}
	fresh := maps.Clone(lost)
	if fresh == nil {
		fresh = map[int64][]byte{}
	}
	fresh[a.size] = a.note
	out := map[string]Content{}
	if err := p.anchorKeys(ctx, own, fresh, out); err != nil {
		return nil, err
	}
	sizes := own.Sizes()
	for size, note := range fresh {
		if _, ok := own.Notes[size]; !ok {
			out[releaselog.AnchorPath(p.origin(), size)] = Bytes(note)
			sizes = append(sizes, size)
		}
	}
	slices.Sort(sizes)
	for n := 1; n < len(sizes); n++ {
		pair := [2]int64{sizes[n-1], sizes[n]}
		if _, ok := own.Proofs[pair]; ok {
			continue
		}
		raw, err := p.proof(ctx, pair[0], pair[1])
		if err != nil {
			return nil, err
		}
		out[releaselog.AnchorProofPath(p.origin(), pair[0], pair[1])] = Bytes(raw)
	}
	return out, nil
}

// taken are the checkpoints of this ledger that stood on the branch when it was
// seen last, when that is not in it any more: whoever saw one of them can follow
// the ledger again.
func (p *Publisher) taken(ctx context.Context, log ReleaseLog) (map[int64][]byte, error) {
	m, err := log.Moved(ctx, releaselog.AnchorBranch)
	if err != nil || !m.Gone {
		return nil, err
	}
	before, _, err := anchorsAt(ctx, log.At(m.Last))
	if err != nil {
		return nil, err
	}
	own := before[p.origin()]
	wrong, err := p.untrue(ctx, own)
	for size := range wrong {
		delete(own.Notes, size)
	}
	return own.Notes, err
}

// proof is the file that proves that one size extends another. An anchor beyond
// the end of the ledger says that the ledger was cut.
func (p *Publisher) proof(ctx context.Context, from, to int64) (raw []byte, err error) {
	err = p.Log.Hashes(ctx, func(size int64, r ledger.HashReader) error {
		if to > size {
			return fault.New(fault.Unverified, "the release log has a checkpoint of size %d, the ledger has %d events", to, size)
		}
		path, err := ledger.ProveConsistency(from, to, r)
		if err != nil {
			return err
		}
		raw, err = canonical.Marshal(releaselog.AnchorProof{Schema: releaselog.AnchorProofSchema, Origin: p.origin(), From: from, To: to, Path: path})
		return err
	})
	return raw, err
}

// look records what others did to the branch since it was seen last, and
// remembers it as seen. What was found stays as it is.
func (p *Publisher) look(ctx context.Context, solution policy.Solution, log ReleaseLog) error {
	m, err := log.Moved(ctx, releaselog.AnchorBranch)
	if err != nil {
		return err
	}
	before, err := p.strange(ctx, log.At(m.Last))
	if err != nil {
		return err
	}
	now, err := p.strange(ctx, log.At(m.Head))
	if err != nil {
		return err
	}
	fresh := slices.DeleteFunc(now, func(s string) bool { return slices.Contains(before, s) })
	if m.Gone || len(m.Foreign) > 0 || len(fresh) > 0 {
		d := &releaselog.Diverged{Branch: releaselog.AnchorBranch, Last: m.Last, Head: m.Head, Gone: m.Gone, Commits: orEmpty(m.Foreign), Files: orEmpty(fresh)}
		_, err := p.Log.Append(ctx, ledger.Batch{
			Command: "checkpoint-diverged/" + solution.Solution + "/" + m.Last + "/" + m.Head, Actor: actor, Correlation: solution.Solution, Policy: solution.Digest,
			Events: []ledger.Draft{{Stream: ledger.SolutionStream(solution.Solution), Data: d}},
		})
		if err != nil {
			return err
		}
	}
	if m.Head == m.Last {
		return nil
	}
	return log.Saw(ctx, releaselog.AnchorBranch, m.Head)
}

// maxStrange bounds how many files one event names.
const maxStrange = 50

// strange names the files of the branch that are no anchors of this ledger,
// each with why. Those of other epochs are not judged.
func (p *Publisher) strange(ctx context.Context, base Base) ([]string, error) {
	epochs, foreign, err := anchorsAt(ctx, base)
	if fault.KindOf(err) == fault.Unverified { // something that is no plain file
		return []string{err.Error()}, nil
	}
	if err != nil {
		return nil, err
	}
	out := prefixed(foreign, "is no anchor")
	own := epochs[p.origin()]
	keys, err := p.PublicKeys(ctx)
	if err != nil {
		return nil, err
	}
	if own.Keys != nil && !succeed(keys, own.Keys) {
		out = append(out, releaselog.AnchorKeysPath(p.origin())+": are not the keys of this ledger")
	}
	wrong, err := p.untrue(ctx, own)
	for _, size := range own.Sizes() {
		if why, ok := wrong[size]; ok {
			out = append(out, releaselog.AnchorPath(p.origin(), size)+": "+why)
		}
	}
	return out[:min(len(out), maxStrange)], err
}

// untrue are the anchors of this epoch that are no checkpoints of this ledger,
// by size with why.
func (p *Publisher) untrue(ctx context.Context, own releaselog.Anchors) (map[int64]string, error) {
	out := map[int64]string{}
	keys, err := p.PublicKeys(ctx)
	if err != nil {
		return nil, err
	}
	err = p.Log.Hashes(ctx, func(end int64, r ledger.HashReader) error {
		for _, size := range own.Sizes() {
			c, _, err := own.Checkpoint(size, keys.Chain(releaselog.LedgerKey))
			if err != nil {
				out[size] = err.Error()
				continue
			}
			if size > end {
				out[size] = "is beyond the end of the ledger"
				continue
			}
			root, err := ledger.Root(size, r)
			if err != nil {
				return err
			}
			if root != c.Root {
				out[size] = "is a checkpoint of another ledger"
			}
		}
		return nil
	})
	return out, err
}

// maxAnchor bounds what is read of one file of the branch, in bytes.
const maxAnchor = 64 << 10

func anchorsAt(ctx context.Context, base Base) (epochs map[string]releaselog.Anchors, foreign []string, err error) {
	files := map[string][]byte{}
	err = base.Walk(ctx, "", func(path string, _ int64, r io.Reader) error {
		raw, err := io.ReadAll(io.LimitReader(r, maxAnchor))
		files[path] = raw
		return err
	})
	if err != nil {
		return nil, nil, err
	}
	epochs, foreign = releaselog.ReadAnchors(files)
	return epochs, foreign, nil
}

func prefixed(names []string, why string) []string {
	out := []string{}
	for _, n := range names {
		out = append(out, n+": "+why)
	}
	return out
}

func orEmpty(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}
