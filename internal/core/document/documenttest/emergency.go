package documenttest

import "github.com/dc-release/dc-release/internal/core/document"

// Emergency is the typical release as an emergency in use under restriction,
// declared as a standard change, with everything that people can decide beside
// the gates: deviations, waivers, comments, holds, a review, a delegation.
func Emergency() document.Facts {
	f := Typical()
	r := &f.Release
	r.ChangeType, r.Declared, r.Reference, r.State = "emergency", "emergency", "INC-2041", "effective"
	f.Restriction = &document.Restriction{Incident: "INC-2041", Since: at(15, 2, 12), By: "2026-03-11T23:59:59.000000Z", Days: 5}
	f.Gates[1].Checks[1] = document.GateCheck{
		Name: "matrix-without-gaps", Met: true, Detail: "every requirement has a passed test",
		Waived: []string{"waived for URS-corp-procurement-2 until 2026-04-30 23:59:59 UTC (waiver-1)"},
	}
	delegated := &f.Gates[1].Signatures[2]
	delegated.OnBehalfOf = "Ada Lindqvist"
	accepted := signature(8, cleo, "QC", "deviation-accepted", "I accept the cause and the disposition of this deviation.", at(9, 40, 1), "", true)
	f.Decisions = document.Decisions{
		Deviations: []document.Deviation{
			{
				ID: "D1", Source: run + "/1/tst/deploy/1", Job: "tst/deploy", OpenedAt: at(9, 12, 40), Text: "1 of 3 cases failed: test_totals_match",
				Disposition: "environment", Cause: "the reference table was not loaded", Action: "loaded, and the job was run again", Signature: &accepted,
			},
			{ID: "D2", Source: "person", OpenedAt: at(11, 20, 0), OpenedBy: emil, Text: "the monitoring of the job sent no message"},
		},
		Waivers: []document.Waiver{
			waiver("waiver-1", "granted", "2026-04-30T23:59:59.000000Z",
				signature(9, bob, "SME", "waived", waivedText, at(12, 1, 0), "", true), signature(1, dora, "QC", "waived", waivedText, at(12, 9, 0), "", false)),
			waiver("waiver-2", "pending", "2026-05-31T23:59:59.000000Z"),
		},
		Comments: []document.Comment{
			{Gate: "approve_to_prd", ManifestSHA256: digest("manifest approve_to_prd"), Person: ada, At: at(13, 2, 0), Text: "The change of the schedule is agreed with operations; the first load runs under watch."},
		},
		Holds: []document.Hold{
			{From: at(10, 20, 0), By: emil, Because: "the source system is down", Until: at(11, 0, 0), ResumedBy: dora, Resumed: "the source system is up again"},
			{From: at(15, 2, 10), By: dora, Because: "a consumer asked for time"},
		},
		Reviews: []document.Review{
			{ListSHA256: digest("exceptions"), Signature: signature(2, cleo, "QC", "audit-trail-reviewed", reviewedText, at(14, 40, 0), "", true)},
		},
	}
	f.Decisions.Reviews[0].Signature.Decision = "review"
	return f
}

const (
	waivedText   = "I accept this exception with its risk and its compensating control."
	reviewedText = "I have reviewed the exception list of this release and what the audit trail says of each entry."
)

func waiver(id, state, expires string, signatures ...document.Signature) document.Waiver {
	return document.Waiver{
		ID: id, Check: "matrix-without-gaps", Item: "URS-corp-procurement-2", Risk: "the monthly report is tested by hand only",
		Control: "Dora compares each report with the source for two months", Expires: expires, State: state, AskedBy: emil, AskedAt: at(11, 50, 0), Signatures: signatures,
	}
}
