package records

import (
	"io"
	"strings"
	"time"

	"github.com/dc-release/dc-release/internal/app/inspect"
	"github.com/dc-release/dc-release/internal/face/cli/console"
)

// TextPages prints logs for people; for tests of this package.
func TextPages(out io.Writer, colour bool) interface{ Line(string) string } {
	return lines{&textPages{out: out, colour: colour}}
}

type lines struct{ *textPages }

func (l lines) Line(s string) string { return l.line(s) }

// For tests of how a run is drawn.
var (
	Draw    = draw
	NewTree = func(w inspect.Watched, since time.Duration) (out []string) {
		for _, r := range tree(w, since) {
			out = append(out, strings.TrimRight(r.state+"|"+r.label+"|"+r.detail, "|"))
		}
		return out
	}
)

// Redraw draws runs one after the other as a terminal gets them.
func Redraw(out io.Writer, screen console.Screen, list ...inspect.Watched) error {
	v := &screenView{out: out, screen: func() console.Screen { return screen }}
	for _, w := range list {
		if err := v.show(w, 0); err != nil {
			return err
		}
	}
	return nil
}
