package records

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/dc-release/dc-release/internal/app/inspect"
)

// changes prints a line for each job that has come to another state or step.
type changes struct {
	out   io.Writer
	shown map[string]string // last line of each job, "" is the run
}

func (v *changes) passes() bool { return false }

func (v *changes) show(w inspect.Watched, _ time.Duration) error {
	var b strings.Builder
	say := func(key, text string) {
		if v.shown[key] != text {
			v.shown[key] = text
			fmt.Fprintf(&b, "%s %s\n", w.Time.Format("15:04:05"), text)
		}
	}
	if len(v.shown) == 0 {
		say("", heading(w))
	}
	for i, r := range tree(w, 0) {
		if r.state == "running" && !w.Jobs[i].Silent {
			r.detail = stepOf(w.Jobs[i]) // time passes without a change
		}
		if r.state != "pending" {
			say(r.key, strings.TrimRight(fmt.Sprintf("%-*s %s  %s", stateWidth, r.state, r.key, r.detail), " "))
		}
	}
	say("", heading(w))
	_, err := io.WriteString(v.out, b.String())
	return err
}

// changesJSON prints an object on a line of its own for each change.
type changesJSON struct {
	out   io.Writer
	shown string
}

func (v *changesJSON) passes() bool { return false }

func (v *changesJSON) show(w inspect.Watched, _ time.Duration) error {
	jobs := slices.Clone(w.Jobs)
	for i := range jobs {
		jobs[i].Log = 0 // what is printed is no change
	}
	raw, err := json.Marshal(struct {
		Run        string        `json:"run"`
		Finished   bool          `json:"finished"`
		Conclusion string        `json:"conclusion"`
		Moving     bool          `json:"moving"`
		Jobs       []inspect.Job `json:"jobs"`
	}{w.Run, w.Finished, w.Conclusion, w.Moving, jobs})
	if err != nil || string(raw) == v.shown {
		return err
	}
	v.shown = string(raw)
	_, err = fmt.Fprintf(v.out, `{"schema":"dc-release/run-watch/v1","time":%q,%s`+"\n", w.Time.Format(time.RFC3339Nano), raw[1:])
	return err
}
