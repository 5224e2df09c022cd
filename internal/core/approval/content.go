package approval

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/dc-release/dc-release/internal/core/workflow"
)

// Waiver is an exception from one thing that one check of a gate misses.
type Waiver struct {
	Check   string `json:"check"`   // name of the gate's check
	Item    string `json:"item"`    // requirement or test, as the check names it
	Risk    string `json:"risk"`    // what may happen
	Control string `json:"control"` // what is done instead
	Expires string `json:"expires"` // UTC
}

// CheckAt names everything wrong with a waiver at a time; waivable says which
// checks can be waived.
func (w Waiver) CheckAt(now string, waivable func(check string) bool) []error {
	var out []error
	if !waivable(w.Check) {
		out = append(out, fmt.Errorf("check %q is not waivable", w.Check))
	}
	for name, text := range map[string]string{"item": w.Item, "risk": w.Risk, "control": w.Control} {
		if len(strings.TrimSpace(text)) < 3 {
			out = append(out, fmt.Errorf("a waiver needs its %s", name))
		}
	}
	if w.Expires == "" || w.Expires <= now {
		out = append(out, fmt.Errorf("a waiver expires, this one at %q", w.Expires))
	}
	slices.SortFunc(out, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })
	return out
}

// Covers reports whether the waiver is about what a check misses: its item
// stands in the text as a word of its own.
func (w Waiver) Covers(check, missing string) bool {
	if w.Check != check {
		return false
	}
	at := strings.Index(missing, w.Item)
	for at >= 0 {
		end := at + len(w.Item)
		if (at == 0 || !idRune(missing[at-1])) && (end == len(missing) || !idRune(missing[end])) {
			return true
		}
		next := strings.Index(missing[end:], w.Item)
		if next < 0 {
			break
		}
		at = end + next
	}
	return false
}

func idRune(b byte) bool {
	return b == '-' || b == '_' || b == '.' || b >= '0' && b <= '9' || b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z'
}

// Template is what a standard change may touch.
type Template struct {
	Name     string   `json:"name"`
	Paths    []string `json:"paths"`     // patterns of workflow filters
	MaxFiles int      `json:"max_files"` // that a change may touch
}

var templateName = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)

// Check names everything wrong with a template.
func (t Template) Check() []error {
	var out []error
	if !templateName.MatchString(t.Name) || len(t.Name) > 64 {
		out = append(out, fmt.Errorf("template %q: want lower-case letters, digits and single hyphens", t.Name))
	}
	if len(t.Paths) == 0 {
		out = append(out, fmt.Errorf("template %q names no paths", t.Name))
	}
	for _, p := range t.Paths {
		if err := workflow.CheckPattern(p); err != nil {
			out = append(out, fmt.Errorf("template %q: %w", t.Name, err))
		}
	}
	if t.MaxFiles < 1 || t.MaxFiles > 1000 {
		out = append(out, fmt.Errorf("template %q: %d files: want 1 to 1000", t.Name, t.MaxFiles))
	}
	return out
}

// alwaysOutside are paths that no template reaches: what decides how a release
// is made is no standard change.
var alwaysOutside = []string{".github/**", "dc-release.yaml"}

// Outside names everything in which a change of files is not inside of the
// template; note is the release note, which every change brings.
func (t Template) Outside(files []string, note string) []string {
	var out []string
	n := 0
	for _, f := range files {
		switch {
		case f == note:
			continue
		case workflow.MatchPatterns(alwaysOutside, f):
			out = append(out, fmt.Sprintf("%s is outside of every template", f))
		case !workflow.MatchPatterns(t.Paths, f):
			out = append(out, fmt.Sprintf("%s is outside of template %s", f, t.Name))
		}
		n++
	}
	if n > t.MaxFiles {
		out = append(out, fmt.Sprintf("%d files change, template %s allows %d", n, t.Name, t.MaxFiles))
	}
	return out
}

// Deletion is what one plan of a deployment loses for good.
type Deletion struct {
	Environment string   `json:"environment"`
	Plan        string   `json:"plan"` // SHA-256 of the plan; another plan needs another approval
	Destroys    []string `json:"destroys"`
}

// Deletable reports whether the deletions of a plan were approved.
func Deletable(list []Approval, plan string) bool {
	return slices.ContainsFunc(list, func(a Approval) bool {
		return a.Deletion != nil && a.State == StateGranted && a.Deletion.Plan == plan
	})
}
