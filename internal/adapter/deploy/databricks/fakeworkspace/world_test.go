package fakeworkspace_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/dc-release/dc-release/internal/adapter/deploy/databricks/fakeworkspace"
)

var start = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

const (
	token   = "dapi-ada-0123456789" // #nosec G101 -- of the fake
	reader  = "dapi-bob-0123456789" // #nosec G101 -- of the fake
	secret  = "s3cret+with/signs"   // #nosec G101 -- of the fake
	client  = "0a0a-deployer"
	account = "acc-1"
)

var (
	ada = fakeworkspace.Principal{UserName: "ada@example.com"}
	bob = fakeworkspace.Principal{UserName: "bob@example.com", ReadOnly: true}
)

// world is a workspace, its server and its clock.
type world struct {
	*fakeworkspace.Workspace
	t     *testing.T
	url   string
	now   time.Time
	token string
	// endpoint is where tokens are asked for; "" is the workspace's.
	endpoint string
}

func config(w *world) fakeworkspace.Config {
	return fakeworkspace.Config{
		Name: "dev", Org: 4711, Account: account, Clock: func() time.Time { return w.now }, MaxFile: 1 << 20,
		Tokens:   []fakeworkspace.Token{{Secret: token, Principal: ada}, {Secret: reader, Principal: bob}},
		Clients:  []fakeworkspace.Client{{ID: client, Secret: secret}},
		Catalogs: []fakeworkspace.Catalog{{Name: "dev_sales", Schemas: []string{"raw", "mart"}, Owner: "ada@example.com"}, {Name: "shared"}},
	}
}

func open(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, now: start, token: token}
	w.Workspace = fakeworkspace.New(config(w))
	w.listen(w)
	return w
}

func (w *world) listen(h http.Handler) {
	s := httptest.NewServer(h)
	w.t.Cleanup(s.Close)
	w.url = s.URL
}

// send makes a request; a body that is no text or bytes goes as JSON.
func (w *world) send(method, path string, body any, header ...string) (int, http.Header, []byte) {
	w.t.Helper()
	var raw []byte
	switch b := body.(type) {
	case nil:
	case string:
		raw = []byte(b)
	case []byte:
		raw = b
	default:
		var err error
		if raw, err = json.Marshal(b); err != nil {
			w.t.Fatal(err)
		}
	}
	r, err := http.NewRequestWithContext(w.t.Context(), method, w.url+path, bytes.NewReader(raw))
	if err != nil {
		w.t.Fatal(err)
	}
	if w.token != "" {
		r.Header.Set("Authorization", "Bearer "+w.token)
	}
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		w.t.Fatal(err)
	}
	defer answer.Body.Close()
	data, err := io.ReadAll(answer.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	return answer.StatusCode, answer.Header, data
}

type object = map[string]any

// ok makes a request that must succeed and gives its JSON answer.
func (w *world) ok(method, path string, body any) object {
	w.t.Helper()
	status, _, data := w.send(method, path, body)
	if status != http.StatusOK {
		w.t.Fatalf("%s %s: %d %s", method, path, status, data)
	}
	var out object
	if err := json.Unmarshal(data, &out); err != nil {
		w.t.Fatalf("%s %s: %v: %s", method, path, err, data)
	}
	return out
}

// refused makes a request that must be refused with a status and an error code.
func (w *world) refused(method, path string, body any, status int, code string) string {
	w.t.Helper()
	got, _, data := w.send(method, path, body)
	var p struct {
		Code    string `json:"error_code"`
		Message string `json:"message"`
	}
	if err := json.Unmarshal(data, &p); err != nil || got != status || p.Code != code || p.Message == "" {
		w.t.Errorf("%s %s: %d %s, want %d %s", method, path, got, data, status, code)
	}
	return p.Message
}

func (w *world) upload(path, data string) {
	w.t.Helper()
	w.ok("POST", "/api/2.0/workspace-files/import-file/"+url.PathEscape(path)+"?overwrite=true", data)
}

func (w *world) create(settings object) int64 {
	w.t.Helper()
	id, ok := w.ok("POST", "/api/2.2/jobs/create", settings)["job_id"].(float64)
	if !ok {
		w.t.Fatal("no job_id")
	}
	return int64(id)
}

// at is the value at a path of keys and indexes, written with dots.
func at(v any, path string) any {
	for key := range strings.SplitSeq(path, ".") {
		switch x := v.(type) {
		case object:
			v = x[key]
		case []any:
			if i := int(key[0] - '0'); i < len(x) {
				v = x[i]
			} else {
				return nil
			}
		default:
			return nil
		}
	}
	return v
}
