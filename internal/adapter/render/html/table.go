package html

import (
	"fmt"
	"strings"

	"github.com/dc-release/dc-release/internal/core/document"
)

// shortTable is the number of rows up to which a table is kept on one page.
const shortTable = 8

func (w *writer) table(t document.Table) {
	if len(t.Rows) == 0 {
		w.put("<p class=\"none\"><span>", escape(t.Caption), "</span> ", escape(t.Empty), "</p>\n")
		return
	}
	total := 0
	for _, c := range t.Columns {
		total += max(c.Weight, 1)
	}
	var classes []string
	if len(t.Rows) <= shortTable {
		classes = append(classes, "short")
	}
	if len(t.Columns) > 3 {
		classes = append(classes, "wide")
	}
	w.openTable(t.Caption, classes...)
	for _, c := range t.Columns {
		w.column(max(c.Weight, 1), total)
	}
	w.put("</colgroup>\n<thead><tr>")
	for _, c := range t.Columns {
		w.put("<th scope=\"col\"", numeric(c), ">", escape(c.Title), "</th>")
	}
	w.put("</tr></thead>\n<tbody>\n")
	for _, r := range t.Rows {
		w.put("<tr>")
		for i, c := range r.Cells {
			class := ""
			if i < len(t.Columns) {
				class = numeric(t.Columns[i])
			}
			w.put("<td", class, ">", runs(c), "</td>")
		}
		w.put("</tr>\n")
	}
	w.put("</tbody>\n</table></div>\n")
}

func (w *writer) openTable(caption string, classes ...string) {
	w.put("<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"", escape(caption), "\"><table class=\"", strings.Join(classes, " "), "\">\n<caption>", escape(caption), "</caption>\n<colgroup>")
}

// column is a col of a share of the width, in tenths of a percent so that no
// float decides a byte.
func (w *writer) column(weight, total int) {
	tenths := weight * 1000 / total
	w.put(fmt.Sprintf("<col style=\"width:%d.%d%%\">", tenths/10, tenths%10))
}

func numeric(c document.Column) string {
	if c.Numeric {
		return " class=\"numeric\""
	}
	return ""
}

// matrix prints the ids of each path; a title that stands in the row above is
// not repeated.
func (w *writer) matrix(m document.Matrix) {
	weights := []int{6, 6, 2, 6}
	for range m.Columns {
		weights = append(weights, 3)
	}
	weights = append(weights, 5)
	total := 0
	for _, x := range weights {
		total += x
	}
	w.openTable("Traceability matrix", "matrix")
	for _, x := range weights {
		w.column(x, total)
	}
	w.put("</colgroup>\n<thead><tr><th scope=\"col\">Requirement</th><th scope=\"col\">Specification</th><th scope=\"col\">Risk</th><th scope=\"col\">Test</th>")
	for _, c := range m.Columns {
		w.put("<th scope=\"col\">", escape(c.Title()), "</th>")
	}
	w.put("<th scope=\"col\">State</th></tr></thead>\n<tbody>\n")
	var above document.MatrixRow
	for i, r := range m.Rows {
		same := i > 0 && r.URS == above.URS
		w.put("<tr", group(same), "><td>", ref(r.URS, same), "</td><td>", ref(r.FS, same && r.FS == above.FS), "</td><td>", risk(r.Risk), "</td><td>", ref(r.Test, false), "</td>")
		for _, c := range r.Cells {
			w.cell(c)
		}
		w.put("<td>", run(document.StateRun(r.State)))
		if r.Reason != "" {
			w.put("<span class=\"small\">", escape(r.Reason), "</span>")
		}
		w.put("</td></tr>\n")
		above = r
	}
	w.put("</tbody>\n</table></div>\n")
}

func risk(class string) string {
	if class == "" {
		return "<span class=\"absent\">none said</span>"
	}
	return escape(class)
}

func group(same bool) string {
	if same {
		return ""
	}
	return " class=\"first\""
}

func ref(r document.ItemRef, repeated bool) string {
	switch {
	case r.ID == "" && r.Title == "":
		return "<span class=\"absent\">none</span>"
	case r.ID == "":
		return "<span class=\"small\">named directly</span>" + escape(r.Title)
	case repeated:
		return "<span class=\"repeated\"><code>" + escape(r.ID) + "</code></span>"
	}
	return "<code>" + escape(r.ID) + "</code><span class=\"title\">" + escape(r.Title) + "</span>"
}

func (w *writer) cell(c document.MatrixCell) {
	if c.State == "" {
		w.put("<td><span class=\"absent\" title=\"no result expected\">–</span></td>")
		return
	}
	w.put("<td>", run(document.StateRun(c.State)))
	if c.Attempt > 0 {
		w.put("<span class=\"small\">", fmt.Sprintf("attempt %d", c.Attempt), "</span>")
	}
	if c.Note != "" {
		w.put("<span class=\"small\">", escape(c.Note), "</span>")
	}
	w.put("</td>")
}
