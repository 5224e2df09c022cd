package runner

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"

	"github.com/dc-release/dc-release/internal/core/mask"
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
	problems    map[Stream]matching
	untold      int // failures beyond maxErrors
}

func newCommands(j *job, s *step) *commands {
	return &commands{job: j, step: s, echo: j.c.Debug, outputs: map[string]string{}, problems: map[Stream]matching{}}
}

// commandKind is what a command does.
type commandKind struct {
	do   func(*commands, command) error
	show showing
}

// showing is when the line of a command itself is in the log.
type showing int

const (
	onEcho showing = iota
	never          // it shows what it does
	ever           // whatever echo is
)

// commandNamed gives a command, one without do for no command. To add one: an
// entry here.
func commandNamed(name string) commandKind {
	return map[string]commandKind{
		"add-mask":       {(*commands).addMask, never},
		"debug":          {(*commands).debug, never},
		"error":          {(*commands).annotation, never},
		"warning":        {(*commands).annotation, never},
		"notice":         {(*commands).annotation, never},
		"group":          {(*commands).group, onEcho},
		"endgroup":       {(*commands).group, onEcho},
		"echo":           {(*commands).setEcho, onEcho},
		"stop-commands":  {(*commands).stop, ever},
		"set-output":     {(*commands).setOutput, onEcho},
		"save-state":     {(*commands).saveState, onEcho},
		"set-env":        {(*commands).refused, onEcho},
		"add-path":       {(*commands).refused, onEcho},
		"add-matcher":    {(*commands).addMatcher, onEcho},
		"remove-matcher": {(*commands).removeMatcher, onEcho},
	}[name]
}

func isCommand(name string) bool { return commandNamed(strings.ToLower(name)).do != nil }

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
	if !mayBeCommand(text) {
		c.plain(stream, text)
		return
	}
	if c.stopToken != "" {
		if _, resumed := parseCommand(text, func(name string) bool { return name == strings.ToLower(c.stopToken) }); resumed {
			c.log(stream, c.job.mask.Mask(text))
			c.stopToken = ""
			return
		}
		c.plain(stream, text)
		return
	}
	cmd, ok := parseCommand(text, isCommand)
	if !ok {
		c.plain(stream, text)
		return
	}
	kind := commandNamed(cmd.name)
	shown := kind.show == ever || kind.show == onEcho && c.echo
	if shown {
		c.log(stream, c.job.mask.Mask(text))
	}
	if err := kind.do(c, cmd); err != nil {
		if kind.show == onEcho && !shown {
			c.log(stream, c.job.mask.Mask(text))
		}
		c.fail(err)
		c.add(pipeline.Annotation{Level: "error", Message: err.Error()})
	}
}

// plain handles a line that is no command.
func (c *commands) plain(stream Stream, text string) {
	list := c.job.matchers.all()
	if len(list) == 0 {
		c.log(stream, c.job.mask.Mask(text))
		return
	}
	if c.problems[stream] == nil {
		c.problems[stream] = matching{}
	}
	bare := colours.ReplaceAllString(text, "")
	found := c.problems[stream].find(list, bare)
	if found == nil {
		c.log(stream, c.job.mask.Mask(text))
		return
	}
	a := c.job.annotationOf(found)
	c.add(a)
	c.system("##[" + a.Level + "]" + bare)
}

// log passes on a masked line.
func (c *commands) log(stream Stream, text string) {
	c.job.h.Log(Line{Step: c.step.number, Stream: stream, TimeUS: c.job.now(), Text: text})
}

// system logs a line of the runner's own.
func (c *commands) system(text string) { c.job.say(c.step.number, text) }

func (c *commands) addMask(cmd command) error {
	if strings.TrimSpace(cmd.data) == "" {
		c.system("##[warning]an empty text cannot be masked")
		return nil
	}
	if c.job.mask.Size() > maxMasks {
		return fmt.Errorf("more is to be masked than %d bytes with all spellings: nothing that follows could be shown", maxMasks)
	}
	c.job.mask.Add(cmd.data)
	if c.echo {
		c.system("::add-mask::" + mask.Text)
	}
	return nil
}

func (c *commands) debug(cmd command) error {
	if c.job.c.Debug {
		for line := range strings.SplitSeq(cmd.data, "\n") {
			c.system("##[debug]" + line)
		}
	}
	return nil
}

// group folds the lines up to the end of the group.
func (c *commands) group(cmd command) error {
	if cmd.name == "endgroup" {
		cmd.data = ""
	}
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
	token := cmd.data
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
	c.add(pipeline.Annotation{
		Level: cmd.name, Message: cmd.data, Title: cmd.properties["title"],
		File: c.job.inWorkspace(cmd.properties["file"]), Line: startLine(cmd.properties),
	})
	if cmd.data != "" {
		c.system("##[" + cmd.name + "]" + cmd.data)
	}
	return nil
}

// startLine is the line of an annotation, 0 if it is not known.
func startLine(properties map[string]string) int {
	line, err := strconv.Atoi(strings.TrimSpace(properties["line"]))
	end, endErr := strconv.Atoi(strings.TrimSpace(properties["endline"]))
	switch {
	case err != nil && endErr == nil:
		line = end
	case err == nil && endErr == nil && end < line:
		line = 0 // the range is nonsense
	}
	return max(line, 0)
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

// add keeps an annotation. More than the job may keep are never needed: it counts
// those of all steps of a composite action as one step's.
func (c *commands) add(a pipeline.Annotation) {
	n := 0
	for _, have := range c.annotations {
		if have.Level == a.Level {
			n++
		}
	}
	if n < maxStepAnnotations {
		c.annotations = append(c.annotations, c.job.short(a))
	}
}
