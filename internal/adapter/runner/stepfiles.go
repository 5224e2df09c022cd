package runner

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"

	"github.com/dc-release/dc-release/internal/core/pipeline"
)

// Limits of the files a step writes to, in bytes.
const (
	maxCommandFile = 16 << 20
	maxSummary     = 1 << 20 // of one step, as on GitHub

	maxSummarySteps = 20 // of a job, as on GitHub
)

// commandFile is one of the files by which a step talks to the runner
// (docs.github.com, "Workflow commands", environment files).
type commandFile struct {
	variable string // GITHUB_X, lower case; also the file's name
	limit    int64
	optional bool // one that is too large is left out, not a failure
	apply    func(j *job, s *step, text string) error
}

// commandFiles is the list. To add one: an entry here.
func commandFiles() []commandFile {
	return []commandFile{
		{"env", maxCommandFile, false, (*job).applyEnv},
		{"path", maxCommandFile, false, (*job).applyPath},
		{"output", maxCommandFile, false, (*job).applyOutput},
		{"state", maxCommandFile, false, (*job).applyState},
		{"step_summary", maxSummary, true, (*job).applySummary},
	}
}

// stepFiles are the files of one step, in a directory of its own.
type stepFiles struct {
	job *job
	dir string
}

// path is a file's place as steps see it.
func (f stepFiles) path(name string) string {
	return filepath.Join(f.job.area.files.path, f.dir, name)
}

// make makes the directory with empty files. An earlier step cannot have put
// anything there: the directory must be new.
func (f stepFiles) make() error {
	if err := f.job.area.files.root.Mkdir(f.dir, 0o755); err != nil {
		return fmt.Errorf("make step files: %w", err)
	}
	for _, c := range commandFiles() {
		if err := f.write(c.variable, ""); err != nil {
			return err
		}
	}
	return nil
}

// write makes a new file; seal gives it away.
func (f stepFiles) write(name, text string) error {
	if err := f.job.area.files.write(filepath.Join(f.dir, name), text); err != nil {
		return fmt.Errorf("make step files: %w", err)
	}
	return nil
}

// seal gives the files to the steps' uid.
func (f stepFiles) seal() error {
	return f.job.box.Own(filepath.Join(f.job.area.files.path, f.dir))
}

func (f stepFiles) read(name string, limit int64) (string, error) {
	return f.job.area.files.read(filepath.Join(f.dir, name), limit)
}

// collect takes over what the step wrote to its files, and its evidence.
func (j *job) collect(s *step) error {
	var bad []error
	for _, f := range commandFiles() {
		text, err := s.files.read(f.variable, f.limit)
		if err == nil && text != "" {
			err = f.apply(j, s, text)
		}
		if err == nil {
			continue
		}
		err = fmt.Errorf("process file GITHUB_%s: %w", upper(f.variable), err)
		if f.optional && errors.Is(err, errTooLarge) {
			s.commands.report(pipeline.Annotation{Level: "error", Message: err.Error()})
			continue
		}
		bad = append(bad, err)
	}
	j.handEvidence(s)
	return errors.Join(bad...)
}

// applyEnv takes variables over for the following steps.
func (j *job) applyEnv(s *step, text string) error {
	pairs, err := parsePairs(text)
	for _, p := range pairs {
		switch {
		case upper(p.name) == "NODE_OPTIONS":
			s.commands.report(pipeline.Annotation{Level: "error", Message: "Can't store NODE_OPTIONS output parameter using '$GITHUB_ENV' command."})
		case isReserved(p.name):
			s.commands.warn(fmt.Sprintf("%s is set for every step and cannot be changed using '$GITHUB_ENV'.", p.name))
		default:
			j.env[p.name] = p.value
		}
	}
	return err
}

// applyPath puts directories before PATH, the last one first; one that is given
// again moves there.
func (j *job) applyPath(_ *step, text string) error {
	for _, p := range parsePaths(text) {
		others := slices.DeleteFunc(j.paths, func(have string) bool { return have == p })
		j.paths = append([]string{p}, others...)
	}
	return nil
}

func (j *job) applyOutput(s *step, text string) error {
	pairs, err := parsePairs(text)
	for _, p := range pairs {
		s.commands.setOutputValue(p.name, p.value)
	}
	return err
}

// applyState keeps what the later scripts of the action get as STATE_name.
func (j *job) applyState(s *step, text string) error {
	pairs, err := parsePairs(text)
	for _, p := range pairs {
		s.saveState(p.name, p.value)
	}
	return err
}

func (j *job) applySummary(s *step, text string) error {
	if j.summaries++; j.summaries > maxSummarySteps {
		s.commands.warn(fmt.Sprintf("the job's summary has those of %d steps: this one is left out", maxSummarySteps))
		return nil
	}
	if len(j.outcome.Summary)+len(text) > maxSummaries {
		return fmt.Errorf("%w: the summaries of a job may have %d bytes together", errTooLarge, maxSummaries)
	}
	if j.outcome.Summary != "" && j.outcome.Summary[len(j.outcome.Summary)-1] != '\n' {
		j.outcome.Summary += "\n"
	}
	j.outcome.Summary += text
	return nil
}
