package itemfile

import (
	"regexp"
	"slices"
	"strings"

	"github.com/bmatcuk/doublestar/v4"

	"github.com/dc-release/dc-release/internal/app/traceability"
	"github.com/dc-release/dc-release/internal/core/trace"
)

// bundleFiles are the names that the Databricks command line looks for, in its
// order.
var bundleFiles = []string{"databricks.yml", "databricks.yaml", "bundle.yml", "bundle.yaml"}

// bundle is what the root file of a bundle says for all of its files.
type bundle struct {
	root     string // path, "" for no bundle
	name     string // "" when it is not given or not known at the commit
	includes []string
}

// open reads the root file; what is wrong with it is found when it is read for
// its resources.
func (b *bundle) open(read func(string) ([]byte, bool, error)) error {
	for _, path := range bundleFiles {
		data, ok, err := read(path)
		if err != nil {
			return err
		}
		if !ok || len(data) > maxText {
			continue
		}
		f := newFile(path)
		root := f.yaml(data, followed)
		if root == nil {
			root = nothing
		}
		b.root, b.name = path, root.get("bundle").get("name").text
		if strings.Contains(b.name, "${") {
			b.name = ""
		}
		for _, w := range root.get("include").words() {
			b.includes = append(b.includes, strings.TrimPrefix(w.text, "./"))
		}
		return nil
	}
	return nil
}

// isBundle takes the root file of the bundle and what it includes.
func isBundle(o *opened, path string) (string, bool) {
	b := o.bundle
	if o.repository != traceability.Code || b.root == "" {
		return "", false
	}
	included := slices.ContainsFunc(b.includes, func(pattern string) bool {
		ok, err := doublestar.Match(pattern, path)
		return ok && err == nil
	})
	return b.name, path == b.root || included && (isYAML(path) || strings.HasSuffix(path, ".json"))
}

// readBundle finds the tag specification of every resource.
func readBundle(o *opened, f *file, _ string, data []byte) {
	if root := f.yaml(data, followed); root != nil {
		f.deployed(o.bundle, root, nil)
	}
}

// deployed walks a bundle down to its tags; steps are the keys that lead to v.
func (f *file) deployed(b bundle, v *value, steps []string) {
	for _, i := range v.items {
		f.deployed(b, i, steps)
	}
	for _, p := range v.pairs {
		if p.key == "tags" || p.key == "custom_tags" {
			f.tagged(b, p.value, resourceName(steps))
			continue
		}
		f.deployed(b, p.value, append(slices.Clip(steps), p.key))
	}
}

// resourceName is kind and key of the resource that the keys lead into, with
// the target that changes it.
func resourceName(steps []string) string {
	name := strings.Join(steps, ".")
	at := slices.Index(steps, "resources")
	if at < 0 {
		return name
	}
	name = strings.Join(steps[at+1:min(at+3, len(steps))], ".")
	if at >= 2 && steps[at-2] == "targets" {
		name += " in target " + steps[at-1]
	}
	return name
}

// tagged reads tags: a mapping, or a list of key and value.
func (f *file) tagged(b bundle, tags *value, resource string) {
	const key = "specification"
	for _, p := range tags.pairs {
		if p.key == key {
			f.specification(b, p.value, resource)
		}
	}
	for _, i := range tags.items {
		if i.get("key").text == key {
			f.specification(b, i.get("value"), resource)
		}
	}
}

var variable = regexp.MustCompile(`\$\{[^}]*\}`)

// specification makes a place of each id that the tag names. The name of the
// bundle is the one variable that is known at a commit.
func (f *file) specification(b bundle, v *value, resource string) {
	said := v.text
	if b.name != "" {
		said = strings.ReplaceAll(said, "${bundle.name}", b.name)
	}
	if left := variable.FindString(said); left != "" {
		hint := "write the id, or FS-${bundle.name}-1"
		if left == "${bundle.name}" {
			hint = "give the bundle a name in the root file of the bundle"
		}
		f.report("DOC-S08", v.place, hint, "the specification %q of %s holds %s, which is not known at the commit", v.text, resource, left)
		return
	}
	ids := strings.FieldsFunc(said, func(r rune) bool { return strings.ContainsRune(", ;\t\n", r) })
	if len(ids) == 0 || !v.scalar() {
		f.report("DOC-S08", v.place, "write FS-${bundle.name}-1", "the specification of %s names nothing", resource)
	}
	for _, id := range ids {
		if f.full(v.place) {
			return
		}
		item, ok := f.newItem(id, v.place)
		if ok {
			item.By, item.Title = trace.Resource, resource
			f.add(item)
		}
	}
}
