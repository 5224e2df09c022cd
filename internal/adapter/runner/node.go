package runner

import (
	"context"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/dc-release/dc-release/internal/core/pipeline"
)

// runNode runs a script of a node action.
func (j *job) runNode(ctx context.Context, s *step) error {
	body := s.use.action.Body
	j.warnOfPre(s)
	script := map[stage]string{preStage: body.Pre, mainStage: body.Main, postStage: body.Post}[s.stage]
	path := filepath.Join(s.use.dir, filepath.FromSlash(script))
	if err := j.mustBeFile(path); err != nil {
		return fmt.Errorf("action %q: %sscript %q: %w", s.Uses, strings.ToLower(string(s.stage)), script, err)
	}
	node, err := j.nodeFor(ctx, s)
	if err != nil {
		return fmt.Errorf("action %q: %w", s.Uses, err)
	}
	if err := s.files.seal(); err != nil {
		return err
	}
	variables := j.variables(s)
	delete(variables, "NODE_ICU_DATA") // may not fit this node
	for _, in := range s.inputs {
		variables["INPUT_"+strings.ToUpper(strings.ReplaceAll(in.name, " ", "_"))] = in.value
	}
	for name, value := range s.use.state {
		variables["STATE_"+name] = value
	}
	s.code, err = j.execute(ctx, s, []string{node.Path, path}, variables, j.area.workspace())
	if err == nil && s.code != 0 {
		err = fmt.Errorf("process completed with exit code %d", s.code)
	}
	return err
}

// mustBeFile looks for a regular file in the steps' tree.
func (j *job) mustBeFile(path string) error {
	rel, err := filepath.Rel(j.area.top.path, path)
	if err != nil {
		return err
	}
	f, _, err := j.area.top.file(rel)
	if err != nil {
		return err
	}
	return f.Close()
}

// nodeFor finds the node of the worker when the first action needs it, and
// compares its major version with the one that the action declares: a newer one
// will do. What steps did to their PATH does not count, as on GitHub, whose
// runner brings a node of its own.
func (j *job) nodeFor(ctx context.Context, s *step) (pipeline.Tool, error) {
	if j.node == nil {
		variables := environment{"PATH": j.searchPath(j.c.Path, nil), "HOME": j.area.home()}
		t, err := j.tool(ctx, s, wanted{name: "node", files: []string{"node"}, reads: nodeVersion}, variables)
		if err != nil {
			return t, err
		}
		j.node = &t
	}
	using := s.use.action.Body.Using
	declared, err := strconv.Atoi(strings.TrimPrefix(using, "node"))
	if err != nil {
		return *j.node, fmt.Errorf("runs.using is %q: want node with a version, as node20", using)
	}
	major, _, _ := strings.Cut(j.node.Version, ".")
	if have, err := strconv.Atoi(major); err == nil && have >= declared {
		return *j.node, nil
	}
	err = fmt.Errorf("runs.using is %s: want that version of node or a newer one, found %q at %s", using, j.node.Version, j.node.Path)
	if j.c.ToolMismatch != Warn {
		return *j.node, err
	}
	s.commands.warn(err.Error())
	return *j.node, nil
}
