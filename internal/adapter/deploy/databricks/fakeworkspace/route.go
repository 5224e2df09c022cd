package fakeworkspace

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// route is one endpoint. A path that ends in "*" matches what begins with it; the
// rest is the call's.
type route struct {
	method, path string
	handle       func(*Workspace, *call) (any, error)
	access       access
}

// access says who may call and what that may do.
type access int

const (
	reads   access = iota // any principal
	changes               // a principal that is not read-only; the state is saved
	open                  // nobody is asked who it is
)

const (
	filesPath  = "/api/2.0/workspace-files/"
	importPath = filesPath + "import-file/"
	tokenPath  = "/oidc/v1/token" // #nosec G101 -- a path
)

// routes is the list, the first match answers. To add an endpoint: its handler in
// the file of its noun and a line here.
var routes = []route{
	{"GET", "/.well-known/databricks-config", noHostMetadata, open},
	{"GET", "/api/2.0/preview/scim/v2/Me", me, reads},
	{"GET", "/api/2.0/workspace/get-status", getStatus, reads},
	{"POST", "/api/2.0/workspace/mkdirs", mkdirs, changes},
	{"POST", importPath + "*", importFile, changes},
	{"GET", filesPath + "*", readFile, reads},
	{"POST", "/api/2.0/workspace/import", importObject, changes},
	{"GET", "/api/2.0/workspace/export", exportObject, reads},
	{"POST", "/api/2.0/workspace/delete", deleteObject, changes},
	{"GET", "/api/2.0/workspace/list", listObjects, reads},
	{"POST", "/api/2.2/jobs/create", createJob, changes},
	{"GET", "/api/2.2/jobs/get", getJob, reads},
	{"POST", "/api/2.2/jobs/reset", resetJob, changes},
	{"POST", "/api/2.2/jobs/delete", deleteJob, changes},
	{"GET", "/api/2.2/jobs/list", listJobs, reads},
	{"POST", "/api/2.2/jobs/run-now", runNow, changes},
	{"GET", "/api/2.2/jobs/runs/get", getRun, reads},
	{"GET", "/api/2.2/jobs/runs/get-output", getOutput, reads},
	{"GET", "/api/2.2/jobs/runs/list", listRuns, reads},
	{"GET", "/api/2.0/permissions/*", getPermissions, reads},
	{"PUT", "/api/2.0/permissions/*", setPermissions, changes},
	{"PATCH", "/api/2.0/permissions/*", updatePermissions, changes},
	{"GET", "/api/2.1/unity-catalog/catalogs", listCatalogs, reads},
	{"GET", "/api/2.1/unity-catalog/catalogs/*", getCatalog, reads},
	{"GET", "/api/2.1/unity-catalog/schemas", listSchemas, reads},
	{"GET", "/api/2.1/unity-catalog/schemas/*", getSchema, reads},
	{"POST", "/telemetry-ext", telemetry, open},
	{"GET", "/oidc/.well-known/oauth-authorization-server", discovery, open},
	{"POST", tokenPath, issueToken, open},
}

// call is one request on its way.
type call struct {
	r     *http.Request
	at    time.Time
	body  []byte
	query url.Values
	rest  string // what the route's "*" matched, unescaped
	by    Principal
	route *route // nil: there is none
}

// maxJSON bounds every body that is not a file, in bytes.
const maxJSON = 4 << 20

// serve carries a request out and records it.
func (w *Workspace) serve(rw http.ResponseWriter, r *http.Request) *response {
	c := &call{r: r, query: r.URL.Query()}
	c.route, c.rest = find(r)
	err := w.readBody(rw, c)
	w.mu.Lock()
	defer w.mu.Unlock()
	c.at = w.config.Clock().UTC()
	var v any
	if err == nil {
		v, err = w.answer(c)
	}
	w.record(c, err)
	if c.route != nil && (c.route.access == changes || c.route.path == tokenPath) {
		if saved := w.save(); saved != nil {
			err = saved
		}
	}
	a := respond(v, err)
	a.header.Set("X-Databricks-Org-Id", strconv.FormatInt(w.config.Org, 10))
	return a
}

// answer applies faults, asks who it is, and calls the handler.
func (w *Workspace) answer(c *call) (any, error) {
	fault := w.strike(c)
	if fault != nil && !fault.Carried {
		return nil, fault.problem()
	}
	if c.route == nil {
		return nil, refuse(http.StatusNotFound, "ENDPOINT_NOT_FOUND", "No API found for '%s %s'.", c.r.Method, c.r.URL.Path)
	}
	if c.route.access != open {
		var err error
		if c.by, err = w.authenticate(c); err != nil {
			return nil, err
		}
		if c.by.ReadOnly && c.route.access == changes {
			return nil, refuse(http.StatusForbidden, "PERMISSION_DENIED", "%s may read and not change: %s %s.", c.by.UserName, c.r.Method, c.r.URL.Path)
		}
	}
	v, err := c.route.handle(w, c)
	if fault != nil {
		return nil, fault.problem()
	}
	return v, err
}

// find is the route of a request, nil when there is none.
func find(r *http.Request) (*route, string) {
	for i := range routes {
		t := &routes[i]
		if t.method != r.Method {
			continue
		}
		prefix, wild := strings.CutSuffix(t.path, "*")
		if !wild && r.URL.Path == t.path {
			return t, ""
		}
		if rest, ok := strings.CutPrefix(r.URL.Path, prefix); wild && ok && rest != "" {
			return t, rest
		}
	}
	return nil, ""
}

func (w *Workspace) readBody(rw http.ResponseWriter, c *call) error {
	limit := int64(maxJSON)
	if c.route != nil && strings.HasPrefix(c.route.path, importPath) {
		limit = w.config.MaxFile
	}
	if c.route != nil && c.route.path == "/api/2.0/workspace/import" {
		limit = 2*w.config.MaxFile + maxJSON // base64, or a form with its parts' headers
	}
	var err error
	c.body, err = io.ReadAll(http.MaxBytesReader(rw, c.r.Body, limit))
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		c.body = nil
		return refuse(http.StatusRequestEntityTooLarge, "MAX_REQUEST_SIZE_EXCEEDED", "The body of %s %s is larger than %d bytes.", c.r.Method, c.r.URL.Path, limit)
	case err != nil:
		c.body = nil
		return refuse(http.StatusBadRequest, "MALFORMED_REQUEST", "The body cannot be read: %v.", err)
	}
	return nil
}

// decode reads the JSON body; none is {}.
func (c *call) decode(into any) error {
	if len(bytes.TrimSpace(c.body)) == 0 {
		return nil
	}
	if err := json.Unmarshal(c.body, into); err != nil {
		return refuse(http.StatusBadRequest, "MALFORMED_REQUEST", "Could not parse request object: %v.", err)
	}
	return nil
}

// id is a parameter that must be there and be a positive number.
func (c *call) id(name string) (int64, error) {
	n, err := strconv.ParseInt(c.query.Get(name), 10, 64)
	if err != nil || n <= 0 {
		return 0, invalid("Parameter %s=%q: want a positive number.", name, c.query.Get(name))
	}
	return n, nil
}

// flag is a parameter that is true or false; absent is false.
func (c *call) flag(name string) (bool, error) {
	switch c.query.Get(name) {
	case "", "false":
		return false, nil
	case "true":
		return true, nil
	}
	return false, invalid("Parameter %s=%q: want true or false.", name, c.query.Get(name))
}

// millis is a time as the API writes it.
func millis(t time.Time) int64 { return t.UnixMilli() }

// telemetry takes what a client tells about itself and forgets it.
func telemetry(_ *Workspace, c *call) (any, error) {
	var in struct {
		Protos []string `json:"protoLogs"`
	}
	if err := c.decode(&in); err != nil {
		return nil, err
	}
	return map[string]any{"errors": []any{}, "numProtoSuccess": len(in.Protos)}, nil
}

// noHostMetadata says that the host has no document about itself; clients then
// take it for a workspace.
func noHostMetadata(*Workspace, *call) (any, error) {
	return nil, missing("There is no host metadata.")
}
