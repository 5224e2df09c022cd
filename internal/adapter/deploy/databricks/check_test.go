package databricks_test

import (
	"maps"
	"strings"
	"testing"

	"github.com/dc-release/dc-release/internal/adapter/deploy/databricks/fakeworkspace"
	"github.com/dc-release/dc-release/internal/adapter/deploy/deploytest"
	"github.com/dc-release/dc-release/internal/app/deploy"
)

// other is a place of the solution beside that of the world.
func other(w world, environment string, config ...string) deploy.Place {
	p := deploy.Place{Solution: w.Place.Solution, Environment: environment, Config: maps.Clone(w.Place.Config)}
	p.Config["bundle-target"] = environment
	for i := 0; i < len(config); i += 2 {
		p.Config[config[i]] = config[i+1]
	}
	return p
}

func TestCheckKnowsTheOtherPlaces(t *testing.T) {
	w := openWith(t, func(string) fakeworkspace.Config {
		return fakeworkspace.Config{
			Tokens:   []fakeworkspace.Token{{Secret: token, Principal: fakeworkspace.Principal{UserName: "deployer@example.com"}}},
			Catalogs: []fakeworkspace.Catalog{{Name: "sales", Schemas: []string{"prd"}}},
		}
	})
	files := checkout(t, func(f deploytest.Files) {
		f["databricks.yml"] = strings.Replace(f["databricks.yml"], "variables:\n", "variables:\n  catalog: {default: sales}\n  schema: {default: \"${bundle.target}\"}\n", 1)
	})
	check := func(others ...deploy.Place) (found []string) {
		t.Helper()
		call := w.Call()
		call.Others = others
		all, err := w.Target.Check(t.Context(), call, files.Artifact(t))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range all {
			found = append(found, f.String())
		}
		return found
	}
	if found := check(other(w, "val"), other(w, "tst")); len(found) > 0 {
		t.Errorf("a schema for each environment: got %v", found)
	}
	found := check(other(w, "val", "BUNDLE_VAR_schema", "prd"), other(w, "tst", "BUNDLE_VAR_schema", "prd", "DATABRICKS_HOST", "https://elsewhere"), other(w, "dev", "root", ""))
	if len(found) != 2 || !strings.Contains(found[0]+found[1], "prd and val both use schema sales.prd, in the workspace of both") ||
		!strings.Contains(found[0]+found[1], "prd and tst both use schema sales.prd, which is the same one if") {
		t.Errorf("got %q", found)
	}
	w.Place.Config["BUNDLE_VAR_schema"] = "gone"
	if found := check(); len(found) != 1 || !strings.Contains(found[0], "SCHEMA_DOES_NOT_EXIST") {
		t.Errorf("got %q", found)
	}
}
