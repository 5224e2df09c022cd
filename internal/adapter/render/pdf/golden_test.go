package pdf_test

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/dc-release/dc-release/internal/core/document/documenttest"
	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden files")

// A golden file says which text stands where on which page: a PDF itself says
// nothing to who reviews a change.
func TestGolden(t *testing.T) {
	for name := range documenttest.Trees(t) {
		if !strings.HasSuffix(name, "/typical") && name != "change-record/final" && name != "change-record/open" && name != "traceability/gaps" {
			continue
		}
		t.Run(name, func(t *testing.T) {
			got := plan(t, files()[name])
			file := filepath.Join("testdata", filepath.FromSlash(name)+".txt")
			if *update {
				if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(file, got, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(want, got) {
				t.Error(cmp.Diff(string(want), string(got)))
			}
		})
	}
}

// plan is every text of a file with its place: points from the left and from the
// top of its page.
func plan(t *testing.T, file []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	all, heights := texts(t, file)
	page := 0
	for _, d := range all {
		if d.page != page {
			page = d.page
			fmt.Fprintf(&b, "-- page %d of %d, %.0f points high\n", page, len(heights), heights[page-1])
		}
		fmt.Fprintf(&b, "%4.0f %4.0f  %s\n", d.x, heights[page-1]-d.y, d.text)
	}
	return b.Bytes()
}
