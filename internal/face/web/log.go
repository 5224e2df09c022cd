package web

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/dc-release/dc-release/internal/app/inspect"
	"github.com/dc-release/dc-release/internal/core/fault"
	"github.com/dc-release/dc-release/internal/core/joblog"
	"github.com/dc-release/dc-release/internal/core/policy"
)

// logAddress is where the log of a job is shown, or streamed, from an offset on.
func logAddress(p inspect.LogPage, live string, offset int64) string {
	q := url.Values{"job": {p.Job}, "offset": {strconv.FormatInt(offset, 10)}}
	if p.Execution != "" {
		q.Set("execution", p.Execution)
	}
	return "/runs/" + url.PathEscape(p.Run) + "/log" + live + "?" + q.Encode()
}

func logQuery(r *http.Request) (inspect.LogQuery, error) {
	form := r.URL.Query()
	q := inspect.LogQuery{Run: r.PathValue("run"), Job: form.Get("job"), Execution: form.Get("execution")}
	if text := form.Get("offset"); text != "" {
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return q, fault.New(fault.Invalid, "offset %q: want a number of bytes", text)
		}
		q.Offset = n
	}
	return q, nil
}

func (s *Site) log(w http.ResponseWriter, r *http.Request, _ policy.Subject) error {
	q, err := logQuery(r)
	if err != nil {
		return err
	}
	p, err := ask[inspect.LogPage](s, r, "run.log", q)
	if err != nil {
		return err
	}
	return s.show(w, r, http.StatusOK, "Log of "+p.Job, logPage(p))
}

// liveLog streams what a job prints after the offset; the cursor is where it has
// come to.
func (s *Site) liveLog(r *http.Request, cursor string) (glimpse, error) {
	q, err := logQuery(r)
	if err != nil {
		return glimpse{}, err
	}
	if n, err := strconv.ParseInt(cursor, 10, 64); err == nil {
		q.Offset = n
	}
	q.Wait = liveWait
	p, err := ask[inspect.LogPage](s, r, "run.log", q)
	g := glimpse{shown: logLines(p.Text), cursor: strconv.FormatInt(p.Next, 10), last: p.Complete}
	if p.Text == "" {
		g.cursor = cursor
	}
	return g, err
}

// logLine is a line as it is shown.
type logLine struct {
	At, Class, Text string
}

// linesOf are the lines of a log's text: what a step prints is text, whatever it
// looks like, and steers nothing.
func linesOf(text string) []logLine {
	var out []logLine
	for line := range strings.Lines(text) {
		l, ok := joblog.Parse(line)
		if !ok {
			out = append(out, logLine{Text: joblog.Tame(strings.TrimSuffix(line, "\n"), false)})
			continue
		}
		mark, text := l.Marked()
		if mark == joblog.EndGroup {
			continue
		}
		shown := logLine{At: l.Time.Format("15:04:05"), Class: string(mark), Text: joblog.Tame(text, false)}
		if mark == joblog.NoMark && l.Stream == "stderr" {
			shown.Class = l.Stream
		}
		out = append(out, shown)
	}
	return out
}
