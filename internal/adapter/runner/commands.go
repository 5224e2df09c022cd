package runner

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"

	"github.com/dc-release/dc-release/internal/core/pipeline"
	"github.com/dc-release/dc-release/internal/core/workflow"
)

// commands carries out the workflow commands that a step prints, and passes on
// everything else to the log. Both streams of a step share it.
type commands struct {
	job  *job
	step *step

	mu          sync.Mutex
	stopToken   string // commands are stopped until this one
	echo        bool
	annotations []pipeline.Annotation
	outputs     map[string]string
	errs        []error
	untold      int // failures beyond maxErrors
}

func newCommands(j *job, s *step) *commands {
	return &commands{job: j, step: s, outputs: map[string]string{}}
}

// commandNamed gives what a command does, nil for no command. To add one: an
// entry here.
func commandNamed(name string) func(*commands, command) error {
	return map[string]func(*commands, command) error{
		"add-mask":      (*commands).addMask,
		"debug":         (*commands).debug,
		"error":         (*commands).annotation,
		"warning":       (*commands).annotation,
		"notice":        (*commands).annotation,
		"group":         (*commands).group,
		"endgroup":      (*commands).group,
		"echo":          (*commands).setEcho,
		"stop-commands": (*commands).stop,
		"set-output":    (*commands).setOutput,
		"save-state":    (*commands).saveState,
		"set-env":       (*commands).refused,
		"add-path":      (*commands).refused,
	}[name]
}

func isCommand(name string) bool { return commandNamed(strings.ToLower(name)) != nil }

// writer gives the writer for one stream; close it for the last line.
func (c *commands) writer(stream Stream) *lines {
	return &lines{
		mask:  c.job.mask,
		line:  func(text string) { c.line(stream, text) },
		piece: func(text string) { c.log(stream, text) },
	}
}

// failure is why the step fails whatever its exit code is.
func (c *commands) failure() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.untold > 0 {
		return errors.Join(errors.Join(c.errs...), fmt.Errorf("and %d more", c.untold))
	}
	return errors.Join(c.errs...)
}

// fail makes the step fail; many reasons say no more than the first.
func (c *commands) fail(err error) {
	if len(c.errs) < maxErrors {
		c.errs = append(c.errs, errors.New(cut(err.Error(), maxReason/maxErrors)))
	} else {
		c.untold++
	}
}

// setOutputValue sets an output of the step.
func (c *commands) setOutputValue(name, value string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.output(name, value)
}

// output keeps a value, when there is room.
func (c *commands) output(name, value string) {
	if err := c.job.keep(name, value, c.outputs); err != nil {
		c.fail(fmt.Errorf("output %q: %w", cut(name, 200), err))
	}
}

// result is what the step's commands came to.
func (c *commands) result() (workflow.Value, []pipeline.Annotation) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return workflow.FromStrings(c.outputs), c.annotations
}

// line handles one unmasked line.
func (c *commands) line(stream Stream, text string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !strings.Contains(text, "::") {
		c.log(stream, c.job.mask.mask(text))
		return
	}
	if c.stopToken != "" {
		_, resumed := parseCommand(text, func(name string) bool { return name == strings.ToLower(c.stopToken) })
		c.log(stream, c.job.mask.mask(text))
		if resumed {
			c.stopToken = ""
		}
		return
	}
	cmd, ok := parseCommand(text, isCommand)
	if !ok {
		c.log(stream, c.job.mask.mask(text))
		return
	}
	err := commandNamed(cmd.name)(c, cmd)
	if (c.echo || err != nil) && cmd.name != "add-mask" { // which says so itself
		c.log(stream, c.job.mask.mask(text))
	}
	if err != nil {
		c.fail(err)
		c.add(pipeline.Annotation{Level: "error", Message: err.Error()})
	}
}

// log passes on a masked line.
func (c *commands) log(stream Stream, text string) {
	c.job.h.Log(Line{Step: c.step.number, Stream: stream, TimeUS: c.job.now(), Text: text})
}

// system logs a line of the runner's own.
func (c *commands) system(text string) { c.job.say(c.step.number, text) }

func (c *commands) addMask(cmd command) error {
	if strings.TrimSpace(cmd.data) == "" {
		c.system("##[warning]Can't add secret mask for empty string in ##[add-mask] command.")
		return nil
	}
	if c.job.mask.size() > maxMasks {
		return fmt.Errorf("more is to be masked than %d bytes with all spellings: nothing that follows could be shown", maxMasks)
	}
	c.job.mask.add(cmd.data)
	if c.echo {
		c.system("::add-mask::" + masked)
	}
	return nil
}

func (c *commands) debug(cmd command) error {
	if c.job.c.Debug {
		c.system("##[debug]" + cmd.data)
	}
	return nil
}

func (c *commands) group(cmd command) error {
	c.system("##[" + cmd.name + "]" + cmd.data)
	return nil
}

func (c *commands) setEcho(cmd command) error {
	switch strings.ToLower(strings.TrimSpace(cmd.data)) {
	case "on":
		c.echo = true
	case "off":
		c.echo = false
	default:
		return fmt.Errorf("invalid echo command value %q: want on or off", cmd.data)
	}
	return nil
}

// stop ends the processing of commands until a command with the given name. A
// token that is a command itself could be set off by chance.
func (c *commands) stop(cmd command) error {
	token := strings.TrimSpace(cmd.data)
	if token == "" || isCommand(token) || strings.EqualFold(token, "pause-logging") {
		return fmt.Errorf("invoked ::stop-commands:: with the token %q: want a text that nothing else prints", token)
	}
	c.stopToken = token
	return nil
}

func (c *commands) setOutput(cmd command) error {
	name := cmd.properties["name"]
	if name == "" {
		return errors.New("required field 'name' is missing in ##[set-output] command")
	}
	c.output(name, cmd.data)
	c.system("##[warning]The `set-output` command is deprecated, write to $GITHUB_OUTPUT.")
	return nil
}

func (c *commands) saveState(cmd command) error {
	if cmd.properties["name"] == "" {
		return errors.New("required field 'name' is missing in ##[save-state] command")
	}
	c.step.saveState(cmd.properties["name"], cmd.data)
	c.system("##[warning]The `save-state` command is deprecated, write to $GITHUB_STATE.")
	return nil
}

func (c *commands) refused(cmd command) error {
	file := map[string]string{"set-env": "GITHUB_ENV", "add-path": "GITHUB_PATH"}[cmd.name]
	return fmt.Errorf("the `%s` command is disabled: write to $%s", cmd.name, file)
}

func (c *commands) annotation(cmd command) error {
	line, _ := strconv.Atoi(cmd.properties["line"]) // 0: unknown
	c.add(pipeline.Annotation{
		Level: cmd.name, Message: cmd.data, File: cmd.properties["file"], Line: line, Title: cmd.properties["title"],
	})
	c.system("##[" + cmd.name + "]" + cmd.data)
	return nil
}

// report records an annotation of the runner's own and logs it.
func (c *commands) report(a pipeline.Annotation) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.add(a)
	c.system("##[" + a.Level + "]" + a.Message)
}

// warn reports a warning of the runner's own.
func (c *commands) warn(message string) {
	c.report(pipeline.Annotation{Level: "warning", Message: message})
}

// add keeps an annotation; many of them say no more.
func (c *commands) add(a pipeline.Annotation) {
	if len(c.annotations) < maxAnnotations && c.job.fits(&a) {
		c.annotations = append(c.annotations, a)
	}
}
