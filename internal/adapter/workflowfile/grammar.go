package workflowfile

// Key is one key of a section: executed, or refused with a hint how to do
// without it.
type Key struct {
	Name    string
	Refused string // the hint; "" for a key that is executed
	Differs string // from GitHub, "" for nothing
}

// Section is a mapping of a workflow or action file with its known keys. It is
// what the reader goes by and what docs/workflows.md is made from.
type Section struct {
	What string
	Keys []Key
	// Loose sections may have further keys, which GitHub ignores too.
	Loose bool
}

func (s Section) find(name string) (Key, bool) {
	for _, k := range s.Keys {
		if k.Name == name {
			return k, true
		}
	}
	return Key{}, false
}

// executed are the names of the keys that are executed.
func (s Section) executed() []string {
	var names []string
	for _, k := range s.Keys {
		if k.Refused == "" {
			names = append(names, k.Name)
		}
	}
	return names
}

// keys makes keys without remarks.
func keys(names ...string) []Key {
	list := make([]Key, len(names))
	for i, n := range names {
		list[i] = Key{Name: n}
	}
	return list
}

const (
	noContainers = "run the steps on the worker itself; prepare it with the tools that the image holds"
	byPath       = "remove it: filters by path need the changed files, which this engine does not compute"
	noToken      = "no token is issued; they limit what called workflows may ask for, and id-token: write gives an identity token"
	waits        = "a job that waits at a gate holds no group, and a job that runs in an environment is not cancelled by a newer one"
)

// The sections of workflow files. To execute a key: its place here, what reads
// it, and what carries it out.
var (
	workflowSection = Section{What: "workflow", Keys: append(
		keys("name", "description", "run-name", "on", "env", "defaults", "jobs"),
		Key{Name: "permissions", Differs: noToken}, Key{Name: "concurrency", Differs: waits},
	)}
	jobSection = Section{What: "job", Keys: append(
		keys("name", "needs", "if", "runs-on", "env", "defaults", "outputs", "continue-on-error", "steps", "uses", "with", "secrets", "strategy"),
		Key{Name: "timeout-minutes", Differs: "fractions of a minute count"},
		Key{Name: "permissions", Differs: noToken},
		Key{Name: "concurrency", Differs: waits},
		Key{Name: "environment", Differs: "a place (dev, tst, val, prd, or a name mapped to one) or a gate; must be known before the run; one deployment at a time per place, first in first out"},
		Key{Name: "container", Refused: noContainers},
		Key{Name: "services", Refused: "start the service in a step, or on the worker"},
		Key{Name: "snapshot", Refused: "remove it: workers have no images"},
		Key{Name: "cancel-timeout-minutes", Refused: "remove it: steps have 5 minutes after a cancellation"},
	)}
	strategySection    = Section{What: "strategy", Keys: keys("matrix", "fail-fast", "max-parallel")}
	concurrencySection = Section{What: "concurrency", Keys: append(keys("group", "cancel-in-progress"), Key{Name: "queue"})}
	environmentSection = Section{What: "environment", Keys: append(
		keys("name", "url"),
		Key{Name: "deployment", Refused: "remove it: a job with an environment is always a deployment"},
	)}
	runnerSection      = Section{What: "runs-on", Keys: append(keys("labels"), Key{Name: "group", Refused: "name the labels of the worker"})}
	defaultsSection    = Section{What: "defaults", Keys: keys("run")}
	defaultsRunSection = Section{What: "defaults.run", Keys: keys("shell", "working-directory")}
	stepSection        = Section{What: "step", Keys: append(
		keys("id", "name", "if", "run", "shell", "working-directory", "env", "uses", "with", "continue-on-error"),
		Key{Name: "timeout-minutes", Differs: "fractions of a minute count"},
		Key{Name: "background", Refused: "steps run one after the other"},
		Key{Name: "cancel-timeout-minutes", Refused: "remove it: the worker's time to stop is fixed"},
	)}
	pushSection = Section{What: "on.push", Keys: append(
		keys("branches", "branches-ignore", "tags", "tags-ignore"), Key{Name: "paths", Refused: byPath}, Key{Name: "paths-ignore", Refused: byPath},
	)}
	pullRequestSection = Section{What: "on.pull_request", Keys: append(
		keys("types", "branches", "branches-ignore"), Key{Name: "paths", Refused: byPath}, Key{Name: "paths-ignore", Refused: byPath},
	)}
	calleeSection = Section{What: "on.workflow_call", Keys: keys("inputs", "secrets", "outputs")}
	inputSection  = Section{What: "input", Keys: keys("description", "required", "default", "type")}
	secretSection = Section{What: "secret", Keys: keys("description", "required")}
	outputSection = Section{What: "output", Keys: keys("description", "value")}
)

// The sections of an action's metadata file.
var (
	actionSection       = Section{What: "action", Keys: keys("name", "description", "author", "inputs", "outputs", "runs", "branding"), Loose: true}
	actionInputSection  = Section{What: "input of the action", Keys: keys("description", "required", "default", "deprecationMessage"), Loose: true}
	actionOutputSection = Section{What: "output of the action", Keys: keys("description", "value"), Loose: true}
	compositeSection    = Section{What: "runs of a composite action", Keys: keys("using", "steps")}
	nodeSection         = Section{What: "runs of a node action", Keys: keys("using", "main", "pre", "pre-if", "post", "post-if"), Loose: true}
	actionStepSection   = Section{What: "step of an action", Keys: keys(
		"id", "name", "if", "run", "shell", "working-directory", "env", "uses", "with", "continue-on-error",
	)}
)

// Grammar is all sections, in the order of the documentation.
func Grammar() []Section {
	return []Section{
		workflowSection, pushSection, pullRequestSection, calleeSection, inputSection, secretSection, outputSection, concurrencySection, defaultsSection,
		defaultsRunSection, jobSection, strategySection, environmentSection, runnerSection, stepSection,
		actionSection, actionInputSection, actionOutputSection, compositeSection, nodeSection, actionStepSection,
	}
}
