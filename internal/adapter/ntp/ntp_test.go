package ntp

import (
	"encoding/binary"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/dc-release/dc-release/internal/core/ledger"
)

func timestamp(t time.Time) uint64 {
	return uint64(t.Unix()-epoch.Unix())<<32 | uint64(t.Nanosecond())<<32/uint64(time.Second)
}

// answerAt is a source's answer to a request, from a clock that is off.
func answerAt(request []byte, at time.Time) []byte {
	p := make([]byte, packetSize)
	p[0], p[1] = 4<<3|4, 2
	copy(p[24:32], request[40:48])
	binary.BigEndian.PutUint64(p[32:], timestamp(at))
	binary.BigEndian.PutUint64(p[40:], timestamp(at))
	return p
}

// source serves answers until the test ends.
func source(t *testing.T, answer func(request []byte) []byte) string {
	t.Helper()
	c, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	go func() {
		buf := make([]byte, 1024)
		for {
			n, from, err := c.ReadFrom(buf)
			if err != nil {
				return
			}
			_, _ = c.WriteTo(answer(buf[:n]), from)
		}
	}()
	return c.LocalAddr().String()
}

func TestTheOffsetIsThatOfTheSource(t *testing.T) {
	for _, off := range []time.Duration{0, 7 * time.Second, -90 * time.Minute} {
		at := source(t, func(request []byte) []byte { return answerAt(request, time.Now().Add(off)) })
		got, err := Offset(t.Context(), at)
		if err != nil || (got-off).Abs() > time.Second {
			t.Errorf("got %v, %v, want %v", got, err, off)
		}
		if r := (Reader{Source: at}).Read(t.Context()); !r.Measured || r.Source != at || (r.Offset-off).Abs() > time.Second {
			t.Errorf("reading %+v", r)
		}
	}
}

func TestAttack31_AnAnswerThatIsNoneIsNotBelieved(t *testing.T) {
	for name, c := range map[string]struct {
		change func(p []byte) []byte
		want   string
	}{
		"to another request":       {func(p []byte) []byte { p[24] ^= 1; return p }, "not to our request"},
		"of a client":              {func(p []byte) []byte { p[0] = 4<<3 | 3; return p }, "want a server's"},
		"of a source without time": {func(p []byte) []byte { p[0] |= 3 << 6; return p }, "not synchronised"},
		"a kiss of death":          {func(p []byte) []byte { p[1] = 0; copy(p[12:], "RATE"); return p }, `refuses to answer ("RATE")`},
		"of stratum 16":            {func(p []byte) []byte { p[1] = 16; return p }, "stratum 16"},
		"without a time":           {func(p []byte) []byte { clear(p[40:48]); return p }, "no time"},
		"that is cut":              {func(p []byte) []byte { return p[:47] }, "47 bytes"},
	} {
		at := source(t, func(request []byte) []byte { return c.change(answerAt(request, time.Now())) })
		if _, err := Offset(t.Context(), at); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
	if r := (Reader{Source: "127.0.0.1:1"}).Read(t.Context()); r.Measured || r.Problem == "" {
		t.Errorf("nobody there: %+v", r)
	}
}

func TestTimestampsOfBothErasAreRead(t *testing.T) {
	for _, want := range []time.Time{
		time.Date(2026, 3, 4, 13, 22, 5, 500_000_000, time.UTC), time.Date(2036, 2, 7, 6, 28, 15, 0, time.UTC),
		time.Date(2036, 2, 7, 6, 28, 16, 0, time.UTC), time.Date(2050, 1, 1, 0, 0, 0, 0, time.UTC),
	} {
		b := make([]byte, 8)
		binary.BigEndian.PutUint64(b, timestamp(want))
		if got := moment(b); got.Sub(want).Abs() > time.Microsecond {
			t.Errorf("got %v, want %v", got, want)
		}
	}
}

func TestTheKernelSaysOneOfThreeThings(t *testing.T) {
	switch r := kernel(); r.State {
	case ledger.ClockSynchronised:
	case ledger.ClockUnsynchronised, ledger.ClockUnknown:
		if r.Problem == "" {
			t.Errorf("%+v says nothing of why", r)
		}
	default:
		t.Errorf("state %q", r.State)
	}
}

func FuzzParse(f *testing.F) {
	f.Add(answerAt(make([]byte, packetSize), time.Unix(1772630525, 0)))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, p []byte) {
		received, sent, err := parse(p, [8]byte{})
		if err == nil && (received.Year() < 1968 || sent.Year() > 2105) {
			t.Errorf("%v, %v", received, sent)
		}
	})
}
