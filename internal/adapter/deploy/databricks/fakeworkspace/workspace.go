// Package fakeworkspace is a Databricks workspace in memory, for tests, the demo
// and the sandbox: the part of the public REST API that a bundle deployment, its
// verification and its preflight use. It executes nothing: runs end as they are
// told to. It is not Databricks and says so wherever people look at it.
//
// Written from the public REST documentation (Jobs 2.2, Workspace 2.0,
// Permissions 2.0, SCIM, Unity Catalog 2.1, OAuth) and from observed requests. A
// real workspace may differ; what it adds, limits and delays was not seen.
package fakeworkspace

import (
	"net/http"
	"sync"
	"time"
)

// Config is what one workspace is made of. The zero value of each field is
// usable; a workspace without tokens, clients and policies admits nobody.
type Config struct {
	Name       string           // of the environment, for the page: dev, tst, val, prd
	Host       string           // URL under which it is reached; "" takes that of each request
	Org        int64            // workspace id, sent as X-Databricks-Org-Id
	Account    string           // audience of a federation policy that names none
	Clock      func() time.Time // default time.Now
	Tokens     []Token
	Clients    []Client
	Federation []Policy
	Entra      *Entra // whose tokens are accepted too, as by workspaces of Azure
	Catalogs   []Catalog
	MaxFile    int64 // bytes of one file, default 64 MiB
}

// Principal is who acts: a person, or a service principal whose UserName is its
// application id.
type Principal struct {
	UserName string `json:"user_name"`
	Service  bool   `json:"service,omitempty"`
	ReadOnly bool   `json:"read_only,omitempty"` // may read everything and change nothing
}

// Workspace is one workspace. It is safe for concurrent use; requests are served
// one after another.
type Workspace struct {
	config  Config
	secrets []string // never to appear in the log
	path    string   // of the state's file, "" for none
	own     http.Handler

	mu    sync.Mutex
	state state
}

const defaultMaxFile = 64 << 20

// New makes an empty workspace: the root, /Shared, /Users and a home for each
// principal. To keep what happens in it in a file, use Open.
func New(c Config) *Workspace {
	if c.Clock == nil {
		c.Clock = time.Now
	}
	if c.MaxFile == 0 {
		c.MaxFile = defaultMaxFile
	}
	w := &Workspace{config: c, state: newState()}
	w.secrets, w.own = c.secrets(), w.ownHandler()
	w.makeHomes()
	return w
}

// Name is that of the configuration.
func (w *Workspace) Name() string { return w.config.Name }

// ServeHTTP answers the REST API, the page at / and the admin API below
// /_sandbox/.
func (w *Workspace) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	if w.serveOwn(rw, r) {
		return
	}
	w.serve(rw, r).write(rw)
}

// host is the URL of the workspace without a slash at its end.
func (w *Workspace) host(r *http.Request) string {
	switch {
	case w.config.Host != "":
		return w.config.Host
	case r.TLS != nil:
		return "https://" + r.Host
	}
	return "http://" + r.Host
}

// state is all that a workspace remembers, as it is in its file.
type state struct {
	Schema   string               `json:"schema"`
	LastID   counters             `json:"last_id"`
	Objects  map[string]*object   `json:"objects"` // by path
	Jobs     map[int64]*job       `json:"jobs"`
	Runs     []*run               `json:"runs"`   // oldest first
	Grants   map[string][]Grant   `json:"grants"` // by object, "jobs/101"; without inherited ones
	Issued   map[string]admission `json:"issued"` // by SHA-256 of the access token
	Faults   []*Fault             `json:"faults"`
	Failing  []*FailingRun        `json:"failing"`
	Defaults settings             `json:"defaults"`
	Requests []Request            `json:"requests"`
}

const schema = "dc-release/sandbox-workspace/v1"

// counters hold the last id of each kind: ids are the same in each repetition.
type counters struct {
	Object  int64 `json:"object"`
	Job     int64 `json:"job"`
	Run     int64 `json:"run"`
	Request int64 `json:"request"`
}

func newState() state {
	s := state{Schema: schema, LastID: counters{Object: 9000, Job: 100, Run: 5000}}
	s.complete()
	return s
}

// complete makes the maps that a file may lack.
func (s *state) complete() {
	if s.Objects == nil {
		s.Objects = map[string]*object{}
	}
	if s.Jobs == nil {
		s.Jobs = map[int64]*job{}
	}
	if s.Grants == nil {
		s.Grants = map[string][]Grant{}
	}
	if s.Issued == nil {
		s.Issued = map[string]admission{}
	}
}

func next(counter *int64) int64 {
	*counter++
	return *counter
}
