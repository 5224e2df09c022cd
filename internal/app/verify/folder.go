package verify

import (
	"crypto/sha256"
	"encoding/hex"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/dc-release/dc-release/internal/core/canonical"
	"github.com/dc-release/dc-release/internal/core/releaselog"
)

// maxFile bounds what is read of one file; anything a publisher writes is far
// below it.
const maxFile = 256 << 20

// folder is a published folder while it is checked.
type folder struct {
	fsys    fs.FS
	name    string // 1.2.0, rollbacks/prd-1
	options Options
	report  *Report

	files map[string][]byte // by path in the folder; what is not here was refused
	index releaselog.Index
	keys  releaselog.Keys

	history *history
	saidIn  map[string]bool // paths of published records that the ledger asks for
}

// Folder verifies one folder of a release log: a version or rollbacks/ID.
func Folder(fsys fs.FS, name string, o Options) Report {
	return check(fsys, name, o).report.finish()
}

// check verifies a folder as far as it can be read.
func check(fsys fs.FS, name string, o Options) *folder {
	f := &folder{fsys: fsys, name: name, options: o, files: map[string][]byte{}, report: &Report{Subject: name, Trust: TrustNone}}
	if err := releaselog.CheckPath(name); err != nil {
		f.report.add("", 0, "folder", "%v", err)
		return f
	}
	f.read()
	if !f.integrity() {
		return f
	}
	f.report.Subject, f.report.State = f.index.Solution+" "+name, f.index.State
	f.externals()
	f.root()
	f.history = f.ledger()
	if f.history != nil {
		f.publication()
		f.signatures()
		f.provenance()
		f.gates()
		f.evidence()
		f.said()
		f.documents()
		f.again(f.seals())
		f.known()
		f.stamps()
	}
	return f
}

// at names a file from the root of the release log.
func (f *folder) at(file string) string { return f.name + "/" + file }

func (f *folder) add(file, rule, format string, args ...any) {
	f.report.add(f.at(file), 0, rule, format, args...)
}

// read reads every file of the folder. What is no plain file is refused.
func (f *folder) read() {
	err := fs.WalkDir(f.fsys, f.name, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			f.report.add(p, 0, "read", "%v", err)
			return nil
		}
		if d.IsDir() {
			return nil
		}
		info, err := d.Info()
		switch {
		case err != nil:
			f.report.add(p, 0, "read", "%v", err)
			return nil
		case !d.Type().IsRegular():
			f.report.add(p, 0, "read", "is no plain file")
			return nil
		case info.Size() > maxFile:
			f.report.add(p, 0, "read", "has %d bytes, want at most %d", info.Size(), maxFile)
			return nil
		}
		data, err := fs.ReadFile(f.fsys, p)
		if err != nil {
			f.report.add(p, 0, "read", "%v", err)
			return nil
		}
		f.files[strings.TrimPrefix(p, f.name+"/")] = data
		return nil
	})
	if err != nil {
		f.report.add(f.name, 0, "read", "%v", err)
	}
	f.report.Counts.Files = len(f.files)
}

// integrity checks that the folder is exactly what its index says and that the
// index is signed by the key that is published; false when there is no index
// to go on with.
func (f *folder) integrity() bool {
	ok := true
	for _, name := range []string{releaselog.IndexFile, releaselog.NoteFile, releaselog.KeysFile} {
		if _, there := f.files[name]; !there {
			f.add(name, "missing", "is not here")
			ok = false
		}
	}
	if !ok {
		return false
	}
	var err error
	if f.keys, err = releaselog.ParseKeys(f.files[releaselog.KeysFile]); err != nil {
		f.add(releaselog.KeysFile, "keys", "%v", err)
		ok = false
	}
	if f.index, err = releaselog.ParseIndex(f.files[releaselog.IndexFile]); err != nil {
		f.add(releaselog.IndexFile, "index", "%v", err)
		f.note()
		return false
	}
	f.compare()
	if !ok {
		return false
	}
	f.trust()
	f.note()
	if f.index.Folder != f.name {
		f.add(releaselog.IndexFile, "index", "is of folder %q", f.index.Folder)
	}
	if f.index.Installation != f.keys.Installation {
		f.add(releaselog.IndexFile, "index", "is of installation %q, the keys are of %q", f.index.Installation, f.keys.Installation)
	}
	if f.index.State != releaselog.StateDraft && f.index.State != releaselog.StateAuthorised {
		f.add(releaselog.IndexFile, "index", "state %q: want draft or authorised", f.index.State)
	}
	return true
}

// compare compares every file with the index, in both directions, and checks
// that canonical files are.
func (f *folder) compare() {
	for _, x := range f.index.Files {
		data, ok := f.files[x.Path]
		if !ok {
			f.add(x.Path, "missing", "is in the index and not here")
			continue
		}
		sum := sha256.Sum256(data)
		if got := hex.EncodeToString(sum[:]); got != x.SHA256 || int64(len(data)) != x.Size {
			f.add(x.Path, "digest", "has SHA-256 %s and %d bytes, the index says %s and %d", got, len(data), x.SHA256, x.Size)
		}
	}
	for name, data := range f.files {
		if name == releaselog.IndexFile || name == releaselog.NoteFile {
			continue
		}
		if _, ok := f.index.File(name); !ok {
			f.add(name, "extra", "is here and not in the index")
		}
		if top, _, _ := strings.Cut(name, "/"); path.Ext(name) == ".json" && slices.Contains(canonicalFolders, top) {
			if err := canonical.Check(data); err != nil {
				f.add(name, "canonical", "%v", err)
			}
		}
	}
	slices.SortFunc(f.report.Findings, func(a, b Finding) int { return strings.Compare(a.File, b.File) })
}

// canonicalFolders hold canonical JSON that is not decoded later, which checks
// the same; raw evidence is as its producer wrote it.
var canonicalFolders = []string{"draft", "final"}

// note verifies the signature over the index.
func (f *folder) note() {
	chain := f.keys.Chain(releaselog.DocumentKey)
	text, link, err := chain.OpenNote(f.files[releaselog.NoteFile])
	if err == nil && f.index.Schema != "" {
		err = chain.MaySign(link, f.index.Ledger.Size)
	}
	if err != nil {
		f.add(releaselog.NoteFile, "note", "%v", err)
		return
	}
	f.established(releaselog.NoteFile, releaselog.DocumentKey, link)
	digest := canonical.SHA256(f.files[releaselog.IndexFile])
	lines := strings.Split(text, "\n")
	if len(lines) != 6 || lines[4] != digest {
		f.add(releaselog.IndexFile, "note", "has SHA-256 %s, which index.note does not sign", digest)
		return
	}
	if f.index.Schema != "" && text != releaselog.NoteText(f.keys.Installation, f.index.Solution, f.name, f.index.Publication, digest) {
		f.add(releaselog.NoteFile, "note", "is the note of another folder or publication")
	}
}

// externals counts what is kept elsewhere and checks what can be had.
func (f *folder) externals() {
	for _, x := range f.index.Externals {
		f.report.Externals.Named++
		if !x.External || !releaselog.IsDigest(x.SHA256) || x.Size < 0 {
			f.add(releaselog.IndexFile, "external", "%q has no digest and size", x.Name)
		}
		data, ok := f.external(x.SHA256)
		if !ok {
			f.report.Externals.Absent++
			continue
		}
		if canonical.SHA256(data) != x.SHA256 || int64(len(data)) != x.Size {
			f.add(releaselog.IndexFile, "external", "%q is not the file that was found for it", x.Name)
		}
	}
}

func (f *folder) external(digest string) ([]byte, bool) {
	if f.options.External == nil {
		return nil, false
	}
	return f.options.External(digest)
}

// root checks the index of all versions against this folder and takes the
// release's state from it.
func (f *folder) root() {
	r := f.report
	raw, err := fs.ReadFile(f.fsys, releaselog.IndexFile)
	if err != nil {
		r.add(releaselog.IndexFile, 0, "missing", "%v", err)
		return
	}
	x, err := releaselog.ParseRoot(raw)
	if err != nil {
		r.add(releaselog.IndexFile, 0, "index", "%v", err)
		return
	}
	before := len(r.Findings)
	digest := canonical.SHA256(raw)
	if note, err := fs.ReadFile(f.fsys, releaselog.NoteFile); err != nil {
		r.add(releaselog.NoteFile, 0, "missing", "%v", err)
	} else if text, err := f.openRoot(x, note); err != nil {
		r.add(releaselog.NoteFile, 0, "note", "%v", err)
	} else if text != x.NoteText(digest) {
		r.add(releaselog.IndexFile, 0, "note", "has SHA-256 %s, which index.note does not sign", digest)
	}
	if md, err := fs.ReadFile(f.fsys, releaselog.MarkdownFile); err != nil {
		r.add(releaselog.MarkdownFile, 0, "missing", "%v", err)
	} else if string(md) != string(x.Markdown()) {
		r.add(releaselog.MarkdownFile, 0, "index", "does not say what index.json says")
	}
	if x.Solution != f.index.Solution || x.Installation != f.index.Installation {
		r.add(releaselog.IndexFile, 0, "index", "is of solution %q, installation %q", x.Solution, x.Installation)
	}
	recorded, ok := x.Folder(f.name)
	if !ok || recorded != canonical.SHA256(f.files[releaselog.IndexFile]) {
		r.add(releaselog.IndexFile, 0, "index", "names the index of %s with SHA-256 %q, it has %s", f.name, recorded, canonical.SHA256(f.files[releaselog.IndexFile]))
	}
	e, ok := x.Release(f.name)
	if ok && f.index.State == releaselog.StateAuthorised && len(r.Findings) == before {
		r.State = e.State
	}
	if ok && f.index.State == releaselog.StateDraft && slices.Contains([]string{"effective", "superseded", releaselog.StateReinstated}, e.State) {
		r.add(releaselog.IndexFile, 0, "state", "says that %s is %s, its folder is a draft", f.name, e.State)
	}
}
