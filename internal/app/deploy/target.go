package deploy

import (
	"context"
	"io"

	"github.com/dc-release/dc-release/internal/core/canonical"
	"github.com/dc-release/dc-release/internal/core/deployment"
)

// Place is one environment of a solution with its target's configuration.
type Place struct {
	Solution    string
	Environment string
	Config      map[string]string
}

// Opener opens the bytes of an artifact's file.
type Opener func(ctx context.Context, digest string) (io.ReadCloser, error)

// Artifact is what is deployed: a release's files, kept by digest.
type Artifact struct {
	Version string // "" for a run that is no release
	Commit  string
	Tree    deployment.Tree
	Open    Opener
}

// Call is one use of a target in one place. What the target does meanwhile goes
// into its record.
type Call struct {
	Place
	// Others are the solution's other places of the same kind. Only Check has them.
	Others []Place
	Record deployment.Record
	// Announce is told what Run is about to start, and nothing starts when it fails.
	// Only Run has it.
	Announce func(ctx context.Context, jobs []string) error
	blobs    Blobs
	begun    bool  // Announce was told
	stopped  error // by Announce
}

// NewCall begins a call; what the target keeps goes to the blobs.
func NewCall(p Place, blobs Blobs) *Call {
	return &Call{Place: p, Record: deployment.Record{Schema: deployment.RecordSchema, Invocations: []deployment.Invocation{}, Answers: []deployment.Answer{}}, blobs: blobs}
}

// Begin says that the jobs are about to run, none where the target does not know
// which. Run calls it when nothing else is missing, before whatever it starts, and
// starts nothing when it fails. It counts once in a call.
func (c *Call) Begin(ctx context.Context, jobs []string) error {
	if c.begun || c.stopped != nil || c.Announce == nil {
		return c.stopped
	}
	c.stopped = c.Announce(ctx, jobs)
	c.begun = c.stopped == nil
	return c.stopped
}

// Keep keeps bytes as evidence and gives their digest; nothing secret may stand
// in them.
func (c *Call) Keep(ctx context.Context, data []byte) (digest string, err error) {
	return c.blobs.PutBytes(ctx, data)
}

// Answer keeps a raw answer of what was read back.
func (c *Call) Answer(ctx context.Context, name string, data []byte) error {
	digest, err := c.Keep(ctx, data)
	c.Record.Answers = append(c.Record.Answers, deployment.Answer{Name: name, SHA256: digest})
	return err
}

// kept is the digest of the record, "" when nothing stands in it.
func (c *Call) kept(ctx context.Context) (string, error) {
	if c.Record.Empty() {
		return "", nil
	}
	raw, err := canonical.Marshal(c.Record)
	if err != nil {
		return "", err
	}
	return c.Keep(ctx, raw)
}

// Target is a kind of place to deploy to. Building is not its work: a job of
// the product's workflow builds once and hands the artifact in. Rolling back is
// Plan and Apply of an older artifact. The suite deploytest.Run holds for every
// target.
type Target interface {
	// Describe says what the target is and can do, with the programs it calls.
	Describe(ctx context.Context, c *Call) (deployment.Description, error)
	// Check finds what is wrong with the place, and with the artifact for it,
	// before anything is changed.
	Check(ctx context.Context, c *Call, a Artifact) ([]deployment.Finding, error)
	// Plan says what deploying the artifact will do. It fills in Changes,
	// Unknown, Expected, Kept, Own and Tools, and changes nothing.
	Plan(ctx context.Context, c *Call, a Artifact) (deployment.Plan, error)
	// Apply carries out exactly the plan; doing it again is harmless.
	Apply(ctx context.Context, c *Call, a Artifact, p deployment.Plan) error
	// Observe reads back what is there, from the place and not from what was
	// sent; nothing deployed is an empty state.
	Observe(ctx context.Context, c *Call) (deployment.State, error)
	// Run runs what was deployed, by the target's names. It tells the call what it
	// runs before it starts anything (Call.Begin); what it refuses or cannot run, it
	// finds before that.
	Run(ctx context.Context, c *Call, a Artifact, what []string) ([]deployment.TaskRun, error)
	// Destroy removes what the artifact was deployed as; nothing there is no error.
	Destroy(ctx context.Context, c *Call, a Artifact) error
}
