package testresult_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/dc-release/dc-release/internal/adapter/testresult"
	"github.com/dc-release/dc-release/internal/core/evidence"
)

// A fuzz target for each format begins with its corpus; all of them hold the
// same promises.

func FuzzJUnit(f *testing.F)    { fuzz(f, "junit") }
func FuzzXUnit(f *testing.F)    { fuzz(f, "xunit") }
func FuzzCucumber(f *testing.F) { fuzz(f, "cucumber") }
func FuzzCTRF(f *testing.F)     { fuzz(f, "ctrf") }
func FuzzGoTest(f *testing.F)   { fuzz(f, "gotest") }
func FuzzDBT(f *testing.F)      { fuzz(f, "dbt") }
func FuzzAllure(f *testing.F)   { fuzz(f, "allure") }
func FuzzForeign(f *testing.F)  { fuzz(f, "foreign") }

func fuzz(f *testing.F, format string) {
	files, err := filepath.Glob("testdata/" + format + "/*")
	if err != nil || len(files) == 0 {
		f.Fatalf("no corpus: %v", err)
	}
	for _, file := range files {
		if strings.HasSuffix(file, ".want.json") || strings.HasSuffix(file, ".md") {
			continue
		}
		data, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) { promises(t, data) })
}

// promises are what holds for every file: no error and no panic, a verdict that
// follows from cases, places that are there, bounds, and that what another
// reader of JSON refuses does not pass here.
func promises(t *testing.T, data []byte) {
	r, err := testresult.Read("fuzz", bytes.NewReader(data))
	if err != nil {
		t.Fatalf("an error for bad content: %v", err)
	}
	if r.Totals != evidence.Count(r.Cases) || len(r.SHA256) != 64 {
		t.Fatalf("totals %+v of %d cases", r.Totals, len(r.Cases))
	}
	passed := evidence.Verdict(r).Passed
	if passed && len(r.Cases) == 0 {
		t.Fatal("nothing passed")
	}
	switch r.Format {
	case "cucumber", "ctrf", "dbt":
		if passed && !json.Valid(bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))) {
			t.Fatal("malformed JSON passed")
		}
	}
	for _, p := range r.Problems {
		if p.Line < 0 || p.Column < 0 || p.Message == "" || len(p.Message) > evidence.MaxMessage {
			t.Fatalf("problem %+v", p)
		}
	}
	for _, c := range r.Cases {
		if len(c.Message) > evidence.MaxMessage || len(c.Name) > evidence.MaxMessage || c.Name == "" || c.DurationUS < 0 || c.Line < 1 || c.Retries < 0 {
			t.Fatalf("case %+v", c)
		}
		for _, id := range c.IDs {
			if _, err := evidence.ParseID(id); err != nil {
				t.Fatal(err)
			}
		}
	}
	if _, err := json.Marshal(r); err != nil {
		t.Fatal(err)
	}
}
