package itemfile_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/dc-release/dc-release/internal/adapter/itemfile"
	"github.com/dc-release/dc-release/internal/core/trace"
)

const root = "bundle:\n  name: corp\nvariables:\n  spec:\n    default: FS-corp-2\n"

func TestDOC_S08_BundlesNameSpecificationsThatAreThere(t *testing.T) {
	items, _ := trace.Scan("a.md", []byte("## FS-corp-1: a\n\nx\n\n## FS-corp-2: b\n- Status: retired\n\n## URS-corp-3: c\n\nx\n"))
	job := func(spec string) string {
		return "resources:\n  jobs:\n    load:\n      tags:\n        specification: " + spec + "\n        other: FS-corp-9\n"
	}
	for name, c := range map[string]struct{ file, text, want string }{
		"by the bundle's name":           {"resources/load.yml", job("FS-${bundle.name}-1"), ""},
		"by its id":                      {"resources/deep/load.yaml", job("FS-corp-1"), ""},
		"an id that is not there":        {"resources/load.yml", job("FS-corp-8"), "5:24"},
		"a retired one, by a variable":   {"resources/load.yml", job("${var.spec}"), "5:24"},
		"a requirement":                  {"resources/load.yml", job("URS-corp-3"), "5:24"},
		"what nothing says":              {"resources/load.yml", job("FS-${var.unknown}-1"), "5:24"},
		"no tag":                         {"resources/load.yml", "resources:\n  specification: FS-corp-8\n", ""},
		"in the root file, for a target": {"databricks.yml", root + "targets:\n  dev:\n    presets:\n      tags:\n        specification: FS-corp-7\n", "10:24"},
		"no YAML":                        {"resources/load.yml", "a: [", ""},
		"an alias to itself":             {"resources/load.yml", "a: &x\n  tags: *x\n  b: *x\n", ""},
	} {
		if !itemfile.IsBundle(c.file) {
			t.Errorf("%s: %s is no file of a bundle", name, c.file)
		}
		files := map[string][]byte{"databricks.yml": []byte(root)}
		files[c.file] = []byte(c.text)
		var got []string
		for _, f := range trace.CheckClaims(items, itemfile.Bundle(files)) {
			if f.ID == "DOC-S08" && f.At.File == c.file {
				got = append(got, fmt.Sprintf("%d:%d", f.At.Line, f.At.Column))
			}
		}
		if strings.Join(got, ",") != c.want {
			t.Errorf("%s: %v, want %q", name, got, c.want)
		}
	}
	for _, no := range []string{"src/databricks.yml", "resources/a.json", "config/x.yml"} {
		if itemfile.IsBundle(no) {
			t.Errorf("%s is taken for a file of a bundle", no)
		}
	}
}

func FuzzBundle(f *testing.F) {
	f.Add([]byte(root))
	f.Add([]byte("tags: {specification: 'FS-${bundle.name}-1'}"))
	f.Add([]byte("a: &a [*a]"))
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, c := range itemfile.Bundle(map[string][]byte{"databricks.yml": data}) {
			if c.At.Line < 1 {
				t.Fatalf("claim %+v", c)
			}
		}
	})
}
