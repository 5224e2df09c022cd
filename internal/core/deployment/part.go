package deployment

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// MaxParts is how many artifacts a run hands in at most, so that an event has
// room for them.
const MaxParts = 64

// Part is one of several artifacts that a run handed in at once: the folder of
// its name at the top of the tree that binds them.
type Part struct {
	Name  string `json:"name"`
	Tree  string `json:"tree"` // digest of its files, their paths relative to its folder
	Files int    `json:"files"`
}

var partForm = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)

// CheckPart reports what is wrong with the name of an artifact.
func CheckPart(name string) error {
	if !partForm.MatchString(name) || len(name) > 64 {
		return fmt.Errorf("artifact name %q: want small letters, digits and single hyphens, at most 64", name)
	}
	return nil
}

// CheckParts reports what is wrong with the names of artifacts that are handed
// in at once.
func CheckParts(names []string) error {
	if len(names) > MaxParts {
		return fmt.Errorf("%d artifacts: want at most %d", len(names), MaxParts)
	}
	for i, name := range names {
		if err := CheckPart(name); err != nil {
			return err
		}
		if slices.Contains(names[:i], name) {
			return fmt.Errorf("artifact %s is named twice", name)
		}
	}
	return nil
}

// Part is what lies below a folder at the top, with paths relative to it; empty
// when there is no such folder.
func (t Tree) Part(name string) Tree {
	var out Tree
	for _, f := range t {
		if rest, ok := strings.CutPrefix(f.Path, name+"/"); ok {
			f.Path = rest
			out = append(out, f)
		}
	}
	return out
}

// Parts are the artifacts of a tree by their names, sorted; none without names.
// Every file has to lie in the folder of one, and none may be empty.
func (t Tree) Parts(names []string) ([]Part, error) {
	if len(names) == 0 {
		return nil, nil
	}
	if err := CheckParts(names); err != nil {
		return nil, err
	}
	for _, f := range t {
		if top, _, below := strings.Cut(f.Path, "/"); !below || !slices.Contains(names, top) {
			return nil, fmt.Errorf("artifact: path %q is in none of the artifacts %s", f.Path, strings.Join(names, ", "))
		}
	}
	var out []Part
	for _, name := range slices.Sorted(slices.Values(names)) {
		part := t.Part(name)
		if len(part) == 0 {
			return nil, fmt.Errorf("artifact %s: no files", name)
		}
		out = append(out, Part{Name: name, Tree: part.Digest(), Files: len(part)})
	}
	return out, nil
}

// PartNames are the names of parts.
func PartNames(parts []Part) []string {
	var out []string
	for _, p := range parts {
		out = append(out, p.Name)
	}
	return out
}
