package documenttest

import "github.com/dc-release/dc-release/internal/core/document"

// setting is that of the typical release.
func setting() document.Setting {
	says := func(s string) document.Block {
		return document.Block{Paragraph: &document.Paragraph{Runs: []document.Run{{Style: document.Plain, Text: s}}}}
	}
	heading := func(level int, s string) document.Block {
		return document.Block{Heading: &document.Heading{Level: level, Text: s}}
	}
	page := func(name, path string, blocks ...document.Block) document.Page {
		return document.Page{Name: name, Path: path, SHA256: digest(path), Blocks: blocks}
	}
	return document.Setting{
		Category: 5,
		Roles: []document.Role{
			{Name: "SME", Persons: []document.Person{bob}},
			{Name: "QC", Persons: []document.Person{cleo}},
			{Name: "Release Manager", Persons: []document.Person{emil}},
			{Name: "Tester", Persons: []document.Person{dora, bob}},
		},
		Procedures: []document.Procedure{{Role: "QC", Name: "SOP-RELEASE", Revision: "1"}, {Role: "Tester", Name: "SOP-ACCEPTANCE", Revision: "1"}},
		Places: []document.Place{
			{Environment: "dev", Target: "localdir"},
			{Environment: "tst", Target: "localdir", Names: []string{"test"}},
			{Environment: "val", Target: "localdir", Tags: []string{"v*"}},
			{Environment: "prd", Target: "localdir", Tags: []string{"v*"}, WaitMinutes: 30},
		},
		Pages: []document.Page{
			page(document.PageIntendedUse, "documentation/functional_specification.md", says("Purchase orders of the source system are summed by supplier for the monthly spend report of København.")),
			page(document.PagePublicAPI, "documentation/functional_specification.md", document.Block{Code: &document.Code{Language: "sql", Text: "SELECT supplier, spend FROM gold.spend_by_month\n"}}),
			page(document.PageTestStrategy, "documentation/test_strategy.md", says("Unit tests run once for a commit, integration tests in TST and VAL.")),
			page(document.PageOperations, "documentation/operations_manual.md", heading(1, "Operations manual"), heading(2, "Daily load"), says("The load runs every three hours. When it fails, it is started again once."),
				document.Block{List: &document.List{Ordered: true, Items: [][]document.Run{{{Style: document.Plain, Text: "Open the job."}}, {{Style: document.Plain, Text: "Start it with "}, {Style: document.Mono, Text: "run now"}}}}}),
			page(document.PageRecovery, "documentation/recovery_procedure.md", heading(1, "Recovery"), says("Roll back with dc-release rollback; data is restored from the last snapshot.")),
		},
		Files: []document.File{{Path: "databricks.yml", SHA256: digest("bundle")}, {Path: "dc-release.yaml", SHA256: digest("solution file")}},
		Commits: []document.Commit{
			{SHA: commit("three"), Subject: "Improve data quality validation (#124)", Author: "Erin Holm", Number: 124},
			{SHA: commit("two"), Subject: "Merge pull request #123 from org/segments", Author: "Ada Lindqvist", Merge: true, Number: 123},
			{SHA: commit("one"), Subject: "Add customer lifecycle segmentation", Author: "git identity 5d41402abc4b"},
		},
	}
}
