package runner

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"path/filepath"
	"strings"

	"github.com/dc-release/dc-release/internal/core/pipeline"
)

// junitFile is what pytest writes where nobody told it otherwise.
const junitFile = "pytest.xml"

// offerEvidenceFile makes pytest leave a JUnit file without a change to the
// line that calls it. A --junitxml on that line wins.
func (j *job) offerEvidenceFile(s *step, env environment) {
	option := "--junitxml=" + s.files.path(junitFile)
	if strings.ContainsAny(option, " '\"\\") {
		option = "'" + strings.ReplaceAll(option, "'", `'"'"'`) + "'"
	}
	if have := env["PYTEST_ADDOPTS"]; have != "" {
		option = have + " " + option
	}
	env["PYTEST_ADDOPTS"] = option
}

// handEvidence gives the result files of a step to the server. It concerns the
// evidence alone, not the step's result.
func (j *job) handEvidence(s *step) {
	f, err := readable(&j.area.files, filepath.Join(s.files.dir, junitFile), s.evidencePath())
	if errors.Is(err, fs.ErrNotExist) {
		return
	}
	if err == nil {
		err = j.h.StepEvidence(j.hard, s.number, []File{f})
	}
	if err != nil {
		s.commands.report(pipeline.Annotation{Level: "error", Message: fmt.Sprintf("hand over evidence of step %d: %v", s.number, err)})
	}
}

// evidencePath tells the steps of a composite action apart: 1/pytest.xml is
// from the first.
func (s *step) evidencePath() string {
	_, inner, _ := strings.Cut(s.place, ".")
	return path.Join(strings.ReplaceAll(inner, ".", "/"), junitFile)
}

// readable is a regular file of a tree, under another name.
func readable(t *tree, name, as string) (File, error) {
	f, info, err := t.file(name)
	if err != nil {
		return File{}, err
	}
	f.Close()
	return File{
		Path: filepath.ToSlash(as),
		Size: info.Size(),
		Exec: info.Mode()&0o100 != 0,
		Open: func() (io.ReadCloser, error) {
			f, _, err := t.file(name)
			if err != nil {
				return nil, err // not a nil *os.File in an interface
			}
			return f, nil
		},
	}, nil
}
