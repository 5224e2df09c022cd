package fakeworkspace_test

import (
	"testing"
)

func TestCatalogsAndSchemasAreFound(t *testing.T) {
	w := open(t)
	const base = "/api/2.1/unity-catalog"
	if k := w.ok("GET", base+"/catalogs/dev_sales", nil); k["name"] != "dev_sales" || k["owner"] != "ada@example.com" {
		t.Errorf("%v", k)
	}
	if s := w.ok("GET", base+"/schemas/dev_sales.raw", nil); s["full_name"] != "dev_sales.raw" || s["catalog_name"] != "dev_sales" {
		t.Errorf("%v", s)
	}
	first := w.ok("GET", base+"/catalogs?max_results=1", nil)
	second := w.ok("GET", base+"/catalogs?max_results=1&page_token="+first["next_page_token"].(string), nil)
	if at(first, "catalogs.0.name") != "dev_sales" || at(second, "catalogs.0.name") != "shared" || second["next_page_token"] != nil {
		t.Errorf("%v %v", first, second)
	}
	if s := w.ok("GET", base+"/schemas?catalog_name=dev_sales&max_results=0", nil); at(s, "schemas.1.name") != "mart" {
		t.Errorf("%v", s)
	}
	w.refused("GET", base+"/catalogs/prd_sales", nil, 404, "CATALOG_DOES_NOT_EXIST")
	w.refused("GET", base+"/schemas/dev_sales.gold", nil, 404, "SCHEMA_DOES_NOT_EXIST")
	w.refused("GET", base+"/schemas/prd.raw", nil, 404, "CATALOG_DOES_NOT_EXIST")
	w.refused("GET", base+"/schemas/raw", nil, 400, "INVALID_PARAMETER_VALUE")
	w.refused("GET", base+"/schemas", nil, 404, "CATALOG_DOES_NOT_EXIST")
}
