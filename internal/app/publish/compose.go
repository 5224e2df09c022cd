package publish

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"strings"

	"github.com/dc-release/dc-release/internal/core/canonical"
	"github.com/dc-release/dc-release/internal/core/fault"
	"github.com/dc-release/dc-release/internal/core/releaselog"
)

// compose gives the files of the commit on a head: what the folder does not
// have yet, its new index, and the root index. A folder that is not as it was
// published is refused: nothing that is there is ever overwritten, but for keys
// that were rotated since, which are added to the others.
func (p *Publisher) compose(ctx context.Context, s sealing, h *history, f *folder, base Base) (map[string]Content, error) {
	there, err := p.unchanged(ctx, h, base)
	if err != nil {
		return nil, err
	}
	out := map[string]Content{}
	if err := folderKeys(ctx, s.keys, h.folder+"/"+releaselog.KeysFile, base, out); err != nil {
		return nil, err
	}
	for path, c := range f.files {
		old, ok := there.File(path)
		if !ok {
			out[h.folder+"/"+path] = c
		} else if old.SHA256 != c.SHA256 {
			return nil, fault.New(fault.Unverified, "%s/%s is published with SHA-256 %.12s and would change to %.12s", h.folder, path, old.SHA256, c.SHA256)
		}
	}
	index, err := p.index(h, f, there, out).Encode()
	if err != nil {
		return nil, err
	}
	digest := canonical.SHA256(index)
	note, err := s.sign(releaselog.NoteText(p.Keys.Installation, h.solution, h.folder, h.publication, digest))
	if err != nil {
		return nil, err
	}
	out[h.folder+"/"+releaselog.IndexFile], out[h.folder+"/"+releaselog.NoteFile] = Bytes(index), Bytes(note)
	return out, p.root(ctx, s, h, digest, base, out)
}

// unchanged reads the folder that is there and compares it with what was
// published last; the zero Index when nothing was.
func (p *Publisher) unchanged(ctx context.Context, h *history, base Base) (releaselog.Index, error) {
	raw, ok, err := base.ReadFile(ctx, h.folder+"/"+releaselog.IndexFile)
	if err != nil {
		return releaselog.Index{}, err
	}
	switch n := len(h.before); {
	case n == 0 && ok:
		return releaselog.Index{}, fault.New(fault.Unverified, "folder %s is in the release log already and was not published from here", h.folder)
	case n == 0:
		return releaselog.Index{}, p.compare(ctx, h.folder, releaselog.Index{}, base)
	case !ok || canonical.SHA256(raw) != h.before[n-1].index:
		return releaselog.Index{}, fault.New(fault.Unverified, "%s/index.json is not the one that was published (%.12s): the release log was changed", h.folder, h.before[n-1].index).
			WithHint("restore the release log, then check it with: dc-release audit verify --release-log DIR --version %s", h.folder)
	}
	x, err := releaselog.ParseIndex(raw)
	if err != nil {
		return x, err
	}
	if x.State != releaselog.StateDraft {
		return x, fault.New(fault.Unverified, "folder %s is final: nothing in it changes", h.folder)
	}
	return x, p.compare(ctx, h.folder, x, base)
}

// compare reads every file of the folder and refuses what is not as its index
// says.
func (p *Publisher) compare(ctx context.Context, folder string, x releaselog.Index, base Base) error {
	seen := 0
	err := base.Walk(ctx, folder, func(path string, size int64, r io.Reader) error {
		name := strings.TrimPrefix(path, folder+"/")
		if x.Schema != "" && (name == releaselog.IndexFile || name == releaselog.NoteFile) {
			return nil
		}
		want, ok := x.File(name)
		if !ok {
			return fault.New(fault.Unverified, "%s is in the release log and was not published", path)
		}
		sum := sha256.New()
		if _, err := io.Copy(sum, r); err != nil {
			return err
		}
		if got := hex.EncodeToString(sum.Sum(nil)); got != want.SHA256 || size != want.Size {
			return fault.New(fault.Unverified, "%s is in the release log with SHA-256 %.12s, published was %.12s", path, got, want.SHA256)
		}
		seen++
		return nil
	})
	if err == nil && seen != len(x.Files) {
		err = fault.New(fault.Unverified, "folder %s of the release log has %d of the %d files that were published", folder, seen, len(x.Files))
	}
	return err
}

// readBack reads a pushed folder whole: its index is ours, of this
// publication, and every file is as it says. It gives the index's digest.
func (p *Publisher) readBack(ctx context.Context, h *history, base Base) (string, error) {
	raw, ok, err := base.ReadFile(ctx, h.folder+"/"+releaselog.IndexFile)
	if err != nil {
		return "", err
	}
	note, noted, err := base.ReadFile(ctx, h.folder+"/"+releaselog.NoteFile)
	if err != nil {
		return "", err
	}
	if !ok || !noted {
		return "", fault.New(fault.Unverified, "read back %s: its index is not there", h.folder)
	}
	digest := canonical.SHA256(raw)
	keys, err := p.PublicKeys(ctx)
	if err != nil {
		return "", err
	}
	chain := keys.Chain(releaselog.DocumentKey)
	text, link, err := chain.OpenNote(note)
	if err == nil {
		err = chain.MaySign(link, h.size)
	}
	if err != nil || text != releaselog.NoteText(p.Keys.Installation, h.solution, h.folder, h.publication, digest) {
		return "", fault.New(fault.Unverified, "read back %s: a commit carries id %s, but its index is not ours", h.folder, h.publication)
	}
	x, err := releaselog.ParseIndex(raw)
	if err != nil {
		return "", err
	}
	return digest, p.compare(ctx, h.folder, x, base)
}
