package verify

import (
	"errors"
	"fmt"
	"io/fs"

	"github.com/dc-release/dc-release/internal/core/canonical"
	"github.com/dc-release/dc-release/internal/core/ledger"
	"github.com/dc-release/dc-release/internal/core/releaselog"
	"github.com/dc-release/dc-release/internal/core/signature"
)

// trust compares the published keys with those that are known from elsewhere:
// each of these is in the chain of its name.
func (f *folder) trust() {
	t := f.options.Trust
	if t == nil {
		return
	}
	f.report.Trust = TrustVerified
	if t.Installation != f.keys.Installation {
		f.distrust(releaselog.KeysFile, "is of installation %q, the trust file of %q", f.keys.Installation, t.Installation)
		return
	}
	for _, name := range releaselog.KeyNames {
		if t.Known(f.keys, name) < 0 {
			f.distrust(releaselog.KeysFile, "no %s key has the fingerprint %s of the trust file", name, t.Fingerprints[name])
		}
	}
}

func (f *folder) distrust(file, format string, args ...any) {
	f.report.Trust = TrustRefused
	f.add(file, "trust", format, args...)
}

// established refuses what was signed by a key from before the one that is known
// from elsewhere: nothing says that the known one ever saw it.
func (f *folder) established(file, name string, link int) {
	if t := f.options.Trust; t != nil && link < t.Known(f.keys, name) {
		f.distrust(file, "is signed by a %s key from before the one of the trust file", name)
	}
}

// announced compares the published keys with those that the ledger announced. A
// rotation beyond the end of the folder's ledger was made between the request for
// the publication and its commit.
func (f *folder) announced(h *history) {
	var known ledger.Announced
	for _, e := range h.streams[ledger.Installation] {
		if err := known.Apply(e.Seq, e.Data); err != nil {
			f.report.add(f.at(h.file[e.Seq]), e.Seq, "keys", "%v", err)
		}
	}
	if known.Epoch != f.keys.Epoch {
		f.add(releaselog.KeysFile, "keys", "are of epoch %d, the ledger of %d", f.keys.Epoch, known.Epoch)
	}
	if known.Installation != f.keys.Installation {
		f.add(releaselog.KeysFile, "keys", "are of installation %q, the ledger of %q", f.keys.Installation, known.Installation)
	}
	end := h.parts[len(h.parts)-1].checkpoint.Size
	for _, name := range releaselog.KeyNames {
		mine, announced := f.keys.Chain(name), known.Chain(name)
		if len(announced.Links) == 0 || !mine.Extends(announced) {
			f.add(releaselog.KeysFile, "keys", "the %s key is not the one that the ledger announced", name)
			continue
		}
		for _, l := range mine.Links[len(announced.Links):] {
			if l.Seq <= end {
				f.add(releaselog.KeysFile, "keys", "the %s key %.12s was announced by event %d, which is not in the ledger", name, ledger.Fingerprint(l.Public), l.Seq)
			}
		}
	}
	chain := f.keys.Chain(releaselog.AttestKey)
	if t := f.options.Trust; t != nil {
		if link := t.Known(f.keys, releaselog.AttestKey); link > 0 && chain.Links[link].Seq > end {
			f.distrust(releaselog.KeysFile, "the attest key of the trust file came after everything that is here")
		}
	}
}

// openRoot opens the note of all versions, which the newest key signs.
func (f *folder) openRoot(x releaselog.Root, note []byte) (string, error) {
	keys := f.rootKeys(x)
	chain := keys.Chain(releaselog.DocumentKey)
	text, link, err := chain.OpenNote(note)
	if err == nil && link != len(chain.Links)-1 {
		err = fmt.Errorf("is signed by the key %.12s, which event %d replaced", ledger.Fingerprint(chain.Links[link].Public), chain.Until(link))
	}
	return text, err
}

// rootKeys are the keys beside the index of all versions: once a key was rotated
// it names them, and they continue those of the folder.
func (f *folder) rootKeys(x releaselog.Root) releaselog.Keys {
	bad := func(format string, args ...any) { f.report.add(releaselog.KeysFile, 0, "keys", format, args...) }
	raw, err := fs.ReadFile(f.fsys, releaselog.KeysFile)
	switch {
	case errors.Is(err, fs.ErrNotExist) && x.Keys == "" && len(f.keys.Rotations) == 0:
		return f.keys
	case err != nil:
		bad("%v", err)
		return f.keys
	case canonical.SHA256(raw) != x.Keys:
		bad("has SHA-256 %s, index.json says %q", canonical.SHA256(raw), x.Keys)
	}
	keys, err := releaselog.ParseKeys(raw)
	if err == nil && !keys.Extends(f.keys) {
		err = errors.New("do not continue the keys of the folder")
	}
	if err != nil {
		bad("%v", err)
		return f.keys
	}
	return keys
}

// unseal opens an envelope that an event names: it is sealed by the attest key
// that was in force when the event was appended, and by no other.
func (f *folder) unseal(data []byte, kind string, seq int64, statement any) error {
	chain := f.keys.Chain(releaselog.AttestKey)
	at := chain.At(seq)
	err := signature.Unseal(data, kind, chain.ID, chain.Links[at].Public, statement)
	if err == nil {
		return nil
	}
	for i, l := range chain.Links {
		if i != at && signature.Unseal(data, kind, chain.ID, l.Public, statement) == nil {
			if i < at {
				return fmt.Errorf("is sealed by the attest key %.12s, which event %d replaced before event %d", ledger.Fingerprint(l.Public), chain.Until(i), seq)
			}
			return fmt.Errorf("is sealed by the attest key %.12s, which event %d announced after event %d", ledger.Fingerprint(l.Public), l.Seq, seq)
		}
	}
	return err
}
