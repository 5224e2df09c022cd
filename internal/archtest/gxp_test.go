package archtest_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/dc-release/dc-release/internal/archtest"
	"github.com/dc-release/dc-release/internal/archtest/gxp"
)

// TestEveryRuleIsShownOrSaysWhatItWaitsFor writes docs/gxp.md from the list of
// rules and the tests that carry their ids.
func TestEveryRuleIsShownOrSaysWhatItWaitsFor(t *testing.T) {
	proofs := proofs(t)
	rules := gxp.All()
	if want := ids(); !slices.Equal(names(rules, func(r gxp.Rule) string { return r.ID }), want) {
		t.Fatalf("the rules are not GXP001-096 and Attack01-60 in their order")
	}
	for _, breach := range breaches(rules, proofs) {
		t.Error(breach)
	}
	page := page(rules, proofs)
	if found := regexp.MustCompile(`(?i)complian\w*|validated`).FindAllString(strings.ReplaceAll(page, "not validated", ""), -1); len(found) > 0 {
		t.Errorf("the page claims what nobody examined: %q", found)
	}
	same(t, "docs/gxp.md", []byte(page))
}

func TestBreachesOfTheListOfRulesAreFound(t *testing.T) {
	proofs := []archtest.Proof{
		{Path: "a_test.go", Name: "TestGXP001_Whole", IDs: []string{"GXP001"}},
		{Path: "a_test.go", Name: "TestAnother"},
	}
	whole := gxp.Rule{ID: "GXP001", Clause: "11.10(a)", Must: "do it"}
	with := func(change func(*gxp.Rule)) gxp.Rule { r := whole; change(&r); return r }
	for name, c := range map[string]struct {
		rules []gxp.Rule
		want  string // "" for none
	}{
		"a rule with its test": {[]gxp.Rule{whole}, ""},
		"a rule without test and reason": {
			[]gxp.Rule{whole, {ID: "GXP002", Clause: "x", Must: "do"}},
			"GXP002: no test carries it and no reason is given",
		},
		"a reason although a test shows it whole": {
			[]gxp.Rule{with(func(r *gxp.Rule) { r.Waits = gxp.Documents })},
			"GXP001: waits for documents, but a_test.go TestGXP001_Whole shows it",
		},
		"a reason beside a test that shows some of it": {
			[]gxp.Rule{with(func(r *gxp.Rule) {
				r.Waits, r.Shown, r.Some = gxp.Documents, "a part", []string{"TestGXP001_Whole"}
			})},
			"",
		},
		"a test that shows some, not said what": {
			[]gxp.Rule{with(func(r *gxp.Rule) { r.Waits, r.Some = gxp.Documents, []string{"TestGXP001_Whole"} })},
			"GXP001: say what of it is shown, and by which test",
		},
		"a named test that does not exist": {
			[]gxp.Rule{with(func(r *gxp.Rule) { r.By = []string{"a_test.go TestGone"} })},
			`GXP001: no test "a_test.go TestGone"`,
		},
		"a partial test that does not exist": {
			[]gxp.Rule{with(func(r *gxp.Rule) {
				r.Waits, r.Shown, r.Some = gxp.Documents, "a part", []string{"TestGXP001_Whole", "TestGXP001_Gone"}
			})},
			`GXP001: no test "TestGXP001_Gone" carries it`,
		},
		"a test of a rule that is not there": {
			nil, `a_test.go TestGXP001_Whole: no rule GXP001`,
		},
		"a part that is not in the list": {
			[]gxp.Rule{with(func(r *gxp.Rule) {
				r.Waits, r.Shown, r.Some = "rain", "a part", []string{"TestGXP001_Whole"}
			})},
			`GXP001: waits for "rain"`,
		},
		"a rule that says nothing": {[]gxp.Rule{with(func(r *gxp.Rule) { r.Must = "" })}, "GXP001: says nothing"},
	} {
		t.Run(name, func(t *testing.T) {
			got := strings.Join(breaches(c.rules, proofs), "\n")
			if c.want == "" && got != "" || !strings.Contains(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func ids() []string {
	var out []string
	for n := range 96 {
		out = append(out, fmt.Sprintf("GXP%03d", n+1))
	}
	for n := range 60 {
		out = append(out, fmt.Sprintf("Attack%02d", n+1))
	}
	return out
}

func proofs(t *testing.T) []archtest.Proof {
	t.Helper()
	files, err := archtest.Load(root("."))
	if err != nil {
		t.Fatal(err)
	}
	scripts, err := archtest.Scripts(root("."), "acceptance/testdata")
	if err != nil {
		t.Fatal(err)
	}
	return append(archtest.Proofs(files), scripts...)
}

// carrying are the proofs whose names carry the id.
func carrying(proofs []archtest.Proof, id string) []archtest.Proof {
	var out []archtest.Proof
	for _, p := range proofs {
		if slices.Contains(p.IDs, id) {
			out = append(out, p)
		}
	}
	return out
}

func breaches(rules []gxp.Rule, proofs []archtest.Proof) []string {
	var out []string
	say := func(format string, args ...any) { out = append(out, fmt.Sprintf(format, args...)) }
	known := map[string]bool{}
	for _, r := range rules {
		known[r.ID] = true
		found := carrying(proofs, r.ID)
		if r.Must == "" || strings.HasSuffix(r.Must, ".") || (strings.HasPrefix(r.ID, "GXP") && r.Clause == "") {
			say("%s: says nothing, or not in one sentence without full stop", r.ID)
		}
		for _, by := range r.By {
			if !slices.ContainsFunc(proofs, func(p archtest.Proof) bool { return p.String() == by }) {
				say("%s: no test %q", r.ID, by)
			}
		}
		for _, name := range r.Some {
			if !slices.ContainsFunc(found, func(p archtest.Proof) bool { return p.Name == name || p.Path == name }) {
				say("%s: no test %q carries it", r.ID, name)
			}
		}
		if r.Waits == "" {
			if len(found)+len(r.By) == 0 {
				say("%s: no test carries it and no reason is given", r.ID)
			}
			if r.Shown != "" || len(r.Some) > 0 {
				say("%s: shows a part and waits for nothing", r.ID)
			}
			continue
		}
		if !slices.Contains(gxp.Parts, r.Waits) {
			say("%s: waits for %q, which is no part", r.ID, r.Waits)
		}
		for _, p := range found {
			if !slices.Contains(r.Some, p.Name) && !slices.Contains(r.Some, p.Path) {
				say("%s: waits for %s, but %s shows it", r.ID, r.Waits, p)
			}
		}
		if (r.Shown == "") != (len(r.Some)+len(r.By) == 0) {
			say("%s: say what of it is shown, and by which test", r.ID)
		}
	}
	for _, p := range proofs {
		for _, id := range p.IDs {
			if !known[id] {
				say("%s: no rule %s", p, id)
			}
		}
	}
	return out
}

func page(rules []gxp.Rule, proofs []archtest.Proof) string {
	var b strings.Builder
	whole, some, nothing := 0, 0, 0
	for _, r := range rules {
		switch {
		case r.Waits == "":
			whole++
		case r.Shown != "":
			some++
		default:
			nothing++
		}
	}
	b.WriteString("# GxP rules\n\nThe program is designed against these rules; it is not validated, and nobody outside of the project has examined it. Procedures, training and the validation of an installation are its owner's. The numbers of EU GMP Annex 11 are those of 2011 (A11) and of the draft of 2025 (D11), which is not in force; 11.x is 21 CFR Part 11.\n\n")
	fmt.Fprintf(&b, "Generated by `make generate` from the list in `internal/archtest/gxp` and from the names of tests; a test compares. Of %d rules %d are shown whole, %d in part, %d not at all.\n", len(rules), whole, some, nothing)
	for _, r := range rules {
		if r.ID == "GXP001" {
			b.WriteString("\n## Checklist\n\n| id | clause | the framework must | shown by | waits for |\n|---|---|---|---|---|\n")
		}
		if r.ID == "Attack01" {
			b.WriteString("\n## Attacks and faults\n\n| id | the framework must | shown by | waits for |\n|---|---|---|---|\n")
		}
		tests := append(names(carrying(proofs, r.ID), archtest.Proof.String), r.By...)
		slices.Sort(tests)
		for i, test := range tests {
			tests[i] = "`" + test + "`"
		}
		shown := strings.Join(slices.Compact(tests), "<br>")
		if r.Shown != "" {
			shown = r.Shown + ":<br>" + shown
		}
		if r.Clause == "" {
			fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", r.ID, r.Must, shown, r.Waits)
		} else {
			fmt.Fprintf(&b, "| %s | %s | %s | %s | %s |\n", r.ID, r.Clause, r.Must, shown, r.Waits)
		}
	}
	return b.String()
}
