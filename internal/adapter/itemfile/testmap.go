package itemfile

import (
	"strings"

	"github.com/dc-release/dc-release/internal/app/traceability"
	"github.com/dc-release/dc-release/internal/core/trace"
)

// testMapSchema is the value of the key schema, which may be left out.
const testMapSchema = "dc-release/test-map/v1"

func isTestMap(o *opened, path string) (string, bool) {
	return "", o.repository == traceability.Code && path == trace.TestMapFile
}

// readTestMap gives a place of each id that the map names, so that a test which
// only the map names is in the matrix before it has a result.
func readTestMap(_ *opened, f *file, _ string, data []byte) { mappings(f, data) }

// mappings reads the lines of a test map. Their items and findings go to the
// file.
func mappings(f *file, data []byte) trace.TestMap {
	var out trace.TestMap
	root := f.yaml(data, refused)
	if root == nil || root.kind == null {
		return nil
	}
	var schema string
	f.keys(root, "the test map", map[string]func(*value){
		"schema": f.str(&schema, "schema"),
		"tests": func(v *value) {
			for _, line := range f.list(v, "tests") {
				if m, ok := f.mapped(line); ok {
					out = append(out, m)
				}
			}
		},
	})
	if schema != "" && schema != testMapSchema {
		f.report("DOC-S12", root.get("schema").place, "write "+testMapSchema, "unknown schema %q", schema)
	}
	return out
}

// mapped reads one line; false is one that binds nothing.
func (f *file) mapped(line *value) (m trace.Mapping, ok bool) {
	var ids []*value
	if !f.keys(line, "a line of the test map", map[string]func(*value){
		"case": f.str(&m.Case, "case"), "class": f.str(&m.Class, "class"), "suite": f.str(&m.Suite, "suite"), "file": f.str(&m.File, "file"),
		"ids": func(v *value) { ids = v.words() },
	}) {
		return m, false
	}
	if strings.Trim(m.Case+m.Class+m.Suite+m.File, "*") == "" {
		f.report("DOC-S12", line.place, "write case: with a name or a pattern such as test_orders_*", "a line of the test map fits every case")
		return m, false
	}
	title := oneLine(strings.Join([]string{m.File, m.Suite, m.Class, m.Case}, " "))
	for _, w := range ids {
		item, valid := f.newItem(strings.TrimSpace(w.text), w.place)
		if !valid || f.full(w.place) {
			continue
		}
		m.IDs = append(m.IDs, item.ID)
		item.By, item.Title = trace.Mapped, title
		if item.Kind == trace.TEST || item.Kind == trace.FS || item.Kind == trace.URS {
			f.add(item)
			continue
		}
		f.report("DOC-T03", w.place, "name a TEST, FS or URS", "no result is of %s", item.ID)
	}
	if len(ids) == 0 {
		f.report("DOC-S12", line.place, "write ids: [TEST-...]", "a line of the test map names no id")
	}
	return m, len(m.IDs) > 0
}
