package publish_test

import (
	"context"
	"net/http/httptest"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dc-release/dc-release/internal/adapter/tsa"
	"github.com/dc-release/dc-release/internal/adapter/tsa/tsatest"
	"github.com/dc-release/dc-release/internal/app/publish"
	"github.com/dc-release/dc-release/internal/app/publish/publishtest"
	"github.com/dc-release/dc-release/internal/core/canonical"
	"github.com/dc-release/dc-release/internal/core/ledger"
	"github.com/dc-release/dc-release/internal/core/releaselog"
)

// stampedBy lets an authority that has the publisher's time stamp what is
// anchored.
func (i *installation) stampedBy(lie func(*tsatest.Answer)) *tsatest.Authority {
	i.t.Helper()
	a := tsatest.New(i.t, nil)
	a.Now, a.Lie = i.Publisher.Now, lie
	s := httptest.NewServer(a)
	i.t.Cleanup(s.Close)
	i.authority(s.URL, a)
	return a
}

func (i *installation) authority(url string, a *tsatest.Authority) {
	i.t.Helper()
	client, err := tsa.New(url, tsa.Verifier{Roots: a.Roots()})
	if err != nil {
		i.t.Fatal(err)
	}
	i.Publisher.Authority = client
}

// token is a file as it is, which the helper for text would trim.
func (i *installation) token(object string) []byte {
	i.t.Helper()
	out, err := exec.Command("git", "--git-dir="+i.source, "show", object).Output()
	if err != nil {
		i.t.Fatal(err)
	}
	return out
}

// carryStamps does what was asked for and gives the last error.
func (i *installation) carryStamps() (err error) {
	for _, args := range i.stamps {
		err = i.Publisher.CarryStamp(i.t.Context(), args)
	}
	return err
}

// said are the events about time stamps.
func (i *installation) said() (out []ledger.Payload) {
	i.t.Helper()
	events, err := i.Store.Stream(i.t.Context(), ledger.Installation, 0)
	if err != nil {
		i.t.Fatal(err)
	}
	for _, e := range events {
		if releaselog.OfTimestamp(e.Data) {
			out = append(out, e.Data)
		}
	}
	return out
}

func TestATimeStampStandsBesideItsCheckpointAndInTheLedger(t *testing.T) {
	i := begin(t)
	authority := i.stampedBy(nil)
	a := i.anchor()
	for range 2 { // an effect is done at least once
		if err := i.carryStamps(); err != nil {
			t.Fatal(err)
		}
	}
	own, foreign := i.anchors()
	token := own.Tokens[a.Size]
	stamp, err := tsa.Verifier{Roots: authority.Roots()}.Read(own.Notes[a.Size], token)
	if err != nil || !stamp.Time.Equal(i.Publisher.Now()) || len(foreign) > 0 || len(own.Tokens) != 1 {
		t.Fatalf("%+v, %v, foreign files %v, %d tokens", stamp, err, foreign, len(own.Tokens))
	}
	note := canonical.SHA256(own.Notes[a.Size])
	want := []ledger.Payload{
		&releaselog.TimestampRequested{Solution: publishtest.Solution, Origin: origin, Size: a.Size, Checkpoint: note},
		&releaselog.Timestamped{
			Solution: publishtest.Solution, Origin: origin, Size: a.Size, Checkpoint: note, Token: canonical.SHA256(token),
			Authority: "CN=Test TSA,O=Acme", Time: "2026-03-04T14:00:00.000000Z", Established: true,
		},
	}
	if d := cmp.Diff(want, i.said()); d != "" {
		t.Errorf("events (-want +got):\n%s", d)
	}
	i.grow(1)
	i.anchor()
	if d := i.divergences(); len(d) != 0 {
		t.Errorf("a time stamp is a divergence: %+v", d)
	}
	i.proven()
}

func TestAnIdleLedgerIsNotAnchoredForItsTimeStamps(t *testing.T) {
	i := begin(t)
	authority := i.stampedBy(nil)
	now := i.Publisher.Now()
	h := &publish.Hourly{Publisher: i.Publisher, Solutions: i.Store.Solutions, Head: i.Store.Head}
	rounds := func(n int, want int64) {
		t.Helper()
		for range n {
			now = now.Add(time.Hour)
			if err := h.Round(t.Context(), now); err != nil {
				t.Fatal(err)
			}
			if err := i.carryStamps(); err != nil {
				t.Fatal(err)
			}
			i.stamps = nil
		}
		if got := authority.Asked.Load(); got != want {
			t.Errorf("%d time stamps, want %d", got, want)
		}
	}
	rounds(5, 1)
	i.grow(1)
	rounds(5, 2)
}

func TestATimeStampThatCannotBeHadIsTriedForAnHourAndRecorded(t *testing.T) {
	for name, c := range map[string]struct {
		lie  func(*tsatest.Answer)
		down bool
		want string
	}{
		"the authority is down":             {down: true, want: "refused"},
		"the authority refuses":             {lie: func(a *tsatest.Answer) { a.Status = 2 }, want: "the authority refuses"},
		"it answers garbage":                {lie: func(a *tsatest.Answer) { a.Change = func([]byte) []byte { return []byte("\x00\xff<html>") } }, want: "is no TimeStampResp"},
		"it stamps other bytes":             {lie: func(a *tsatest.Answer) { a.Hash = make([]byte, 32) }, want: "is over other bytes"},
		"its time is before the last event": {lie: func(a *tsatest.Answer) { a.Time = a.Time.Add(-2 * time.Hour) }, want: "one of the two clocks is wrong"},
		"its time is later than it is":      {lie: func(a *tsatest.Answer) { a.Time = a.Time.Add(time.Minute) }, want: "one of the two clocks is wrong"},
	} {
		t.Run(name, func(t *testing.T) {
			i := begin(t)
			a := i.stampedBy(c.lie)
			if c.down {
				i.authority("http://127.0.0.1:1/", a)
			}
			start := i.Publisher.Now()
			i.anchor()
			for _, after := range []time.Duration{0, publish.StampPatience - time.Second} {
				i.Publisher.Now = func() time.Time { return start.Add(after) }
				a.Now = i.Publisher.Now
				if err := i.carryStamps(); err == nil || !strings.Contains(err.Error(), c.want) {
					t.Fatalf("after %v: %v, want to be tried again because %q", after, err, c.want)
				}
			}
			i.Publisher.Now = func() time.Time { return start.Add(publish.StampPatience) }
			a.Now = i.Publisher.Now
			if err := i.carryStamps(); err != nil {
				t.Fatal(err)
			}
			said := i.said()
			failed, ok := said[len(said)-1].(*releaselog.TimestampFailed)
			if len(said) != 2 || !ok || !strings.Contains(failed.Problem, c.want) {
				t.Errorf("events %+v, want one that says %q", said, c.want)
			}
			if own, _ := i.anchors(); len(own.Tokens) != 0 || len(own.Notes) != 1 {
				t.Errorf("%d tokens, %d checkpoints", len(own.Tokens), len(own.Notes))
			}
		})
	}
}

func TestWithoutAnAuthorityNothingIsAskedAndWhatWasIsGivenUp(t *testing.T) {
	i := begin(t)
	i.anchor()
	if len(i.stamps) != 0 || len(i.said()) != 0 {
		t.Errorf("%d effects, %d events", len(i.stamps), len(i.said()))
	}
	i.stampedBy(nil)
	i.grow(1)
	i.anchor()
	i.Publisher.Authority = nil
	if err := i.carryStamps(); err != nil {
		t.Fatal(err)
	}
	said := i.said()
	if failed, ok := said[len(said)-1].(*releaselog.TimestampFailed); !ok || !strings.Contains(failed.Problem, "configured") {
		t.Errorf("events %+v", said)
	}
}

func TestAFileInThePlaceOfATimeStampIsNeverReplaced(t *testing.T) {
	i := begin(t)
	i.stampedBy(nil)
	a := i.anchor()
	path := releaselog.TokenPath(origin, a.Size)
	_, err := i.mirror.Publish(t.Context(), publish.Commit{
		Branch: releaselog.AnchorBranch, ID: "theirs", Subject: "theirs", Seconds: 1,
		Compose: func(context.Context, publish.Base) (map[string]publish.Content, error) {
			return map[string]publish.Content{path: publish.Bytes([]byte("theirs"))}, nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := i.carryStamps(); err == nil || !strings.Contains(err.Error(), "no CMS message") {
		t.Errorf("got %v", err)
	}
	if got := string(i.token("checkpoints:" + path)); got != "theirs" {
		t.Errorf("their file is %q", got)
	}
}
