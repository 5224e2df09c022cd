package audit

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"html/template"
	"io"
	"strings"

	apptrail "github.com/dc-release/dc-release/internal/app/trail"
	"github.com/dc-release/dc-release/internal/core/trail"
)

//go:embed export.html
var page string

var pages = template.Must(template.New("export").Funcs(template.FuncMap{
	"date":   func(r apptrail.Row) string { d, _, _ := strings.Cut(r.Time, "T"); return d },
	"clock":  func(r apptrail.Row) string { _, t, _ := strings.Cut(r.Time, "T"); return strings.TrimSuffix(t, "Z") },
	"signed": signedLines,
	"pretty": func(raw json.RawMessage) string {
		var b bytes.Buffer
		if json.Indent(&b, raw, "", "  ") != nil {
			return string(raw)
		}
		return b.String()
	},
}).Parse(page))

// htmlSheet writes one page that needs nothing else: no script, no font, no
// picture from elsewhere.
type htmlSheet struct{ shown int64 }

func (s *htmlSheet) begin(w io.Writer, h trail.Head) error {
	s.shown = h.Shown
	return pages.ExecuteTemplate(w, "begin", h)
}

func (*htmlSheet) page(w io.Writer, p apptrail.Exported) error {
	return pages.ExecuteTemplate(w, "rows", p.Rows)
}

func (s *htmlSheet) end(w io.Writer) error { return pages.ExecuteTemplate(w, "end", s.shown) }
