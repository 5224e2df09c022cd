package workflowfile

import (
	"crypto/sha256"
	"encoding/hex"
	"path"
	"regexp"
	"strings"

	"github.com/dc-release/dc-release/internal/adapter/workflowfile/framework"
	"github.com/dc-release/dc-release/internal/core/pipeline"
	"github.com/dc-release/dc-release/internal/core/workflow"
)

// Origins of a source.
const (
	FromCommit = "commit"
	Embedded   = "embedded"
	FromStore  = "store"
)

// Sources is where a plan's files come from.
type Sources struct {
	// Local answers with the bytes of a path at the run's commit.
	Local func(path string) (data []byte, ok bool)
	// Remote answers with the bytes of a path in another repository at what the ref
	// is pinned to; nil knows no other repository.
	Remote func(repository, ref, path string) (data []byte, commit string, ok bool)
}

// remote is OWNER/NAME/.github/workflows/FILE@REF.
var remote = regexp.MustCompile(`^([^/@\s]+/[^/@\s]+)/(\.github/workflows/[^/@\s]+\.ya?ml)@([^\s@]+)$`)

// Workflow gives pipeline.Expand a file by name: one of the framework from this
// binary, one of another repository, or one of the commit.
func (s Sources) Workflow(name string) (pipeline.File, bool) {
	if file, data, ok := framework.Resolve(name); ok {
		return load(name, "dc-release/"+file, Embedded, data), true
	}
	if strings.Contains(name, "@") {
		m := remote.FindStringSubmatch(name)
		if m == nil || s.Remote == nil {
			return pipeline.File{}, false
		}
		data, commit, ok := s.Remote(m[1], m[3], m[2])
		if !ok {
			return pipeline.File{}, false
		}
		f := load(name, name, FromStore, data)
		f.Source.Commit, f.Base = commit, m[1]+"/.github/workflows/%s@"+commit
		return f, true
	}
	file := strings.TrimPrefix(name, "./")
	data, ok := s.Local(file)
	if !ok {
		return pipeline.File{}, false
	}
	return load(name, file, FromCommit, data), true
}

func load(name, path, origin string, data []byte) pipeline.File {
	f := pipeline.File{Source: pipeline.Source{Path: name, SHA256: digest(data), Origin: origin}}
	var w *workflow.Workflow
	if w, f.Findings = Read(path, data); w != nil {
		f.Workflow = *w
	} else {
		f.Workflow.File = path
	}
	return f
}

func digest(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// Action gives pipeline.Expand the metadata of an action by what stands under
// uses.
func (s Sources) Action(uses string) (pipeline.ActionFile, bool) {
	ref, ok := workflow.ParseAction(uses)
	if !ok {
		return pipeline.ActionFile{}, false
	}
	for _, name := range ActionFiles {
		file := path.Join(ref.Path, name)
		found := pipeline.Action{Uses: uses, Repository: ref.Repository, Path: ref.Path}
		var data []byte
		shown := file
		switch {
		case ref.Local:
			data, ok = s.Local(file)
		case s.Remote == nil:
			return pipeline.ActionFile{}, false
		default:
			data, found.Commit, ok = s.Remote(ref.Repository, ref.Ref, file)
			shown = path.Join(ref.Repository, file) + "@" + ref.Ref
		}
		if !ok {
			continue
		}
		found.SHA256 = digest(data)
		a, findings := ReadAction(shown, data)
		if a != nil {
			found.Body = *a
		}
		return pipeline.ActionFile{Action: found, Findings: findings}, true
	}
	return pipeline.ActionFile{}, false
}
