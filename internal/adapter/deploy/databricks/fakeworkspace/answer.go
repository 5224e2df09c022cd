package fakeworkspace

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
)

// problem is an error of the REST API: {"error_code", "message"} with a status,
// or of the token endpoint: {"error", "error_description"} (RFC 6749, 5.2).
type problem struct {
	status  int
	code    string
	message string
	retry   int  // seconds, 0 for no Retry-After
	oauth   bool // in the shape of the token endpoint
}

func (p *problem) Error() string { return p.code + ": " + p.message }

func refuse(status int, code, format string, a ...any) error {
	return &problem{status: status, code: code, message: fmt.Sprintf(format, a...)}
}

func missing(format string, a ...any) error {
	return refuse(http.StatusNotFound, "RESOURCE_DOES_NOT_EXIST", format, a...)
}

func invalid(format string, a ...any) error {
	return refuse(http.StatusBadRequest, "INVALID_PARAMETER_VALUE", format, a...)
}

// content is an answer of raw bytes.
type content []byte

// empty is the answer {}.
type empty struct{}

// response is what goes back; it is written after the workspace was let go.
type response struct {
	status int
	header http.Header
	body   []byte
}

func (a *response) write(w http.ResponseWriter) {
	for k, v := range a.header {
		w.Header()[k] = v
	}
	w.WriteHeader(a.status)
	_, _ = w.Write(a.body) // a caller that is gone gets nothing
}

// respond makes the response of what a handler gave.
func respond(v any, err error) *response {
	a := &response{status: http.StatusOK, header: http.Header{"Content-Type": {"application/json"}}}
	if err != nil {
		var p *problem
		if !errors.As(err, &p) {
			p = &problem{status: http.StatusInternalServerError, code: "INTERNAL_ERROR", message: err.Error()}
		}
		a.status = p.status
		if p.retry > 0 {
			a.header.Set("Retry-After", strconv.Itoa(p.retry))
		}
		v = map[string]string{"error_code": p.code, "message": p.message}
		if p.oauth {
			v = map[string]string{"error": p.code, "error_description": p.message}
		}
	}
	if raw, ok := v.(content); ok {
		a.header.Set("Content-Type", "application/octet-stream")
		a.body = raw
		return a
	}
	body, err := json.Marshal(v)
	if err != nil {
		return &response{status: http.StatusInternalServerError, header: http.Header{}}
	}
	a.body = body
	return a
}
