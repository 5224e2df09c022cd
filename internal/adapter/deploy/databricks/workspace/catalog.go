package workspace

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// Securable is a catalog or schema of Unity Catalog.
type Securable struct {
	Name  string // of a schema with its catalog: catalog.schema
	Owner string
}

// Catalog reads a catalog; NotFound when the metastore of the workspace has none
// of this name, Denied when it may not be seen.
func (c *Client) Catalog(ctx context.Context, name string) (Answer[Securable], error) {
	return c.securable(ctx, "/api/2.1/unity-catalog/catalogs/", "name", name)
}

// Schema reads a schema; NotFound when the catalog has none of this name.
func (c *Client) Schema(ctx context.Context, catalog, schema string) (Answer[Securable], error) {
	if catalog == "" || schema == "" {
		return Answer[Securable]{}, fmt.Errorf("schema %q of catalog %q: want both names", schema, catalog)
	}
	return c.securable(ctx, "/api/2.1/unity-catalog/schemas/", "full_name", catalog+"."+schema)
}

// securable reads the object of a name, which the service compares without regard
// to case.
func (c *Client) securable(ctx context.Context, at, field, name string) (Answer[Securable], error) {
	if name == "" || name == "." || name == ".." {
		return Answer[Securable]{}, fmt.Errorf("unity catalog: %q is no name", name)
	}
	return one(ctx, c, at+url.PathEscape(name), nil, func(f fields, _ http.Header) (Securable, error) {
		s := Securable{Name: f.text(field), Owner: f.text("owner")}
		if !strings.EqualFold(s.Name, name) {
			return s, fmt.Errorf("is about %q", s.Name)
		}
		return s, nil
	})
}
