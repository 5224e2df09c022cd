package runner

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/dc-release/dc-release/internal/core/pipeline"
	"github.com/dc-release/dc-release/internal/core/workflow"
)

// maxDepth is how deep composite actions may use one another, as on GitHub.
const maxDepth = 10

// metadataFiles are the names of an action's own file; the first one counts.
var metadataFiles = []string{"action.yml", "action.yaml"}

// use is one use of an action by a step, from its pre to its post script.
type use struct {
	action pipeline.Action // the zero value for a native one
	native native
	dir    string // of its files, as steps see them
	name   string // of the step, as it was when the post script became due
	due    bool   // it has a post script, which is to run

	state map[string]string         // by which its scripts hand on what they know
	uses  map[int]*use              // of a composite action: by the index of its steps
	ids   map[string]workflow.Value // of a composite action: what its steps came to
}

// useOf is the use of an action by a step, the same for all its stages.
func (j *job) useOf(in *scope, i int) *use {
	uses := in.steps[i].Uses
	if uses == "" {
		return nil
	}
	if in.uses[i] == nil {
		a, _ := j.planned(uses)
		n, _ := nativeNamed(uses)
		in.uses[i] = &use{action: a, native: n, state: map[string]string{}, uses: map[int]*use{}, ids: map[string]workflow.Value{}}
	}
	return in.uses[i]
}

// saveState keeps a value for the scripts of the step's action that run later.
func (s *step) saveState(name, value string) {
	if s.use == nil {
		return // a script has no later part
	}
	s.use.state[name] = value
}

// steps runs the pre scripts of remote actions, the steps and, in reverse order,
// the post scripts of what was begun.
func (j *job) steps() {
	for i, s := range j.top.steps {
		if j.hasPre(s.Uses, 0) {
			j.step(j.newStep(j.top, i, preStage))
		}
	}
	for i := range j.top.steps {
		j.step(j.newStep(j.top, i, mainStage))
	}
	for len(j.posts) > 0 {
		next := j.posts[len(j.posts)-1]
		j.posts = j.posts[:len(j.posts)-1]
		j.step(j.newStep(j.top, next, postStage))
	}
}

// planned finds an action of the plan by what stands under uses:.
func (j *job) planned(uses string) (pipeline.Action, bool) {
	i := slices.IndexFunc(j.a.Actions, func(a pipeline.Action) bool { return a.Uses == uses })
	if i < 0 {
		return pipeline.Action{}, false
	}
	return j.a.Actions[i], true
}

// hasPre reports whether an action has a script to run before the job's steps.
// One of the workspace, which is not there yet, cannot have any.
func (j *job) hasPre(uses string, depth int) bool {
	a, ok := j.planned(uses)
	if !ok || a.Repository == "" || depth > maxDepth {
		return false
	}
	return a.Body.Pre != "" || slices.ContainsFunc(a.Body.Steps, func(s workflow.Step) bool { return j.hasPre(s.Uses, depth+1) })
}

// hasPost reports whether an action has a script to run after the job's steps.
func (j *job) hasPost(uses string, depth int) bool {
	if native, ok := nativeNamed(uses); ok {
		return native.post != nil
	}
	a, ok := j.planned(uses)
	if !ok || depth > maxDepth {
		return false
	}
	return a.Body.Post != "" || slices.ContainsFunc(a.Body.Steps, func(s workflow.Step) bool { return j.hasPost(s.Uses, depth+1) })
}

// postIf is the condition of the post script, an empty one for always.
func (u *use) postIf() workflow.Text {
	if u.native.postIf != nil {
		return workflow.Text{Source: u.native.postIf(u)}
	}
	return u.action.Body.PostIf
}

// register makes the post script due when the first script of the action begins.
func (j *job) register(s *step) {
	if s.use.due || s.stage == postStage || !j.hasPost(s.Uses, 0) {
		return
	}
	s.use.due, s.use.name = true, s.name
	if s.in.of == nil {
		j.posts = append(j.posts, s.index)
	}
}

// actionDir is where the files of an action are, relative to the area.
func (j *job) actionDir(a pipeline.Action) (string, error) {
	if a.Repository == "" {
		return j.workspacePath(filepath.FromSlash(a.Path))
	}
	return filepath.Join(checkoutOf(a), filepath.FromSlash(a.Path)), nil
}

// checkoutOf is where the repository of a remote action is.
func checkoutOf(a pipeline.Action) string {
	owner, name := path.Split(a.Repository)
	return filepath.Join("_actions", fileName(owner), fileName(name), fileName(a.Commit))
}

// fetchActions gets the repositories of all remote actions, each commit once.
func (j *job) fetchActions(ctx context.Context) error {
	for _, a := range j.a.Actions {
		if a.Repository == "" {
			continue
		}
		if err := j.fetchAction(ctx, a); err != nil {
			return fmt.Errorf("fetch action %q: %w", a.Uses, err)
		}
	}
	return nil
}

func (j *job) fetchAction(ctx context.Context, a pipeline.Action) error {
	to := checkoutOf(a)
	if !j.fetched[to] {
		j.say(0, fmt.Sprintf("action %s is commit %s", a.Uses, a.Commit))
		dir, err := j.area.staged()
		if err != nil {
			return err
		}
		if err := j.h.Action(ctx, a, dir); err != nil {
			return err
		}
		if err := j.deliver(dir, to, true); err != nil {
			return err
		}
		j.fetched[to] = true
	}
	dir, err := j.actionDir(a)
	if err != nil {
		return err
	}
	return j.checkMetadata(a, dir)
}

// checkMetadata makes sure that an action is the planned one.
func (j *job) checkMetadata(a pipeline.Action, dir string) error {
	for _, name := range metadataFiles {
		text, err := j.area.top.read(filepath.Join(dir, name), maxCommandFile)
		if err != nil {
			return err
		}
		if text == "" {
			continue
		}
		sum := sha256.Sum256([]byte(text))
		if got := hex.EncodeToString(sum[:]); got != a.SHA256 {
			return fmt.Errorf("%s was changed: want the planned one with sha256 %s, found %s", path.Join(a.Path, name), a.SHA256, got)
		}
		return nil
	}
	if a.Repository == "" {
		return fmt.Errorf("%s is missing in the workspace: did a checkout run before it?", path.Join(a.Path, metadataFiles[0]))
	}
	return fmt.Errorf("%s is missing at commit %s of %s", path.Join(a.Path, metadataFiles[0]), a.Commit, a.Repository)
}

// runAction runs uses:.
func (j *job) runAction(ctx context.Context, s *step) error {
	if native, ok := nativeNamed(s.Uses); ok {
		return j.runNative(ctx, s, native)
	}
	a, ok := j.planned(s.Uses)
	if !ok {
		return fmt.Errorf("%s: action %q is none that this engine runs", s.At, s.Uses)
	}
	dir, err := j.actionDir(a)
	if err == nil && a.Repository == "" {
		err = j.checkMetadata(a, dir)
	}
	if err != nil {
		return fmt.Errorf("action %q: %w", s.Uses, err)
	}
	s.use.dir = filepath.Join(j.area.top.path, dir)
	if err := j.evaluateInputs(s, a.Body); err != nil {
		return err
	}
	j.head(s, s.inputs.lines()...)
	switch {
	case a.Body.Composite():
		return j.runComposite(s)
	case a.Body.Node():
		return j.runNode(ctx, s)
	default:
		return fmt.Errorf("action %q: runs.using is %q: want composite or node", s.Uses, a.Body.Using)
	}
}

// inputs are the inputs of an action, evaluated: those of with: as written, and
// then the defaults of the others.
type inputs []input

type input struct{ name, value string }

func (in inputs) value() workflow.Value {
	members := make([]workflow.Member, len(in))
	for i, p := range in {
		members[i] = workflow.Member{Name: p.name, Value: workflow.String(p.value)}
	}
	return workflow.Object(members...)
}

// lines show the inputs that have a value.
func (in inputs) lines() []string {
	var list []string
	for _, p := range in {
		if p.value != "" {
			list = append(list, p.name+": "+p.value)
		}
	}
	return list
}

// ofDefaults are the contexts that the default of an input has.
var ofDefaults = []string{"github", "strategy", "matrix", "job", "runner"}

// evaluateInputs computes the inputs of an action. As on GitHub one that the
// action does not declare is handed on with a warning, and whether a required
// one is there is the action's own business.
func (j *job) evaluateInputs(s *step, action workflow.Action) error {
	env := j.expressions(s)
	s.inputs = nil
	declared := func(name string) int {
		return slices.IndexFunc(action.Inputs, func(in workflow.ActionInput) bool { return strings.EqualFold(in.Name, name) })
	}
	var unexpected []string
	for _, b := range s.With {
		value, err := j.text(workflow.KeyStepWith, b.Value, env)
		if err != nil {
			return err
		}
		s.inputs = append(s.inputs, input{b.Name, value})
		switch i := declared(b.Name); {
		case i < 0:
			unexpected = append(unexpected, b.Name)
		case action.Inputs[i].Deprecated != "":
			s.commands.warn(fmt.Sprintf("input %q is deprecated: %s", b.Name, action.Inputs[i].Deprecated))
		}
	}
	if len(unexpected) > 0 {
		names := make([]string, len(action.Inputs))
		for i, in := range action.Inputs {
			names[i] = in.Name
		}
		s.commands.warn(fmt.Sprintf("the action has no input %s: its inputs are %s", strings.Join(unexpected, ", "), strings.Join(names, ", ")))
	}
	return j.defaultInputs(s, action, env)
}

func (j *job) defaultInputs(s *step, action workflow.Action, env workflow.Env) error {
	contexts := map[string]workflow.Value{}
	for _, name := range ofDefaults {
		contexts[name] = env.Contexts[name]
	}
	env.Contexts = contexts
	for _, in := range action.Inputs {
		if slices.ContainsFunc(s.With, func(b workflow.Binding) bool { return strings.EqualFold(b.Name, in.Name) }) {
			continue
		}
		value, err := j.text(workflow.KeyActionInputDefault, in.Default, env)
		if err != nil {
			return err
		}
		s.inputs = append(s.inputs, input{in.Name, value})
	}
	return nil
}
