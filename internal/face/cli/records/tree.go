package records

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/mattn/go-runewidth"

	"github.com/dc-release/dc-release/internal/app/inspect"
	"github.com/dc-release/dc-release/internal/core/joblog"
	"github.com/dc-release/dc-release/internal/face/cli/console"
)

// row is one job of a run as a line of a tree.
type row struct {
	key    string
	state  string
	label  string // indented
	detail string
}

// tree gives the jobs of a run in order, each below the one that its key
// continues: build#1/deploy is below build#1 where there is such a job.
func tree(w inspect.Watched, since time.Duration) []row {
	known := map[string]bool{}
	for _, j := range w.Jobs {
		known[j.Key] = true
	}
	var rows []row
	for _, j := range w.Jobs {
		depth, parent := 0, ""
		for i := range j.Key {
			if (j.Key[i] == '/' || j.Key[i] == '#') && known[j.Key[:i]] {
				depth, parent = depth+1, j.Key[:i]
			}
		}
		label := strings.TrimPrefix(strings.TrimPrefix(j.Key, parent), "/")
		rows = append(rows, row{key: j.Key, state: stateOf(j), label: strings.Repeat("  ", depth) + label, detail: detail(j, w.Time, since)})
	}
	return rows
}

func stateOf(j inspect.Job) string {
	if j.Conclusion != "" {
		return j.Conclusion
	}
	return j.Status
}

// detail is what a person wants to know of a job in its state.
func detail(j inspect.Job, now time.Time, since time.Duration) string {
	switch {
	case j.Status == "running" && !j.Silent:
		var parts []string
		if at, err := time.Parse(time.RFC3339, j.Started); err == nil {
			parts = append(parts, elapsed(now.Sub(at)+since))
		}
		if step := stepOf(j); step != "" {
			parts = append(parts, step+" ("+elapsed(now.Sub(j.Step.Since)+since)+")")
		}
		return strings.Join(parts, "  ")
	case j.Status == "waiting":
		return "for gate " + j.Environment
	}
	return joblog.Tame(oneLine(j.Reason), false)
}

// stepOf names the step that a job is at, "" for none.
func stepOf(j inspect.Job) string {
	if j.Step == nil {
		return ""
	}
	return strings.TrimSuffix(fmt.Sprintf("step %d: %s", j.Step.Number, joblog.Tame(j.Step.Name, false)), ": ")
}

func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

// elapsed is a duration in whole seconds, never below zero: clocks differ.
func elapsed(d time.Duration) string { return max(d, 0).Truncate(time.Second).String() }

// heading is the run itself; a narrow screen cuts what matters least.
func heading(w inspect.Watched) string {
	state := w.Conclusion
	switch {
	case state != "":
	case w.Moving:
		state = "in progress"
	default:
		state = "waits for people"
	}
	return fmt.Sprintf("%s: run %s, %s of %s at %.12s", state, w.Run, w.Event, w.Ref, w.SHA)
}

// stateColours of a terminal.
var stateColours = map[string]string{"success": "\x1b[32m", "failure": red, "running": "\x1b[36m", "waiting": yellow, "cancelled": yellow}

const stateWidth = 10

// screenView draws a run in place.
type screenView struct {
	out    io.Writer
	screen func() console.Screen // its size changes
	lines  int                   // that are on it
}

func (v *screenView) passes() bool { return true }

func (v *screenView) show(w inspect.Watched, since time.Duration) error {
	var b strings.Builder
	if v.lines > 0 {
		fmt.Fprintf(&b, "\x1b[%dA", v.lines) // to the first line
	}
	lines := draw(w, since, v.screen())
	for _, line := range lines {
		b.WriteString("\r" + line + "\x1b[K\n")
	}
	b.WriteString("\x1b[J") // what there was below
	v.lines = len(lines)
	_, err := io.WriteString(v.out, b.String())
	return err
}

// draw gives the lines of a screen: none is wider, and they are not more than
// it has.
func draw(w inspect.Watched, since time.Duration, screen console.Screen) []string {
	columns := max(screen.Columns-1, 20)
	rows, left := fit(tree(w, since), screen.Rows-3)
	width := 0
	for _, r := range rows {
		width = max(width, runewidth.StringWidth(r.label))
	}
	lines := []string{runewidth.Truncate(heading(w), columns, "~")}
	for _, r := range rows {
		state := runewidth.FillRight(r.state, stateWidth)
		text := strings.TrimRight(runewidth.FillRight(r.label, width)+"  "+r.detail, " ")
		text = runewidth.Truncate(text, columns-stateWidth-1, "~")
		if colour := stateColours[r.state]; screen.Colour && colour != "" {
			state = colour + state + plain
		}
		lines = append(lines, state+" "+text)
	}
	if left > 0 {
		lines = append(lines, fmt.Sprintf("and %d more jobs: dc-release runs show %s", left, w.Run))
	}
	return lines
}

// fit leaves out jobs that nobody has to look at until the rest has room.
func fit(rows []row, room int) (kept []row, left int) {
	all := len(rows)
	for _, dull := range []string{"pending", "skipped", "success", "open", "cancelled"} {
		excess := len(rows) - room
		rows = slices.DeleteFunc(slices.Clone(rows), func(r row) bool {
			if excess <= 0 || r.state != dull {
				return false
			}
			excess--
			return true
		})
	}
	rows = rows[:min(len(rows), max(room, 1))]
	return rows, all - len(rows)
}
