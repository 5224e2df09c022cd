// Package inspection writes what was published of one release into one file that
// opens without a server: an index, all documents, evidence, proofs and digests.
package inspection

import (
	"archive/zip"
	"cmp"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"path"
	"slices"
	"strings"

	"github.com/dc-release/dc-release/internal/app/verify"
	"github.com/dc-release/dc-release/internal/core/canonical"
	"github.com/dc-release/dc-release/internal/core/document"
	"github.com/dc-release/dc-release/internal/core/fault"
	"github.com/dc-release/dc-release/internal/core/releaselog"
)

// Names in the bundle.
const (
	logFolder = "release-log"
	indexName = "index.html"
	sumsName  = "SHA256SUMS"
)

// Bundle is what one is made of.
type Bundle struct {
	Log     fs.FS  // a release log
	Version string // X.Y.Z or rollbacks/PLACE-N
	// Report is what verification said of the folder.
	Report verify.Report
	// Render writes the index.
	Render func(document.Tree) ([]byte, error)
}

// Write writes the bundle as a ZIP archive. The same release log gives the same
// bytes. It fails for a folder whose index cannot be read; a folder that does not
// verify is bundled, and the index says so first.
func (b Bundle) Write(w io.Writer) error {
	files, err := b.read()
	if err != nil {
		return err
	}
	page, err := b.page(files)
	if err != nil {
		return err
	}
	html, err := b.Render(document.InspectionPage(page))
	if err != nil {
		return err
	}
	out := map[string][]byte{indexName: html}
	for name, data := range files {
		out[logFolder+"/"+name] = data
	}
	out[sumsName] = sums(out)
	return archive(w, out)
}

// read reads the folder, and what stands beside the folders of a release log.
func (b Bundle) read() (map[string][]byte, error) {
	files := map[string][]byte{}
	err := fs.WalkDir(b.Log, ".", func(p string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && p != "." && !strings.HasPrefix(b.Version+"/", p+"/") && !strings.HasPrefix(p, b.Version+"/"):
			return fs.SkipDir
		case !d.Type().IsRegular():
			return nil
		}
		files[p], err = fs.ReadFile(b.Log, p)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read release log: %w", err)
	}
	if files[b.Version+"/"+releaselog.IndexFile] == nil {
		return nil, fault.New(fault.NotFound, "the release log has no folder %s", b.Version)
	}
	return files, nil
}

func sums(files map[string][]byte) []byte {
	var b strings.Builder
	for _, name := range sorted(files) {
		fmt.Fprintf(&b, "%s  %s\n", canonical.SHA256(files[name]), name)
	}
	return []byte(b.String())
}

func sorted(files map[string][]byte) []string {
	names := make([]string, 0, len(files))
	for name := range files {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// archive writes the files without times, so that the bytes depend on them alone.
func archive(w io.Writer, files map[string][]byte) error {
	z := zip.NewWriter(w)
	for _, name := range sorted(files) {
		to, err := z.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Deflate})
		if err == nil {
			_, err = to.Write(files[name])
		}
		if err != nil {
			return fmt.Errorf("write %s: %w", name, err)
		}
	}
	return z.Close()
}

// page reads what the index shows.
func (b Bundle) page(files map[string][]byte) (document.Inspection, error) {
	folder := map[string][]byte{}
	for name, data := range files {
		if rest, ok := strings.CutPrefix(name, b.Version+"/"); ok {
			folder[rest] = data
		}
	}
	index, err := releaselog.ParseIndex(folder[releaselog.IndexFile])
	if err != nil {
		return document.Inspection{}, fault.New(fault.Unverified, "%s: %v", b.Version, err)
	}
	p := document.Inspection{
		Product: index.Solution, Version: b.Version, State: cmp.Or(b.Report.State, index.State), Folder: logFolder + "/" + b.Version,
		Trust: b.Report.TrustText(), Counts: b.Report.CountsText(),
	}
	for _, f := range b.Report.Findings {
		p.Problems = append(p.Problems, f.String())
	}
	for _, x := range index.Externals {
		p.Externals = append(p.Externals, document.InspectedFile{Name: x.Name, SHA256: x.SHA256, Size: x.Size})
	}
	for _, name := range sorted(folder) {
		if strings.HasPrefix(name, "evidence/") {
			p.Evidence = append(p.Evidence, b.file(strings.TrimPrefix(name, "evidence/"), name, folder[name]))
		}
	}
	p.Places, err = places(folder)
	if err != nil {
		return p, fmt.Errorf("%s: %w", b.Version, err)
	}
	return p, b.documents(folder, &p)
}

// file is a file of the folder with the way to it from the index.
func (b Bundle) file(name, at string, data []byte) document.InspectedFile {
	steps := strings.Split(path.Join(logFolder, b.Version, at), "/")
	for i, s := range steps {
		steps[i] = url.PathEscape(s)
	}
	return document.InspectedFile{Name: name, Path: strings.Join(steps, "/"), SHA256: canonical.SHA256(data), Size: int64(len(data))}
}

// documents adds those of the folder, final ones first, and what their canonical
// forms hold: the matrix and the signatures of the gates.
func (b Bundle) documents(folder map[string][]byte, p *document.Inspection) error {
	for _, top := range []string{"final/", "draft/"} {
		for _, name := range sorted(folder) {
			stem, isJSON := strings.CutSuffix(name, ".json")
			if !strings.HasPrefix(name, top) || !isJSON {
				continue
			}
			tree, err := document.ParseTree(folder[name])
			if err != nil {
				return fmt.Errorf("%s/%s: %w", b.Version, name, err)
			}
			d := document.InspectedDocument{Number: tree.Meta.Number, Title: tree.Meta.Title, Stage: string(tree.Meta.Stage), SHA256: canonical.SHA256(folder[name])}
			for _, other := range sorted(folder) {
				if extension, ok := strings.CutPrefix(other, stem+"."); ok {
					d.Forms = append(d.Forms, b.file(extension, other, folder[other]))
				}
			}
			p.Documents = append(p.Documents, d)
			keep(p, tree)
		}
	}
	return nil
}

// keep takes the first matrix, and the signatures of the certificate.
func keep(p *document.Inspection, t document.Tree) {
	for _, block := range t.Blocks {
		if block.Matrix != nil && t.Meta.Kind == document.Traceability.Name && len(p.Matrix.Rows) == 0 {
			p.Matrix = *block.Matrix
		}
		if block.Signatures != nil && t.Meta.Kind == document.Certificate.Name {
			p.Gates = append(p.Gates, *block.Signatures)
		}
	}
}
