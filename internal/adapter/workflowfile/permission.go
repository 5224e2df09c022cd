package workflowfile

import (
	"maps"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/dc-release/dc-release/internal/core/fault"
	"github.com/dc-release/dc-release/internal/core/workflow"
)

// permissions reads permissions: of a workflow or a job; an empty mapping
// declares that there are none.
func (r *reader) permissions(n *yaml.Node) workflow.Permissions {
	n = resolve(n)
	if n.Kind == yaml.ScalarNode {
		switch t := r.text(n, workflow.KeyNone); t.Source {
		case "read-all":
			return workflow.AllPermissions(workflow.Read)
		case "write-all":
			return workflow.AllPermissions(workflow.Write)
		default:
			r.report(t.At, "wrong-type", "", "permissions is %q: want read-all, write-all or a mapping", t.Source)
			return nil
		}
	}
	p := workflow.Permissions{}
	for _, e := range r.mapping(n, "permissions") {
		r.permission(p, e)
	}
	if len(p) == 0 {
		return workflow.AllPermissions(workflow.NoAccess)
	}
	return p
}

func (r *reader) permission(p workflow.Permissions, e entry) {
	t := r.text(e.value, workflow.KeyNone)
	strongest, known := workflow.PermissionScopes[e.name]
	allowed := []string{string(workflow.NoAccess), string(workflow.Read), string(workflow.Write)}
	switch {
	case e.name == workflow.IDToken:
		allowed = []string{string(workflow.NoAccess), string(workflow.Write)}
	case strongest == workflow.Read:
		allowed = allowed[:2]
	}
	switch {
	case !known:
		names := slices.Sorted(maps.Keys(workflow.PermissionScopes))
		hint := "the permissions are " + strings.Join(names, ", ")
		if near := fault.Nearest(e.name, names); near != "" {
			hint = "did you mean " + near + "?"
		}
		r.report(r.at(e.key), "unknown-key", hint, "unknown permission %q", e.name)
	case !slices.Contains(allowed, t.Source):
		r.report(t.At, "wrong-type", "", "permission %s is %q: want %s", e.name, t.Source, strings.Join(allowed, " or "))
	default:
		p[e.name] = workflow.Access(t.Source)
	}
}
