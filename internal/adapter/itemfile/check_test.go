package itemfile_test

import (
	"strings"
	"testing"

	"github.com/dc-release/dc-release/internal/app/traceability"
)

// TestDOC_T05_T06_S08_S12_EachDefectOfASourceIsFound: a file that cannot be read,
// a scenario without exactly one stage, a specification that cannot be told, and
// a value that has no meaning are findings with their places.
func TestDOC_T05_T06_S08_S12_EachDefectOfASourceIsFound(t *testing.T) {
	const scenario = "Feature: f\n  @TEST-corp-1 @OV\n  Scenario: s\n    Given a\n"
	for _, c := range []struct{ path, text, want string }{
		{"tests/a.feature", scenario, ""},
		{"tests/a.feature", scenario + "    Giving b\n", "tests/a.feature:5:5: error: "},
		{"tests/a.feature", strings.Replace(scenario, "@OV", "@OV @AV", 1), "[DOC-T06]"},
		{"tests/a.feature", strings.Replace(scenario, " @OV", "", 1), "[DOC-T06]"},
		{"tests/integration/a.feature", strings.Replace(scenario, " @OV", "", 1), ""},
		{"databricks.yml", "bundle: {name: corp}\ntags: {specification: 'FS-${var.x}-1'}\n", "databricks.yml:2:23: error: "},
		{"documentation/needs.yaml", "- id: URS-corp-1\n  text: [1\n", "[DOC-S12]"},
	} {
		got := strings.Join(tree{traceability.Code: {c.path: []byte(c.text)}}.read(t).Findings, "\n")
		if c.want == "" && got != "" || !strings.Contains(got, c.want) {
			t.Errorf("%s\n%s: %q, want %q", c.path, c.text, got, c.want)
		}
	}
}
