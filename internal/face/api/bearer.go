package api

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"

	"github.com/dc-release/dc-release/internal/app/operation"
	"github.com/dc-release/dc-release/internal/core/fault"
)

const maxQuestion = 1 << 20

// Bearer serves POST /api/v1/operations/{name} to programs with an API token,
// never from a cookie. They read; nothing that a token is given for changes
// anything.
func Bearer(app *operation.App) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		raw, status, err := bearer(app, w, r)
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Cache-Control", "no-store")
		if err != nil {
			w.WriteHeader(status)
			_ = json.NewEncoder(w).Encode(fault.ProblemOf(err))
			return
		}
		_, _ = w.Write(raw)
	})
}

func bearer(app *operation.App, w http.ResponseWriter, r *http.Request) ([]byte, int, error) {
	secret, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !ok {
		return nil, http.StatusUnauthorized, fault.New(fault.Forbidden, "want Authorization: Bearer TOKEN")
	}
	name := r.PathValue("name")
	o, ok := operation.Find(name)
	if _, err := app.Access.Bearer(r.Context(), secret, name, !ok || o.Mutating); err != nil {
		return nil, http.StatusForbidden, err
	}
	raw, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxQuestion))
	if err != nil {
		return nil, http.StatusRequestEntityTooLarge, fault.New(fault.Invalid, "request: %v", err)
	}
	raw, err = operation.Call(r.Context(), app, name, raw)
	return raw, http.StatusUnprocessableEntity, err
}
