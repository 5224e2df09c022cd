package fakeworkspace

import (
	"net/http"
	"slices"
	"strings"
)

// Catalog is one catalog of Unity Catalog with the names of its schemas.
type Catalog struct {
	Name    string
	Schemas []string
	Owner   string
}

func (k Catalog) describe() map[string]any {
	return map[string]any{"name": k.Name, "full_name": k.Name, "owner": k.Owner, "catalog_type": "MANAGED_CATALOG", "securable_type": "CATALOG"}
}

func (k Catalog) schema(name string) map[string]any {
	return map[string]any{"name": name, "catalog_name": k.Name, "full_name": k.Name + "." + name, "owner": k.Owner}
}

func (w *Workspace) catalog(name string) (Catalog, error) {
	for _, k := range w.config.Catalogs {
		if strings.EqualFold(k.Name, name) {
			return k, nil
		}
	}
	return Catalog{}, refuse(http.StatusNotFound, "CATALOG_DOES_NOT_EXIST", "Catalog '%s' does not exist.", name)
}

func getCatalog(w *Workspace, c *call) (any, error) {
	k, err := w.catalog(c.rest)
	if err != nil {
		return nil, err
	}
	return k.describe(), nil
}

func getSchema(w *Workspace, c *call) (any, error) {
	catalog, name, ok := strings.Cut(c.rest, ".")
	if !ok {
		return nil, invalid("Schema %q: want CATALOG.SCHEMA.", c.rest)
	}
	k, err := w.catalog(catalog)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(k.Schemas, func(s string) bool { return strings.EqualFold(s, name) })
	if i < 0 {
		return nil, refuse(http.StatusNotFound, "SCHEMA_DOES_NOT_EXIST", "Schema '%s' does not exist.", c.rest)
	}
	return k.schema(k.Schemas[i]), nil
}

func listCatalogs(w *Workspace, c *call) (any, error) {
	var all []map[string]any
	for _, k := range w.config.Catalogs {
		all = append(all, k.describe())
	}
	return c.page("catalogs", all)
}

func listSchemas(w *Workspace, c *call) (any, error) {
	k, err := w.catalog(c.query.Get("catalog_name"))
	if err != nil {
		return nil, err
	}
	var all []map[string]any
	for _, s := range k.Schemas {
		all = append(all, k.schema(s))
	}
	return c.page("schemas", all)
}

// page gives one page of a list of Unity Catalog. max_results 0 leaves the size to
// the server.
func (c *call) page(name string, all []map[string]any) (any, error) {
	limit := 1000
	if text := c.query.Get("max_results"); text != "0" {
		var err error
		if limit, err = c.limit("max_results", limit, 1000); err != nil {
			return nil, err
		}
	}
	from, err := c.position(name)
	if err != nil {
		return nil, err
	}
	page, then := cut(all, from, limit)
	out := map[string]any{name: page}
	if then > 0 {
		out["next_page_token"] = pageToken(name, then)
	}
	return out, nil
}
