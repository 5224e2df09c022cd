package acceptance_test

import (
	"encoding/binary"
	"net"
	"strings"
	"testing"
	"time"
)

// timeSource serves SNTP with a clock that is off, until the test ends.
func timeSource(t *testing.T, off time.Duration) string {
	t.Helper()
	c, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	go func() {
		buf := make([]byte, 512)
		for {
			n, from, err := c.ReadFrom(buf)
			if err != nil || n < 48 {
				return
			}
			now := uint64(time.Now().Add(off).Unix()+2_208_988_800) << 32 // seconds since 1900
			p := make([]byte, 48)
			p[0], p[1] = 4<<3|4, 2
			copy(p[24:32], buf[40:48])
			binary.BigEndian.PutUint64(p[32:], now)
			binary.BigEndian.PutUint64(p[40:], now)
			_, _ = c.WriteTo(p, from)
		}
	}()
	return c.LocalAddr().String()
}

// TestAttack31_NothingIsSignedWithAClockThatIsOff asks before the factors are
// looked at: which person signs what does not matter.
func TestAttack31_NothingIsSignedWithAClockThatIsOff(t *testing.T) {
	o := newOffice(t)
	sign := func(source string) result {
		return dcRelease(t, credentials("password of admin", "000000"), "--data", o.data, "--time-source", source,
			"gate", "sign", "pre_val", "--solution", product, "--version", "1.0.0", "--as", "admin", "--meaning", "sme-approved", "--reason", "reviewed", "--credentials", "-")
	}
	for _, off := range []time.Duration{10 * time.Second, -time.Hour} {
		if r := sign(timeSource(t, off)); r.code != 5 || !strings.Contains(r.errOut, "nothing is signed") {
			t.Errorf("off by %v: exit %d\n%s", off, r.code, r)
		}
	}
	if r := want(t, 0, "", "--data", o.data, "audit", "list", "--type", "operation.refused", "--json"); strings.Count(r.out, "sign.clock") != 2 {
		t.Errorf("what was refused is not recorded: %s", r)
	}
	if r := sign(timeSource(t, 0)); r.code != 5 || !strings.Contains(r.errOut, "wrong or expired code") {
		t.Errorf("a good clock: exit %d\n%s", r.code, r)
	}
	if r := sign("127.0.0.1:1"); r.code != 5 || !strings.Contains(r.errOut, "cannot be asked") || !strings.Contains(r.errOut, "wrong or expired code") {
		t.Errorf("a source that is not there only warns: exit %d\n%s", r.code, r)
	}
}
