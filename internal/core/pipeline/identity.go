package pipeline

import (
	"path"
	"strconv"
	"strings"
)

// Identity is what a token says of a job: GitHub's claims (docs.github.com,
// "OpenID Connect reference"), without those that the issuer adds (iss, aud, jti
// and the times) and the numbers that only GitHub has.
type Identity struct {
	Subject           string `json:"sub"`
	Environment       string `json:"environment,omitempty"`
	Ref               string `json:"ref"`
	RefType           string `json:"ref_type"`
	RefProtected      string `json:"ref_protected"`
	SHA               string `json:"sha"`
	Repository        string `json:"repository"`
	RepositoryOwner   string `json:"repository_owner"`
	Actor             string `json:"actor"`
	EventName         string `json:"event_name"`
	BaseRef           string `json:"base_ref"`
	HeadRef           string `json:"head_ref"`
	Workflow          string `json:"workflow"`
	WorkflowRef       string `json:"workflow_ref"`
	WorkflowSHA       string `json:"workflow_sha"`
	JobWorkflowRef    string `json:"job_workflow_ref"`
	JobWorkflowSHA    string `json:"job_workflow_sha"`
	RunID             string `json:"run_id"`
	RunNumber         string `json:"run_number"`
	RunAttempt        string `json:"run_attempt"`
	RunnerEnvironment string `json:"runner_environment"`
	// Execution is the try of the job on one worker; GitHub has nothing like it.
	Execution string `json:"dc_release_execution"`
}

// Identity is that of a job's current execution.
func (s State) Identity(key string) Identity {
	j, _ := s.Plan.Job(key)
	t := s.Plan.Trigger
	github := GitHub(t, s.Plan.Name, s.Plan.File, s.ID, s.Run.Number, s.Attempt, j.Body.ID)
	text := func(name string) string { return github.Property(name).Text() }
	i := Identity{
		Ref: t.Ref, RefType: text("ref_type"), RefProtected: "false", SHA: t.SHA, Repository: t.Repository, RepositoryOwner: text("repository_owner"),
		Actor: t.Actor, EventName: t.Name, BaseRef: t.BaseRef, HeadRef: t.HeadRef,
		Workflow: s.Plan.Name, WorkflowRef: text("workflow_ref"), WorkflowSHA: t.SHA,
		RunID: strconv.FormatInt(s.ID, 10), RunNumber: strconv.FormatInt(s.Run.Number, 10), RunAttempt: strconv.Itoa(s.Attempt),
		RunnerEnvironment: "self-hosted", Execution: s.Jobs[key].Execution, Environment: j.Named(),
	}
	i.JobWorkflowRef, i.JobWorkflowSHA = s.workflowOf(j.Scope)
	i.Subject = subject(t, i.Environment)
	return i
}

// subject is what a relying party decides by: the environment, where the job has
// one, else the pull request, else the ref. A colon in a name is escaped.
func subject(t Trigger, environment string) string {
	of := "repo:" + t.Repository + ":"
	switch {
	case environment != "":
		return of + "environment:" + strings.ReplaceAll(environment, ":", "%3A")
	case t.Name == "pull_request":
		return of + "pull_request"
	default:
		return of + "ref:" + strings.ReplaceAll(t.Ref, ":", "%3A")
	}
}

// workflowOf is the file that the jobs of a scope stand in, with its ref, and the
// commit that it was read at.
func (s State) workflowOf(scope string) (ref, commit string) {
	t := s.Plan.Trigger
	call, ok := s.Plan.Job(scope)
	if scope == "" || !ok || call.Body.Call == nil {
		return t.Repository + "/" + s.Plan.File + "@" + t.Ref, t.SHA
	}
	uses := call.Body.Call.Uses
	if local, ok := strings.CutPrefix(uses, "./"); ok {
		outer, commit := s.workflowOf(call.Scope)
		file, at, _ := strings.Cut(outer, "@")
		return path.Join(repositoryOf(file), local) + "@" + at, commit
	}
	for _, source := range s.Plan.Sources {
		if source.Path == uses {
			return uses, source.Commit
		}
	}
	return uses, ""
}

// repositoryOf is OWNER/NAME of OWNER/NAME/PATH.
func repositoryOf(file string) string {
	parts := strings.SplitN(file, "/", 3)
	if len(parts) < 3 {
		return file
	}
	return parts[0] + "/" + parts[1]
}

// TokenIssued records the first token that an execution was given for an
// audience.
type TokenIssued struct {
	Execution string `json:"execution"`
	Audience  string `json:"audience"`
	Subject   string `json:"subject"`
	Key       string `json:"key"` // id of the key that signed it
}

// EventType implements ledger.Payload.
func (TokenIssued) EventType() (string, int) { return "token.issued", 1 }
