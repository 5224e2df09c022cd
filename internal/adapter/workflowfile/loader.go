package workflowfile

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"github.com/dc-release/dc-release/internal/adapter/workflowfile/framework"
	"github.com/dc-release/dc-release/internal/core/pipeline"
	"github.com/dc-release/dc-release/internal/core/workflow"
)

// Origins of a source.
const (
	FromCommit = "commit"
	Embedded   = "embedded"
)

// Loader gives pipeline.Expand its files: those of the framework from this
// binary, local ones and the root by read, which takes the path within the
// repository and answers with the bytes at the commit. Workflows of any other
// repository are not there.
func Loader(read func(path string) (data []byte, ok bool)) func(name string) (pipeline.File, bool) {
	return func(name string) (pipeline.File, bool) {
		if file, data, ok := framework.Resolve(name); ok {
			return load(name, "dc-release/"+file, Embedded, data), true
		}
		if strings.Contains(name, "@") {
			return pipeline.File{}, false
		}
		path := strings.TrimPrefix(name, "./")
		data, ok := read(path)
		if !ok {
			return pipeline.File{}, false
		}
		return load(name, path, FromCommit, data), true
	}
}

func load(name, path, origin string, data []byte) pipeline.File {
	sum := sha256.Sum256(data)
	f := pipeline.File{Source: pipeline.Source{Path: name, SHA256: hex.EncodeToString(sum[:]), Origin: origin}}
	var w *workflow.Workflow
	if w, f.Findings = Read(path, data); w != nil {
		f.Workflow = *w
	} else {
		f.Workflow.File = path
	}
	return f
}
