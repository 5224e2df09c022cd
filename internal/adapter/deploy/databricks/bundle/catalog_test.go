package bundle_test

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/dc-release/dc-release/internal/adapter/deploy/databricks/bundle"
)

// site is a bundle with the variables of one target, deployed to an environment.
func site(t *testing.T, environment, host, variables string) bundle.Site {
	t.Helper()
	text := "bundle: {name: b}\nvariables:\n" + variables + "targets: {x: {mode: production}}\n"
	b, found := bundle.Load(fstest.MapFS{"databricks.yml": {Data: []byte(text)}})
	if bundle.Failed(found) {
		t.Fatal(found)
	}
	r, found := b.Resolve(bundle.Options{Target: "x"})
	if r == nil {
		t.Fatal(found)
	}
	return bundle.Site{Environment: environment, Host: host, Resolved: r}
}

func TestSchemasThatVariablesName(t *testing.T) {
	for name, c := range map[string]struct {
		variables string
		want      []string
	}{
		"none":                       {"  x: {default: y}\n", nil},
		"a catalog":                  {"  catalog: {default: c}\n", []string{"catalog c"}},
		"a schema of the only one":   {"  my_schema: {default: s}\n  the_catalog: {default: c}\n", []string{"catalog c", "schema c.s"}},
		"a schema with its catalog":  {"  schema: {default: c.s}\n", []string{"schema c.s"}},
		"each in its own":            {"  raw_catalog: {default: r}\n  mart_catalog: {default: m}\n  raw_schema: {default: s}\n", []string{"catalog r", "catalog m", "schema r.s"}},
		"nobody can say of which":    {"  raw_catalog: {default: r}\n  mart_catalog: {default: m}\n  schema: {default: s}\n", []string{"catalog r", "catalog m"}},
		"the same catalog twice":     {"  a_catalog: {default: c}\n  b_catalog: {default: c}\n  schema: {default: s}\n", []string{"catalog c", "catalog c", "schema c.s"}},
		"without any catalog":        {"  schema: {default: s}\n", nil},
		"by way of another variable": {"  env: {default: prd}\n  catalog: {default: \"sales_${var.env}\"}\n", []string{"catalog sales_prd"}},
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			for _, s := range site(t, "prd", "", c.variables).Schemas() {
				got = append(got, s.String())
			}
			if d := cmp.Diff(c.want, got); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestShared(t *testing.T) {
	const one, two = "https://one", "https://two"
	type place struct{ environment, host, variables string }
	for name, c := range map[string]struct {
		of, other place
		want      []string
	}{
		"production's schema": {
			place{"tst", one, "  catalog: {default: c}\n  schema: {default: s}\n"},
			place{"prd", one + "/", "  catalog: {default: C}\n  schema: {default: S}\n"},
			[]string{"databricks.yml:4:21: error: tst and prd both use schema c.s, in the workspace of both (catalog-shared): give variable schema a value of its own in each target"},
		},
		"of production": {
			place{"prd", one, "  schema: {default: c.s}\n"},
			place{"val", one, "  schema: {default: c.s}\n"},
			[]string{"databricks.yml:3:21: error: prd and val both use schema c.s"},
		},
		"outside production": {
			place{"dev", one, "  schema: {default: c.s}\n"},
			place{"tst", one, "  schema: {default: c.s}\n"},
			[]string{"databricks.yml:3:21: warning: dev and tst both use schema c.s"},
		},
		"in two workspaces": {
			place{"val", one, "  schema: {default: c.s}\n"},
			place{"prd", two, "  schema: {default: c.s}\n"},
			[]string{"databricks.yml:3:21: warning: val and prd both use schema c.s, which is the same one if their workspaces share a metastore"},
		},
		"a whole catalog": {
			place{"val", one, "  catalog: {default: c}\n"},
			place{"prd", one, "  schema: {default: c.s}\n"},
			[]string{"databricks.yml:3:22: error: val and prd both use catalog c"},
		},
		"two schemas of a catalog":   {place{"val", one, "  catalog: {default: c}\n  schema: {default: v}\n"}, place{"prd", one, "  catalog: {default: c}\n  schema: {default: p}\n"}, nil},
		"the schema of two catalogs": {place{"val", one, "  schema: {default: v.s}\n"}, place{"prd", one, "  schema: {default: p.s}\n"}, nil},
		"no data":                    {place{"val", one, "  x: {default: v}\n"}, place{"prd", one, "  x: {default: v}\n"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			of, other := site(t, c.of.environment, c.of.host, c.of.variables), site(t, c.other.environment, c.other.host, c.other.variables)
			var got []string
			for _, f := range bundle.Shared(of, []bundle.Site{other}) {
				got = append(got, f.String())
			}
			same(t, got, c.want...)
			// Whom one asks does not change how bad it is.
			back := bundle.Shared(other, []bundle.Site{of})
			if len(back) != len(got) || len(back) > 0 && !strings.Contains(got[0], string(back[0].Severity)) {
				t.Errorf("asked the other way: %v", back)
			}
		})
	}
}
