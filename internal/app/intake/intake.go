// Package intake turns a push, tag or pull request into a run: it refuses what
// must not start, plans the rest from the files of exactly that commit, and
// registers a release for a version tag.
package intake

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/dc-release/dc-release/internal/app/inspect"
	"github.com/dc-release/dc-release/internal/app/state"
	"github.com/dc-release/dc-release/internal/core/fault"
	"github.com/dc-release/dc-release/internal/core/gate"
	"github.com/dc-release/dc-release/internal/core/ledger"
	"github.com/dc-release/dc-release/internal/core/pipeline"
	"github.com/dc-release/dc-release/internal/core/policy"
	"github.com/dc-release/dc-release/internal/core/release"
	"github.com/dc-release/dc-release/internal/core/workflow"
)

// Code is a repository as it is at a moment; it reads objects only.
type Code interface {
	Resolve(ctx context.Context, name string) (release.Ref, bool, error)
	ReadFile(ctx context.Context, commit, path string) ([]byte, bool, error)
	Files(ctx context.Context, commit, folder string) ([]release.File, error)
	OnFirstParentChain(ctx context.Context, commit, branch string) (bool, error)
	Identities(ctx context.Context, from, to string) ([]release.Identity, error)
	Tagger(ctx context.Context, object string) (release.Identity, bool, error)
	Subject(ctx context.Context, commit string) (string, error)
	Keep(ctx context.Context, commit string) error
	// Contains reports whether a commit is in the history of another.
	Contains(ctx context.Context, history, commit string) (bool, error)
	// Changed lists the paths that differ between two commits.
	Changed(ctx context.Context, from, to string) ([]string, error)
}

// Repositories fetches the repositories of a solution.
type Repositories interface {
	// Code fetches the code repository and gives its present state.
	Code(ctx context.Context, b policy.Baseline) (Code, error)
	// Requirements gives the head commit of the requirements repository's
	// branch, "" when the solution has none.
	Requirements(ctx context.Context, b policy.Baseline) (commit string, err error)
}

// Lists reads the views that intake decides with.
type Lists interface {
	Runs(ctx context.Context, q inspect.RunsQuery) ([]inspect.Run, error)
	Releases(ctx context.Context, solution string) ([]inspect.Release, error)
	PersonByIdentity(ctx context.Context, digest string) (person string, err error)
	// Persons maps logins to persons.
	Persons(ctx context.Context) (map[string]string, error)
}

// Blobs keeps plans and sources.
type Blobs interface {
	PutBytes(ctx context.Context, data []byte) (digest string, err error)
}

// Planner reads workflow files and expands them.
type Planner func(ctx context.Context, req PlanRequest) (pipeline.Plan, []workflow.Finding, map[string][]byte, error)

// PlanRequest is what a plan is made from.
type PlanRequest struct {
	Trigger      pipeline.Trigger
	File         string
	Code         Code
	Vars         map[string]string
	Profile      policy.Profile
	Environments map[string]string // further names of places
	Branch       string            // that releases come from, "" for main
}

// ConfigReader reads dc-release.yaml.
type ConfigReader func(data []byte) (policy.File, []workflow.Finding)

// Intake starts runs.
type Intake struct {
	Log          ledger.Log
	State        *state.Reader
	Lists        Lists
	Blobs        Blobs
	Repositories Repositories
	Plan         Planner
	Config       ConfigReader
	Vars         func(solution, environment string) map[string]string
	NewID        func() string
	Now          func() time.Time
	Installation string
	Sandbox      string
	Evaluation   bool
}

// Push is what a hook or a person hands in.
type Push struct {
	Solution   string `json:"solution"`
	Event      string `json:"event"` // push, pull_request
	Ref        string `json:"ref"`   // refs/heads/main, refs/tags/v1.0.0, refs/pull/7/head
	Object     string `json:"object"`
	Actor      string `json:"actor"`
	Deleted    bool   `json:"deleted"`
	Repository string `json:"repository"` // owner/name; "" takes local/<solution>
}

// Started says what became of a push.
type Started struct {
	Run     string `json:"run"` // "" when nothing started
	Version string `json:"version"`
	Reason  string `json:"reason"` // why nothing started
}

var actor = ledger.Actor{Kind: ledger.Machine, ID: "intake", Authentication: "spool"}

// refusal is a rule that keeps a push from starting a run.
type refusal struct {
	rule, message string
	details       []string
}

func (r *refusal) Error() string { return r.message }

// Accept starts the run of a push. A refusal is recorded with its rule and
// returned as a fault; the same push twice starts one run.
func (i *Intake) Accept(ctx context.Context, b policy.Solution, p Push) (Started, error) {
	started, err := i.accept(ctx, b, p)
	r, refused := err.(*refusal)
	if !refused {
		return started, err
	}
	_, err = i.Log.Append(ctx, ledger.Batch{
		Command: fmt.Sprintf("intake-refused/%s/%s/%s/%s", p.Solution, p.Event, p.Ref, p.Object), Actor: actor, Policy: b.Digest,
		Events: []ledger.Draft{{Stream: ledger.SolutionStream(p.Solution), Data: &release.IntakeRefused{
			Event: p.Event, Ref: p.Ref, Commit: p.Object, Rule: r.rule, Message: r.message, Details: r.details,
		}}},
	})
	if err != nil {
		return Started{}, err
	}
	f := fault.New(fault.Invalid, "%s", r.message)
	if len(r.details) > 0 {
		f = f.WithHint("%s", strings.Join(r.details, "\n"))
	}
	return Started{Reason: r.message}, f
}

func (i *Intake) accept(ctx context.Context, b policy.Solution, p Push) (Started, error) {
	if p.Deleted {
		return i.deleted(ctx, b, p)
	}
	code, err := i.Repositories.Code(ctx, b.Baseline)
	if err != nil {
		return Started{}, err
	}
	ref, ok, err := code.Resolve(ctx, p.Ref)
	if err != nil {
		return Started{}, err
	}
	if !ok {
		return Started{Reason: fmt.Sprintf("ref %s is gone", p.Ref)}, nil
	}
	p.Object = ref.Object
	trigger, err := i.trigger(ctx, code, p, ref)
	if err != nil {
		return Started{}, err
	}
	var version string
	if strings.HasPrefix(p.Ref, "refs/tags/") {
		if version, err = i.checkTag(ctx, b, code, p, ref); err != nil {
			return Started{}, err
		}
	}
	if b.Profile == policy.GxP && i.Sandbox == "none" && !i.Evaluation {
		return Started{}, &refusal{rule: "no-isolation", message: "a GxP solution runs its steps in a sandbox: none is for EVALUATION only"}
	}
	if err := i.checkConfig(ctx, b, code, ref.Commit); err != nil {
		return Started{}, err
	}
	return i.start(ctx, b, code, p, trigger, version)
}

// checkConfig refuses a commit whose dc-release.yaml is not the recorded
// baseline: changing that is a change of its own.
func (i *Intake) checkConfig(ctx context.Context, b policy.Solution, code Code, commit string) error {
	raw, ok, err := code.ReadFile(ctx, commit, policy.FileName)
	if err != nil || !ok {
		return err
	}
	f, findings := i.Config(raw)
	if err := refuseErrors(policy.FileName, findings); err != nil {
		return err
	}
	if differences := b.Differences(f); len(differences) > 0 {
		return &refusal{rule: "policy-differs", message: policy.FileName + " differs from the solution's baseline", details: differences}
	}
	return nil
}

// deleted records the deletion of a registered tag; other deletions start
// nothing.
func (i *Intake) deleted(ctx context.Context, b policy.Solution, p Push) (Started, error) {
	name, ok := strings.CutPrefix(p.Ref, "refs/tags/")
	if !ok {
		return Started{Reason: "a deleted branch starts nothing"}, nil
	}
	v, err := release.ParseVersion(name)
	if err != nil {
		return Started{Reason: "a deleted tag starts nothing"}, nil
	}
	if err := i.moved(ctx, b, v.String(), release.Ref{}); err != nil {
		return Started{}, err
	}
	return Started{}, &refusal{rule: "tag-moved", message: fmt.Sprintf("tag %s was deleted; the release stays registered and cannot be promoted", name)}
}

func (i *Intake) trigger(ctx context.Context, code Code, p Push, ref release.Ref) (pipeline.Trigger, error) {
	subject, err := code.Subject(ctx, ref.Commit)
	if err != nil {
		return pipeline.Trigger{}, err
	}
	return NewTrigger(p.Event, p.Ref, ref, p.Repository, p.Solution, p.Actor, subject), nil
}

// NewTrigger makes the trigger of a ref. A local pull request is a push to
// refs/pull/N/head; its github.ref is refs/pull/N/merge.
func NewTrigger(event, ref string, at release.Ref, repository, folder, who, subject string) pipeline.Trigger {
	t := pipeline.Trigger{Name: event, Ref: ref, SHA: at.Commit, Actor: who, Repository: repository, Message: subject}
	if t.Repository == "" {
		t.Repository = "local/" + folder
	}
	if strings.HasPrefix(ref, "refs/tags/") {
		t.TagObject = at.Object
	}
	if rest, ok := strings.CutPrefix(ref, "refs/pull/"); ok {
		number, _, _ := strings.Cut(rest, "/")
		_, _ = fmt.Sscan(number, &t.Number)
		t.Name, t.Ref, t.BaseRef, t.HeadRef = "pull_request", "refs/pull/"+number+"/merge", "main", "pull/"+number
	}
	return t
}

// start plans and appends the run, with its release for a version.
func (i *Intake) start(ctx context.Context, b policy.Solution, code Code, p Push, t pipeline.Trigger, version string) (Started, error) {
	plan, findings, files, err := i.Plan(ctx, PlanRequest{Trigger: t, File: b.Workflow, Code: code, Vars: i.Vars(b.Solution, ""), Profile: b.Profile, Environments: b.Named(), Branch: b.Branch})
	if err != nil {
		return Started{}, err
	}
	if err := refuseErrors(b.Workflow, findings); err != nil {
		return Started{}, err
	}
	if plan.File == "" {
		return Started{Reason: fmt.Sprintf("%s does not start for %s of %s", b.Workflow, t.Name, t.Ref)}, nil
	}
	digest, err := i.keep(ctx, code, t, plan, files)
	if err != nil {
		return Started{}, err
	}
	command := fmt.Sprintf("intake/%s/%s/%s/%s", p.Solution, t.Name, t.Ref, p.Object)
	var run string
	events, err := ledger.Decide(ctx, i.Log, func() (ledger.Batch, error) {
		runs, err := i.Lists.Runs(ctx, inspect.RunsQuery{Solution: b.Solution})
		if err != nil {
			return ledger.Batch{}, err
		}
		run = i.NewID()
		batch := ledger.Batch{Command: command, Actor: actor, Correlation: run, Policy: b.Digest}
		started := &pipeline.RunStarted{
			Run: run, Solution: b.Solution, Number: int64(len(runs)) + 1, Trigger: t, File: plan.File, Plan: digest,
			Version: version, Profile: string(b.Profile), Counted: true, Sandbox: i.Sandbox, Evaluated: i.Evaluation,
		}
		if version != "" {
			drafts, reads, err := i.register(ctx, b, code, t, version, run)
			if err != nil {
				return batch, err
			}
			batch.Events, batch.Reads = drafts, reads
		}
		batch.Events = append(batch.Events, ledger.Draft{Stream: ledger.RunStream(run), Data: started})
		return batch, nil
	})
	if err != nil {
		return Started{}, err
	}
	for _, e := range events {
		if s, ok := e.Data.(*pipeline.RunStarted); ok {
			run = s.Run // of the first time when the push came twice
		}
	}
	return Started{Run: run, Version: version}, nil
}

func refuseErrors(file string, findings []workflow.Finding) error {
	var details []string
	for _, f := range findings {
		if f.Severity == workflow.Error {
			details = append(details, f.String())
		}
	}
	if len(details) == 0 {
		return nil
	}
	return &refusal{rule: "plan", message: fmt.Sprintf("%s cannot be run: %d findings", file, len(details)), details: details}
}

// keep stores the plan and every byte that it was made from, and makes the
// commit stay.
func (i *Intake) keep(ctx context.Context, code Code, t pipeline.Trigger, plan pipeline.Plan, files map[string][]byte) (string, error) {
	for _, data := range files {
		if _, err := i.Blobs.PutBytes(ctx, data); err != nil {
			return "", err
		}
	}
	raw, err := json.Marshal(plan)
	if err != nil {
		return "", fmt.Errorf("encode plan: %w", err)
	}
	if err := code.Keep(ctx, t.SHA); err != nil {
		return "", err
	}
	return i.Blobs.PutBytes(ctx, raw)
}

// register makes the events that begin a release.
func (i *Intake) register(ctx context.Context, b policy.Solution, code Code, t pipeline.Trigger, version, run string) ([]ledger.Draft, []ledger.Read, error) {
	stream := ledger.ReleaseStream(b.Solution, version)
	previous, from, err := i.previous(ctx, b.Solution)
	if err != nil {
		return nil, nil, err
	}
	note, _, err := code.ReadFile(ctx, t.SHA, NotePath(version))
	if err != nil {
		return nil, nil, err
	}
	noteDigest, err := i.Blobs.PutBytes(ctx, note)
	if err != nil {
		return nil, nil, err
	}
	files, err := code.Files(ctx, t.SHA, "")
	if err != nil {
		return nil, nil, err
	}
	authors, err := i.authors(ctx, code, b.Solution, from, t)
	if err != nil {
		return nil, nil, err
	}
	requirements, err := i.Repositories.Requirements(ctx, b.Baseline)
	if err != nil {
		return nil, nil, err
	}
	change, err := i.classify(ctx, b, code, t.SHA, from, version, declared(version, note))
	if err != nil {
		return nil, nil, err
	}
	registered := &release.Registered{
		Solution: b.Solution, Version: version, Tag: strings.TrimPrefix(t.Ref, "refs/tags/"), TagObject: t.TagObject, Commit: t.SHA,
		Files: fileList(files), Note: noteDigest, RequirementsCommit: requirements, Authors: authors,
		Previous: previous, Run: run, Profile: string(b.Profile),
	}
	drafts := []ledger.Draft{{Stream: stream, Data: registered}, {Stream: stream, Data: change}}
	missing, err := i.unsatisfiable(ctx, b, registered, change)
	if len(missing) > 0 {
		drafts = append(drafts, ledger.Draft{Stream: stream, Data: &gate.Unsignable{Reasons: missing}})
	}
	return drafts, []ledger.Read{{Stream: stream, Version: 0}}, err
}

// unsatisfiable says which signatures nobody could give with the people of
// today; people may join while the release is on its way.
func (i *Intake) unsatisfiable(ctx context.Context, b policy.Solution, r *release.Registered, c *release.Classified) ([]string, error) {
	logins, err := i.Lists.Persons(ctx)
	if err != nil {
		return nil, err
	}
	var people []policy.Subject
	for _, login := range slices.Sorted(maps.Keys(logins)) {
		p, err := i.State.Person(ctx, logins[login])
		if err != nil {
			return nil, err
		}
		people = append(people, p.At(ledger.FormatTime(i.Now())))
	}
	var road []gate.Definition
	for _, d := range gate.Definitions(b.Profile, c.Type) {
		if d.Name != gate.ApproveRollback {
			road = append(road, d)
		}
	}
	return gate.Unsatisfiable(road, gate.Standing{Registered: r, Change: *c}, people, b.Solution), nil
}

// previous is the release that is or was last for use, with its commit.
func (i *Intake) previous(ctx context.Context, solution string) (version, commit string, err error) {
	releases, err := i.Lists.Releases(ctx, solution)
	for _, r := range releases {
		if r.State == string(release.Effective) || r.State == string(release.StateSuperseded) {
			version, commit = r.Version, r.SHA
		}
	}
	return version, commit, err
}

// fileList is the SHA-256 over "mode object path\n" of every file, sorted.
func fileList(files []release.File) string {
	h := sha256.New()
	for _, f := range files {
		fmt.Fprintf(h, "%s %s %s\n", f.Mode, f.Object, f.Path)
	}
	return hex.EncodeToString(h.Sum(nil))
}
