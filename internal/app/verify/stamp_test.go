package verify_test

import (
	"strings"
	"testing"
	"time"

	"github.com/dc-release/dc-release/internal/adapter/store/sqlite"
	"github.com/dc-release/dc-release/internal/adapter/store/sqlstore"
	"github.com/dc-release/dc-release/internal/adapter/tsa"
	"github.com/dc-release/dc-release/internal/adapter/tsa/tsatest"
	"github.com/dc-release/dc-release/internal/app/publish/publishtest"
	"github.com/dc-release/dc-release/internal/app/verify"
	"github.com/dc-release/dc-release/internal/core/canonical"
	"github.com/dc-release/dc-release/internal/core/ledger"
	"github.com/dc-release/dc-release/internal/core/releaselog"
)

// stampTime is after every event that these tests append.
var stampTime = time.Date(2026, 3, 4, 14, 0, 0, 0, time.UTC)

func TestTheTimeStampsOfAStoreAreVerified(t *testing.T) {
	authority := tsatest.New(t, nil)
	authority.Now = func() time.Time { return stampTime }
	for name, c := range map[string]struct {
		token    func(note []byte, last time.Time) []byte
		recorded string // "": the token that is there
		size     int64  // added to that of the checkpoint
		note     string // instead of the checkpoint, "-" for none
		stamps   verify.Stamps
		text     string
		finding  bool
	}{
		"a token, and nobody is trusted":     {stamps: tsa.Verifier{}, text: "1 time stamps (0 asked for, 1 recorded, 0 given up) by CN=Test TSA,O=Acme: issuer not established"},
		"a token of an authority":            {text: "by CN=Test TSA,O=Acme: issuer established"},
		"a token of another authority":       {stamps: tsa.Verifier{Roots: tsatest.New(t, nil).Roots()}, text: "does not lead to a trusted one", finding: true},
		"a token over another note":          {token: func([]byte, time.Time) []byte { return authority.Token([]byte("other"), nil) }, text: "is over other bytes", finding: true},
		"another token than the recorded":    {recorded: canonical.SHA256(nil), text: "the ledger records " + canonical.SHA256(nil), finding: true},
		"garbage":                            {token: func([]byte, time.Time) []byte { return []byte("garbage") }, text: "is no CMS message", finding: true},
		"a token beside no checkpoint":       {note: "-", text: "there is no checkpoint", finding: true},
		"a token beyond the end":             {size: 1000, text: "is of size", finding: true},
		"a token in the tolerance":           {token: early(authority, releaselog.StampTolerance), text: "issuer established"},
		"a token from before the last event": {token: early(authority, releaselog.StampTolerance+time.Second), text: "one of the two clocks is wrong", finding: true},
	} {
		t.Run(name, func(t *testing.T) {
			s := start(t)
			h, err := s.store.Head(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			note := head(t, s.store, "ledger")
			x := verify.Stamped{Where: "7.tst", Size: h.Size + c.size, Note: note}
			if c.token == nil {
				c.token = func(note []byte, _ time.Time) []byte { return authority.Token(note, nil) }
			}
			last, err := s.store.Events(t.Context(), h.Size-1, 1)
			if err != nil {
				t.Fatal(err)
			}
			x.Token = c.token(note, last[0].At())
			if c.note == "-" {
				x.Note = nil
			}
			if c.recorded == "" {
				c.recorded = canonical.SHA256(x.Token)
			}
			s.Append(ledger.Draft{Stream: ledger.Installation, Data: &releaselog.Timestamped{
				Solution: publishtest.Solution, Size: h.Size, Checkpoint: canonical.SHA256(note), Token: c.recorded,
			}})
			if c.stamps == nil {
				c.stamps = tsa.Verifier{Roots: authority.Roots()}
			}
			e, err := sqlite.OpenReadOnly(s.path)
			if err != nil {
				t.Fatal(err)
			}
			defer e.Close()
			r, err := verify.Store(t.Context(), sqlstore.ForVerification(e), verify.StoreOptions{Stamps: c.stamps, Stamped: []verify.Stamped{x}})
			if err != nil || r.OK == c.finding || !strings.Contains(r.Text(), c.text) {
				t.Errorf("%v, want %q in\n%s", err, c.text, r.Text())
			}
		})
	}
}

// early makes a token that is before the last event.
func early(a *tsatest.Authority, by time.Duration) func([]byte, time.Time) []byte {
	return func(note []byte, last time.Time) []byte {
		return a.Token(note, func(x *tsatest.Answer) { x.Time = last.Add(-by) })
	}
}
