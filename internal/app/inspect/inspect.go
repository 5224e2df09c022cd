package inspect

import (
	"context"
	"io"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/dc-release/dc-release/internal/app/signed"
	"github.com/dc-release/dc-release/internal/app/state"
	"github.com/dc-release/dc-release/internal/core/document"
	"github.com/dc-release/dc-release/internal/core/evidence"
	"github.com/dc-release/dc-release/internal/core/gate"
	"github.com/dc-release/dc-release/internal/core/joblog"
	"github.com/dc-release/dc-release/internal/core/ledger"
	"github.com/dc-release/dc-release/internal/core/pipeline"
	"github.com/dc-release/dc-release/internal/core/policy"
	"github.com/dc-release/dc-release/internal/core/signature"
)

// Lists reads the views.
type Lists interface {
	Runs(ctx context.Context, q RunsQuery) ([]Run, error)
	Releases(ctx context.Context, solution string) ([]Release, error)
	Environments(ctx context.Context, solution string) ([]Environment, error)
	Persons(ctx context.Context) (map[string]string, error)
	// Changed is closed at the next commit.
	Changed() <-chan struct{}
}

// Blobs reads logs.
type Blobs interface {
	OpenAt(ctx context.Context, digest string, offset int64) (io.ReadCloser, error)
}

// Names gives the printed name of a person.
type Names func(ctx context.Context, person string) (string, error)

// Unsigned says which meanings an open gate still asks for and which
// signatures count.
type Unsigned func(ctx context.Context, solution, profile string, s gate.Standing, name string) (missing []string, effective []gate.Signed, reads []ledger.Read, err error)

// Inspector answers questions.
type Inspector struct {
	Lists
	State    *state.Reader
	Blobs    Blobs
	Logs     Logs
	Names    Names
	Unsigned Unsigned
	// Moving reports whether anything happens without a person, given that a
	// worker has to do with the run (busy). It is false where nobody serves.
	Moving func(ctx context.Context, busy bool) (bool, error)
	// Silent gives the executions whose worker is dead or does not renew.
	Silent func(ctx context.Context) (map[string]bool, error)
	Now    func() time.Time
}

// Job is one job of a run as people see it.
type Job struct {
	Key         string              `json:"key"`
	Scope       string              `json:"scope,omitempty"` // key of the call that it is in
	Group       string              `json:"group,omitempty"` // key of the matrix that it is a leg of
	Needs       []string            `json:"needs,omitempty"` // keys of jobs in the same scope
	Name        string              `json:"name"`
	Status      string              `json:"status"`
	Conclusion  string              `json:"conclusion"`
	Reason      string              `json:"reason,omitempty"`
	Environment string              `json:"environment,omitempty"`
	Call        bool                `json:"call"`
	Execution   string              `json:"execution,omitempty"`
	Executions  []string            `json:"executions,omitempty"` // all, when there are several
	Started     string              `json:"started,omitempty"`    // when a worker took the execution
	Silent      bool                `json:"silent,omitempty"`     // nobody hears of its worker
	Step        *joblog.Step        `json:"step,omitempty"`       // while it runs
	Log         int64               `json:"log,omitempty"`        // bytes printed so far, while it runs
	Artifacts   []pipeline.Artifact `json:"artifacts,omitempty"`
}

// RunDetail is one run with its jobs.
type RunDetail struct {
	Run        string   `json:"run"`
	Solution   string   `json:"solution"`
	Number     int64    `json:"number"`
	Event      string   `json:"event"`
	Ref        string   `json:"ref"`
	SHA        string   `json:"sha"`
	Version    string   `json:"version,omitempty"`
	Finished   bool     `json:"finished"`
	Conclusion string   `json:"conclusion"`
	Jobs       []Job    `json:"jobs"`
	Findings   []string `json:"findings,omitempty"`
	// Kept is the artifact that a job handed in, with its parts where it has any.
	Kept *pipeline.ArtifactKept `json:"artifact,omitempty"`

	events int64
}

// Run gives one run by id or number of its solution.
func (i *Inspector) Run(ctx context.Context, id string) (RunDetail, error) {
	run, err := i.State.Run(ctx, id)
	if err != nil {
		return RunDetail{}, err
	}
	r := run.Run
	out := RunDetail{
		Run: r.Run, Solution: r.Solution, Number: r.Number, Event: r.Trigger.Name, Ref: r.Trigger.Ref, SHA: r.Trigger.SHA, Version: r.Version,
		Finished: run.State.Finished, Conclusion: string(run.Result), Jobs: []Job{},
		Kept: run.Kept, events: run.Version,
	}
	for _, f := range run.Plan.Findings {
		out.Findings = append(out.Findings, f.String())
	}
	silent := sync.OnceValues(func() (map[string]bool, error) { return i.Silent(ctx) })
	for _, j := range run.Plan.Jobs {
		st := run.Jobs[j.Key]
		job := Job{
			Key: j.Key, Scope: j.Scope, Group: j.Group, Needs: j.Needs, Name: st.Name, Status: string(st.Status), Conclusion: string(st.Conclusion), Reason: st.Reason,
			Environment: j.Environment, Call: !j.IsExecuted(), Execution: st.Execution, Artifacts: run.Results[st.Execution].Artifacts,
			Started: run.Claims[st.Execution].Time,
		}
		if len(st.Executions) > 1 {
			job.Executions = st.Executions
		}
		if st.Status == pipeline.Running {
			if err := i.progress(&job, silent); err != nil {
				return out, err
			}
		}
		if job.Call && st.Conclusion == pipeline.Skipped && job.Reason == "" {
			job.Reason = skippedWithin(run.State, j.Key)
		}
		out.Jobs = append(out.Jobs, job)
	}
	return out, nil
}

// progress is what a job that runs does now, and whether anybody hears of it.
func (i *Inspector) progress(j *Job, silent func() (map[string]bool, error)) error {
	printed, step, err := i.Logs.State(j.Execution)
	if err != nil {
		return err
	}
	if j.Log = printed; step.Number > 0 {
		j.Step = &step
	}
	unheard, err := silent()
	if j.Silent = unheard[j.Execution]; j.Silent {
		j.Reason = "nobody hears of its worker: look what became of it, then declare it lost with runs rerun"
	}
	return err
}

// skippedWithin says why a call that was entered ended skipped: all its jobs
// were, and the first one tells why.
func skippedWithin(s pipeline.State, call string) string {
	for j := range s.Plan.Children(call) {
		if reason := s.Jobs[j.Key].Reason; reason != "" {
			return reason
		}
	}
	return ""
}

// Evidence is one item with where it came from.
type Evidence struct {
	evidence.Item
	Execution string `json:"execution"`
	Job       string `json:"job"`
	Person    string `json:"person,omitempty"`
}

// Evidence lists every item of a run.
func (i *Inspector) Evidence(ctx context.Context, id string) ([]Evidence, error) {
	run, err := i.State.Run(ctx, id)
	if err != nil {
		return nil, err
	}
	out := []Evidence{}
	for _, rec := range run.Evidence {
		for _, item := range rec.Items {
			out = append(out, Evidence{Item: item, Execution: rec.Execution, Job: rec.Job, Person: rec.Person})
		}
	}
	return out, nil
}

// Signed is a signature at a gate. Name, text and time are those that were
// signed.
type Signed struct {
	Signature string `json:"signature"`
	Name      string `json:"name"`
	Role      string `json:"role"`
	Meaning   string `json:"meaning"`
	Text      string `json:"text"`
	Time      string `json:"time"`
	Effective bool   `json:"effective"`

	Printed    document.Manifestation `json:"printed"`
	Unreadable string                 `json:"unreadable,omitempty"` // why the ledger alone is shown
}

// Gate is one gate of a release or of a rollback.
type Gate struct {
	Gate       string        `json:"gate"`
	Solution   string        `json:"solution"`
	Version    string        `json:"version"`
	Subject    ledger.Stream `json:"subject"`
	Phase      string        `json:"phase"`
	Missing    []string      `json:"missing,omitempty"` // facts, while closed
	Unsigned   []string      `json:"unsigned"`          // meanings, while open
	Roles      []string      `json:"roles"`             // of the unsigned meanings, in their order
	Manifest   string        `json:"manifest,omitempty"`
	Signatures []Signed      `json:"signatures"`
	Voided     []string      `json:"voided,omitempty"`
	// Deployment is what an opened gate lets through.
	Deployment *gate.ManifestDeployment `json:"deployment,omitempty"`
}

// Gates lists every gate that a release in progress or a rollback waits at.
func (i *Inspector) Gates(ctx context.Context, solution string) ([]Gate, error) {
	releases, err := i.Releases(ctx, solution)
	if err != nil {
		return nil, err
	}
	out := []Gate{}
	add := func(solution string, stream ledger.Stream) error {
		s, err := i.State.Standing(ctx, stream)
		if err != nil {
			return err
		}
		gates, err := i.gates(ctx, solution, stream, s)
		for _, g := range gates {
			if g.Phase == string(gate.PhaseOpen) || (g.Phase == string(gate.PhaseClosed) && len(g.Missing) > 0) {
				out = append(out, g)
			}
		}
		return err
	}
	solutions := map[string]bool{}
	for _, r := range releases {
		solutions[r.Solution] = true
		if err := add(r.Solution, ledger.ReleaseStream(r.Solution, r.Version)); err != nil {
			return nil, err
		}
	}
	for _, key := range slices.Sorted(maps.Keys(solutions)) {
		for _, place := range policy.Places {
			if err := add(key, ledger.EnvironmentStream(key, place)); err != nil {
				return nil, err
			}
		}
	}
	return out, nil
}

func (i *Inspector) gates(ctx context.Context, solution string, stream ledger.Stream, s gate.Standing) ([]Gate, error) {
	profile := string(policy.GxP)
	version := ""
	if s.Registered != nil {
		profile, version = s.Registered.Profile, s.Registered.Version
	}
	out := []Gate{}
	for _, name := range gate.Names {
		g, known := s.Gates[name]
		if !known {
			continue
		}
		row := Gate{
			Gate: name, Solution: solution, Version: version, Subject: stream, Phase: string(g.Phase), Missing: g.Missing,
			Unsigned: []string{}, Roles: []string{}, Signatures: []Signed{},
		}
		counted := map[string]bool{}
		if g.Opened != nil {
			row.Manifest = g.Opened.Manifest
			m, err := i.State.Manifest(ctx, g.Opened.Manifest)
			if err != nil {
				return nil, err
			}
			row.Deployment = m.Deployment
			missing, effective, _, err := i.Unsigned(ctx, solution, profile, s, name)
			if err != nil {
				return nil, err
			}
			if g.Phase == gate.PhaseOpen {
				row.Unsigned = append(row.Unsigned, missing...)
			}
			for _, sig := range effective {
				counted[sig.Signature] = true
			}
		}
		row.Roles = append(row.Roles, rolesOf(row.Unsigned)...)
		for _, v := range g.Voided {
			row.Voided = append(row.Voided, v.Because)
		}
		for _, sig := range g.Signatures {
			printed, unreadable, err := i.printed(ctx, sig)
			if err != nil {
				return nil, err
			}
			row.Signatures = append(row.Signatures, Signed{
				Signature: sig.Signature, Name: printed.Name, Role: string(sig.Role), Meaning: string(sig.Meaning), Text: printed.Text, Time: printed.Time,
				Effective: counted[sig.Signature] || (g.Consumed != nil && slices.Contains(g.Consumed.Signatures, sig.Signature)),
				Printed:   printed, Unreadable: unreadable,
			})
		}
		out = append(out, row)
	}
	return out, nil
}

// rolesOf says of each meaning who may declare it.
func rolesOf(meanings []string) []string {
	var out []string
	for _, m := range meanings {
		d, _ := signature.Find(signature.Meaning(m))
		var roles []string
		for _, role := range d.Roles {
			roles = append(roles, string(role))
		}
		out = append(out, strings.Join(roles, " or "))
	}
	return out
}

// printed is a signature as it was signed. One whose payload or envelope cannot
// be read is shown as the ledger tells it, with the reason, so that nothing else
// that people look at is gone with it.
func (i *Inspector) printed(ctx context.Context, sig gate.Signed) (document.Manifestation, string, error) {
	s, err := i.signed().Signature(ctx, sig.Made, sig.Seq)
	if err == nil {
		return s.Printed(), "", nil
	}
	name, broken := i.Names(ctx, sig.Person)
	d, _ := signature.Find(sig.Meaning)
	s = document.Signature{
		ID: sig.Signature, Signer: document.Person{ID: sig.Person, Name: name}, Role: sig.Role.Title(), Meaning: string(sig.Meaning), MeaningText: d.Text,
		Decision: sig.Decision, At: sig.Time, Method: sig.Method,
	}
	return s.Printed(), err.Error(), broken
}

// signed reads what was signed and decided.
func (i *Inspector) signed() signed.Reader {
	return signed.Reader{Blobs: i.State.Blobs, Names: i.Names}
}
