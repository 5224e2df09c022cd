package testresult

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path"
	"slices"
	"strings"

	"github.com/dc-release/dc-release/internal/core/evidence"
)

// Limits of an archive. One beyond them is failed evidence.
const (
	maxEntries = 50_000
	maxEntry   = MaxSize   // bytes of one entry, unpacked
	maxTotal   = 512 << 20 // bytes of all entries, unpacked
	maxRatio   = 200       // unpacked to packed, of an entry above freeRatio
	freeRatio  = 1 << 20
)

// entry is a file of an archive or a folder.
type entry struct {
	name string
	size int64
	open func() (io.ReadCloser, error)
}

// sniffZip takes a zip archive, also one without entries.
func sniffZip(h head) bool {
	return bytes.HasPrefix(h.text, []byte("PK\x03\x04")) || bytes.HasPrefix(h.text, []byte("PK\x05\x06"))
}

// readZip reads a zip archive of a folder allure-results. A zip is read from
// its end, so that it rests in a file meanwhile.
func readZip(r io.Reader) evidence.Report {
	g := newGathering()
	if err := withFile(r, func(f *os.File, size int64) error {
		z, err := zip.NewReader(f, size)
		if err != nil && !errors.Is(err, zip.ErrInsecurePath) {
			return fmt.Errorf("read the zip archive: %w", err)
		}
		entries, err := unpackable(z)
		if err != nil {
			return err
		}
		g.allureFolder(entries)
		return nil
	}); err != nil {
		g.stop(err)
	}
	return g.report()
}

// withFile copies to a temporary file that is gone afterwards.
func withFile(r io.Reader, do func(*os.File, int64) error) (err error) {
	f, err := os.CreateTemp("", "dc-release-result-*")
	if err != nil {
		return fmt.Errorf("keep the archive for reading: %w", err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if err := os.Remove(f.Name()); err != nil {
		return fmt.Errorf("keep the archive for reading: %w", err)
	}
	size, err := io.Copy(f, r)
	if err != nil {
		return fmt.Errorf("keep the archive for reading: %w", err)
	}
	return do(f, size)
}

// unpackable is the files of an archive, or why it is not unpacked.
func unpackable(z *zip.Reader) ([]entry, error) {
	if len(z.File) > maxEntries {
		return nil, fmt.Errorf("the archive has %d entries, want at most %d", len(z.File), maxEntries)
	}
	var out []entry
	var total uint64
	seen := map[string]bool{}
	for _, f := range z.File {
		name := strings.TrimSuffix(f.Name, "/")
		switch total += f.UncompressedSize64; {
		case !fs.ValidPath(name) || strings.ContainsAny(name, "\\\x00"):
			return nil, fmt.Errorf("entry %q leaves the archive or is no path with slashes", cut(f.Name, 200))
		case seen[name]:
			return nil, fmt.Errorf("entry %q stands twice in the archive", cut(name, 200))
		case !f.Mode().IsRegular() && !f.Mode().IsDir():
			return nil, fmt.Errorf("entry %q is no file and no folder", cut(name, 200))
		case f.Flags&1 != 0:
			return nil, fmt.Errorf("entry %q is encrypted", cut(name, 200))
		case f.UncompressedSize64 > maxEntry:
			return nil, fmt.Errorf("entry %q unpacks to %d bytes, want at most %d", cut(name, 200), f.UncompressedSize64, maxEntry)
		case total > maxTotal:
			return nil, fmt.Errorf("the archive unpacks to more than %d bytes", maxTotal)
		case f.UncompressedSize64 > freeRatio && f.UncompressedSize64/maxRatio > f.CompressedSize64:
			return nil, fmt.Errorf("entry %q unpacks to more than %d times its size", cut(name, 200), maxRatio)
		}
		seen[name] = true
		if f.Mode().IsRegular() {
			out = append(out, entry{name: name, size: int64(f.UncompressedSize64), open: f.Open})
		}
	}
	return out, nil
}

// ReadFolder reads a folder of Allure results as one piece of evidence. Its
// digest covers the sorted list of digests and paths of its files, in the
// format of sha256sum; the name is used in errors alone.
func ReadFolder(name string, folder fs.FS) (evidence.Report, error) {
	entries, err := filesOf(folder)
	if err != nil {
		return evidence.Report{}, fmt.Errorf("read folder %q: %w", name, err)
	}
	list := sha256.New()
	g := newGathering()
	for _, e := range entries {
		file, err := e.look()
		if err != nil {
			return evidence.Report{}, fmt.Errorf("read folder %q: %w", name, err)
		}
		fmt.Fprintf(list, "%s  %s\n", file.SHA256, e.name)
	}
	g.allureFolder(entries)
	report := g.report()
	report.Format, report.SHA256, report.Totals = "allure", hex.EncodeToString(list.Sum(nil)), evidence.Count(report.Cases)
	return report, nil
}

// filesOf is the files of a folder, sorted, within the limits of an archive.
func filesOf(folder fs.FS) ([]entry, error) {
	var out []entry
	var total int64
	err := fs.WalkDir(folder, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		total += info.Size()
		switch {
		case !info.Mode().IsRegular():
			return fmt.Errorf("%q is no file and no folder", name)
		case info.Size() > maxEntry, total > maxTotal, len(out) >= maxEntries:
			return fmt.Errorf("at %q: want at most %d files of at most %d bytes, %d in all", name, maxEntries, maxEntry, maxTotal)
		}
		out = append(out, entry{name: name, size: info.Size(), open: func() (io.ReadCloser, error) { return folder.Open(name) }})
		return nil
	})
	return out, err
}

// look reads an entry whole: its digest, its true size, what it is.
func (e entry) look() (evidence.Attachment, error) {
	r, err := e.open()
	if err != nil {
		return evidence.Attachment{}, err
	}
	defer r.Close()
	sum, begin := sha256.New(), beginning{}
	size, err := io.Copy(io.MultiWriter(sum, &begin), io.LimitReader(r, maxEntry+1))
	if err != nil {
		return evidence.Attachment{}, err
	}
	if size > maxEntry {
		return evidence.Attachment{}, fmt.Errorf("%q has more than %d bytes", e.name, maxEntry)
	}
	kind := http.DetectContentType(begin.text)
	return evidence.Attachment{Entry: e.name, SHA256: hex.EncodeToString(sum.Sum(nil)), Size: size, MediaType: kind, Image: strings.HasPrefix(kind, "image/")}, nil
}

// beginning keeps the first bytes of what is written to it.
type beginning struct{ text []byte }

func (b *beginning) Write(p []byte) (int, error) {
	if n := min(512-len(b.text), len(p)); n > 0 {
		b.text = append(b.text, p[:n]...)
	}
	return len(p), nil
}

// allureFolder reads the results, the fixtures around them and what they
// attach.
func (g *gathering) allureFolder(entries []entry) {
	slices.SortFunc(entries, func(a, b entry) int { return strings.Compare(a.name, b.name) })
	f := &allureFolder{gathering: g, entries: entries, broken: map[string]string{}}
	for _, e := range entries {
		if err := f.read(e); err != nil {
			g.stop(err)
		}
	}
	if len(f.results) == 0 && g.fatals == 0 {
		g.fatal(place{}, "the archive holds no *-result.json of Allure 2: results of other formats are handed in as files")
	}
	for _, k := range tries(f.results) {
		k.broken = f.broken[k.uuid]
		if err := k.add(g); err != nil {
			g.stop(err)
			return
		}
	}
	f.attach()
}

// allureFolder is one reading of a folder allure-results.
type allureFolder struct {
	*gathering
	entries  []entry
	results  []*allureResult
	broken   map[string]string // uuid of a test -> what its fixture says
	attached []allureFile
}

func (f *allureFolder) read(e entry) (err error) {
	base := path.Base(e.name)
	isResult, isContainer, isGlobals := strings.HasSuffix(base, "-result.json"), strings.HasSuffix(base, "-container.json"), strings.HasSuffix(base, "-globals.json")
	if !isResult && !isContainer && !isGlobals || strings.HasPrefix(base, "._") { // macOS keeps its own beside each file
		return nil
	}
	if len(f.results) >= MaxCases {
		return flawed(place{entry: e.name}, "the archive holds more than %d cases", MaxCases)
	}
	r, err := e.open()
	if err != nil {
		return flawed(place{entry: e.name}, "%v", err)
	}
	defer r.Close()
	a := &allure{document: newDocument(io.LimitReader(r, maxEntry)), entry: e.name}
	switch {
	case isResult:
		var k *allureResult
		if k, err = a.result(); err == nil {
			f.results, f.attached = append(f.results, k), append(f.attached, k.attached...)
		}
	case isContainer:
		var c allureContainer
		if c, err = a.container(); err == nil && c.broken != "" {
			for _, uuid := range c.children {
				f.broken[uuid] = c.broken
			}
		}
		f.attached = append(f.attached, c.attached...)
	default:
		var more []allureFile
		more, err = a.globals(f.gathering)
		f.attached = append(f.attached, more...)
	}
	if err == nil {
		err = a.end()
	}
	var own *flaw
	if errors.As(err, &own) {
		own.at.entry = e.name
	}
	return err
}

// attach lists what results attach. What they name and is not there makes the
// evidence incomplete.
func (f *allureFolder) attach() {
	byName := map[string]entry{}
	for _, e := range f.entries {
		byName[e.name] = e
	}
	done := map[string]bool{}
	for _, a := range f.attached {
		name := path.Join(path.Dir(a.at.entry), a.source)
		e, there := byName[name]
		if !there || path.Base(a.source) != a.source {
			f.fatal(a.at, "attachment %q (%s) is not in the archive", cut(a.name, 200), cut(a.source, 200))
			continue
		}
		if done[name] {
			continue
		}
		done[name] = true
		file, err := e.look()
		if err != nil {
			f.fatal(place{entry: name}, "%v", err)
			continue
		}
		file.Name = cut(clean(a.name), evidence.MaxMessage)
		if strings.HasPrefix(a.kind, "image/") && !file.Image && a.kind != "image/svg+xml" {
			f.fatal(a.at, "attachment %q (%s) is called %s and is %s", cut(a.name, 200), cut(a.source, 200), cut(a.kind, 80), file.MediaType)
		}
		if !file.Image && a.kind != "" {
			file.MediaType = cut(clean(a.kind), 200)
		}
		f.attachments = append(f.attachments, file)
	}
}
