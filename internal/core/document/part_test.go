package document_test

import (
	"strings"
	"testing"

	"github.com/dc-release/dc-release/internal/core/document"
	"github.com/dc-release/dc-release/internal/core/document/documenttest"
)

// What was handed in under names is listed before its files, and nothing is said
// where there was one artifact without a name.
func TestArtifactsAreListedByTheirNames(t *testing.T) {
	tables := func(f document.Facts) map[string]string {
		d, err := document.MakeDraft(request(document.ChangeRecord), f)
		if err != nil {
			t.Fatal(err)
		}
		out := map[string]string{}
		for _, b := range d.Tree().Blocks {
			if b.Table == nil {
				continue
			}
			var cells []string
			for _, r := range b.Table.Rows {
				for _, cell := range r.Cells {
					for _, run := range cell {
						cells = append(cells, run.Text)
					}
				}
			}
			out[b.Table.Caption] = strings.Join(cells, " ")
		}
		return out
	}
	const caption = "Artifacts that are released together"
	f := documenttest.Typical()
	if _, there := tables(f)[caption]; there {
		t.Error("one artifact is listed as several")
	}
	bundle, wheels := strings.Repeat("a", 64), strings.Repeat("b", 64)
	f.Parts = []document.Part{{Name: "bundle", SHA256: bundle, Files: 12}, {Name: "wheels", SHA256: wheels, Files: 1}}
	if got, want := tables(f)[caption], "bundle 12 "+bundle+" wheels 1 "+wheels; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
