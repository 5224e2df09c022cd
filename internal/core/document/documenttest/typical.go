// Package documenttest holds the facts that tests of documents and renderers
// share: a typical release, one with gaps, an empty one and one whose every text
// is hostile.
package documenttest

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"github.com/dc-release/dc-release/internal/core/document"
)

// Sets is the facts by name; the golden files are named after them.
func Sets() map[string]document.Facts {
	return map[string]document.Facts{"typical": Typical(), "gaps": Gaps(), "empty": Empty(), "hostile": Hostile()}
}

// digest is a SHA-256 that depends on the name alone.
func digest(name string) string {
	sum := sha256.Sum256([]byte(name))
	return hex.EncodeToString(sum[:])
}

func commit(name string) string { return digest(name)[:40] }

// at is a time on the day of the release.
func at(hour, minute, second int) string {
	return fmt.Sprintf("2026-03-04T%02d:%02d:%02d.%06dZ", hour, minute, second, second*1013)
}

// The persons of the fixtures.
var (
	ada  = document.Person{ID: "01JNHADA0000000000000000AD", Name: "Ada Lindqvist", Login: "ada"}
	bob  = document.Person{ID: "01JNHB0B0000000000000000B0", Name: "Bob Østergaard", Login: "bob"}
	cleo = document.Person{ID: "01JNHC1E000000000000000C1E", Name: "Cleo Papadopoulou", Login: "cleo"}
	dora = document.Person{ID: "01JNHD0RA00000000000000D0R", Name: "Dora Nagy", Login: "dora"}
	emil = document.Person{ID: "01JNHEM1L0000000000000EM1L", Name: "Emil Sørensen", Login: "emil"}
)

const note = `# Release note

This release contains the following changes:

* [#123 - Add customer lifecycle segmentation](https://github.com/org/repo/pull/123)
* [#124 - Improve data quality validation](https://github.com/org/repo/pull/124)

## Impact assessment

This is a minor release adding new segmentation capabilities. No breaking changes to existing APIs.

## Risk assessment

- **Low Risk**: New functionality is isolated and well-tested
- **Data Quality**: Enhanced validation reduces risk of data issues
- **Performance**: No impact on existing pipeline performance
- **Dependencies**: No changes to external dependencies
`

// Typical is release 1.2.0 of corp-procurement after its last gate: a failed
// attempt in TST, a rehearsed rollback, a flaky case and a flagged one.
func Typical() document.Facts {
	return document.Facts{
		Schema: document.FactsSchema, FrozenAt: at(15, 2, 11),
		Ledger: document.Ledger{Origin: "dc-release/01JNH0000000000000000000/1", Size: 412, Root: digest("root")},
		Tool:   document.Tool{Name: "dc-release", Version: "0.1.0", Commit: commit("tool")},
		Product: document.Product{
			Key: "corp-procurement", Name: "Corporate procurement", Repository: "org/corp-procurement",
			RequirementsRepository: "org/corp-procurement-requirements", ReleaseLogRepository: "org/corp-procurement-release-log",
		},
		Release: document.Release{
			Version: "1.2.0", Tag: "v1.2.0", TagObject: commit("tag"), Commit: commit("code"), FilesSHA256: digest("files"),
			RequirementsCommit: commit("requirements"), Run: "01JNHRUN000000000000000001", ChangeType: "normal", State: "authorised",
		},
		Trigger: ada, Authors: []document.Person{ada, {ID: "git:erin@example.com", Name: "Erin Holm"}},
		Note: document.Note{
			Path: "documentation/releases/1.2.0.md", SHA256: digest(note), Text: note,
			Intro: "This release contains the following changes:",
			Changes: []document.Change{
				{Number: 123, Title: "Add customer lifecycle segmentation", Link: "https://github.com/org/repo/pull/123"},
				{Number: 124, Title: "Improve data quality validation", Link: "https://github.com/org/repo/pull/124"},
			},
			Impact: "This is a minor release adding new segmentation capabilities. No breaking changes to existing APIs.",
			Level:  "Low Risk",
			Risks: []document.Risk{
				{Category: "Low Risk", Text: "New functionality is isolated and well-tested"},
				{Category: "Data Quality", Text: "Enhanced validation reduces risk of data issues"},
				{Category: "Performance", Text: "No impact on existing pipeline performance"},
				{Category: "Dependencies", Text: "No changes to external dependencies"},
			},
		},
		Policy: document.Policy{Profile: "gxp", SHA256: digest("policy"), Baseline: "3"},
		Sources: []document.Source{
			{Path: ".github/workflows/main.yaml", SHA256: digest("main"), Origin: "commit"},
			{Path: ".github/workflows/deploy_and_test.yaml", Uses: "./.github/workflows/deploy_and_test.yaml", SHA256: digest("deploy"), Origin: "commit"},
			{Path: "approve_to_prd.yaml", Uses: "NovoNordisk-DataCore/dc-release/.github/workflows/approve_to_prd.yaml@main", SHA256: digest("approve"), Origin: "embedded"},
		},
		Previous:     document.Previous{Version: "1.1.0", Commit: commit("previous"), ManifestSHA256: digest("previous manifest"), State: "effective"},
		Gates:        gates(),
		Environments: environments(),
		Jobs:         jobs(),
		Artifacts:    []document.Artifact{{Name: "dist/etl-1.2.0-py3-none-any.whl", SHA256: digest("wheel"), Size: 48_213, Job: "dev/deploy"}},
		Evidence:     results(),
		Matrix:       matrix(),
		Items:        items(),
		Setting:      setting(),
		History:      history(),
		Exceptions: []document.Exception{
			{Kind: "failed attempt", At: at(9, 12, 40), Seq: 97, Subject: "01JNHRUN000000000000000001/1/tst/deploy/1", Text: "1 of 3 cases failed: test_totals_match", Disposition: "Environment: the reference table was not loaded; loaded and run again as attempt 2"},
			{Kind: "re-run", At: at(9, 31, 2), Seq: 121, Subject: "01JNHRUN000000000000000001/2/tst/deploy/1", Text: "started by Emil Sørensen: reference table loaded"},
		},
		Documents: []document.Reference{
			{Number: "CORP-PROCUREMENT-CR-1.2.0-r01", Title: "Change record", SHA256: digest("cr")},
			{Number: "CORP-PROCUREMENT-TRM-1.2.0-r01", Title: "Traceability matrix", SHA256: digest("trm")},
		},
		Rollback: document.Rollback{
			Applicable: true, Version: "1.1.0", TreeSHA256: digest("tree 1.1.0"), Procedure: "documentation/recovery_procedure.md",
			Rehearsed: true, RehearsedAt: at(12, 40, 0), Environment: "val", Data: "no irreversible migration; tables of 1.1.0 are readable",
		},
	}
}

// AtGate is the typical release as it stood when a gate opened: the gate is
// open and unsigned, later gates and environments are not there.
func AtGate(name string) document.Facts {
	f := Typical()
	places := map[string]int{"pre_val": 2, "approve_to_prd": 3, "approve_for_use": 4}[name]
	f.Environments = f.Environments[:places]
	f.Release.State = "running"
	f.Documents = []document.Reference{}
	for i := range f.Gates {
		if g := &f.Gates[i]; g.Name == name {
			g.State, g.SatisfiedAt, g.ConsumedAt, g.Signatures = document.GateOpen, "", "", []document.Signature{}
			f.Gates = f.Gates[:i+1]
			break
		}
	}
	return f
}

func signature(n int, p document.Person, role, meaning, sentence, when, local string, userKey bool) document.Signature {
	s := document.Signature{
		ID: fmt.Sprintf("01JNHSIG00000000000000000%d", n), Signer: p, Role: role, Meaning: meaning, MeaningText: sentence,
		Decision: "approve", At: when, LocalTime: local, Method: "password and one-time code", Binding: document.BindingServer,
		PayloadSHA256: digest(fmt.Sprint("payload", n)), Seq: int64(200 + 17*n), Effective: true,
	}
	if userKey {
		s.Method, s.Binding = "passkey", document.BindingUserKey
	}
	return s
}

const (
	smeText   = "I have reviewed the content and confirm that it is right for the intended use."
	qcText    = "I have confirmed that the process was followed and that the records are complete."
	rmText    = "I authorise deployment of this release to PRD."
	ownerText = "I am accountable for this release as owner of the data product."
	useText   = "I release this version for use."
)

func gates() []document.Gate {
	sme := document.RequiredSignature{Roles: []string{"SME"}, Meaning: "sme-approved"}
	qc := document.RequiredSignature{Roles: []string{"QC"}, Meaning: "qc-approved"}
	return []document.Gate{
		{
			Name: "pre_val", State: document.GateConsumed, ManifestSHA256: digest("manifest pre_val"),
			OpenedAt: at(9, 50, 3), SatisfiedAt: at(10, 14, 22), ConsumedAt: at(10, 14, 23),
			Checks: []document.GateCheck{
				{Name: "release-note-valid", Met: true, Detail: "documentation/releases/1.2.0.md has no finding"},
				{Name: "evidence", Met: true, Detail: "UT, DT, IV and OV of this run are there and passed"},
			},
			Required:   []document.RequiredSignature{sme},
			Signatures: []document.Signature{signature(1, bob, "SME", "sme-approved", smeText, at(10, 14, 22), "11:14:22 Europe/Copenhagen", true)},
		},
		{
			Name: "approve_to_prd", State: document.GateConsumed, ManifestSHA256: digest("manifest approve_to_prd"),
			OpenedAt: at(12, 50, 9), SatisfiedAt: at(13, 58, 41), ConsumedAt: at(13, 58, 42),
			Checks: []document.GateCheck{
				{Name: "evidence", Met: true, Detail: "IV and OV in VAL are there and passed; AV by Cleo Papadopoulou"},
				{Name: "matrix", Met: true, Detail: "no gap"},
				{Name: "same-artifacts", Met: true, Detail: "the digests are those of VAL"},
				{Name: "rollback-rehearsed", Met: true, Detail: "rehearsed in VAL to 1.1.0"},
			},
			Required: []document.RequiredSignature{qc, sme, {Roles: []string{"Release Manager"}, Meaning: "authorised-to-prd"}, {Roles: []string{"Data Product Owner"}, Meaning: "accountable"}},
			Signatures: []document.Signature{
				signature(2, cleo, "QC", "qc-approved", qcText, at(13, 22, 5), "14:22:05 Europe/Copenhagen", true),
				signature(3, bob, "SME", "sme-approved", smeText, at(13, 31, 50), "14:31:50 Europe/Copenhagen", true),
				signature(4, emil, "Release Manager", "authorised-to-prd", rmText, at(13, 44, 17), "14:44:17 Europe/Copenhagen", false),
				signature(5, dora, "Data Product Owner", "accountable", ownerText, at(13, 58, 41), "14:58:41 Europe/Copenhagen", false),
			},
		},
		{
			Name: "approve_for_use", State: document.GateConsumed, ManifestSHA256: digest("manifest approve_for_use"),
			OpenedAt: at(14, 20, 30), SatisfiedAt: at(15, 2, 9), ConsumedAt: at(15, 2, 10),
			Checks: []document.GateCheck{
				{Name: "evidence", Met: true, Detail: "pIV and pOV in PRD are there and passed"},
				{Name: "no-drift", Met: true, Detail: "the last observation equals the deployment"},
			},
			Required: []document.RequiredSignature{qc, {Roles: []string{"SME", "Data Product Owner"}, Meaning: "released-for-use"}},
			Signatures: []document.Signature{
				signature(6, cleo, "QC", "qc-approved", qcText, at(14, 51, 12), "15:51:12 Europe/Copenhagen", true),
				signature(7, dora, "Data Product Owner", "released-for-use", useText, at(15, 2, 9), "16:02:09 Europe/Copenhagen", false),
			},
		},
	}
}
