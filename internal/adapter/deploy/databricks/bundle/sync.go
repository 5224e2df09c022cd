package bundle

import (
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/bmatcuk/doublestar/v4"
)

// Wheels are the files of the bundle that are uploaded to ArtifactPath, below
// .internal under their base names.
func (r *Resolved) Wheels() []string { return r.wheels }

// Files are the paths of what is uploaded below FilePath, sorted: everything
// that .gitignore does not name, with sync.include and without sync.exclude.
// Links are left out. A pattern that matches nothing is a warning.
func (r *Resolved) Files() ([]string, []Finding) {
	var found findings
	out := r.bundle.files(&found, r.Config.Get("sync"))
	return out, found.sorted()
}

func (b *Bundle) files(found *findings, sync *Value) []string {
	roots := []string{"."}
	if paths := sync.Get("paths").Items(); len(paths) > 0 {
		roots = nil
		for _, p := range paths {
			clean := path.Clean(p.String())
			if !fs.ValidPath(clean) {
				found.refuse(p.Place, "name a folder of the bundle", "sync path %q is outside of the bundle", p.String())
				continue
			}
			roots = append(roots, clean)
		}
	}
	kept := map[string]bool{}
	for _, root := range roots {
		w := walk{fsys: b.fsys, kept: kept}
		w.above(root)
		if err := fs.WalkDir(b.fsys, root, w.visit); err != nil {
			found.refuse(sync.place(), "", "read %s: %v", root, err)
		}
	}
	for _, pattern := range sync.Get("include").Items() {
		for _, name := range b.matching(found, pattern) {
			kept[name] = true
		}
	}
	for _, pattern := range sync.Get("exclude").Items() {
		for _, name := range b.matching(found, pattern) {
			delete(kept, name)
		}
	}
	return slices.Sorted(keysOf(kept))
}

// matching are the files of a pattern of sync; one without a slash counts
// everywhere, as in .gitignore.
func (b *Bundle) matching(found *findings, pattern *Value) []string {
	names, ok := b.glob(found, pattern)
	if ok && len(names) == 0 && !strings.Contains(pattern.Text, "/") {
		deep := &Value{Kind: Text, Text: "**/" + pattern.Text, Place: pattern.Place}
		names, ok = b.glob(found, deep)
	}
	if ok && len(names) == 0 {
		found.add(RuleFiles, Warning, pattern.Place, "build what it names before, or remove the pattern",
			"pattern %s does not match any files", pattern.Text)
	}
	return slices.DeleteFunc(names, private)
}

// private is what never leaves the checkout.
func private(name string) bool {
	for _, part := range strings.Split(name, "/") {
		if part == ".git" || part == ".databricks" {
			return true
		}
	}
	return false
}

// walk gathers what no .gitignore names.
type walk struct {
	fsys  fs.FS
	rules []ignore // of the folders on the way, the deepest last
	kept  map[string]bool
}

// above reads the .gitignore files of the folders over a sync path.
func (w *walk) above(root string) {
	for i := range root {
		if i == 0 && root != "." {
			w.read(".")
		}
		if root[i] == '/' {
			w.read(root[:i])
		}
	}
}

func (w *walk) visit(name string, d fs.DirEntry, err error) error {
	if err != nil {
		return err
	}
	if name != "." && (private(name) || w.ignored(name, d.IsDir())) {
		if d.IsDir() {
			return fs.SkipDir
		}
		return nil
	}
	if d.IsDir() {
		w.read(name)
	} else if d.Type().IsRegular() {
		w.kept[name] = true
	}
	return nil
}

// ignore is one line of a .gitignore.
type ignore struct {
	base    string // folder of the file
	pattern string
	folders bool // the pattern ends in a slash
	keep    bool // it begins with an exclamation mark
}

// read takes the .gitignore of a folder; rules of other branches of the tree
// match nothing here, because patterns count below their folder.
func (w *walk) read(folder string) {
	data, err := readFile(w.fsys, path.Join(folder, ".gitignore"))
	if err != nil {
		return
	}
	for line := range strings.Lines(string(data)) {
		line = strings.TrimRight(line, " \t\r\n")
		if line == "" || line[0] == '#' {
			continue
		}
		var r ignore
		r.base = folder
		line, r.keep = strings.CutPrefix(line, "!")
		line = strings.TrimPrefix(line, `\`)
		line, r.folders = strings.CutSuffix(line, "/")
		anchored := strings.Contains(line, "/")
		r.pattern = strings.TrimPrefix(line, "/")
		if !anchored {
			r.pattern = "**/" + r.pattern
		}
		if doublestar.ValidatePattern(r.pattern) {
			w.rules = append(w.rules, r)
		}
	}
}

// ignored: the last line that matches decides.
func (w *walk) ignored(name string, folder bool) bool {
	for _, r := range slices.Backward(w.rules) {
		below := name
		if r.base != "." {
			rest, ok := strings.CutPrefix(name, r.base+"/")
			if !ok {
				continue
			}
			below = rest
		}
		if (folder || !r.folders) && doublestar.MatchUnvalidated(r.pattern, below) {
			return !r.keep
		}
	}
	return false
}
