package runner

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// search finds what patterns select in the steps' tree, in the order of GitHub's
// toolkit: directory by directory, names in byte order.
type search struct {
	area     *area
	patterns []pattern
	hidden   bool // those whose name begins with a dot count too
	follow   bool // links to directories

	found   []found
	leading []string // links that lead out of the tree or nowhere
}

// found is one thing that patterns select.
type found struct {
	name string // relative to the area
	mode fs.FileMode
	link bool // name is a link to it
}

// globs reads patterns as steps see the file system.
func (j *job) globs() globs {
	return globs{workspace: j.area.workspace(), home: j.area.home(), alias: func(path string) string {
		if rel, ok := j.area.within(path, j.privateTmp()); ok {
			return filepath.Join(j.area.top.path, rel)
		}
		return path
	}}
}

// parsePatterns reads the lines of an input whose paths must be within the job's
// own directories.
func (j *job) parsePatterns(text string) ([]pattern, error) {
	patterns, err := j.globs().parse(text)
	bad := []error{err}
	for _, p := range patterns {
		if !p.exclude && !isBelow(p.base, j.area.top.path) {
			bad = append(bad, fmt.Errorf("path %q: want one within the job's own directories, as %q", p.glob, j.area.workspace()))
		}
	}
	return patterns, errors.Join(bad...)
}

// run looks below every search path.
func (s *search) run() error {
	for _, base := range searchPaths(s.patterns) {
		if isBelow(s.area.top.path, base) {
			base = s.area.top.path
		}
		rel, err := filepath.Rel(s.area.top.path, base)
		if err != nil || !filepath.IsLocal(rel) {
			continue
		}
		if err := s.visit(rel, nil); err != nil {
			return fmt.Errorf("search %q: %w", base, err)
		}
	}
	return nil
}

// visit looks at one name and, if it is a directory, at all in it; above are the
// directories on the way, by which a circle of links is seen.
func (s *search) visit(name string, above []fs.FileInfo) error {
	if !s.hidden && strings.HasPrefix(path.Base(name), ".") && name != "." {
		return nil
	}
	root := s.area.top.root
	info, err := root.Lstat(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	at := found{name: name, mode: info.Mode()}
	if info.Mode()&fs.ModeSymlink != 0 {
		at.link = true
		target, err := root.Stat(name)
		switch {
		case err != nil && s.selects(name, false):
			s.leading = append(s.leading, name)
			return nil
		case err != nil:
			return nil
		}
		at.mode, info = target.Mode(), target
	}
	folder := at.mode.IsDir() && (!at.link || s.follow)
	if s.selects(name, folder) {
		s.found = append(s.found, at)
	}
	if !folder {
		return nil
	}
	for _, a := range above {
		if os.SameFile(a, info) {
			return nil
		}
	}
	entries, err := fs.ReadDir(root.FS(), filepath.ToSlash(name))
	if err != nil {
		return err
	}
	for _, e := range entries {
		if err := s.visit(path.Join(name, e.Name()), append(above[:len(above):len(above)], info)); err != nil {
			return err
		}
	}
	return nil
}

func (s *search) selects(name string, folder bool) bool {
	return selected(s.patterns, filepath.Join(s.area.top.path, name), folder)
}

// followLinks is the option of hashFiles.
const followLinks = "--follow-symbolic-links"

// hashFiles is the expression function: the SHA-256 of the SHA-256 digests of
// the files that the patterns select in the workspace, in the order in which
// they are found; "" when there are none.
func (j *job) hashFiles(texts []string) (string, error) {
	s := search{area: j.area, hidden: true}
	if len(texts) > 0 && strings.HasPrefix(texts[0], "--") {
		if !strings.EqualFold(texts[0], followLinks) {
			return "", fmt.Errorf("invalid glob option %q: want %s", texts[0], followLinks)
		}
		s.follow, texts = true, texts[1:]
	}
	patterns, err := j.globs().parse(strings.Join(texts, "\n"))
	if err != nil {
		return "", err
	}
	s.patterns = withDescendants(patterns)
	if err := s.run(); err != nil {
		return "", err
	}
	workspace, err := filepath.Rel(j.area.top.path, j.area.workspace())
	if err != nil {
		return "", err
	}
	for _, name := range s.leading {
		if isBelow(name, workspace) {
			return "", fmt.Errorf("%q is a link to nothing, or to what is not the job's own", name)
		}
	}
	all, count := sha256.New(), 0
	for _, f := range s.found {
		if f.mode.IsDir() || !strings.HasPrefix(f.name, workspace+"/") {
			continue
		}
		sum, err := j.area.sum(f.name)
		if err != nil {
			return "", err
		}
		all.Write(sum)
		count++
	}
	if count == 0 {
		return "", nil
	}
	return hex.EncodeToString(all.Sum(nil)), nil
}

// sum is the SHA-256 of a file of the steps' tree.
func (a *area) sum(name string) ([]byte, error) {
	f, _, err := a.top.file(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return nil, err
	}
	return h.Sum(nil), nil
}
