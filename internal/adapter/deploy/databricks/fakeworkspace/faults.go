package fakeworkspace

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"
)

// Fault makes requests go wrong.
type Fault struct {
	Method  string `json:"method,omitempty"`  // "" is any
	Path    string `json:"path"`              // * stands for any characters, also slashes
	After   int    `json:"after,omitempty"`   // so many matching requests pass first
	Times   int    `json:"times,omitempty"`   // so many fail, 0 for all
	Status  int    `json:"status"`            // 400 to 599
	Code    string `json:"code,omitempty"`    // error_code, default one of the status
	Message string `json:"message,omitempty"` // default says that it is a fault of the sandbox
	Retry   int    `json:"retry,omitempty"`   // Retry-After in seconds, 0 for none
	Carried bool   `json:"carried,omitempty"` // the request is carried out, only its answer is lost
}

// codes are the error codes of statuses.
var codes = map[int]string{
	http.StatusBadRequest: "INVALID_PARAMETER_VALUE", http.StatusUnauthorized: "UNAUTHENTICATED", http.StatusForbidden: "PERMISSION_DENIED",
	http.StatusNotFound: "RESOURCE_DOES_NOT_EXIST", http.StatusConflict: "RESOURCE_CONFLICT", http.StatusTooManyRequests: "REQUEST_LIMIT_EXCEEDED",
	http.StatusInternalServerError: "INTERNAL_ERROR", http.StatusServiceUnavailable: "TEMPORARILY_UNAVAILABLE",
}

// Fail adds a fault. Of several that match the first that is not spent strikes.
func (w *Workspace) Fail(f Fault) error {
	return w.alter(func(time.Time) error {
		switch {
		case f.Status < 400 || f.Status > 599:
			return invalid("fault: status %d: want 400 to 599.", f.Status)
		case f.Path == "":
			return invalid("fault: want a path, * for any.")
		case f.After < 0 || f.Times < 0 || f.Retry < 0:
			return invalid("fault: after, times and retry must not be negative.")
		}
		w.state.Faults = append(w.state.Faults, &f)
		return nil
	})
}

// Heal removes all faults, failing runs and server-side defaults. What they did
// stays.
func (w *Workspace) Heal() error {
	return w.alter(func(time.Time) error {
		w.state.Faults, w.state.Failing, w.state.Defaults = nil, nil, nil
		return nil
	})
}

// AddDefaults makes the server add these settings to each job that is created or
// reset and lacks them: a JSON object.
func (w *Workspace) AddDefaults(object json.RawMessage) error {
	return w.alter(func(time.Time) error {
		var s settings
		if err := json.Unmarshal(object, &s); err != nil || s == nil {
			return invalid("defaults: want a JSON object.")
		}
		w.state.Defaults = s
		return nil
	})
}

// strike is the fault that meets a call, nil for none. It counts.
func (w *Workspace) strike(c *call) *Fault {
	for i, f := range w.state.Faults {
		if (f.Method != "" && f.Method != c.r.Method) || !glob(f.Path, c.r.URL.Path) {
			continue
		}
		if f.After > 0 {
			f.After--
			continue
		}
		hit := *f
		if f.Times == 1 {
			w.state.Faults = slices.Delete(w.state.Faults, i, i+1)
		} else if f.Times > 1 {
			f.Times--
		}
		return &hit
	}
	return nil
}

func (f *Fault) problem() error {
	p := &problem{status: f.Status, code: f.Code, message: f.Message, retry: f.Retry}
	if p.code == "" {
		p.code = codes[f.Status]
	}
	if p.code == "" {
		p.code = "UNKNOWN"
	}
	if p.message == "" {
		p.message = "The sandbox was told to fail."
	}
	return p
}

// glob says whether a text is as a pattern in which * stands for any characters.
func glob(pattern, text string) bool {
	parts := strings.Split(pattern, "*")
	rest, ok := strings.CutPrefix(text, parts[0])
	if !ok || len(parts) == 1 {
		return ok && rest == ""
	}
	for _, p := range parts[1 : len(parts)-1] {
		_, after, ok := strings.Cut(rest, p)
		if !ok {
			return false
		}
		rest = after
	}
	return strings.HasSuffix(rest, parts[len(parts)-1])
}
