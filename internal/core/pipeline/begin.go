package pipeline

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/dc-release/dc-release/internal/core/workflow"
)

// maxMatrix bounds what the ledger keeps of a matrix that depends on results, in
// bytes.
const maxMatrix = 48 << 10

// begin decides what becomes of a job whose needs have concluded.
func (s State) begin(j Job, o Outside) []Command {
	name := s.name(j, o)
	if s.Jobs[j.Key].Try > 0 { // given up by its worker, to be tried again
		return s.queue(j, name, "", nil, o)
	}
	var made []Decision
	if j.Group == "" { // the condition of a leg is its group's
		run, reason, decision, err := s.condition(j, o)
		if err != nil {
			return s.failed(j, name, err)
		}
		if !run {
			return []Command{Conclude{Job: j.Key, Name: name, Conclusion: s.notRun(j), Reason: reason}}
		}
		made = decision
	} else if reason := s.cancelReason(j); reason != "" {
		return []Command{Conclude{Job: j.Key, Name: name, Conclusion: Cancelled, Reason: reason}}
	}
	var commands []Command
	if len(made) > 0 {
		commands = append(commands, Decide{Job: j.Key, Decisions: made})
	}
	if j.IsGroup() {
		return append(commands, s.openMatrix(j, name, o)...)
	}
	return append(commands, s.start(j, name, o)...)
}

func (s State) failed(j Job, name string, err error) []Command {
	return []Command{Conclude{Job: j.Key, Name: name, Conclusion: Failure, Reason: err.Error()}}
}

// start lets a job begin that may: past its concurrency groups, the gate and the
// wait timer of its environment.
func (s State) start(j Job, name string, o Outside) []Command {
	if j.Kind == Gate { // it waits without holding a group
		if g := o.Gates[j.Environment]; g.Absent {
			return []Command{Conclude{Job: j.Key, Name: name, Conclusion: Skipped, Reason: g.Reason}}
		}
		if s.Jobs[j.Key].Status == Pending {
			return []Command{Await{Job: j.Key, Name: name, Gate: j.Environment}}
		}
		return s.atGate(j, name, o)
	}
	entered, commands := s.enterGroups(j, name, o)
	if !entered {
		return commands
	}
	if j.IsCall() {
		inputs, err := s.inputs(j, o)
		if err != nil {
			return append(commands, s.failed(j, name, err)...)
		}
		return append(commands, OpenScope{Job: j.Key, Name: name, Inputs: inputs})
	}
	if j.Kind == Place {
		e, known := o.Entry[j.Environment]
		st := s.Jobs[j.Key]
		switch {
		case known && !e.Allowed:
			return append(commands, Conclude{Job: j.Key, Name: name, Conclusion: Failure, Reason: e.Reason})
		case e.Wait > 0 && st.Until.IsZero():
			return append(commands, Hold{Job: j.Key, Name: name, Until: o.Now.Add(e.Wait)})
		case o.Now.Before(st.Until):
			return commands
		}
	}
	return append(commands, s.queue(j, name, "", nil, o)...)
}

// notRun is how a job ends that its condition kept from running.
func (s State) notRun(j Job) Conclusion {
	if s.cancelReason(j) != "" {
		return Cancelled
	}
	return Skipped
}

func (s State) atGate(j Job, name string, o Outside) []Command {
	g := o.Gates[j.Environment]
	switch {
	case g.Rejected:
		return []Command{Conclude{Job: j.Key, Name: name, Conclusion: Failure, Reason: g.Reason}}
	case g.Satisfied:
		entered, commands := s.enterGroups(j, name, o)
		if !entered {
			return commands
		}
		return append(commands, s.queue(j, name, j.Environment, nil, o)...)
	}
	return nil
}

func (s State) queue(j Job, name, gate string, made []Decision, o Outside) []Command {
	var env workflow.Env
	if computed(append(slices.Clone(j.Body.RunsOn), j.Body.ContinueOnError)...) {
		env = s.env(j, o)
	}
	labels, made, err := s.labels(j, env, made)
	if err != nil {
		return s.failed(j, name, err)
	}
	keep, err := s.continues(j, env)
	if err != nil {
		return s.failed(j, name, err)
	}
	q := Queue{
		Job: j.Key, Name: name, Gate: gate, Pool: s.pool(j), Labels: labels,
		Attempt: s.Attempt, Try: s.Jobs[j.Key].Try + 1, ContinueOnError: keep,
	}
	if j.Kind == Place {
		q.Environment = j.Environment
	}
	if len(made) > 0 {
		return []Command{Decide{Job: j.Key, Decisions: made}, q}
	}
	return []Command{q}
}

// pool says which workers may take a job: what a pull request brings never
// runs where releases run.
func (s State) pool(j Job) string {
	switch {
	case s.Plan.Trigger.Name == "pull_request":
		return "untrusted"
	case j.Kind == Place:
		return "deploy"
	default:
		return "build"
	}
}

func (s State) closeScope(j Job, o Outside) Command {
	outputs, err := s.scopeOutputs(j, o)
	if err != nil {
		return CloseScope{Job: j.Key, Conclusion: Failure}
	}
	return CloseScope{Job: j.Key, Conclusion: s.aggregate(j.Key), Outputs: outputs}
}

// openMatrix evaluates a strategy and starts the legs.
func (s State) openMatrix(j Job, name string, o Outside) []Command {
	env := s.env(j, o)
	strategy := j.Body.Strategy
	c := OpenMatrix{Job: j.Key, Name: name, FailFast: true}
	var made []Decision
	if t := strategy.FailFast; t.Source != "" {
		v, err := t.Evaluate(env)
		if err != nil {
			return s.failed(j, name, err)
		}
		c.FailFast = v.Text() == "true"
		made = decided(made, "strategy.fail-fast", t, v, env)
	}
	if t := strategy.MaxParallel; t.Source != "" {
		v, err := t.Evaluate(env)
		if err != nil {
			return s.failed(j, name, err)
		}
		if f := v.Float(); f >= 1 && f <= math.MaxInt32 {
			c.MaxParallel = int(f)
		}
		made = decided(made, "strategy.max-parallel", t, v, env)
	}
	if j.Late {
		v, err := strategy.Matrix.Evaluate(env)
		if err == nil {
			c.Legs, err = lateLegs(v)
		}
		if err != nil {
			return s.failed(j, name, fmt.Errorf("%s: %w", strategy.Matrix.At, err))
		}
		for _, t := range strategy.Matrix.Texts() {
			if v, err := t.Evaluate(env); err == nil {
				made = decided(made, "strategy.matrix", t, v, env)
			}
		}
	}
	if len(made) > 0 {
		return []Command{Decide{Job: j.Key, Decisions: made}, c}
	}
	return []Command{c}
}

// lateLegs are the legs of a matrix that becomes known while the run goes on.
func lateLegs(v workflow.Value) ([]workflow.Leg, error) {
	legs, err := workflow.Legs(v)
	if err != nil {
		return nil, err
	}
	size := 0
	for _, l := range legs {
		raw, err := json.Marshal(l)
		if err != nil {
			return nil, err
		}
		if size += len(raw); size > maxMatrix {
			return nil, fmt.Errorf("matrix has more than %d bytes", maxMatrix)
		}
	}
	return legs, nil
}

// computed reports whether one of the texts has an expression: contexts cost.
func computed(texts ...workflow.Text) bool {
	return slices.ContainsFunc(texts, func(t workflow.Text) bool { return strings.Contains(t.Source, "${{") })
}

// labels are those of runs-on, with what they were computed from.
func (s State) labels(j Job, env workflow.Env, made []Decision) ([]string, []Decision, error) {
	var out []string
	for _, t := range j.Body.RunsOn {
		v, err := t.Evaluate(env)
		if err != nil {
			return nil, made, err
		}
		made = decided(made, "runs-on", t, v, env)
		for _, label := range labelsOf(v) {
			if !slices.Contains(out, label) {
				out = append(out, label)
			}
		}
	}
	if len(out) == 0 {
		return nil, made, fmt.Errorf("%s: runs-on has no label", j.Body.At)
	}
	return out, made, nil
}

// labelsOf takes a text, a sequence of texts, or what a mapping has as labels.
func labelsOf(v workflow.Value) []string {
	switch v.Kind() {
	case workflow.KindArray:
		var list []string
		for _, item := range v.Items() {
			list = append(list, item.Text())
		}
		return list
	case workflow.KindObject:
		return labelsOf(v.Property("labels"))
	default:
		return []string{v.Text()}
	}
}

func (s State) continues(j Job, env workflow.Env) (bool, error) {
	if j.Body.ContinueOnError.Source == "" {
		return false, nil
	}
	v, err := j.Body.ContinueOnError.Evaluate(env)
	return v.Text() == "true", err
}

// decided adds a decision, where the text had something to evaluate.
func decided(list []Decision, key string, t workflow.Text, v workflow.Value, env workflow.Env) []Decision {
	if !computed(t) {
		return list
	}
	parsed, err := workflow.ParseText(t.Source)
	if err != nil {
		return list
	}
	result := v.Text()
	if v.Kind() == workflow.KindArray || v.Kind() == workflow.KindObject {
		if raw, err := json.Marshal(v); err == nil {
			result = string(raw)
		}
	}
	return append(list, Decision{Key: key, Expression: t.Source, Result: short(result), Values: valuesOf(parsed.References(), env)})
}

// maxValue is how much of a value a decision keeps, in characters.
const maxValue = 200

func short(s string) string {
	runes := []rune(s)
	if len(runes) <= maxValue {
		return s
	}
	return string(runes[:maxValue]) + "... (" + strconv.Itoa(len(runes)) + " characters)"
}

// valuesOf is what the referenced contexts held.
func valuesOf(references []string, env workflow.Env) map[string]string {
	values := map[string]string{}
	for _, ref := range references {
		segments := strings.Split(strings.TrimSuffix(ref, ".*"), ".")
		v, ok := env.Contexts[segments[0]]
		if !ok || len(segments) == 1 {
			continue
		}
		for _, p := range segments[1:] {
			v = v.Property(p)
		}
		values[ref] = short(v.Text())
	}
	return values
}
