package inspect

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/dc-release/dc-release/internal/app/state"
	"github.com/dc-release/dc-release/internal/core/fault"
	"github.com/dc-release/dc-release/internal/core/joblog"
	"github.com/dc-release/dc-release/internal/core/pipeline"
)

// Limits of one answer.
const (
	MaxPage = 1 << 20          // bytes of a log
	MaxWait = 30 * time.Second // for something new
)

// Logs reads what executions print while they run.
type Logs interface {
	// OpenAt reads from an offset; fs.ErrNotExist says that there is no log.
	OpenAt(execution string, offset int64) (io.ReadCloser, error)
	// State gives the length of a log and the step it has come to.
	State(execution string) (size int64, step joblog.Step, err error)
	// Changed is closed when a log grows next.
	Changed() <-chan struct{}
}

// LogQuery asks for a page of a job's log.
type LogQuery struct {
	Run string `json:"run"`
	// Job is a key, like tst/deploy. It may be left out where the run has one
	// job, and beside Execution.
	Job       string `json:"job"`
	Attempt   int    `json:"attempt"`   // the latest try of this one; 0 is the latest of all
	Execution string `json:"execution"` // exactly this try
	Offset    int64  `json:"offset"`    // bytes that are known already
	// Wait is how many seconds to wait when there is nothing new, up to MaxWait.
	Wait int `json:"wait"`
}

// LogPage is a part of a log. It ends at the end of a line, unless the line is
// longer than a page or the log ends in the middle of one.
type LogPage struct {
	Run       string `json:"run"`
	Job       string `json:"job"`
	Execution string `json:"execution"` // "" while the job has none
	Offset    int64  `json:"offset"`
	Next      int64  `json:"next"`     // offset of the next page
	Complete  bool   `json:"complete"` // nothing comes after Next
	Text      string `json:"text"`
}

// Log gives a page of a log, also of one that is being written. When there is
// nothing new it waits for as long as it was asked to.
func (i *Inspector) Log(ctx context.Context, q LogQuery) (LogPage, error) {
	if q.Offset < 0 {
		return LogPage{}, fault.New(fault.Invalid, "offset %d: want 0 or more", q.Offset)
	}
	waited := time.NewTimer(wait(q.Wait))
	defer waited.Stop()
	for {
		recorded, grown := i.Changed(), i.Logs.Changed()
		p, err := i.page(ctx, q)
		if err != nil || p.Text != "" || p.Complete || q.Wait <= 0 {
			return p, err
		}
		if served, err := i.Moving(ctx, true); err != nil || !served {
			return p, err // nothing new would come
		}
		select {
		case <-recorded:
		case <-grown:
		case <-waited.C:
			return p, nil
		case <-ctx.Done():
			return p, ctx.Err()
		}
	}
}

func wait(seconds int) time.Duration {
	return min(time.Duration(max(seconds, 0))*time.Second, MaxWait)
}

func (i *Inspector) page(ctx context.Context, q LogQuery) (LogPage, error) {
	run, err := i.State.Run(ctx, q.Run)
	if err != nil {
		return LogPage{}, err
	}
	job, execution, err := choose(run, q)
	p := LogPage{Run: q.Run, Job: job, Execution: execution, Offset: q.Offset, Next: q.Offset}
	if err != nil || execution == "" {
		return p, err
	}
	r, ended, err := i.openLog(ctx, run, execution, q.Offset)
	if err != nil {
		return p, fmt.Errorf("log of execution %s: %w", execution, err)
	}
	defer r.Close()
	data := make([]byte, MaxPage)
	n, err := io.ReadFull(r, data)
	atEnd := errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
	if err != nil && !atEnd {
		return p, fmt.Errorf("log of execution %s: %w", execution, err)
	}
	p.Complete = ended && atEnd
	if data = data[:n]; !p.Complete {
		data = whole(data, !atEnd)
	}
	p.Text, p.Next = strings.ToValidUTF8(string(data), "\uFFFD"), q.Offset+int64(len(data))
	return p, nil
}

// whole cuts data at the end of its last line; full says that no line ending
// would come into it any more: then it is cut between characters.
func whole(data []byte, full bool) []byte {
	if n := bytes.LastIndexByte(data, '\n'); n >= 0 {
		return data[:n+1]
	}
	if !full {
		return nil
	}
	for cut := len(data); cut > len(data)-utf8.UTFMax && cut > 0; cut-- {
		if r, size := utf8.DecodeLastRune(data[:cut]); r != utf8.RuneError || size > 1 {
			return data[:cut]
		}
	}
	return data
}

// choose finds the execution that is asked for; "" while the job has none.
func choose(run state.Run, q LogQuery) (job, execution string, err error) {
	if q.Execution != "" {
		queued, ok := run.Queued[q.Execution]
		if !ok || q.Job != "" && queued.Job != q.Job {
			return "", "", fault.New(fault.NotFound, "run %s has no execution %q of job %q", q.Run, q.Execution, q.Job).WithHint("%s", executionsOf(run, q.Job))
		}
		return queued.Job, q.Execution, nil
	}
	if job, err = only(run, q); err != nil {
		return "", "", err
	}
	st := run.Jobs[job]
	if q.Attempt == 0 {
		if st.Execution == "" && st.Status == pipeline.Done {
			return job, "", fault.New(fault.NotFound, "job %q was %s: it left no log", job, st.Conclusion)
		}
		return job, st.Execution, nil
	}
	for _, e := range st.Executions {
		if run.Queued[e].Attempt == q.Attempt {
			execution = e
		}
	}
	if execution == "" {
		return job, "", fault.New(fault.NotFound, "job %q has no attempt %d", job, q.Attempt).WithHint("%s", executionsOf(run, job))
	}
	return job, execution, nil
}

// only is the job that is asked for, or the only one that is executed.
func only(run state.Run, q LogQuery) (string, error) {
	var keys []string
	for _, j := range run.Plan.Jobs {
		if j.Key == q.Job && j.IsExecuted() {
			return j.Key, nil
		}
		if j.IsExecuted() {
			keys = append(keys, j.Key)
		}
	}
	hint := "its jobs: " + strings.Join(keys, ", ")
	planned, known := run.Plan.Job(q.Job)
	switch {
	case q.Job == "" && len(keys) == 1:
		return keys[0], nil
	case q.Job == "":
		return "", fault.New(fault.Invalid, "run %s has %d jobs: name one", q.Run, len(keys)).WithHint("%s", hint)
	case known && !planned.IsExecuted():
		return "", fault.New(fault.Invalid, "job %q is a call: its jobs leave the logs", q.Job).WithHint("%s", hint)
	}
	return "", fault.New(fault.NotFound, "run %s has no job %q", q.Run, q.Job).WithHint("%s", hint)
}

func executionsOf(run state.Run, job string) string {
	var all []string
	for _, j := range run.Plan.Jobs {
		if job == "" || j.Key == job {
			all = append(all, run.Jobs[j.Key].Executions...)
		}
	}
	return "its executions: " + strings.Join(all, ", ")
}

// openLog opens the log of an execution where it is now; ended says that it
// grows no more.
func (i *Inspector) openLog(ctx context.Context, run state.Run, execution string, offset int64) (r io.ReadCloser, ended bool, err error) {
	digest, ended := logOf(run, execution)
	if digest != "" {
		r, err = i.Blobs.OpenAt(ctx, digest, offset)
		return r, ended, err
	}
	none := io.NopCloser(strings.NewReader(""))
	if ended {
		return none, true, nil
	}
	r, err = i.Logs.OpenAt(execution, offset)
	if errors.Is(err, fs.ErrNotExist) {
		return none, false, nil // nothing was printed, or it has just ended
	}
	return r, false, err
}

// logOf is the blob of an execution's log, "" for none, and whether the
// execution has ended.
func logOf(run state.Run, execution string) (digest string, ended bool) {
	if res, ok := run.Results[execution]; ok {
		return res.Log, true
	}
	st := run.Jobs[pipeline.JobOf(execution)]
	goesOn := st.Execution == execution && (st.Status == pipeline.Queued || st.Status == pipeline.Running)
	return run.Logs[execution], !goesOn
}
