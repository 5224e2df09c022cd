package wire

import (
	"bytes"
	"fmt"
	"maps"
	"slices"

	"github.com/dc-release/dc-release/internal/adapter/pagefile"
	"github.com/dc-release/dc-release/internal/adapter/render/html"
	"github.com/dc-release/dc-release/internal/adapter/render/markdown"
	"github.com/dc-release/dc-release/internal/adapter/render/pdf"
	"github.com/dc-release/dc-release/internal/core/document"
	"github.com/dc-release/dc-release/internal/core/document/documenttest"
	"github.com/dc-release/dc-release/internal/core/workflow"
)

// CheckTemplate reads a template and makes documents with it of the releases that
// the tests of documents know: a typical one, one with gaps, an empty one, and one
// that is hostile in every text. It reports all that is wrong.
func CheckTemplate(file string, data []byte) []document.Finding {
	t, found := document.ParseTemplate(file, data, pagefile.Read)
	if len(found) > 0 {
		return found
	}
	wrong := func(format string, args ...any) {
		found = append(found, document.Finding{
			ID: "DOC-P07", Severity: workflow.Error, At: document.Position{File: file, Line: 1, Column: 1}, Message: fmt.Sprintf(format, args...),
		})
	}
	i := slices.IndexFunc(document.All, func(k document.Kind) bool { return k.Name == t.Kind && !k.FinalOnly })
	if i < 0 {
		wrong("documents of kind %q are made without a template", t.Kind)
		return found
	}
	q := document.Request{Kind: document.All[i], Gate: "approve_for_use", Revision: 1, Template: &t}
	if q.Kind.PerEnvironment {
		q.Environment = "tst"
	}
	sets := documenttest.Sets()
	for _, name := range slices.Sorted(maps.Keys(sets)) {
		d, err := document.MakeDraft(q, sets[name])
		if err == nil {
			err = rendered(d.Tree())
		}
		if err != nil {
			wrong("with the release %q: %v", name, err)
		}
	}
	return found
}

// rendered makes a document in every form, twice: the same bytes have to come out.
func rendered(t document.Tree) error {
	for _, render := range []func(document.Tree) ([]byte, error){markdown.Render, html.Render, pdf.Render} {
		once, err := render(t)
		if err != nil {
			return err
		}
		if again, err := render(t); err != nil || !bytes.Equal(once, again) {
			return fmt.Errorf("it is not the same when it is rendered again (%v)", err)
		}
	}
	return nil
}
