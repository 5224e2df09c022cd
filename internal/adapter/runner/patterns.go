package runner

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/bmatcuk/doublestar/v4"
)

// pattern is one line of a path input: a glob, "!" excludes. As in the actions
// toolkit a directory stands for all below it, and the last pattern that
// matches a file decides.
type pattern struct {
	exclude bool
	glob    string // relative to the area
	base    string // the part of it without wildcards, of an include
}

// selection is what patterns find.
type selection struct {
	files []string // relative to the area, sorted
	// root is what artifact paths are relative to: the only search path, or the
	// longest one that all search paths share.
	root    string
	skipped []string // directories behind a link, which are not followed
}

// parsePatterns reads the lines of an input; "#" begins a comment.
func (j *job) parsePatterns(text string) ([]pattern, error) {
	var list []pattern
	var bad []error
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		p := pattern{}
		glob, exclude := strings.CutPrefix(line, "!")
		p.exclude, glob = exclude, strings.TrimSpace(glob)
		if rest, ok := strings.CutPrefix(glob, "~"); ok && (rest == "" || rest[0] == '/') {
			glob = j.area.home() + rest
		}
		if !filepath.IsAbs(glob) {
			glob = filepath.Join(j.area.workspace(), glob)
		}
		rel, ok := j.area.within(filepath.Clean(glob), j.privateTmp())
		if !ok {
			bad = append(bad, fmt.Errorf("path %q: want one within the job's own directories, as %q", line, j.area.workspace()))
			continue
		}
		// Braces are no wildcards there.
		p.glob = strings.NewReplacer("{", `\{`, "}", `\}`).Replace(rel)
		if !doublestar.ValidatePattern(p.glob) {
			bad = append(bad, fmt.Errorf("path %q: malformed pattern", line))
			continue
		}
		p.base = staticPart(rel)
		list = append(list, p)
	}
	return list, errors.Join(bad...)
}

// staticPart is what stands before the first wildcard of a path.
func staticPart(glob string) string {
	var kept []string
	for part := range strings.SplitSeq(glob, "/") {
		if strings.ContainsAny(part, "*?[") {
			break
		}
		kept = append(kept, part)
	}
	return path.Join(append([]string{"."}, kept...)...)
}

func (p pattern) matches(name string) bool {
	whole, _ := doublestar.Match(p.glob, name) // validated
	below, _ := doublestar.Match(p.glob+"/**", name)
	return whole || below
}

// find gives the regular files that the patterns select. Hidden files and
// directories, whose name begins with a dot, count only when asked for.
func (a *area) find(patterns []pattern, hidden bool) (selection, error) {
	var sel selection
	bases := searchPaths(patterns)
	for _, base := range bases {
		err := fs.WalkDir(a.top.root.FS(), base, func(name string, d fs.DirEntry, err error) error {
			if errors.Is(err, fs.ErrNotExist) {
				return nil
			}
			if err != nil {
				return err
			}
			if !hidden && strings.HasPrefix(path.Base(name), ".") && name != "." {
				if d.IsDir() {
					return fs.SkipDir
				}
				return nil
			}
			if d.IsDir() || !selected(patterns, name) {
				return nil
			}
			return a.consider(&sel, name)
		})
		if err != nil {
			return sel, fmt.Errorf("search %q: %w", base, err)
		}
	}
	slices.Sort(sel.files)
	sel.root = commonRoot(bases)
	if len(bases) == 1 && len(sel.files) == 1 && sel.files[0] == bases[0] {
		sel.root = path.Dir(bases[0])
	}
	return sel, nil
}

// consider takes a file, or a link to one within the tree.
func (a *area) consider(sel *selection, name string) error {
	info, err := a.top.root.Stat(name)
	switch {
	case err != nil: // a broken link, or one that leads out of the tree
		sel.skipped = append(sel.skipped, name)
	case info.IsDir():
		sel.skipped = append(sel.skipped, name)
	case info.Mode().IsRegular():
		sel.files = append(sel.files, name)
	}
	return nil
}

func selected(patterns []pattern, name string) bool {
	in := false
	for _, p := range patterns {
		if p.matches(name) {
			in = !p.exclude
		}
	}
	return in
}

// searchPaths are where to look, without those that lie below another.
func searchPaths(patterns []pattern) []string {
	var bases []string
	for _, p := range patterns {
		if !p.exclude {
			bases = append(bases, p.base)
		}
	}
	slices.Sort(bases)
	bases = slices.Compact(bases)
	return slices.DeleteFunc(slices.Clone(bases), func(b string) bool {
		return slices.ContainsFunc(bases, func(o string) bool {
			return o != b && (o == "." || strings.HasPrefix(b, o+"/"))
		})
	})
}

// commonRoot is the longest path that all share.
func commonRoot(bases []string) string {
	if len(bases) == 0 {
		return "."
	}
	common := strings.Split(bases[0], "/")
	for _, b := range bases[1:] {
		parts := strings.Split(b, "/")
		n := 0
		for n < len(common) && n < len(parts) && common[n] == parts[n] {
			n++
		}
		common = common[:n]
	}
	return path.Join(append([]string{"."}, common...)...)
}

// hashFiles is the expression function: the SHA-256 of the SHA-256 digests of
// the files that the patterns select in the workspace, in the order of their
// paths; "" when there are none.
func (j *job) hashFiles(globs []string) (string, error) {
	patterns, err := j.parsePatterns(strings.Join(globs, "\n"))
	if err != nil {
		return "", err
	}
	sel, err := j.area.find(patterns, true)
	if err != nil || len(sel.files) == 0 {
		return "", err
	}
	all := sha256.New()
	for _, name := range sel.files {
		f, _, err := j.area.top.file(name)
		if err != nil {
			return "", err
		}
		one := sha256.New()
		_, err = io.Copy(one, f)
		f.Close()
		if err != nil {
			return "", err
		}
		all.Write(one.Sum(nil))
	}
	return hex.EncodeToString(all.Sum(nil)), nil
}
