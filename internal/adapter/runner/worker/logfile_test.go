package worker_test

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/dc-release/dc-release/internal/adapter/livelog"
	"github.com/dc-release/dc-release/internal/adapter/runner"
	"github.com/dc-release/dc-release/internal/adapter/runner/worker"
	"github.com/dc-release/dc-release/internal/app/work"
	"github.com/dc-release/dc-release/internal/core/fault"
)

var id = work.Execution{Execution: "01RUN/1/build/1", Fence: 7}

// receiver takes a log; each call is answered by the next of answers first.
type receiver struct {
	work.Server
	logs *livelog.Store

	mu      sync.Mutex
	answers []func(*receiver, work.LogChunk, []byte) (work.Logged, error)
	calls   int
}

func (r *receiver) AppendLog(_ context.Context, c work.LogChunk, data []byte) (work.Logged, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.calls++
	if len(r.answers) > 0 {
		answer := r.answers[0]
		r.answers = r.answers[1:]
		return answer(r, c, data)
	}
	return take(r, c, data)
}

func take(r *receiver, c work.LogChunk, data []byte) (work.Logged, error) {
	have, err := r.logs.Append(c.Execution.Execution, c.Offset, data)
	return work.Logged{Have: have}, err
}

func away(*receiver, work.LogChunk, []byte) (work.Logged, error) {
	return work.Logged{}, work.ErrUnreachable
}

// lostAnswer takes the bytes, but the worker does not hear of it.
func lostAnswer(r *receiver, c work.LogChunk, data []byte) (work.Logged, error) {
	if _, err := take(r, c, data); err != nil {
		return work.Logged{}, err
	}
	return away(r, c, data)
}

// lostFile is a server that was started again without its live logs.
func lostFile(r *receiver, c work.LogChunk, data []byte) (work.Logged, error) {
	if err := r.logs.Remove(c.Execution.Execution); err != nil {
		return work.Logged{}, err
	}
	return take(r, c, data)
}

func (r *receiver) text(t *testing.T) string {
	t.Helper()
	in, err := r.logs.OpenAt(id.Execution, 0)
	if err != nil {
		return ""
	}
	defer in.Close()
	data, err := io.ReadAll(in)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func line(text string) runner.Line {
	return runner.Line{Step: 1, Stream: runner.Stdout, TimeUS: 1_700_000_000_000_000, Text: text}
}

// streaming starts a log that is sent to r within a bubble of virtual time.
func streaming(t *testing.T, r *receiver) (log *worker.LogFile, stop func()) {
	t.Helper()
	logs, err := livelog.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	r.logs = logs
	if log, err = worker.NewLogFile(t.TempDir(), id.Execution); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var done sync.WaitGroup
	done.Go(func() { worker.Stream(log, ctx, r, id) })
	return log, func() {
		cancel()
		done.Wait()
		if err := worker.Close(log); err != nil {
			t.Error(err)
		}
		if err := logs.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestALineIsAtTheServerWithinASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &receiver{}
		log, stop := streaming(t, r)
		defer stop()
		for i := range 5 {
			worker.Add(log, line(fmt.Sprint("line ", i)))
			<-time.After(time.Second)
			if got := r.text(t); !strings.HasSuffix(got, fmt.Sprintf(" 1 stdout line %d\n", i)) {
				t.Errorf("a second after line %d: %q", i, got)
			}
		}
	})
}

func TestTheWholeLogArrivesWhateverIsLost(t *testing.T) {
	type answers = []func(*receiver, work.LogChunk, []byte) (work.Logged, error)
	for name, c := range map[string]answers{
		"nothing is lost":                           nil,
		"a server that is away gets it later":       {take, away, away, away, take},
		"bytes whose answer was lost are not twice": {lostAnswer, take, lostAnswer},
		"a server without its file gets all again":  {take, lostFile, take, lostFile},
		"everything together":                       {away, lostAnswer, lostFile, take, away, lostFile},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := &receiver{answers: c}
				log, stop := streaming(t, r)
				defer stop()
				for i := range 400 { // more than one chunk
					worker.Add(log, line(fmt.Sprint(i, strings.Repeat(" text", 400))))
					if i%40 == 0 {
						<-time.After(300 * time.Millisecond)
					}
				}
				<-time.After(10 * time.Second)
				want, err := os.ReadFile(worker.Path(log))
				if got := r.text(t); err != nil || got != string(want) || len(want) < 400*2000 {
					t.Errorf("the server has %d bytes of %d, %v", len(got), len(want), err)
				}
			})
		})
	}
}

func TestARefusedLogIsNotSentAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &receiver{answers: []func(*receiver, work.LogChunk, []byte) (work.Logged, error){
			func(*receiver, work.LogChunk, []byte) (work.Logged, error) {
				return work.Logged{}, fault.New(fault.Conflict, "fence 7 is stale")
			},
		}}
		log, stop := streaming(t, r)
		for range 3 {
			worker.Add(log, line("into the void"))
			<-time.After(2 * time.Second)
		}
		stop()
		if r.calls != 1 {
			t.Errorf("sent %d times", r.calls)
		}
	})
}

// A step prints as fast as the disk takes it while the server does not answer.
func TestNothingWaitsForAServerThatDoesNotAnswer(t *testing.T) {
	entered, blocked := make(chan struct{}), make(chan struct{})
	r := &receiver{answers: []func(*receiver, work.LogChunk, []byte) (work.Logged, error){
		func(r *receiver, c work.LogChunk, data []byte) (work.Logged, error) {
			close(entered)
			<-blocked
			return take(r, c, data)
		},
	}}
	log, stop := streaming(t, r)
	worker.Add(log, line("first"))
	<-entered
	for range 10_000 {
		worker.Add(log, line("more"))
	}
	close(blocked)
	stop()
	if info, err := os.Stat(worker.Path(log)); err != nil || info.Size() < 10_000*40 {
		t.Errorf("the log is not whole: %v, %v", info, err)
	}
}
