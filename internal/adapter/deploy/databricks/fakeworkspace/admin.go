package fakeworkspace

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
)

// serveOwn answers what is the sandbox's own: the page, and the admin API by which
// another process sets faults and tampers. It asks nobody who it is, so it belongs
// on loopback; requests that a browser makes for another site are refused.
//
//	GET    /_sandbox/state               Snapshot
//	POST   /_sandbox/faults              Fault
//	DELETE /_sandbox/faults              all faults, failing runs and defaults
//	POST   /_sandbox/failing-runs        FailingRun
//	POST   /_sandbox/defaults            settings that the server adds
//	POST   /_sandbox/jobs/ID/settings    changes, see TamperJob
//	POST   /_sandbox/jobs/ID/duplicate   answers {"id"}
//	POST   /_sandbox/jobs/ID/permissions Grant
//	POST   /_sandbox/jobs/ID/runs        an active run, answers {"id"}
//	DELETE /_sandbox/jobs/ID
//	POST   /_sandbox/runs/ID/end         {"result"}
//	PUT    /_sandbox/files?path=PATH     the bytes of the body
//	DELETE /_sandbox/files?path=PATH
func (w *Workspace) serveOwn(rw http.ResponseWriter, r *http.Request) bool {
	if r.URL.Path != "/" && !strings.HasPrefix(r.URL.Path, "/_sandbox/") {
		return false
	}
	w.own.ServeHTTP(rw, r)
	return true
}

// admin is one call of the admin API.
type admin struct {
	*Workspace
	r    *http.Request
	body []byte
	id   int64 // of the path
}

// adminRoutes is the list of the admin API.
var adminRoutes = map[string]func(admin) (any, error){
	"GET /_sandbox/state":                func(a admin) (any, error) { return a.Snapshot(), nil },
	"DELETE /_sandbox/faults":            func(a admin) (any, error) { return empty{}, a.Heal() },
	"POST /_sandbox/defaults":            func(a admin) (any, error) { return empty{}, a.AddDefaults(a.body) },
	"POST /_sandbox/faults":              func(a admin) (any, error) { return with(a, a.Fail) },
	"POST /_sandbox/failing-runs":        func(a admin) (any, error) { return with(a, a.FailRuns) },
	"POST /_sandbox/jobs/{id}/settings":  func(a admin) (any, error) { return empty{}, a.TamperJob(a.id, a.body) },
	"POST /_sandbox/jobs/{id}/duplicate": func(a admin) (any, error) { return made(a.TamperDuplicate(a.id)) },
	"POST /_sandbox/jobs/{id}/runs":      func(a admin) (any, error) { return made(a.TamperRun(a.id)) },
	"POST /_sandbox/jobs/{id}/permissions": func(a admin) (any, error) {
		return with(a, func(g Grant) error { return a.TamperGrant(a.id, g) })
	},
	"DELETE /_sandbox/jobs/{id}": func(a admin) (any, error) { return empty{}, a.TamperDelete(a.id) },
	"POST /_sandbox/runs/{id}/end": func(a admin) (any, error) {
		return with(a, func(e struct {
			Result string `json:"result"`
		},
		) error {
			return a.EndRun(a.id, e.Result)
		})
	},
	"PUT /_sandbox/files":    func(a admin) (any, error) { return empty{}, a.TamperFile(a.r.URL.Query().Get("path"), a.body) },
	"DELETE /_sandbox/files": func(a admin) (any, error) { return empty{}, a.TamperRemove(a.r.URL.Query().Get("path")) },
}

// with reads the body, in which every key must be known, and does something.
func with[T any](a admin, do func(T) error) (any, error) {
	var in T
	d := json.NewDecoder(strings.NewReader(string(a.body)))
	d.DisallowUnknownFields()
	if err := d.Decode(&in); err != nil {
		return nil, refuse(http.StatusBadRequest, "MALFORMED_REQUEST", "Could not parse request object: %v.", err)
	}
	return empty{}, do(in)
}

func made(id int64, err error) (any, error) { return map[string]int64{"id": id}, err }

func (w *Workspace) ownHandler() http.Handler {
	mux := http.NewServeMux()
	for pattern, do := range adminRoutes {
		mux.HandleFunc(pattern, func(rw http.ResponseWriter, r *http.Request) {
			v, err := w.administer(rw, r, do)
			respond(v, err).write(rw)
		})
	}
	pages(mux, func() []Snapshot { return []Snapshot{w.Snapshot()} })
	return http.NewCrossOriginProtection().Handler(mux)
}

func (w *Workspace) administer(rw http.ResponseWriter, r *http.Request, do func(admin) (any, error)) (any, error) {
	a := admin{Workspace: w, r: r}
	var err error
	if text := r.PathValue("id"); text != "" {
		if a.id, err = strconv.ParseInt(text, 10, 64); err != nil {
			return nil, invalid("id %q: want a number.", text)
		}
	}
	a.body, err = io.ReadAll(http.MaxBytesReader(rw, r.Body, w.config.MaxFile))
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return nil, refuse(http.StatusRequestEntityTooLarge, "MAX_REQUEST_SIZE_EXCEEDED", "The body is larger than %d bytes.", w.config.MaxFile)
	case err != nil:
		return nil, refuse(http.StatusBadRequest, "MALFORMED_REQUEST", "The body cannot be read: %v.", err)
	}
	return do(a)
}
