package workflow

import (
	"fmt"
	"slices"
	"strings"
)

// Key is a place in a workflow file, or in an action's metadata, that may hold
// expressions; its value is the name in GitHub's table.
type Key string

// The keys of a workflow file that hold expressions.
const (
	KeyRunName             Key = "run-name"
	KeyConcurrency         Key = "concurrency"
	KeyEnv                 Key = "env"
	KeyJobName             Key = "jobs.<job_id>.name"
	KeyJobIf               Key = "jobs.<job_id>.if"
	KeyJobRunsOn           Key = "jobs.<job_id>.runs-on"
	KeyJobStrategy         Key = "jobs.<job_id>.strategy"
	KeyJobConcurrency      Key = "jobs.<job_id>.concurrency"
	KeyJobEnvironment      Key = "jobs.<job_id>.environment"
	KeyJobEnvironmentURL   Key = "jobs.<job_id>.environment.url"
	KeyJobEnv              Key = "jobs.<job_id>.env"
	KeyJobDefaults         Key = "jobs.<job_id>.defaults.run"
	KeyJobOutputs          Key = "jobs.<job_id>.outputs.<output_id>"
	KeyJobTimeout          Key = "jobs.<job_id>.timeout-minutes"
	KeyJobContinueOnError  Key = "jobs.<job_id>.continue-on-error"
	KeyJobWith             Key = "jobs.<job_id>.with.<with_id>"
	KeyJobSecrets          Key = "jobs.<job_id>.secrets.<secrets_id>"
	KeyStepIf              Key = "jobs.<job_id>.steps.if"
	KeyStepName            Key = "jobs.<job_id>.steps.name"
	KeyStepRun             Key = "jobs.<job_id>.steps.run"
	KeyStepWith            Key = "jobs.<job_id>.steps.with"
	KeyStepEnv             Key = "jobs.<job_id>.steps.env"
	KeyStepDirectory       Key = "jobs.<job_id>.steps.working-directory"
	KeyStepTimeout         Key = "jobs.<job_id>.steps.timeout-minutes"
	KeyStepContinueOnError Key = "jobs.<job_id>.steps.continue-on-error"
	KeyCallInputDefault    Key = "on.workflow_call.inputs.<inputs_id>.default"
	KeyCallOutputValue     Key = "on.workflow_call.outputs.<output_id>.value"
	// KeyNone is any other key, steps.shell among them: GitHub evaluates no
	// expression there.
	KeyNone Key = "none"
)

// The keys of an action's metadata file that hold expressions. An action sees
// neither secrets, vars nor needs; what it is to know of them comes as an input.
const (
	KeyActionInputDefault        Key = "inputs.<input_id>.default"
	KeyActionOutput              Key = "outputs.<output_id>.value"
	KeyActionPreIf               Key = "runs.pre-if"
	KeyActionPostIf              Key = "runs.post-if"
	KeyActionStepIf              Key = "runs.steps.if"
	KeyActionStepName            Key = "runs.steps.name"
	KeyActionStepRun             Key = "runs.steps.run"
	KeyActionStepShell           Key = "runs.steps.shell"
	KeyActionStepDirectory       Key = "runs.steps.working-directory"
	KeyActionStepEnv             Key = "runs.steps.env"
	KeyActionStepWith            Key = "runs.steps.with"
	KeyActionStepContinueOnError Key = "runs.steps.continue-on-error"
)

// roots are all contexts that GitHub has.
var roots = []string{
	"github", "env", "vars", "job", "jobs", "steps", "runner", "secrets", "strategy", "matrix", "needs", "inputs",
}

// Roots are the names of all contexts that GitHub has, in lower case.
func Roots() []string { return slices.Clone(roots) }

var (
	statusFunctions = []string{"always", "cancelled", "failure", "success"}
	jobContexts     = []string{"github", "needs", "strategy", "matrix", "vars", "inputs"}
	stepContexts    = []string{"github", "needs", "strategy", "matrix", "job", "runner", "env", "vars", "secrets", "steps", "inputs"}
	stepFunctions   = []string{"hashFiles"}
	ifFunctions     = []string{"hashFiles", "always", "cancelled", "failure", "success"}
	hookContexts    = []string{"github", "strategy", "matrix", "job", "runner", "env", "inputs"}
	actionContexts  = []string{"github", "strategy", "matrix", "job", "runner", "env", "steps", "inputs"}
)

type available struct {
	key       Key
	contexts  []string
	functions []string // beyond those that are allowed everywhere
}

// availability is GitHub's table: for workflows that of docs.github.com,
// "Contexts reference", context availability; for actions the "context" lists of
// action-v1.0.json in actions/languageservices, because the docs have none.
var availability = []available{
	{KeyRunName, []string{"github", "inputs", "vars"}, nil},
	{KeyConcurrency, []string{"github", "inputs", "vars"}, nil},
	{KeyEnv, []string{"github", "secrets", "inputs", "vars"}, nil},
	{KeyJobName, jobContexts, nil},
	{KeyJobIf, []string{"github", "needs", "vars", "inputs"}, statusFunctions},
	{KeyJobRunsOn, jobContexts, nil},
	{KeyJobStrategy, []string{"github", "needs", "vars", "inputs"}, nil},
	{KeyJobConcurrency, jobContexts, nil},
	{KeyJobEnvironment, jobContexts, nil},
	{
		KeyJobEnvironmentURL,
		[]string{"github", "needs", "strategy", "matrix", "job", "runner", "env", "vars", "steps", "inputs"},
		nil,
	},
	{KeyJobEnv, append([]string{"secrets"}, jobContexts...), nil},
	{KeyJobDefaults, append([]string{"env"}, jobContexts...), nil},
	{KeyJobOutputs, stepContexts, nil},
	{KeyJobTimeout, jobContexts, nil},
	{KeyJobContinueOnError, jobContexts, nil},
	{KeyJobWith, jobContexts, nil},
	{KeyJobSecrets, append([]string{"secrets"}, jobContexts...), nil},
	{
		KeyStepIf,
		[]string{"github", "needs", "strategy", "matrix", "job", "runner", "env", "vars", "steps", "inputs"},
		ifFunctions,
	},
	{KeyStepName, stepContexts, stepFunctions},
	{KeyStepRun, stepContexts, stepFunctions},
	{KeyStepWith, stepContexts, stepFunctions},
	{KeyStepEnv, stepContexts, stepFunctions},
	{KeyStepDirectory, stepContexts, stepFunctions},
	{KeyStepTimeout, stepContexts, stepFunctions},
	{KeyStepContinueOnError, stepContexts, stepFunctions},
	{KeyCallInputDefault, []string{"github", "inputs", "vars"}, nil},
	{KeyCallOutputValue, []string{"github", "jobs", "vars", "inputs"}, nil},
	{KeyActionInputDefault, []string{"github", "strategy", "matrix", "job", "runner"}, stepFunctions},
	{KeyActionOutput, actionContexts, nil},
	{KeyActionPreIf, hookContexts, ifFunctions},
	{KeyActionPostIf, hookContexts, ifFunctions},
	{KeyActionStepIf, actionContexts, ifFunctions},
	{KeyActionStepName, actionContexts, stepFunctions},
	{KeyActionStepRun, actionContexts, stepFunctions},
	{KeyActionStepShell, actionContexts, stepFunctions},
	{KeyActionStepDirectory, actionContexts, stepFunctions},
	{KeyActionStepEnv, actionContexts, stepFunctions},
	{KeyActionStepWith, actionContexts, stepFunctions},
	{KeyActionStepContinueOnError, actionContexts, stepFunctions},
	{KeyNone, nil, nil},
}

// Misuse is a context or function that GitHub does not have at a key, or an
// option that this engine does not have.
type Misuse struct {
	Offset  int    // byte offset within the source
	Rule    string // unknown-context, context-not-available, function-not-available, option-not-supported
	Message string
	Hint    string
}

// Check finds contexts that do not exist and contexts and functions that are not
// available at a key.
func (e *Expression) Check(key Key) []Misuse { return e.root.check(key) }

// Check is Expression.Check for every expression of the text; offsets are within
// the text.
func (t *Template) Check(key Key) []Misuse { return t.root.check(key) }

func (n *node) check(key Key) []Misuse {
	i := slices.IndexFunc(availability, func(a available) bool { return a.key == key })
	if i < 0 {
		i = len(availability) - 1
	}
	var list []Misuse
	n.visit(func(n *node) {
		if m, bad := availability[i].check(n); bad {
			m.Offset = n.offset
			list = append(list, m)
		}
	})
	return list
}

func (a available) check(n *node) (Misuse, bool) {
	switch n.kind {
	case nodeContext:
		name := strings.ToLower(n.name)
		if !slices.Contains(roots, name) {
			return Misuse{
				Rule:    "unknown-context",
				Message: fmt.Sprintf("unknown context %q", n.name),
				Hint:    "the contexts are " + strings.Join(roots, ", "),
			}, true
		}
		if !slices.Contains(a.contexts, name) {
			return Misuse{
				Rule:    "context-not-available",
				Message: fmt.Sprintf("context %q is not available in %s", n.name, a.key),
				Hint:    availableHint("contexts", a.contexts),
			}, true
		}
	case nodeCall:
		special := n.fn.status || n.fn.name == "hashFiles"
		if special && !slices.Contains(a.functions, n.fn.name) {
			return Misuse{
				Rule:    "function-not-available",
				Message: fmt.Sprintf("function %q is not available in %s", n.fn.name, a.key),
				Hint:    availableHint("special functions", a.functions),
			}, true
		}
		if n.fn.name == "hashFiles" && n.args[0].kind == nodeLiteral && badOption(n.args[0].value.Text()) {
			return Misuse{
				Rule:    "option-not-supported",
				Message: fmt.Sprintf("hashFiles has the option %q", n.args[0].value.Text()),
				Hint:    "the only option is " + followLinks,
			}, true
		}
	}
	return Misuse{}, false
}

func availableHint(what string, names []string) string {
	if len(names) == 0 {
		return "no " + what + " are available there"
	}
	return "available " + what + " there: " + strings.Join(names, ", ")
}
