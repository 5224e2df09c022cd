package workflow

import "strings"

// Action is what the metadata file of an action (action.yml) says, as far as
// this engine executes actions: composite ones and those that node runs.
type Action struct {
	File    string        `json:"file"`
	Name    string        `json:"name"`
	Inputs  []ActionInput `json:"inputs,omitempty"`
	Outputs []Output      `json:"outputs,omitempty"` // a value only for composite ones
	// Using is runs.using in lower case: composite, node20 ...
	Using string `json:"using"`
	// Steps of a composite action.
	Steps []Step `json:"steps,omitempty"`
	// Main, Pre and Post are scripts of a node action, relative to its folder.
	Main string `json:"main,omitempty"`
	Pre  string `json:"pre,omitempty"`
	Post string `json:"post,omitempty"`
	// PreIf and PostIf are conditions; empty is always().
	PreIf  Text `json:"pre_if,omitzero"`
	PostIf Text `json:"post_if,omitzero"`
}

// ActionInput is an input of an action.
type ActionInput struct {
	Name       string `json:"name"`
	Required   bool   `json:"required"`
	Default    Text   `json:"default,omitzero"`
	HasDefault bool   `json:"has_default"`
	Deprecated string `json:"deprecated,omitempty"` // the message
}

// Composite reports whether the action is made of steps.
func (a Action) Composite() bool { return a.Using == "composite" }

// Node reports whether the action is run by node.
func (a Action) Node() bool { return strings.HasPrefix(a.Using, "node") }

// ActionReference is the parts of a uses: value of a step.
type ActionReference struct {
	// Local says that the action is in the workspace, at Path.
	Local bool
	// Repository is owner/name of an action of another repository, Path the folder
	// within it, "" for the root, Ref the branch, tag or commit.
	Repository, Path, Ref string
}

// ParseAction reads a uses: value: ./PATH, or OWNER/NAME[/PATH]@REF. Anything
// else, docker://IMAGE among it, is no reference that this engine can follow.
func ParseAction(uses string) (ActionReference, bool) {
	if path, ok := strings.CutPrefix(uses, "./"); ok {
		path = strings.TrimSuffix(path, "/")
		return ActionReference{Local: true, Path: path}, isFolder(path)
	}
	name, ref, ok := strings.Cut(uses, "@")
	if !ok || ref == "" || strings.ContainsAny(uses, " \t\\:") || strings.Contains(ref, "@") {
		return ActionReference{}, false
	}
	parts := strings.SplitN(name, "/", 3)
	if len(parts) < 2 || parts[0] == "" || parts[1] == "" {
		return ActionReference{}, false
	}
	r := ActionReference{Repository: parts[0] + "/" + parts[1], Ref: ref}
	if len(parts) == 3 {
		r.Path = strings.Trim(parts[2], "/")
	}
	return r, r.Path == "" || isFolder(r.Path)
}

// isFolder refuses a path that would leave where it begins.
func isFolder(path string) bool {
	for part := range strings.SplitSeq(path, "/") {
		if part == ".." || part == "" && path != "" {
			return false
		}
	}
	return true
}
