package trace_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/dc-release/dc-release/internal/core/document"
	"github.com/dc-release/dc-release/internal/core/evidence"
	"github.com/dc-release/dc-release/internal/core/trace"
	"github.com/dc-release/dc-release/internal/core/workflow"
	"github.com/google/go-cmp/cmp"
)

const orders = `# Orders

Some words.

## URS-corp-procurement-1: Orders are available by 06:00

- Risk: High
- Owner: cleo

Purchase orders of the day before are available at 06:00.

### Why

Buyers start at 06:30.

## FS-corp-procurement-1: Load orders every three hours
- Implements: URS-corp-procurement-1, URS-corp-procurement-2
- Verification: OV, pOV

- a list of the text: not an attribute

~~~
## FS-corp-procurement-99: inside a fence
~~~

### TEST-corp-procurement-2: Orders are loaded
* Verifies: FS-corp-procurement-1
* Environments: TST, val

## Notes

Not part of the test.

## URS-corp-procurement-3 Without a colon
- Status: retired
`

func TestScanReadsItems(t *testing.T) {
	at := func(line, column int) document.Position {
		return document.Position{File: "a.md", Line: line, Column: column}
	}
	items, findings := trace.Scan("a.md", []byte(orders))
	if len(findings) != 0 {
		t.Errorf("findings: %v", findings)
	}
	want := []trace.Item{
		{
			ID: "URS-corp-procurement-1", Kind: trace.URS, Title: "Orders are available by 06:00", At: at(5, 4),
			Text: "Purchase orders of the day before are available at 06:00.\n\n### Why\n\nBuyers start at 06:30.",
			Risk: trace.High, Owner: "cleo",
		},
		{
			ID: "FS-corp-procurement-1", Kind: trace.FS, Title: "Load orders every three hours", At: at(16, 4),
			Implements: []trace.Reference{{ID: "URS-corp-procurement-1", At: at(17, 15)}, {ID: "URS-corp-procurement-2", At: at(17, 15)}},
			Planned:    []evidence.Verification{evidence.OV, evidence.POV},
			Text:       "- a list of the text: not an attribute\n\n~~~\n## FS-corp-procurement-99: inside a fence\n~~~",
		},
		{
			ID: "TEST-corp-procurement-2", Kind: trace.TEST, Title: "Orders are loaded", At: at(26, 5),
			Verifies: []trace.Reference{{ID: "FS-corp-procurement-1", At: at(27, 13)}}, Environments: []string{"tst", "val"},
		},
		{ID: "URS-corp-procurement-3", Kind: trace.URS, Title: "Without a colon", At: at(34, 4), Retired: true},
	}
	if d := cmp.Diff(want, items); d != "" {
		t.Error(d)
	}
	windows, _ := trace.Scan("a.md", []byte("\ufeff"+strings.ReplaceAll(orders, "\n", "\r\n")))
	if d := cmp.Diff(items, windows); d != "" {
		t.Errorf("line ends of Windows change items:\n%s", d)
	}
}

func TestDOC_S01_S04_WrongIDsAndEmptyStatementsAreFound(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"a leading zero", "## FS-corp-01: x\ntext", "DOC-S01 1:4"},
		{"upper case", "# intro\n## URS-Corp-1: x\ntext", "DOC-S01 2:4"},
		{"lower-case kind", "##   urs-corp-1: x\ntext", "DOC-S01 1:6"},
		{"a wrong link", "## FS-corp-1: x\n- Implements: URS1\ntext", "DOC-S01 2:15"},
		{"a wrong verification", "## FS-corp-1: x\n- Verification: OQ\ntext", "DOC-S01 2:17"},
		{"no statement", "## FS-corp-1: x\n- Owner: ada\n\n## Next\ntext", "DOC-S04 1:4"},
		{"a test needs no statement", "## TEST-corp-1: x\n", ""},
		{"a retired item needs no statement", "## FS-corp-1: x\n- Status: retired\n", ""},
		{"a word with a hyphen is no id", "## FS-related notes\n## Test-driven\n", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, findings := trace.Scan("a.md", []byte(c.text))
			if got := places(findings); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

func places(findings []document.Finding) string {
	var parts []string
	for _, f := range findings {
		parts = append(parts, fmt.Sprintf("%s %d:%d", f.ID, f.At.Line, f.At.Column))
	}
	return strings.Join(parts, ",")
}

func TestDOC_S02_S06_T01_T02_T03_T04_EveryDefectIsFoundAtOnce(t *testing.T) {
	text := strings.Join([]string{
		"## URS-corp-1: covered", "x", // 1
		"## URS-corp-2: not implemented", "x", // 3
		"## URS-corp-3: only tested", "x", // 5
		"## URS-corp-4: retired", "- Status: retired", // 7
		"## FS-corp-1: good", "- Implements: URS-corp-1", "x", // 9
		"## FS-corp-2: untested", "- Implements: URS-corp-1", "x", // 12
		"## FS-corp-3: planned", "- Implements: URS-corp-1", "- Verification: OV", "x", // 15
		"## FS-corp-4: links", "- Implements: URS-corp-4, URS-corp-9, FS-corp-1, URS-other-1", "- Verification: OV", "x", // 19
		"## FS-corp-5: orphan", "- Verification: OV", "x", // 23
		"## TEST-corp-1: good", "- Verifies: FS-corp-1, URS-corp-3", // 26
		"## TEST-corp-2: orphan",                                // 28
		"## TEST-corp-3: wrong key", "- Implements: URS-corp-1", // 29
		"## URS-corp-1: again", "x", // 31
	}, "\n")
	items, findings := trace.Scan("a.md", []byte(text))
	if len(findings) != 0 {
		t.Fatal(findings)
	}
	found := trace.Check(items, "corp")
	want := "DOC-S06 1:4,DOC-S06 3:4,DOC-T02 3:4,DOC-S06 5:4,DOC-T02 5:4,DOC-T01 12:4," +
		"DOC-T03 20:15,DOC-T03 20:15,DOC-T03 20:15,DOC-T03 20:15,DOC-T04 23:4,DOC-T04 28:4,DOC-T04 29:4,DOC-T03 30:15,DOC-S02 31:4"
	if got := places(found); got != want {
		t.Errorf("got  %s\nwant %s\n%v", got, want, found)
	}
	warnings := 0
	for _, f := range found {
		if f.Severity == workflow.Warning {
			warnings++
		}
		if f.Hint == "" {
			t.Errorf("no hint: %v", f)
		}
	}
	if warnings != 4 { // three orphans, one link to another project
		t.Errorf("%d warnings, want 4: %v", warnings, found)
	}
	if !document.Refused(trace.Check(items[:2], "")) {
		t.Error("an uncovered requirement was accepted")
	}
}

func TestEveryFindingIsOfAListedCheck(t *testing.T) {
	seen := map[string]bool{}
	for _, c := range trace.Checks {
		if c.Rule == "" || c.Severity == "" || seen[c.ID] {
			t.Errorf("check %+v is not whole or stands twice", c)
		}
		seen[c.ID] = true
	}
}

func FuzzScan(f *testing.F) {
	f.Add([]byte(orders))
	for _, s := range []string{"", "#", "## FS-", "## FS-corp-1", "```", "## URS-corp-1: x\n- :", "## FS-corp-1\n- Implements:", "\xff## FS-corp-1", "####### FS-corp-1"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		items, findings := trace.Scan("a.md", data)
		for _, i := range items {
			if _, err := evidence.ParseID(i.ID); err != nil || i.At.Line < 1 || i.At.Column < 1 {
				t.Fatalf("item %+v: %v", i, err)
			}
		}
		for _, x := range append(findings, trace.Check(items, "corp")...) {
			if x.At.Line < 1 || x.Message == "" || x.Hint == "" {
				t.Fatalf("finding %+v", x)
			}
		}
		trace.Link(items, nil, trace.Scope{}).Document()
	})
}
