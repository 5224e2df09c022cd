package provenance

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/dc-release/dc-release/internal/core/deployment"
	"github.com/dc-release/dc-release/internal/core/evidence"
	"github.com/dc-release/dc-release/internal/core/ledger"
	"github.com/dc-release/dc-release/internal/core/pipeline"
	"github.com/dc-release/dc-release/internal/core/signature"
)

// Facts are what statements about a release or a rollback are made of.
type Facts struct {
	Installation string
	Solution     string
	Version      string
	Subject      []ledger.Event // the release's stream, or the environment's since the rollback was requested
	Run          []ledger.Event // of the release, none for a rollback
	Places       []ledger.Event // streams of the environments, whatever runs deployed there
	// Tree gives the files of a kept artifact.
	Tree func(pipeline.ArtifactKept) (deployment.Tree, error)
}

// Named is a statement with the event that it states and its name in the folder.
type Named struct {
	Seq       int64
	Name      string
	Statement Statement
}

// Statements states every build, test result, deployment and approval after one
// seq and before another, in order of the ledger.
func (f Facts) Statements(after, before int64) ([]Named, error) {
	var out []Named
	for _, e := range f.events() {
		if e.Seq <= after || e.Seq >= before {
			continue
		}
		made, err := f.state(e, before)
		if err != nil {
			return nil, fmt.Errorf("state event %d: %w", e.Seq, err)
		}
		out = append(out, made...)
	}
	return out, nil
}

// events are those of the subject, its run, and its run's deployments, in order.
func (f Facts) events() []ledger.Event {
	out := slices.Concat(f.Subject, f.Run)
	if len(f.Run) > 0 {
		for _, e := range f.Places {
			if d, ok := e.Data.(*deployment.Deployed); ok && d.Rollback == "" && ledger.RunStream(d.Run) == f.Run[0].Stream {
				out = append(out, e)
			}
		}
	}
	slices.SortFunc(out, func(a, b ledger.Event) int { return int(a.Seq - b.Seq) })
	return out
}

func (f Facts) state(e ledger.Event, before int64) ([]Named, error) {
	name := func(kind string) string { return kind + "-" + strconv.FormatInt(e.Seq, 10) }
	one := func(kind, predicate string, body any, subject ...Descriptor) []Named {
		return []Named{{e.Seq, name(kind), Statement{Type: StatementType, Subject: subject, PredicateType: predicate, Predicate: body}}}
	}
	switch d := e.Data.(type) {
	case *pipeline.ArtifactKept:
		files, err := f.Tree(*d)
		if err != nil {
			return nil, err
		}
		build, err := f.build(e, d)
		return one("build", BuildPredicate, build, artifact(d.Tree, files)...), err
	case *evidence.Recorded:
		var out []Named
		for n, i := range d.Items {
			for _, s := range one("test-result", TestPredicate, f.result(e, d, i), sha256(i.Name, i.SHA256)) {
				s.Name += "-" + strconv.Itoa(n+1)
				out = append(out, s)
			}
		}
		return out, nil
	case *deployment.Deployed:
		return one("deployment", DeploymentPredicate, f.deployment(e, d, before), tree(d.Tree)), nil
	case *signature.Made:
		return one("approval", ApprovalPredicate, f.approval(e, d), sha256("payload", d.Payload), sha256("signed", d.Manifest)), nil
	}
	return nil, nil
}

func (f Facts) about(e ledger.Event) About {
	return About{Installation: f.Installation, Solution: f.Solution, Version: f.Version, Event: e.ID, Seq: e.Seq, Time: e.Time}
}

// build says of a kept artifact which execution handed it in, of which source.
func (f Facts) build(kept ledger.Event, d *pipeline.ArtifactKept) (Build, error) {
	started, ok := f.Run[0].Data.(*pipeline.RunStarted)
	if !ok {
		return Build{}, fmt.Errorf("stream %s begins with %s", kept.Stream, f.Run[0].Type)
	}
	b := Build{
		Definition: Definition{
			Type: BuildType,
			External: External{
				Repository: started.Trigger.Repository, Ref: started.Trigger.Ref, Event: started.Trigger.Name, Workflow: started.File,
				Solution: f.Solution, Version: f.Version,
			},
			Internal: Internal{
				Run: started.Run, Job: pipeline.JobOf(d.Execution), Attempt: pipeline.AttemptOf(d.Execution),
				Sandbox: started.Sandbox, Evaluation: started.Evaluated,
			},
			Dependencies: []Descriptor{
				{URI: "git:" + started.Trigger.Repository + "@" + started.Trigger.Ref, Digest: map[string]string{"gitCommit": started.Trigger.SHA}},
				sha256("plan", started.Plan),
			},
		},
		Details: Details{
			Builder:  Builder{ID: "urn:dc-release:" + f.Installation, Version: map[string]string{"dc-release": kept.Build}},
			Metadata: Metadata{Invocation: d.Execution, Started: kept.Time},
		},
	}
	for _, e := range f.Run {
		if c, ok := e.Data.(*pipeline.ExecutionClaimed); ok && c.Execution == d.Execution && e.Seq < kept.Seq {
			b.Definition.Internal.Worker, b.Details.Metadata.Started = c.Worker, e.Time
		}
	}
	return b, nil
}

func (f Facts) result(e ledger.Event, d *evidence.Recorded, i evidence.Item) Result {
	r := Result{
		About: f.about(e), Execution: d.Execution, Job: d.Job, Person: d.Person, Signature: d.Signature,
		Format: i.Format, Verification: i.Verification, Environment: i.Environment, Commit: i.Commit, Tree: i.Tree,
		Passed: i.Passed, Failed: i.Failed, Errors: i.Errors, Skipped: i.Skipped, Verdict: i.Verdict, Counted: i.Counted,
	}
	if d.Execution != "" {
		r.Attempt = pipeline.AttemptOf(d.Execution)
	}
	if len(f.Run) > 0 {
		r.Run = f.run()
	}
	return r
}

// run is the id of the run.
func (f Facts) run() string {
	if d, ok := f.Run[0].Data.(*pipeline.RunStarted); ok {
		return d.Run
	}
	return ""
}

func (f Facts) deployment(e ledger.Event, d *deployment.Deployed, before int64) Deployment {
	out := Deployment{
		About: f.about(e), Environment: d.Environment, Target: d.Target, Tree: d.Tree, Commit: d.Commit, Deployed: d.Version,
		Run: d.Run, Execution: d.Execution, Rollback: d.Rollback, Observed: []Observed{},
	}
	for _, x := range f.events() {
		r, ok := x.Data.(*evidence.Recorded)
		if !ok || x.Seq <= e.Seq || x.Seq >= before || r.Execution != d.Execution {
			continue
		}
		for _, i := range r.Items {
			if i.Format == evidence.FormatInstallation && i.Environment == d.Environment && i.Tree == d.Tree {
				out.Observed = append(out.Observed, Observed{SHA256: i.SHA256, Passed: i.Passed, Failed: i.Failed, Errors: i.Errors, Verdict: i.Verdict})
			}
		}
	}
	return out
}

func (f Facts) approval(e ledger.Event, d *signature.Made) Approval {
	return Approval{
		About: f.about(e), Signature: d.Signature, Person: d.Person, For: e.OnBehalf, Role: string(d.Role), Meaning: string(d.Meaning),
		Decision: d.Decision, Gate: d.Gate, Method: d.Method,
	}
}
