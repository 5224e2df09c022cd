package worker

import (
	"archive/tar"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"path"
	"strings"
	"sync"

	"github.com/dc-release/dc-release/internal/app/deploy"
	"github.com/dc-release/dc-release/internal/app/work"
	"github.com/dc-release/dc-release/internal/core/component"
	"github.com/dc-release/dc-release/internal/core/deployment"
	"github.com/dc-release/dc-release/internal/core/fault"
)

// jobAPI is what a job may ask for while it runs, on loopback and with the
// token of its one execution: dc-release deploy, describe, publish, document test
// and evidence add speak it.
type jobAPI struct {
	mu    sync.Mutex
	hosts map[string]*host // by token
}

func newJobAPI() *jobAPI { return &jobAPI{hosts: map[string]*host{}} }

func (a *jobAPI) remember(token string, h *host) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.hosts[token] = h
}

func (a *jobAPI) forget(token string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.hosts, token)
}

func (a *jobAPI) find(r *http.Request) *host {
	// The scheme has no case (RFC 9110, 11.1); GitHub's own examples say "bearer".
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return nil
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.hosts[token]
}

func (a *jobAPI) serve(l net.Listener) {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /deploy", a.with(deployFor))
	mux.HandleFunc("POST /deploy/run", a.with(runTasks))
	mux.HandleFunc("POST /describe", a.with(describeFor))
	mux.HandleFunc("POST /publish/{gate}", a.with(func(h *host, r *http.Request) (any, error) {
		return h.server.Publish(r.Context(), work.PublishRequest{Execution: h.id, Gate: r.PathValue("gate")})
	}))
	mux.HandleFunc("POST /document-test", a.with(testDocuments))
	mux.HandleFunc("GET /identity-token", a.with(identityToken))
	mux.HandleFunc("PUT /evidence/{name...}", a.with(func(h *host, r *http.Request) (any, error) {
		name := r.PathValue("name")
		if name == "" || path.Clean("/"+name) != "/"+name {
			return nil, fault.New(fault.Invalid, "evidence name %q: want a clean relative path", name)
		}
		return struct{}{}, h.keep(r.Context(), name, r.Body)
	}))
	_ = http.Serve(l, mux) // ends with the process
}

// with finds the execution of the caller's token; a dead or unknown one is
// refused.
func (a *jobAPI) with(do func(*host, *http.Request) (any, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		h := a.find(r)
		if h == nil {
			respond(w, nil, fault.New(fault.Forbidden, "this job has ended or its token is unknown"))
			return
		}
		out, err := do(h, r)
		respond(w, out, err)
	}
}

func respond(w http.ResponseWriter, out any, err error) {
	w.Header().Set("Content-Type", "application/json")
	if err != nil {
		w.WriteHeader(http.StatusUnprocessableEntity)
		out = fault.ProblemOf(err)
	}
	_ = json.NewEncoder(w).Encode(out) // a job that is gone gets nothing
}

// deployFor takes a tar of the artifact, or of several under the names of the
// query, each in its folder; or nothing for what is kept.
func deployFor(h *host, r *http.Request) (any, error) {
	req := deploy.Request{Execution: h.id.Execution, Fence: h.id.Fence}
	if r.Header.Get("Content-Type") == "application/x-tar" {
		files, err := receive(r.Context(), h, r.Body)
		if err != nil {
			return nil, err
		}
		req.Files, req.Names = files, r.URL.Query()["artifact"]
	}
	return h.server.Deploy(r.Context(), req)
}

// maxNames bounds the names of jobs that a call runs, in bytes.
const maxNames = 1 << 20

// runTasks takes the names of jobs, none for all that verify. Each call of a job
// has its number, so that the server knows one that is made again.
func runTasks(h *host, r *http.Request) (any, error) {
	req := deploy.TasksRequest{Execution: h.id.Execution, Fence: h.id.Fence}
	if err := json.NewDecoder(http.MaxBytesReader(nil, r.Body, maxNames)).Decode(&req.Jobs); err != nil {
		return nil, fault.New(fault.Invalid, "names of jobs: %v", err)
	}
	h.mu.Lock()
	h.taskCalls++
	req.Call = h.taskCalls
	h.mu.Unlock()
	return h.server.RunTasks(r.Context(), req)
}

// describeFor takes a tar of reports: KIND/NAME.
func describeFor(h *host, r *http.Request) (any, error) {
	files, err := receive(r.Context(), h, r.Body)
	if err != nil {
		return nil, err
	}
	req := deploy.DescribeRequest{Execution: h.id.Execution, Fence: h.id.Fence}
	for _, f := range files {
		kind, name, _ := strings.Cut(f.Path, "/")
		req.Files = append(req.Files, deploy.DescribeFile{Kind: component.Kind(kind), Name: name, SHA256: f.SHA256, Size: f.Size})
	}
	return h.server.Describe(r.Context(), req)
}

// receive stores every file of a tar as a blob.
func receive(ctx context.Context, h *host, body io.Reader) ([]deployment.TreeFile, error) {
	var files []deployment.TreeFile
	tr := tar.NewReader(body)
	for {
		hdr, err := tr.Next()
		if errors.Is(err, io.EOF) {
			return files, nil
		}
		if err != nil {
			return nil, fmt.Errorf("read artifact: %w", err)
		}
		if hdr.Typeflag != tar.TypeReg {
			return nil, fault.New(fault.Invalid, "artifact holds %q, which is no regular file", hdr.Name)
		}
		digest, size, err := h.server.PutBlob(ctx, tr)
		if err != nil {
			return nil, err
		}
		files = append(files, deployment.TreeFile{Path: hdr.Name, Executable: hdr.Mode&0o100 != 0, SHA256: digest, Size: size})
	}
}

// identity is an identity token as GitHub's endpoint for it answers; count is
// its length.
type identity struct {
	Value string `json:"value"`
	Count int    `json:"count"`
}

// identityToken gives a token that proves the job's identity to an audience.
func identityToken(h *host, r *http.Request) (any, error) {
	if !h.identity {
		return nil, fault.New(fault.Forbidden, "this job has no permission for an identity token").WithHint("give it permissions: id-token: write")
	}
	t, err := h.server.IdentityToken(r.Context(), work.IdentityTokenRequest{Execution: h.id, Audience: r.URL.Query().Get("audience")})
	if err != nil {
		return nil, err
	}
	h.mu.Lock()
	mask := h.mask
	h.mu.Unlock()
	if mask != nil {
		mask(t.Value)
	}
	return identity{Value: t.Value, Count: len(t.Value)}, nil
}

// testDocuments runs the document tests on the server, at the run's commit, and
// keeps their report as evidence.
func testDocuments(h *host, r *http.Request) (any, error) {
	t, err := h.server.TestDocuments(r.Context(), h.id)
	if err != nil {
		return nil, err
	}
	return t, h.keep(r.Context(), "document-test.xml", strings.NewReader(string(t.Report)))
}
