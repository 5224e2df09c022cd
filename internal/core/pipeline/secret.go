package pipeline

import (
	"slices"
	"strings"

	"github.com/dc-release/dc-release/internal/core/workflow"
)

// Secret gives the name under which a job's secret is known at the top of the
// workflow: through secrets: inherit unchanged, through a mapping renamed. ok
// is false where the job cannot see it; its value is empty then, as on GitHub.
func (p Plan) Secret(j Job, name string) (root string, ok bool) {
	for scope := j.Scope; scope != ""; {
		call, found := p.Job(scope)
		if !found {
			return "", false
		}
		if !call.Body.Call.InheritSecrets {
			i := slices.IndexFunc(call.Body.Call.Secrets, func(b workflow.Binding) bool { return strings.EqualFold(b.Name, name) })
			if i < 0 {
				return "", false
			}
			if name, ok = secretOf(call.Body.Call.Secrets[i].Value.Source); !ok {
				return "", false
			}
		}
		scope = call.Scope
	}
	return name, true
}

// secretOf reads ${{ secrets.NAME }}.
func secretOf(source string) (string, bool) {
	t, err := workflow.ParseText(source)
	if err != nil {
		return "", false
	}
	refs := t.References()
	if len(refs) != 1 {
		return "", false
	}
	return strings.CutPrefix(refs[0], "secrets.")
}
