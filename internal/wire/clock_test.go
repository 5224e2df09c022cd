package wire

import (
	"io"
	"log/slog"
	"testing"

	"github.com/dc-release/dc-release/internal/app/operation"
	"github.com/dc-release/dc-release/internal/app/trail"
	coretrail "github.com/dc-release/dc-release/internal/core/trail"
)

// A server records what is known of a doubtful clock at each start; a command
// that becomes the owner for a moment does not.
func TestAttack31_ADoubtfulClockIsRecordedOncePerStartOfAServer(t *testing.T) {
	c := begun(t)
	c.TimeSource, c.Logger = "127.0.0.1:1", slog.New(slog.NewTextHandler(io.Discard, nil))
	for _, step := range []struct {
		serving bool
		want    int64
	}{{false, 0}, {true, 1}, {true, 2}, {false, 2}} {
		c.Serving = step.serving
		o := opened(t, c)
		if err := o.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		list, err := operation.Ask[trail.List](t.Context(), o, "audit.list", trail.Query{Filter: coretrail.Filter{Type: "clock.observed"}})
		if err != nil || list.Total != step.want {
			t.Errorf("serving %v: %d events, want %d, %v", step.serving, list.Total, step.want, err)
		}
		if err := o.Close(); err != nil {
			t.Fatal(err)
		}
	}
}
