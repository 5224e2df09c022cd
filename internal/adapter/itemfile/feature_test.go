package itemfile_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dc-release/dc-release/internal/adapter/itemfile"
	"github.com/dc-release/dc-release/internal/core/document"
)

const orders = `@URS-corp-1
Feature: Orders

  Background:
    Given a landing zone

  @TEST-corp-1 @OV
  Scenario: Complete orders are kept
    When orders are loaded
      | id | amount |
      | 1  | 2      |
    Then they are kept

  Rule: Totals
    @TEST-corp-2
    Scenario Outline: Sums
      Then <a> is summed

      @AV @prd
      Examples:
        | a |
        | 1 |

      @OV
      Examples:
        | a |
        | 2 |
`

func TestAFeatureGivesItsScenarios(t *testing.T) {
	all, findings := itemfile.Feature("tests/features/orders.feature", []byte(orders))
	if len(findings) != 0 {
		t.Fatal(findings)
	}
	var got []string
	for _, s := range all {
		got = append(got, fmt.Sprintf("%s %d:%d %v %v %v%s", s.Name, s.At.Line, s.At.Column, s.IDs, s.Stages, s.Places, s.Folder))
	}
	want := []string{
		"Complete orders are kept 8:3 [URS-corp-1 TEST-corp-1] [OV] []", "Sums 16:5 [URS-corp-1 TEST-corp-2] [AV] [prd]", "Sums 16:5 [URS-corp-1 TEST-corp-2] [OV] []",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	danish := "# language: da\nEgenskab: Ordrer\n  Scenarie: Alle\n    Givet en ordre\n"
	if all, findings := itemfile.Feature("tests/integration/a.feature", []byte(danish)); len(findings) != 0 || len(all) != 1 || all[0].Folder != "OV" {
		t.Errorf("in Danish: %+v, %v", all, findings)
	}
}

func TestDOC_T05_FeatureFilesCanBeRead(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"whole":                    {orders, ""},
		"a line that is no step":   {"Feature: a\n  Scenario: b\n    Given y\n    Giving x\n", "4"},
		"rows of different length": {"Feature: a\n  Scenario: b\n    Given x\n      | a | b |\n      | c |\n", "5"},
		"an open text":             {"Feature: a\n  Scenario: b\n    Given x\n      \"\"\"\n      y\n", "6"},
		"two defects":              {"Feature: a\n  Scenario: b\n    Given y\n    Giving x\n  Scenario: c\n    Given y\n    Thus y\n", "4,7"},
		"nothing":                  {"", "1"},
		"a comment only":           {"# nothing\n", "1"},
		"an unknown language":      {"# language: xx-none\nFeature: a\n", "1"},
		"no text":                  {"\x00\xff\xfe", "1"},
		"too large":                {"Feature: a\n" + strings.Repeat("  text\n", 1<<18), "1"},
	} {
		_, findings := itemfile.Feature("a.feature", []byte(c.text))
		var got []string
		for _, f := range findings {
			if f.ID != "DOC-T05" || f.Hint == "" || f.Message == "" {
				t.Errorf("%s: %+v", name, f)
			}
			got = append(got, fmt.Sprint(f.At.Line))
		}
		if strings.Join(got, ",") != c.want {
			t.Errorf("%s: lines %v, want %s: %v", name, got, c.want, findings)
		}
	}
}

func FuzzFeature(f *testing.F) {
	for _, s := range []string{orders, "", "Feature:", "# language: da\n", "Feature: a\nRule: b\n@x", "Feature: a\n Scenario: b\n * x\n  ```\n", "|", "@", "\"\"\""} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		all, findings := itemfile.Feature("a.feature", data)
		for _, s := range all {
			if s.At.Line < 1 || s.At.Column < 1 {
				t.Fatalf("scenario %+v", s)
			}
		}
		for _, x := range findings {
			if x.At.Line < 1 || x.Message != document.Visible(x.Message) || x.Message == "" {
				t.Fatalf("finding %+v", x)
			}
		}
		if len(all) > 0 && len(findings) > 0 {
			t.Fatal("read and refused")
		}
	})
}
