package trace_test

import (
	"strings"
	"testing"

	"github.com/dc-release/dc-release/internal/core/trace"
	"github.com/google/go-cmp/cmp"
)

func TestStepsOfATestInMarkdown(t *testing.T) {
	for _, c := range []struct {
		name, body string
		steps      []trace.Step
		text       string
	}{
		{"an ordered list", "Before.\n\n1. Open the report.\n2. Sum it up.\n   Expected: the sum of the ledger\n\nAfter.", []trace.Step{{Action: "Open the report."}, {Action: "Sum it up.", Expected: "the sum of the ledger"}}, "Before.\n\n\nAfter."},
		{"expected on the same line", "1) Open it. Expected: it opens\n2) Close it. **Expected result:** it closes", []trace.Step{{Action: "Open it.", Expected: "it opens"}, {Action: "Close it.", Expected: "it closes"}}, ""},
		{"expected as a nested list, over blank lines", "1. Open it,\n   in VAL.\n\n   - Expected: it opens\n     at once\n\n2. Close it.", []trace.Step{{Action: "Open it, in VAL.", Expected: "it opens at once"}, {Action: "Close it."}}, ""},
		{"a table", "| Step | Action | Expected |\n|---|---|---|\n| 1 | Press a\\|b | It is there |\n| 2 | Wait | |\n\n1. stays", []trace.Step{{Action: "Press a|b", Expected: "It is there"}, {Action: "Wait"}}, "1. stays"},
		{"a table without a column Action", "|Step|Expected result|\n|:--|--:|\n|Press|Done|", []trace.Step{{Action: "Press", Expected: "Done"}}, ""},
		{"another table is text", "| A | B |\n|---|---|\n| 1 | 2 |", nil, "| A | B |\n|---|---|\n| 1 | 2 |"},
		{"a fence is text", "```\n1. no step\n```", nil, "```\n1. no step\n```"},
		{"a year is no step", "2024 was long.", nil, "2024 was long."},
		{"unexpected: is no mark", "1. Find what is unexpected: nothing", []trace.Step{{Action: "Find what is unexpected: nothing"}}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			items, findings := trace.Scan("a.md", []byte("## TEST-corp-1: x\n- Verification: AV\n\n"+c.body))
			if len(findings) > 0 || len(items) != 1 {
				t.Fatal(items, findings)
			}
			if d := cmp.Diff(c.steps, items[0].Steps); d != "" {
				t.Error(d)
			}
			if items[0].Text != c.text {
				t.Errorf("text %q, want %q", items[0].Text, c.text)
			}
		})
	}
	items, _ := trace.Scan("a.md", []byte("## FS-corp-1: x\n\n1. a\n2. b\n"))
	if len(items[0].Steps) != 0 || items[0].Text == "" {
		t.Errorf("a specification has steps: %+v", items[0])
	}
}

// A changed step is a changed test.
func TestStepsAreInTheFingerprint(t *testing.T) {
	was, _ := trace.Scan("a.md", []byte("## TEST-corp-1: x\n\n1. Open it. Expected: it opens"))
	is, _ := trace.Scan("a.md", []byte("## TEST-corp-1: x\n\n1. Open it. Expected: it stays shut"))
	if was[0].Fingerprint() == is[0].Fingerprint() {
		t.Error("the fingerprint is the same")
	}
}

func TestStepsAreBounded(t *testing.T) {
	items, _ := trace.Scan("a.md", []byte("## TEST-corp-1: x\n\n"+strings.Repeat("1. a\n", trace.MaxSteps+5)))
	if n := len(items[0].Steps); n != trace.MaxSteps || strings.Count(items[0].Text, "1. a") != 5 {
		t.Errorf("%d steps, text of %d bytes", n, len(items[0].Text))
	}
}
