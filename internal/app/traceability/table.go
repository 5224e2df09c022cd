package traceability

import (
	"bytes"
	"encoding/csv"

	"github.com/dc-release/dc-release/internal/core/document"
)

// CSV is the matrix with one line for each path (RFC 4180). No cell begins as a
// formula does.
func CSV(m document.Matrix) []byte {
	var buf bytes.Buffer
	w := csv.NewWriter(&buf)
	write := func(cells []string) {
		for i, c := range cells {
			cells[i] = document.Harmless(c)
		}
		_ = w.Write(cells) // a buffer never fails
	}
	head := []string{"requirement", "requirement title", "specification", "specification title", "risk", "test", "test title"}
	for _, c := range m.Columns {
		head = append(head, c.Title())
	}
	write(append(head, "state", "reason"))
	for _, r := range m.Rows {
		cells := []string{r.URS.ID, r.URS.Title, r.FS.ID, r.FS.Title, r.Risk, r.Test.ID, r.Test.Title}
		for _, c := range r.Cells {
			cells = append(cells, c.State)
		}
		write(append(cells, r.State, r.Reason))
	}
	w.Flush()
	return buf.Bytes()
}
