// Package joblog is the form of a job's log: a line of text for every line that
// a step or the runner printed, with when, which step and which stream. A log
// holds no secret: lines are masked before they become one.
package joblog

import (
	"strconv"
	"strings"
	"time"
)

// layout is UTC with microseconds, as long for every time.
const layout = "2006-01-02T15:04:05.000000Z"

// Line is one line of a log.
type Line struct {
	Time   time.Time // UTC, to the microsecond
	Step   int       // counts from 1; 0 is the job itself
	Stream string    // stdout, stderr, or system for the runner's own
	Text   string    // without its end
}

// String is the line as a log holds it, with its end.
func (l Line) String() string {
	return l.Time.UTC().Format(layout) + " " + strconv.Itoa(l.Step) + " " + l.Stream + " " + l.Text + "\n"
}

// Parse reads a line, with or without its end; ok is false when it is none.
func Parse(text string) (l Line, ok bool) {
	stamp, rest, _ := strings.Cut(strings.TrimSuffix(text, "\n"), " ")
	step, rest, _ := strings.Cut(rest, " ")
	stream, rest, ok := strings.Cut(rest, " ")
	if !ok || stream == "" {
		return Line{}, false
	}
	at, err := time.Parse(layout, stamp)
	if err != nil || at.Format(layout) != stamp {
		return Line{}, false // time.Parse takes more than Format gives
	}
	number, err := strconv.Atoi(step)
	if err != nil || number < 0 || strconv.Itoa(number) != step {
		return Line{}, false
	}
	return Line{Time: at, Step: number, Stream: stream, Text: rest}, true
}

// System is the stream of the runner's own lines.
const System = "system"

// Mark is what a line says beside its text: "##[error]text" of the runner.
type Mark string

// The marks. Group begins a fold and EndGroup ends it.
const (
	NoMark   Mark = ""
	Group    Mark = "group"
	EndGroup Mark = "endgroup"
	Error    Mark = "error"
	Warning  Mark = "warning"
	Notice   Mark = "notice"
	Debug    Mark = "debug"
)

// Marked splits a line of the runner's own into its mark and its text. What a
// step prints is text, whatever it looks like.
func (l Line) Marked() (Mark, string) {
	if l.Stream != System {
		return NoMark, l.Text
	}
	rest, ok := strings.CutPrefix(l.Text, "##[")
	if !ok {
		return NoMark, l.Text
	}
	name, text, ok := strings.Cut(rest, "]")
	switch m := Mark(name); m {
	case Group, EndGroup, Error, Warning, Notice, Debug:
		if ok {
			return m, text
		}
	}
	return NoMark, l.Text
}

// Step is what a job does at the moment.
type Step struct {
	Number int       `json:"number"` // counts from 1
	Name   string    `json:"name"`
	Since  time.Time `json:"since"` // of its first line
}

// Follow gives the step after a line: a step begins with its first line, which
// is the heading with its name.
func (s Step) Follow(l Line) Step {
	if l.Step == 0 || l.Step == s.Number {
		return s
	}
	next := Step{Number: l.Step, Since: l.Time}
	if mark, text := l.Marked(); mark == Group {
		next.Name = text
	}
	return next
}
