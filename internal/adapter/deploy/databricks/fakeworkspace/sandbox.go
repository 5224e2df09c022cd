package fakeworkspace

import (
	"net/http"
	"slices"
)

// Snapshot is what a workspace holds at one moment.
type Snapshot struct {
	Schema   string    `json:"schema"`
	Name     string    `json:"name"`
	Host     string    `json:"host,omitempty"`
	Jobs     []Job     `json:"jobs"`
	Files    []File    `json:"files"`
	Runs     []Run     `json:"runs"`     // oldest first
	Requests []Request `json:"requests"` // oldest first
}

// Snapshot is all of the workspace, taken at once.
func (w *Workspace) Snapshot() Snapshot {
	w.mu.Lock()
	defer w.mu.Unlock()
	return Snapshot{
		Schema: schema, Name: w.config.Name, Host: w.config.Host,
		Jobs: w.jobs(), Files: w.files(), Runs: w.runs(), Requests: slices.Clone(w.state.Requests),
	}
}

// Sandbox is several workspaces, one for each environment, and the page that shows
// them side by side. Databricks clients know a workspace by scheme, host and port
// alone, so each one is served by a listener of its own, and the Sandbox, which
// serves the page, by another.
type Sandbox struct {
	workspaces []*Workspace
	handler    http.Handler
}

// NewSandbox joins workspaces in the order in which they are shown.
func NewSandbox(workspaces ...*Workspace) *Sandbox {
	s := &Sandbox{workspaces: workspaces}
	mux := http.NewServeMux()
	pages(mux, s.snapshots)
	s.handler = mux
	return s
}

// Workspace is the one of a name, nil when there is none.
func (s *Sandbox) Workspace(name string) *Workspace {
	i := slices.IndexFunc(s.workspaces, func(w *Workspace) bool { return w.Name() == name })
	if i < 0 {
		return nil
	}
	return s.workspaces[i]
}

func (s *Sandbox) snapshots() []Snapshot {
	var out []Snapshot
	for _, w := range s.workspaces {
		out = append(out, w.Snapshot())
	}
	return out
}

// ServeHTTP serves the page at /.
func (s *Sandbox) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }
