package runner

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/dc-release/dc-release/internal/core/mask"
	"github.com/dc-release/dc-release/internal/core/pipeline"
	"github.com/dc-release/dc-release/internal/core/workflow"
)

// Limits of what a job may report.
const (
	maxOutputs         = 1 << 20 // bytes of all outputs, as on GitHub
	maxAnnotations     = 50      // of the job
	maxStepAnnotations = 10      // of each level
	maxMessage         = 4096    // characters of an annotation
)

// job is one execution while it runs. Its fields belong to the goroutine that
// runs the steps.
type job struct {
	c    Config
	a    pipeline.Assignment
	h    Host
	mask *mask.Masker
	area *area
	box  Sandbox

	// soft ends when the job is cancelled or times out, hard when nothing may
	// run any longer.
	soft, hard context.Context

	static  map[string]workflow.Value // contexts that do not change
	secrets map[string]string
	env     environment // of the workflow, the job and GITHUB_ENV
	paths   []string    // from GITHUB_PATH, the last one first
	top     *scope      // the job's own steps
	posts   []int       // steps whose post script is due, the next one last
	fetched map[string]bool
	node    *pipeline.Tool // found when the first action needs it

	matchers  matchers
	annotated map[string]int // annotations by step and level
	noted     int            // bytes of annotations, see maxAnnotated
	summaries int            // steps that have one
	kept      int            // bytes of the steps' outputs, see maxKept

	failed  bool
	outcome pipeline.Outcome
}

func newJob(c Config, a pipeline.Assignment, h Host) *job {
	return &job{
		c: c, a: a, h: h,
		mask:    mask.New(),
		soft:    context.Background(),
		hard:    context.Background(),
		secrets: map[string]string{},
		top:     &scope{steps: a.Job.Body.Steps, uses: map[int]*use{}, ids: map[string]workflow.Value{}},
		fetched: map[string]bool{},

		annotated: map[string]int{},
		outcome:   pipeline.Outcome{Steps: []pipeline.StepOutcome{}},
	}
}

// open prepares everything that steps need.
func (j *job) open(ctx context.Context) error {
	j.h.Masks(j.mask.Add)
	if err := j.fetchSecrets(ctx); err != nil {
		return err
	}
	github := j.a.Contexts["github"]
	var err error
	if j.area, err = newArea(j.c.WorkDir, j.c.FilesDir, j.a.Execution, github.Property("repository").Text()); err != nil {
		return err
	}
	if err := j.writeEvent(github.Property("event")); err != nil {
		return err
	}
	j.static = j.staticContexts()
	if err := j.evaluateEnv(); err != nil {
		return err
	}
	j.box, err = j.c.Open(ctx, Place{
		Execution: j.a.Execution,
		Kind:      j.a.Sandbox,
		Keep:      []string{j.area.top.path, j.area.files.path},
		Hide:      []string{j.c.WorkDir, filepath.Dir(j.area.files.path)},
		Show:      coveredTools(j.c.Path),
		Temp:      j.area.tmp(),
	})
	if err != nil {
		return err
	}
	j.say(0, fmt.Sprintf("##[debug]sandbox %s: %s", j.a.Sandbox, j.box.Limit()))
	return j.fetchActions(ctx)
}

// deadlines starts the clocks of the job; the function stops them.
func (j *job) deadlines(ctx context.Context) (stop func()) {
	soft, cancelSoft := context.WithCancelCause(ctx)
	if j.a.TimeoutUS > 0 {
		t := time.AfterFunc(time.Duration(j.a.TimeoutUS)*time.Microsecond, func() { cancelSoft(errJobTimeout) })
		context.AfterFunc(soft, func() { t.Stop() })
	}
	hard, cancelHard := context.WithCancelCause(context.WithoutCancel(ctx))
	j.soft, j.hard = soft, hard
	release := context.AfterFunc(soft, func() {
		if errors.Is(context.Cause(soft), ErrLost) {
			cancelHard(ErrLost)
			return
		}
		t := time.AfterFunc(j.c.Finish, func() { cancelHard(errFinish) })
		context.AfterFunc(hard, func() { t.Stop() })
	})
	return func() {
		release()
		cancelSoft(nil)
		cancelHard(nil)
	}
}

// cancelled reports whether the job was cancelled or ran out of time.
func (j *job) cancelled() bool { return j.soft.Err() != nil }

// status is what success(), failure() and cancelled() of a step look at.
func (j *job) status() workflow.Status {
	cancelled := j.cancelled()
	return workflow.Status{Success: !j.failed && !cancelled, Failure: j.failed && !cancelled, Cancelled: cancelled}
}

// conclusion is the job's as it stands.
func (j *job) conclusion() pipeline.Conclusion {
	return statusWord(j.status())
}

func statusWord(s workflow.Status) pipeline.Conclusion {
	switch {
	case s.Cancelled:
		return pipeline.Cancelled
	case s.Failure:
		return pipeline.Failure
	default:
		return pipeline.Success
	}
}

// fail records what no step explains.
func (j *job) fail(err error) {
	j.failed = true
	if j.outcome.Reason == "" {
		j.outcome.Reason = j.mask.Mask(err.Error())
	}
	j.say(0, "##[error]"+err.Error())
}

// say writes a line of the runner's own to the log.
func (j *job) say(step int, text string) {
	for line := range strings.SplitSeq(strings.TrimRight(clean(j.mask.Mask(text)), "\r\n"), "\n") {
		j.h.Log(Line{Step: step, Stream: System, TimeUS: j.now(), Text: strings.TrimSuffix(line, "\r")})
	}
}

func (j *job) now() int64 { return j.c.Now().UnixMicro() }

// annotate records an error, warning or notice of a step, 0 for the job; many of
// a kind say no more.
func (j *job) annotate(step int, a pipeline.Annotation) {
	of := fmt.Sprint(step, a.Level)
	if len(j.outcome.Annotations) >= maxAnnotations || j.annotated[of] >= maxStepAnnotations {
		return
	}
	j.annotated[of]++
	a = j.short(a)
	if j.noted += len(a.Message) + len(a.File) + len(a.Title); j.noted <= maxAnnotated {
		j.outcome.Annotations = append(j.outcome.Annotations, a)
	}
}

// short masks an annotation and cuts what is very long.
func (j *job) short(a pipeline.Annotation) pipeline.Annotation {
	text := func(s string) string { return cut(clean(j.mask.Mask(s)), maxNote) }
	a.Message, a.File, a.Title = text(a.Message), text(a.File), text(a.Title)
	return a
}

// finish evaluates the job's outputs and fixes its conclusion.
func (j *job) finish() {
	switch cause := context.Cause(j.soft); {
	case !j.cancelled():
	case errors.Is(cause, errJobTimeout):
		j.outcome.Reason = fmt.Sprintf("%v of %v", errJobTimeout, time.Duration(j.a.TimeoutUS)*time.Microsecond)
		j.say(0, "##[error]"+j.outcome.Reason)
	case errors.Is(cause, ErrLost):
		j.outcome.Reason = ErrLost.Error()
	default:
		j.outcome.Reason = "the job was cancelled"
	}
	if j.hard.Err() == nil {
		j.evaluateOutputs()
		j.evaluateURL()
	}
	j.outcome.Conclusion = j.conclusion()
}

// evaluateOutputs computes jobs.<id>.outputs. One that holds a secret is
// dropped, as on GitHub: others could not tell it from any other text.
func (j *job) evaluateOutputs() {
	outputs := map[string]string{}
	size := 0
	for _, o := range j.a.Job.Body.Outputs {
		value, err := j.text(workflow.KeyJobOutputs, o.Value, j.expressions(nil))
		switch {
		case err != nil:
			j.fail(fmt.Errorf("output %q: %w", o.Name, err))
		case j.mask.Holds(value):
			j.warn(fmt.Sprintf("Skip output '%s' since it may contain secret.", o.Name))
		case value != "":
			size += len(o.Name) + len(value)
			outputs[o.Name] = clean(value)
		}
	}
	if size > maxOutputs {
		j.fail(fmt.Errorf("outputs of the job: %d bytes, want at most %d", size, maxOutputs))
		return
	}
	if len(outputs) > 0 {
		j.outcome.Outputs = outputs
	}
}

// evaluateURL computes environment.url. One that holds a secret is dropped, as
// on GitHub.
func (j *job) evaluateURL() {
	url, err := j.text(workflow.KeyJobEnvironmentURL, j.a.Job.Body.EnvironmentURL, j.expressions(nil))
	switch {
	case err != nil:
		j.fail(fmt.Errorf("environment url: %w", err))
	case j.mask.Holds(url):
		j.warn(fmt.Sprintf("the URL of environment %q is left out: it may hold a secret", j.a.Job.Environment))
	case url != "":
		j.outcome.URL = clean(url)
		j.say(0, "environment URL: "+url)
	}
}

// warn reports a warning about the job.
func (j *job) warn(message string) {
	j.annotate(0, pipeline.Annotation{Level: "warning", Message: message})
	j.say(0, "##[warning]"+message)
}

// close ends every process, deletes the work directory and gives the outcome.
func (j *job) close() pipeline.Outcome {
	var bad []error
	if j.box != nil {
		bad = append(bad, j.box.Close())
	}
	if j.area != nil {
		bad = append(bad, j.area.remove())
	}
	if err := errors.Join(bad...); err != nil {
		j.fail(fmt.Errorf("clean up: %w", err))
		j.outcome.Conclusion = ""
	}
	if j.outcome.Conclusion == "" {
		j.outcome.Conclusion = j.conclusion()
	}
	j.maskOutcome()
	return j.outcome
}

// maskOutcome masks all that is handed in once more: a secret may have become
// known after the text.
func (j *job) maskOutcome() {
	hide := func(texts ...*string) {
		for _, t := range texts {
			*t = clean(j.mask.Mask(*t))
		}
	}
	o := &j.outcome
	hide(&o.Summary, &o.Reason, &o.URL)
	for i := range o.Steps {
		hide(&o.Steps[i].Name, &o.Steps[i].Reason)
	}
	for i := range o.Annotations {
		a := &o.Annotations[i]
		hide(&a.Message, &a.File, &a.Title)
		// Not before: a part of a secret would not be known for one.
		if r := []rune(a.Message); len(r) > maxMessage {
			a.Message = string(r[:maxMessage])
		}
	}
	for i := range o.Tools {
		hide(&o.Tools[i].Path, &o.Tools[i].Version)
	}
	for name, value := range o.Outputs {
		if j.mask.Holds(value) {
			delete(o.Outputs, name)
		}
	}
}

// fetchSecrets asks for the secrets that the job's expressions name, and for no
// others. A name that the job may not ask for is empty, as on GitHub.
func (j *job) fetchSecrets(ctx context.Context) error {
	wanted, all := secretReferences(j.a)
	for _, name := range j.a.SecretNames {
		if !all && !slices.Contains(wanted, strings.ToLower(name)) {
			continue
		}
		value, err := j.h.Secret(ctx, name)
		if err != nil {
			return fmt.Errorf("fetch secret %q: %w", name, err)
		}
		j.secrets[name] = value
		j.mask.Add(value)
	}
	return nil
}
