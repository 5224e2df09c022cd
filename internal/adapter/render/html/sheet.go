package html

import (
	_ "embed" // the style sheet
	"strings"

	"github.com/dc-release/dc-release/internal/core/document"
)

//go:embed sheet.css
var source string

// sheet is the style sheet as it stands in each document.
var sheet = strings.TrimSpace(source)

// page is the running head and foot of each printed page.
func page(m document.Meta) string {
	mark := m.Stage.Mark()
	if m.Evaluation != "" {
		mark = strings.TrimSpace("EVALUATION " + mark)
	}
	if m.Restriction != "" {
		mark = strings.TrimSpace(mark + " " + document.Restricted)
	}
	return "@page {\n" +
		"  @top-left { content: " + quoted(m.Number) + "; }\n" +
		"  @top-center { content: " + quoted(mark) + "; }\n" +
		"  @top-right { content: " + quoted(m.Title) + "; }\n" +
		"  @bottom-left { content: " + quoted(m.Subject()) + "; }\n" +
		"  @bottom-right { content: \"Page \" counter(page) \" of \" counter(pages); }\n}\n"
}
