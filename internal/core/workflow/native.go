package workflow

import (
	"slices"
	"strings"
)

// Native is an action that the runner satisfies natively, whatever its @ref:
// nobody else's code is fetched or run.
type Native struct {
	Name   string // owner/name, lower case
	Inputs []NativeInput
	// Outputs are the step outputs that the runner sets.
	Outputs []string
	// Differs says in what it is another than GitHub's, "" for nothing.
	Differs string
}

// NativeInput is an input that the runner honours. An input that is not listed
// is refused at plan time: it would be ignored silently.
type NativeInput struct {
	Name string
	// Values are the only values honoured, lower case; nil means any.
	Values   []string
	Required bool
}

var (
	onlyTrue  = []string{"true"}
	onlyFalse = []string{"false"}
	trueFalse = []string{"true", "false"}
)

// Natives is the whole list, from the actions' own action.yml. To add one: an
// entry here, its behaviour in internal/adapter/runner, a case in actions_test.go.
var Natives = []Native{
	{
		Name:    "actions/checkout",
		Differs: "always the commit of the run: repository and ref may name nothing else; there is no token to use or to keep",
		Inputs: []NativeInput{
			{Name: "repository"},
			{Name: "ref"},
			{Name: "token"},
			{Name: "path"},
			{Name: "fetch-depth"},
			{Name: "fetch-tags", Values: trueFalse},
			{Name: "clean", Values: trueFalse},
			{Name: "persist-credentials", Values: trueFalse},
			{Name: "show-progress", Values: trueFalse},
			{Name: "set-safe-directory", Values: trueFalse},
			{Name: "submodules", Values: onlyFalse},
			{Name: "lfs", Values: onlyFalse},
		},
		Outputs: []string{"ref", "commit"},
	},
	{
		Name:    "actions/setup-python",
		Differs: "finds the version on the worker's PATH, downloads nothing and refuses another version; caches are accepted and do nothing",
		Inputs: []NativeInput{
			{Name: "python-version"},
			{Name: "cache"},
			{Name: "cache-dependency-path"},
			{Name: "check-latest", Values: onlyFalse},
			{Name: "update-environment", Values: onlyTrue},
			{Name: "token"},
		},
		Outputs: []string{"python-version", "python-path", "cache-hit"},
	},
	{
		Name:    "actions/upload-artifact",
		Differs: "artifacts are kept with the run: retention and compression change nothing",
		Inputs: []NativeInput{
			{Name: "name"},
			{Name: "path", Required: true},
			{Name: "if-no-files-found", Values: []string{"warn", "error", "ignore"}},
			{Name: "retention-days"},
			{Name: "compression-level"},
			{Name: "overwrite", Values: trueFalse},
			{Name: "include-hidden-files", Values: trueFalse},
		},
		Outputs: []string{"artifact-id", "artifact-digest"},
	},
	{
		Name:    "actions/download-artifact",
		Differs: "artifacts of the same run only, of earlier attempts too",
		Inputs: []NativeInput{
			{Name: "name"},
			{Name: "path"},
			{Name: "pattern"},
			{Name: "merge-multiple", Values: trueFalse},
		},
		Outputs: []string{"download-path"},
	},
	{
		// What is kept is for the own ref, read by those that come from it.
		Name: "actions/cache",
		Inputs: []NativeInput{
			{Name: "path", Required: true},
			{Name: "key", Required: true},
			{Name: "restore-keys"},
			{Name: "upload-chunk-size"},
			{Name: "enableCrossOsArchive", Values: trueFalse},
			{Name: "fail-on-cache-miss", Values: trueFalse},
			{Name: "lookup-only", Values: trueFalse},
			{Name: "save-always", Values: trueFalse},
		},
		Outputs: []string{"cache-hit"},
	},
	{
		Name: "actions/cache/restore",
		Inputs: []NativeInput{
			{Name: "path", Required: true},
			{Name: "key", Required: true},
			{Name: "restore-keys"},
			{Name: "enableCrossOsArchive", Values: trueFalse},
			{Name: "fail-on-cache-miss", Values: trueFalse},
			{Name: "lookup-only", Values: trueFalse},
		},
		Outputs: []string{"cache-hit", "cache-primary-key", "cache-matched-key"},
	},
	{
		Name: "actions/cache/save",
		Inputs: []NativeInput{
			{Name: "path", Required: true},
			{Name: "key", Required: true},
			{Name: "upload-chunk-size"},
			{Name: "enableCrossOsArchive", Values: trueFalse},
		},
	},
	{
		// As with python: what is on the worker's PATH.
		Name: "actions/setup-node",
		Inputs: []NativeInput{
			{Name: "node-version"},
			{Name: "cache"},
			{Name: "cache-dependency-path"},
			{Name: "package-manager-cache", Values: trueFalse},
			{Name: "check-latest", Values: onlyFalse},
			{Name: "token"},
		},
		Outputs: []string{"node-version", "cache-hit"},
	},
	{
		Name: "astral-sh/setup-uv",
		Inputs: []NativeInput{
			{Name: "version"},
			{Name: "python-version"},
			{Name: "enable-cache", Values: []string{"true", "false", "auto"}},
			{Name: "cache-dependency-glob"},
			{Name: "cache-suffix"},
			{Name: "github-token"},
		},
		Outputs: []string{"uv-version", "uv-path", "python-version", "cache-hit"},
	},
	{
		Name:    "databricks/setup-cli",
		Differs: "finds the command on the worker's PATH and downloads nothing",
		Inputs:  []NativeInput{{Name: "version"}},
	},
}

// LookupNative finds the native action of a uses: value such as
// "actions/checkout@v4". The name is case-insensitive; a ref must be there.
func LookupNative(uses string) (Native, bool) {
	name, ref, ok := strings.Cut(uses, "@")
	if !ok || ref == "" {
		return Native{}, false
	}
	i := slices.IndexFunc(Natives, func(a Native) bool { return strings.EqualFold(a.Name, name) })
	if i < 0 {
		return Native{}, false
	}
	return Natives[i], true
}

// Input finds an input by its case-insensitive name.
func (a Native) Input(name string) (NativeInput, bool) {
	i := slices.IndexFunc(a.Inputs, func(in NativeInput) bool { return strings.EqualFold(in.Name, name) })
	if i < 0 {
		return NativeInput{}, false
	}
	return a.Inputs[i], true
}

// InputNames are the names of the inputs, for hints.
func (a Native) InputNames() []string {
	names := make([]string, len(a.Inputs))
	for i, in := range a.Inputs {
		names[i] = in.Name
	}
	return names
}

// Honours reports whether the runner honours the value.
func (i NativeInput) Honours(value string) bool {
	return i.Values == nil || slices.Contains(i.Values, strings.ToLower(strings.TrimSpace(value)))
}
