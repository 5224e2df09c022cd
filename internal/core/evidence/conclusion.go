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

// OfConclusion makes the raw file and the item; ok is false when the name
// carries no test id or the job did not run.
func OfConclusion(c Conclusion) (raw []byte, item Item, ok bool, err error) {
	id, named := JobNameID(c.Name)
	if !named || c.Conclusion == "skipped" {
		return nil, Item{}, false, nil
	}
	c.Schema = "dc-release/job-conclusion/v1"
	if raw, err = canonical.Marshal(c); err != nil {
		return nil, Item{}, false, fmt.Errorf("conclusion of job %q: %w", c.Job, err)
	}
	item = Item{
		Name: id + ".json", SHA256: canonical.SHA256(raw), Size: int64(len(raw)), Format: FormatConclusion,
		Verification: string(UT), Commit: c.Commit, Counted: true, Verdict: VerdictFailed, Failed: 1,
	}
	if c.Conclusion == "success" {
		item.Verdict, item.Failed, item.Passed = VerdictPassed, 0, 1
	}
	return raw, item, true, nil
}
