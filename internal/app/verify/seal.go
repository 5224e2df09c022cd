package verify

import (
	"crypto/ed25519"
	"encoding/base64"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/dc-release/dc-release/internal/core/canonical"
	"github.com/dc-release/dc-release/internal/core/document"
	"github.com/dc-release/dc-release/internal/core/ledger"
	"github.com/dc-release/dc-release/internal/core/releaselog"
)

// Seals reads the seal of a PDF file.
type Seals interface {
	// Open checks the seal over the whole file and gives the file without it.
	Open(sealed []byte) (file, certificate []byte, at time.Time, err error)
	// Issued reports whether a certificate was issued by one of the keys.
	Issued(certificate []byte, keys []ed25519.PublicKey) bool
}

// Formats are what documents are rendered in beside JSON, by extension, by the
// program that verifies.
type Formats struct {
	Tool   string // what a document of this program says that it was made by, "" for a program that is no release
	Render map[string]func(document.Tree) ([]byte, error)
}

// seals checks every seal that seals.json names, and that no final PDF file is
// without one where there is any. The files without their seals, by path, are
// what can be rendered again.
func (f *folder) seals() map[string][]byte {
	out := map[string][]byte{}
	raw, ok := f.files[releaselog.SealsFile]
	if !ok {
		return out
	}
	list, err := releaselog.ParseSeals(raw)
	if err != nil {
		f.add(releaselog.SealsFile, "seal", "%v", err)
		return out
	}
	if f.options.Seals == nil {
		f.add(releaselog.SealsFile, "seal", "cannot be verified here")
		return out
	}
	certificate, err := base64.StdEncoding.Strict().DecodeString(list.Certificate)
	if err != nil || !f.options.Seals.Issued(certificate, f.documentKeys()) {
		f.add(releaselog.SealsFile, "seal", "the certificate was not issued by a document key of this installation")
	}
	if own := f.own(); len(own) > 0 && own[len(own)-1].Time != list.Time {
		f.add(releaselog.SealsFile, "seal", "is of %s, the publication was asked for at %s", list.Time, own[len(own)-1].Time)
	}
	named := map[string]bool{}
	for _, s := range list.Files {
		named[s.Path] = true
		if file, ok := f.opened(s, list.Time, string(certificate)); ok {
			out[s.Path] = file
		}
	}
	for name := range f.files {
		if strings.HasPrefix(name, "final/") && path.Ext(name) == ".pdf" && !named[name] {
			f.add(name, "seal", "has no seal")
		}
	}
	return out
}

// opened is one file without its seal.
func (f *folder) opened(s releaselog.Sealed, at, certificate string) ([]byte, bool) {
	data, ok := f.files[s.Path]
	if !ok || !strings.HasPrefix(s.Path, "final/") {
		f.add(releaselog.SealsFile, "seal", "%s is not here", s.Path)
		return nil, false
	}
	file, by, when, err := f.options.Seals.Open(data)
	if err != nil {
		f.add(s.Path, "seal", "%v", err)
		return nil, false
	}
	moment, err := time.Parse(ledger.TimeLayout, at)
	switch {
	case canonical.SHA256(data) != s.SHA256 || canonical.SHA256(file) != s.Unsealed || int64(len(file)) != s.Size:
		f.add(s.Path, "seal", "is not the file that seals.json names")
	case string(by) != certificate:
		f.add(s.Path, "seal", "is sealed with another certificate")
	case err != nil || !when.Equal(moment.Truncate(time.Second)):
		f.add(s.Path, "seal", "was sealed at %s, seals.json says %s", when.Format(time.RFC3339), at)
	default:
		f.report.Counts.Seals++
		return file, true
	}
	return nil, false
}

// documentKeys are the document keys of the installation, as far as they are
// established.
func (f *folder) documentKeys() (out []ed25519.PublicKey) {
	first := 0
	if t := f.options.Trust; t != nil {
		first = max(0, t.Known(f.keys, releaselog.DocumentKey))
	}
	for _, l := range f.keys.Chain(releaselog.DocumentKey).Links[first:] {
		out = append(out, l.Public)
	}
	return out
}

// again renders every document from its canonical form and compares: a document
// says what it was made by, and only the same program makes the same bytes.
func (f *folder) again(unsealed map[string][]byte) {
	if f.options.Formats.Tool == "" {
		return
	}
	for _, name := range slices.Sorted(func(yield func(string) bool) {
		for n := range f.files {
			if !yield(n) {
				return
			}
		}
	}) {
		top, _, _ := strings.Cut(name, "/")
		base, ok := strings.CutSuffix(name, ".json")
		if !ok || !slices.Contains(canonicalFolders, top) {
			continue
		}
		tree, err := document.ParseTree(f.files[name])
		if err != nil || tree.Meta.Tool != f.options.Formats.Tool {
			continue // what is no document, documents names
		}
		for extension, render := range f.options.Formats.Render {
			file := base + "." + extension
			there, ok := f.files[file]
			if !ok {
				continue
			}
			if plain, sealed := unsealed[file]; sealed {
				there = plain
			}
			made, err := render(tree)
			if err != nil || string(made) != string(there) {
				f.add(file, "rendered", "is not what its canonical form gives: %d bytes, want %d (%v)", len(there), len(made), err)
				continue
			}
			f.report.Counts.Rendered++
		}
	}
}
