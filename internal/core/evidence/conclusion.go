package evidence

import (
	"fmt"

	"github.com/dc-release/dc-release/internal/core/canonical"
)

// Conclusion is the evidence that lies in a job's name: a job that is called
// TEST-<project>-<n> proves that test by how it ended.
type Conclusion struct {
	Schema     string `json:"schema"` // dc-release/job-conclusion/v1
	Name       string `json:"name"`
	Run        string `json:"run"`
	Job        string `json:"job"`
	Conclusion string `json:"conclusion"`
	Commit     string `json:"commit"`
}

// FormatConclusion is the Format of an item made from a Conclusion.
const FormatConclusion = "job-conclusion"

// FormatInstallation is the Format of an item made from an installation record,
// FormatRehearsal of one made from half of a rehearsal, FormatTaskRuns of one made
// from a record of tasks that a target ran.
const (
	FormatInstallation = "installation"
	FormatRehearsal    = "rehearsal"
	FormatTaskRuns     = "task-runs"
)

// FormatAcceptance is the Format of an item made from a protocol of steps that a
// tester recorded.
const FormatAcceptance = "acceptance-protocol"

const conclusionSchema = "dc-release/job-conclusion/v1"

// OwnOrigin is the origin of what this program records itself and no job hands
// in: a conclusion proves UT wherever the job ran, an installation record IV of
// its place and a record of task runs OV, pIV and pOV in PRD, half of a rehearsal
// RR, and nothing else.
// ok is false for other formats.
func OwnOrigin(format, environment string) (o Origin, ok bool) {
	v := map[string]Verification{FormatConclusion: UT, FormatInstallation: IV, FormatRehearsal: RR, FormatTaskRuns: OV}[format]
	switch {
	case v == "":
		return Origin{}, false
	case v == UT:
		environment = ""
	case environment == "prd" && v != RR:
		v = map[Verification]Verification{IV: PIV, OV: POV}[v]
	}
	return Origin{Environment: environment, Configured: v, Proves: []Proof{{Verification: v, Environment: environment}}}, true
}

// OfConclusion makes the raw file and the item; ok is false when the name
// carries no test id or the job did not run.
func OfConclusion(c Conclusion) (raw []byte, item Item, ok bool, err error) {
	k, named := JobCase(c.Name, c.Conclusion)
	if !named || k.Outcome == Skipped {
		return nil, Item{}, false, nil
	}
	c.Schema = conclusionSchema
	if raw, err = canonical.Marshal(c); err != nil {
		return nil, Item{}, false, fmt.Errorf("conclusion of job %q: %w", c.Job, err)
	}
	base := Item{Name: c.Name + ".json", SHA256: canonical.SHA256(raw), Size: int64(len(raw)), Commit: c.Commit}
	origin, _ := OwnOrigin(FormatConclusion, "")
	return raw, Items(base, c.report(base.SHA256), origin, "")[0], true, nil
}

// ReadConclusion reads what OfConclusion wrote and nothing else.
func ReadConclusion(raw []byte) (Report, error) {
	var c Conclusion
	if err := canonical.Unmarshal(raw, &c); err != nil {
		return Report{}, fmt.Errorf("read job conclusion: %w", err)
	}
	if c.Schema != conclusionSchema {
		return Report{}, fmt.Errorf("read job conclusion: schema %q, want %q", c.Schema, conclusionSchema)
	}
	return c.report(canonical.SHA256(raw)), nil
}

func (c Conclusion) report(sha256 string) Report {
	r := Report{Format: FormatConclusion, SHA256: sha256}
	if k, ok := JobCase(c.Name, c.Conclusion); ok {
		r.Cases = []Case{k}
	}
	r.Totals = Count(r.Cases)
	return r
}
