package itemfile

import (
	"path"
	"strings"

	"github.com/dc-release/dc-release/internal/app/traceability"
	"github.com/dc-release/dc-release/internal/core/evidence"
	"github.com/dc-release/dc-release/internal/core/trace"
)

func isWorkflow(o *opened, name string) (string, bool) {
	return "", o.repository == traceability.Code && path.Dir(name) == ".github/workflows" && isYAML(name)
}

// readWorkflow finds the jobs whose whole name is the id of a test: their
// conclusion is its result. A name that holds an expression is known when the
// job runs, and its result names the test then; one of several words is no id.
func readWorkflow(_ *opened, f *file, name string, data []byte) {
	root := f.yaml(data, followed)
	if root == nil {
		return
	}
	for _, job := range root.get("jobs").pairs {
		said := job.value.get("name")
		if !said.scalar() || strings.ContainsAny(said.text, "$ ") || !trace.LooksLikeID(said.text) {
			continue
		}
		item, ok := f.newItem(said.text, said.place)
		if !ok || f.full(said.place) {
			continue
		}
		if _, test := evidence.JobNameID(item.ID); test {
			item.By, item.Title = trace.Job, "job "+job.key+" of "+path.Base(name)
			f.add(item)
		}
	}
}
