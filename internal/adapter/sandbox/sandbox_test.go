package sandbox_test

import (
	"strings"
	"testing"
	"time"

	"github.com/dc-release/dc-release/internal/adapter/sandbox"
)

func TestCommandsHaveTheirOwnStreamsCodeAndEnvironment(t *testing.T) {
	bothIdentities(t, func(t *testing.T) {
		for _, kind := range everyKind {
			t.Run(string(kind), func(t *testing.T) {
				r := open(t, kind)
				got := r.sh(`echo out; echo err >&2; cat; pwd; env | sort | grep -v ^_; exit 7`)
				if got.code != 7 || got.err != "err\n" {
					t.Errorf("got code %d, stderr %q", got.code, got.err)
				}
				want := "out\n" + r.work + "\nDC_RELEASE_EXECUTION=run-1/1/build/1\nDC_RELEASE_PROCESS=1\n" +
					"PATH=/usr/sbin:/usr/bin:/sbin:/bin\nPWD=" + r.work + "\nSHLVL="
				if !strings.HasPrefix(got.out, want) {
					t.Errorf("got stdout\n%s\nwant it to begin with\n%s", got.out, want)
				}
				if got := r.sh("kill -TERM $$"); got.code != 128+15 {
					t.Errorf("death by signal 15: got code %d", got.code)
				}
			})
		}
	})
}

func TestOpenTime(t *testing.T) {
	r := open(t, sandbox.Namespace)
	r.wantClosed()
	for range 5 {
		t0 := time.Now()
		r := open(t, sandbox.Namespace)
		t1 := time.Now()
		r.sh(":")
		t2 := time.Now()
		r.wantClosed()
		t.Log(t1.Sub(t0), t2.Sub(t1), time.Since(t2))
	}
}
