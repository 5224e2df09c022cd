// Package api serves the list of operations over the owner's Unix socket, and
// asks for them there.
package api

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"

	"github.com/dc-release/dc-release/internal/app/operation"
	"github.com/dc-release/dc-release/internal/core/fault"
)

const maxRequest = 64 << 20 // a manual test with its file

// Handler serves POST /operations/{name}.
func Handler(app *operation.App) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /operations/{name}", func(w http.ResponseWriter, r *http.Request) {
		raw, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxRequest))
		if err == nil {
			raw, err = operation.Call(r.Context(), app, r.PathValue("name"), raw)
		}
		w.Header().Set("Content-Type", "application/json")
		if err != nil {
			w.WriteHeader(http.StatusUnprocessableEntity)
			_ = json.NewEncoder(w).Encode(fault.ProblemOf(err))
			return
		}
		_, _ = w.Write(raw)
	})
	return mux
}

// Client asks the owner of a data directory; it implements operation.Caller.
type Client struct{ http *http.Client }

var _ operation.Caller = (*Client)(nil)

// Dial makes a client of the owner's socket.
func Dial(socket string) *Client {
	return &Client{http: &http.Client{Transport: &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			var d net.Dialer
			return d.DialContext(ctx, "unix", socket)
		},
	}}}
}

// Call implements operation.Caller.
func (c *Client) Call(ctx context.Context, name string, request []byte) ([]byte, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://owner/operations/"+name, bytes.NewReader(request))
	if err != nil {
		return nil, err
	}
	resp, err := c.http.Do(r)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", operation.ErrGone, err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, fault.ReadProblem(resp.Status, resp.Body)
	}
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, fmt.Errorf("%w: its answer was cut: %w", operation.ErrGone, err)
	}
	return raw, nil
}
