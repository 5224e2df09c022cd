// Package paper_test lets another library read our PDF files by the letter of
// the standard: nothing of the product takes part in it.
package paper_test

import (
	"bytes"
	"testing"

	"github.com/pdfcpu/pdfcpu/pkg/api"
	"github.com/pdfcpu/pdfcpu/pkg/pdfcpu/model"

	"github.com/dc-release/dc-release/internal/adapter/render/pdf"
	"github.com/dc-release/dc-release/internal/core/document"
	"github.com/dc-release/dc-release/internal/core/document/documenttest"
)

// relaxed accepts what PDF/A-3 takes from PDF 2.0 into a file of PDF 1.7: what an
// attachment is to the document.
func relaxed() *model.Configuration {
	c := model.NewDefaultConfiguration()
	c.ValidationMode = model.ValidationRelaxed
	return c
}

func TestEveryDocumentIsValid(t *testing.T) {
	api.DisableConfigDir()
	for name, tree := range documenttest.Trees(t) {
		file, err := pdf.Render(tree)
		if err != nil {
			t.Fatal(err)
		}
		if err := api.Validate(bytes.NewReader(file), relaxed()); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A file that is damaged is not accepted: the test can fail.
func TestADamagedDocumentIsNot(t *testing.T) {
	api.DisableConfigDir()
	file, err := pdf.Render(document.Tree{})
	if err != nil {
		t.Fatal(err)
	}
	damaged := bytes.Replace(file, []byte("/Pages 1 0 R"), []byte("/Pages 2 0 R"), 1)
	if err := api.Validate(bytes.NewReader(damaged), relaxed()); err == nil {
		t.Error("accepted")
	}
}
