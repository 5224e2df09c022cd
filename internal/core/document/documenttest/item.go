package documenttest

import "github.com/dc-release/dc-release/internal/core/document"

// items are those of the typical release: two requirements, three
// specifications, three risks and three tests, of which one is for people.
func items() []document.Item {
	risk := func(id, title, text, about string, s, o, d int64, class, residual string, below ...string) document.Item {
		return document.Item{
			ID: id, Kind: "RA", Title: title, Text: text, Source: "documentation/risk_assessment.md:8", Risk: class, Above: []string{about}, Below: below,
			Assessment: &document.Assessment{Severity: s, Occurrence: o, Detection: d, Priority: s * o * d, Class: class, Residual: residual}, State: "OK",
		}
	}
	return []document.Item{
		{
			ID: "URS-corp-procurement-1", Kind: "URS", Title: "Purchase orders are available by 06:00", Text: "Orders of the day before shall be available at 06:00.",
			Source: "requirements/orders.md:3", Owner: "Procurement", GxP: "yes", Risk: "High", Below: []string{"FS-corp-procurement-1", "FS-corp-procurement-2"}, Fingerprint: "0d8f5a1b2c3e", State: "OK",
		},
		{
			ID: "URS-corp-procurement-2", Kind: "URS", Title: "Spend is reported by month, ≥ 95 % complete", Text: "The report shall show the spend of a month.",
			Source: "requirements/reports.md:3", Owner: "Finance", GxP: "yes", Risk: "Low", Below: []string{"FS-corp-procurement-3"}, Change: "changed", Fingerprint: "7b1c9e0f4d2a", State: "OK",
		},
		{
			ID: "FS-corp-procurement-1", Kind: "FS", Title: "Load orders every three hours", Text: "Orders shall be loaded at 00:00, 03:00 and so on.\n\nA load that fails is repeated twice.",
			Source: "documentation/functional_specification.md:12", Risk: "High", Above: []string{"URS-corp-procurement-1"}, Below: []string{"TEST-corp-procurement-2"}, Fingerprint: "1f2e3d4c5b6a", State: "OK",
		},
		{
			ID: "FS-corp-procurement-2", Kind: "FS", Title: "Totals equal the source system's", Text: "The sums of both systems shall be equal.",
			Source: "documentation/functional_specification.md:20", Risk: "Medium", Above: []string{"URS-corp-procurement-1"}, Below: []string{"TEST-corp-procurement-3"}, Fingerprint: "9a8b7c6d5e4f", State: "OK",
		},
		{
			ID: "FS-corp-procurement-3", Kind: "FS", Title: "Monthly report in København time", Text: "Months shall begin at midnight in København.",
			Source: "documentation/functional_specification.md:28", Risk: "Low", Above: []string{"URS-corp-procurement-2"}, Below: []string{"TEST-corp-procurement-5"}, Change: "added", Fingerprint: "3c3c3c3c3c3c", State: "OK",
		},
		risk("RA-corp-procurement-1", "Orders are late", "Buyers order twice when they do not see an order.", "FS-corp-procurement-1", 3, 3, 2, "High", "Low", "TEST-corp-procurement-2"),
		risk("RA-corp-procurement-2", "Totals are wrong", "A wrong total leads to a wrong report.", "FS-corp-procurement-2", 2, 2, 3, "Medium", "Low", "TEST-corp-procurement-3"),
		risk("RA-corp-procurement-3", "A month is cut at the wrong hour", "An order of the last hour is counted in the next month.", "FS-corp-procurement-3", 2, 1, 1, "Low", "Low"),
		{
			ID: "TEST-corp-procurement-2", Kind: "TEST", Title: "Orders are loaded", Source: "documentation/test_strategy.md:8", Risk: "High",
			Above: []string{"FS-corp-procurement-1"}, Planned: []string{"OV", "pOV"}, Fingerprint: "aa11bb22cc33", State: "OK",
		},
		{
			ID: "TEST-corp-procurement-3", Kind: "TEST", Title: "Totals match", Source: "documentation/test_strategy.md:14", Risk: "Medium",
			Above: []string{"FS-corp-procurement-2"}, Planned: []string{"OV"}, Fingerprint: "dd44ee55ff66", State: "OK",
		},
		{
			ID: "TEST-corp-procurement-5", Kind: "TEST", Title: "The monthly report is complete", Source: "documentation/test_strategy.md:20", Risk: "Low", Manual: true,
			Above: []string{"FS-corp-procurement-3"}, Planned: []string{"AV"}, Fingerprint: "778899001122", State: "OK",
			Steps: []document.Step{
				{Action: "Open the report of last month.", Expected: "It shows ≥ 95 % of the orders of the source system."},
				{Action: "Add up the spend of one supplier by hand.", Expected: "The sum is the one of the report."},
			},
		},
	}
}

// gapItems are those of a release with gaps: a risk that nobody judged to the
// end, and a retired requirement.
func gapItems() []document.Item {
	all := items()
	all[0].State, all[0].Reason = "FAILED", "FS-corp-procurement-2 is FAILED"
	all[6].State, all[6].Reason = "FAILED", "TEST-corp-procurement-3 is FAILED"
	all[7].Assessment = &document.Assessment{Severity: 2}
	all[7].Above, all[7].State, all[7].Reason = nil, "MISSING", "assesses no item that is there"
	return append(all, document.Item{ID: "URS-corp-procurement-9", Kind: "URS", Title: "Orders by fax", Source: "requirements/orders.md:19", Owner: "Procurement", GxP: "yes", Change: document.Retired})
}
