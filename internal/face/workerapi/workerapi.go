// Package workerapi is the protocol between the server and its workers: HTTP
// with JSON, the same for the worker beside the server and for a remote one.
// Every call about an execution carries its fence.
package workerapi

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/dc-release/dc-release/internal/app/claim"
	"github.com/dc-release/dc-release/internal/app/work"
	"github.com/dc-release/dc-release/internal/core/fault"
	"github.com/dc-release/dc-release/internal/core/pipeline"
)

// maxWait bounds one long poll.
const maxWait = 30 * time.Second

// Handler serves the protocol to callers that know the token.
func Handler(s work.Server, token string) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /worker/claim", func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), maxWait)
		defer cancel()
		handle(w, r, func(_ context.Context, q claim.Worker) (*pipeline.Assignment, error) { return s.Claim(ctx, q) })
	})
	post(mux, "renew", s.Renew)
	post(mux, "secret", s.Secret)
	post(mux, "finish", func(ctx context.Context, q claim.Result) (struct{}, error) { return struct{}{}, s.Finish(ctx, q) })
	post(mux, "deploy", s.Deploy)
	post(mux, "run-tasks", s.RunTasks)
	post(mux, "describe", s.Describe)
	post(mux, "publish", s.Publish)
	post(mux, "document-test", s.TestDocuments)
	post(mux, "identity-token", s.IdentityToken)
	post(mux, "artifact-name", func(ctx context.Context, q work.ArtifactName) (struct{}, error) {
		return struct{}{}, s.NameArtifact(ctx, q)
	})
	post(mux, "artifacts", s.Artifacts)
	mux.HandleFunc("PUT /worker/log", func(w http.ResponseWriter, r *http.Request) {
		out, err := appendLog(s, w, r)
		answer(w, out, err)
	})
	mux.HandleFunc("PUT /worker/blob", func(w http.ResponseWriter, r *http.Request) {
		digest, size, err := s.PutBlob(r.Context(), r.Body)
		answer(w, blobPut{Digest: digest, Size: size}, err)
	})
	stream(mux, "blob", func(ctx context.Context, q blobGet) (io.ReadCloser, error) { return s.Blob(ctx, q.Execution, q.Digest) })
	stream(mux, "source", s.Source)
	stream(mux, "action", s.Action)
	post(mux, "cache/find", s.FindCache)
	stream(mux, "cache/read", s.ReadCache)
	mux.HandleFunc("PUT /worker/cache", func(w http.ResponseWriter, r *http.Request) {
		var q work.CacheSave
		if err := json.Unmarshal([]byte(r.URL.Query().Get("request")), &q); err != nil {
			answer(w, nil, fault.New(fault.Invalid, "request: %v", err))
			return
		}
		out, err := s.SaveCache(r.Context(), q, r.Body)
		answer(w, out, err)
	})
	return authorised(mux, token)
}

// appendLog reads a chunk: its place is the query, its bytes are the body.
func appendLog(s work.Server, w http.ResponseWriter, r *http.Request) (work.Logged, error) {
	q := r.URL.Query()
	fence, errFence := strconv.ParseInt(q.Get("fence"), 10, 64)
	offset, errOffset := strconv.ParseInt(q.Get("offset"), 10, 64)
	if err := errors.Join(errFence, errOffset); err != nil {
		return work.Logged{}, fault.New(fault.Invalid, "request: %v", err)
	}
	data, err := io.ReadAll(http.MaxBytesReader(w, r.Body, work.MaxChunk))
	if err != nil {
		return work.Logged{}, fault.New(fault.Invalid, "request: %v", err)
	}
	return s.AppendLog(r.Context(), work.LogChunk{Execution: work.Execution{Execution: q.Get("execution"), Fence: fence}, Offset: offset}, data)
}

type blobPut struct {
	Digest string `json:"digest"`
	Size   int64  `json:"size"`
}

type blobGet struct {
	work.Execution
	Digest string `json:"digest"`
}

func authorised(next http.Handler, token string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		if !ok || !same(got, token) {
			answer(w, nil, fault.New(fault.Forbidden, "the worker's token is not known here"))
			return
		}
		next.ServeHTTP(w, r)
	})
}

func post[Q, R any](mux *http.ServeMux, verb string, do func(context.Context, Q) (R, error)) {
	mux.HandleFunc("POST /worker/"+verb, func(w http.ResponseWriter, r *http.Request) { handle(w, r, do) })
}

func handle[Q, R any](w http.ResponseWriter, r *http.Request, do func(context.Context, Q) (R, error)) {
	var q Q
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, work.MaxRequest)).Decode(&q); err != nil {
		answer(w, nil, fault.New(fault.Invalid, "request: %v", err))
		return
	}
	out, err := do(r.Context(), q)
	answer(w, out, err)
}

func stream[Q any](mux *http.ServeMux, verb string, do func(context.Context, Q) (io.ReadCloser, error)) {
	mux.HandleFunc("POST /worker/"+verb, func(w http.ResponseWriter, r *http.Request) {
		var q Q
		if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, work.MaxRequest)).Decode(&q); err != nil {
			answer(w, nil, fault.New(fault.Invalid, "request: %v", err))
			return
		}
		body, err := do(r.Context(), q)
		if err != nil {
			answer(w, nil, err)
			return
		}
		defer body.Close()
		if _, err := io.Copy(w, body); err != nil {
			panic(http.ErrAbortHandler) // the reader sees a cut answer, not a whole one
		}
	})
}

var statusOf = map[fault.Kind]int{
	fault.Invalid: http.StatusBadRequest, fault.Forbidden: http.StatusForbidden, fault.NotFound: http.StatusNotFound,
	fault.Conflict: http.StatusConflict, fault.Blocked: http.StatusLocked, fault.Unverified: http.StatusUnprocessableEntity,
}

func answer(w http.ResponseWriter, out any, err error) {
	w.Header().Set("Content-Type", "application/json")
	if err != nil {
		status, ok := statusOf[fault.KindOf(err)]
		if !ok {
			status = http.StatusInternalServerError
		}
		w.WriteHeader(status)
		out = fault.ProblemOf(err)
	}
	_ = json.NewEncoder(w).Encode(out) // a caller that is gone gets nothing
}
