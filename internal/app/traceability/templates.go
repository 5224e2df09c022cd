package traceability

import (
	"context"
	"strings"

	"github.com/dc-release/dc-release/internal/core/document"
)

// TemplateFolder holds the templates of documents: KIND.md.
const TemplateFolder = "documentation/templates"

// Templates are those of a commit by kind of document, with what is wrong with
// them. One that has findings is of no use.
func (t *Tracer) Templates(ctx context.Context, p Pin) (map[string]document.Template, []document.Finding, error) {
	tree, err := t.code(ctx, p)
	if err != nil {
		return nil, nil, err
	}
	files, err := tree.Files(ctx, p.Code, TemplateFolder)
	if err != nil {
		return nil, nil, err
	}
	out, findings := map[string]document.Template{}, []document.Finding(nil)
	for _, f := range files {
		kind, ok := strings.CutSuffix(strings.TrimPrefix(f.Path, TemplateFolder+"/"), ".md")
		if !ok || strings.Contains(kind, "/") || kind == "README" {
			continue
		}
		data, _, err := tree.ReadFile(ctx, p.Code, f.Path)
		if err != nil {
			return nil, nil, err
		}
		template, wrong := document.ParseTemplate(f.Path, data, t.Page)
		if len(wrong) == 0 && template.Kind != kind {
			wrong = []document.Finding{{ID: "DOC-P07", Severity: "error", At: document.Position{File: f.Path, Line: 1, Column: 1}, Message: "the template is for kind " + template.Kind, Hint: "call the file " + template.Kind + ".md"}}
		}
		if len(wrong) == 0 {
			out[kind] = template
		}
		findings = append(findings, wrong...)
	}
	return out, findings, nil
}
