package bundle

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Schema is a schema that a variable of a target names, or a whole catalog:
// variables whose names end with schema, and with catalog.
type Schema struct {
	Variable string
	Catalog  string
	Name     string // "" for the catalog
	Place    Place  // of the value
}

func (s Schema) String() string {
	if s.Name == "" {
		return "catalog " + s.Catalog
	}
	return "schema " + s.Catalog + "." + s.Name
}

// Schemas are all that variables name. A schema without its catalog is in that of
// the variable that begins like its own, else in the only one; a schema of which
// nobody can say that is left out.
func (r *Resolved) Schemas() []Schema {
	variables := r.Config.Get("variables")
	var out []Schema
	catalogs := map[string]string{} // by how the variable begins
	only := ""
	for _, name := range variables.Keys() {
		v := variables.At(name, "value")
		prefix, ok := strings.CutSuffix(name, "catalog")
		if !ok || v.String() == "" {
			continue
		}
		only = v.String()
		catalogs[prefix] = only
		out = append(out, Schema{Variable: name, Catalog: only, Place: v.Place})
	}
	for _, c := range catalogs {
		if c != only {
			only = ""
		}
	}
	for _, name := range variables.Keys() {
		v := variables.At(name, "value")
		prefix, ok := strings.CutSuffix(name, "schema")
		if !ok || v.String() == "" {
			continue
		}
		catalog, schema, whole := strings.Cut(v.String(), ".")
		if !whole {
			catalog, schema = cmp.Or(catalogs[prefix], only), v.String()
		}
		if catalog != "" {
			out = append(out, Schema{name, catalog, schema, v.Place})
		}
	}
	return out
}

// Site is the bundle as it is deployed to an environment.
type Site struct {
	Environment string
	Host        string // of the workspace
	*Resolved
}

// near says whether both are in one workspace.
func (s Site) near(other Site) bool {
	return strings.EqualFold(strings.TrimSuffix(s.Host, "/"), strings.TrimSuffix(other.Host, "/"))
}

// Shared finds the schemas of a site that another one names too, and catalogs where
// no schema is named: data of the one would be changed by the other. That prd shares
// one is an error. Of two workspaces nobody here knows whether they have the same
// catalogs: a metastore may belong to both.
func Shared(of Site, others []Site) []Finding {
	var found findings
	for _, other := range others {
		where := "in the workspace of both"
		severity := Warning
		switch {
		case !of.near(other):
			where = "which is the same one if their workspaces share a metastore"
		case of.Environment == "prd" || other.Environment == "prd":
			severity = Error
		}
		for _, s := range of.narrowest() {
			for _, t := range other.narrowest() {
				if s.meets(t) {
					found.add(RuleShared, severity, s.Place, fmt.Sprintf("give variable %s a value of its own in each target", s.Variable),
						"%s and %s both use %s, %s", of.Environment, other.Environment, s, where)
				}
			}
		}
	}
	return found.sorted()
}

// meets says whether two have data in common. Unity Catalog compares names without
// regard to case.
func (s Schema) meets(t Schema) bool {
	return strings.EqualFold(s.Catalog, t.Catalog) && (s.Name == "" || t.Name == "" || strings.EqualFold(s.Name, t.Name))
}

// narrowest leaves out the catalogs of which schemas are named.
func (r *Resolved) narrowest() []Schema {
	all := r.Schemas()
	return slices.DeleteFunc(slices.Clone(all), func(s Schema) bool {
		return s.Name == "" && slices.ContainsFunc(all, func(t Schema) bool { return t.Name != "" && strings.EqualFold(s.Catalog, t.Catalog) })
	})
}
