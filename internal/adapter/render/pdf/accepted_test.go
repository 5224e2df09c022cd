package pdf_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/dc-release/dc-release/internal/archtest/need"
	"github.com/dc-release/dc-release/internal/core/document"
	"github.com/dc-release/dc-release/internal/core/document/documenttest"
)

const (
	qpdf      = "/usr/bin/qpdf"
	pdftotext = "/usr/bin/pdftotext"
	pdffonts  = "/usr/bin/pdffonts"
	pdfdetach = "/usr/bin/pdfdetach"
)

func saved(t *testing.T, data []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "document.pdf")
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func output(t *testing.T, program string, args ...string) string {
	t.Helper()
	need.Program(t, program)
	out, err := exec.Command(program, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %v: %v\n%s", program, args, err, out)
	}
	return string(out)
}

// Other people's program finds nothing wrong with the form of any document.
func TestQpdfAcceptsEveryDocument(t *testing.T) {
	need.Program(t, qpdf)
	for name, file := range files() {
		if out := output(t, qpdf, "--check", saved(t, file)); !strings.Contains(out, "No syntax or stream encoding errors found") || strings.Contains(out, "WARNING") {
			t.Errorf("%s: %s", name, out)
		}
	}
}

// What is copied out of a document, or searched in it, is its text.
func TestPopplerReadsTheTextAndTheFonts(t *testing.T) {
	need.Program(t, pdftotext)
	for name, tree := range documenttest.Trees(t) {
		if !strings.HasSuffix(name, "/typical") {
			continue
		}
		path := saved(t, files()[name])
		got := bare(output(t, pdftotext, "-raw", path, "-"))
		for s := range tree.Texts() {
			if !stands(got, shown(t, s)) {
				t.Errorf("%s: %q is not read", name, s)
			}
		}
		for i, line := range strings.Split(strings.TrimSpace(output(t, pdffonts, path)), "\n") {
			if f := strings.Fields(line); i > 1 && (f[0][6] != '+' || strings.Join(f[len(f)-5:len(f)-2], " ") != "yes yes yes") {
				t.Errorf("%s: font %s is not embedded, a subset and readable", name, line)
			}
		}
	}
}

func TestTheCanonicalFormIsAttached(t *testing.T) {
	tree := documenttest.Trees(t)["change-record/final"]
	path := saved(t, files()["change-record/final"])
	out := path + ".json"
	output(t, pdfdetach, "-save", "1", "-o", out, path)
	got, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	want, err := tree.JSON()
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%d other bytes are attached, want %d", len(got), len(want))
	}
	if _, err := document.ParseTree(got); err != nil {
		t.Error(err)
	}
}
