package verify_test

import (
	"bytes"
	"context"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/dc-release/dc-release/internal/app/publish/publishtest"
	"github.com/dc-release/dc-release/internal/app/signed"
	apptrail "github.com/dc-release/dc-release/internal/app/trail"
	"github.com/dc-release/dc-release/internal/app/verify"
	"github.com/dc-release/dc-release/internal/core/canonical"
	"github.com/dc-release/dc-release/internal/core/gate"
	"github.com/dc-release/dc-release/internal/core/ledger"
	"github.com/dc-release/dc-release/internal/core/trail"
)

// released is a scenario with one release on its way.
func released(t *testing.T) *publishtest.Scenario {
	t.Helper()
	s := start(t)
	if _, _, err := s.Register("1.0.0", "").Publish(t.Context(), gate.PreVal, s.effects); err != nil {
		t.Fatal(err)
	}
	return s.Scenario
}

// exporter is the trail of a scenario.
func exporter(t *testing.T, s *publishtest.Scenario) *apptrail.Trail {
	t.Helper()
	store, ok := s.Store.(apptrail.Store)
	if !ok {
		t.Fatal("the store has no trail")
	}
	return &apptrail.Trail{
		Store: store, Checkpoint: s.Publisher.Checkpoint, Keys: s.Publisher.PublicKeys,
		Now:    func() time.Time { return time.Date(2026, 3, 4, 16, 0, 0, 0, time.UTC) },
		Signed: signed.Reader{Blobs: s.Blobs, Names: func(_ context.Context, person string) (string, error) { return person, nil }},
	}
}

// exported writes all pages as lines.
func exported(t *testing.T, a *apptrail.Trail, f trail.Filter) [][]byte {
	t.Helper()
	var lines [][]byte
	q := apptrail.ExportQuery{Filter: f}
	for {
		p, err := a.Export(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		if q.Size == 0 {
			raw, err := canonical.Marshal(p.Head)
			if err != nil {
				t.Fatal(err)
			}
			lines = append(lines, append(raw, '\n'))
		}
		for _, l := range p.Lines {
			lines = append(lines, []byte(l+"\n"))
		}
		if !p.More {
			return lines
		}
		q.Size, q.After = p.Head.Size, p.Rows[len(p.Rows)-1].Seq
	}
}

func examine(lines ...[]byte) verify.Report {
	return verify.Export(bytes.NewReader(bytes.Join(lines, nil)), nil)
}

func rules(r verify.Report) string {
	var out []string
	for _, f := range r.Findings {
		out = append(out, f.Rule)
	}
	slices.Sort(out)
	return strings.Join(slices.Compact(out), " ")
}

func TestAttack57_AnExportVerifiesAloneAndEveryGapIsFlagged(t *testing.T) {
	s := released(t)
	a := exporter(t, s)
	lines := exported(t, a, trail.Filter{})
	whole := examine(lines...)
	if !whole.OK || len(whole.Gaps) != 0 || whole.Counts.Events != int64(len(lines)-1) || len(lines) < 40 {
		t.Fatalf("%d lines: %s", len(lines), whole.Text())
	}
	head := func(change func(*trail.Head)) [][]byte {
		var h trail.Head
		if err := canonical.Unmarshal(bytes.TrimSpace(lines[0]), &h); err != nil {
			t.Fatal(err)
		}
		change(&h)
		raw, err := canonical.Marshal(h)
		if err != nil {
			t.Fatal(err)
		}
		return append([][]byte{append(raw, '\n')}, lines[1:]...)
	}
	without := func(lines [][]byte, i int) [][]byte { return slices.Delete(slices.Clone(lines), i, i+1) }
	for name, c := range map[string]struct {
		lines [][]byte
		rules string
	}{
		"an event left out":                    {without(lines, 20), "count gap"},
		"and its number changed with it":       {without(head(func(h *trail.Head) { h.Shown-- }), 20), "gap"},
		"the last event left out":              {without(head(func(h *trail.Head) { h.Shown-- }), len(lines)-1), "gap"},
		"the first event left out":             {without(head(func(h *trail.Head) { h.Shown-- }), 1), "gap"},
		"another filter stated":                {head(func(h *trail.Head) { h.Stated = "everything" }), "head"},
		"a smaller size than its checkpoint's": {head(func(h *trail.Head) { h.Size-- }), "head"},
		"events in another order":              {append([][]byte{lines[0], lines[2], lines[1]}, lines[3:]...), "gap order"},
		"an event twice":                       {slices.Insert(slices.Clone(lines), 5, lines[5]), "count gap order"},
		"a changed byte of an event":           {append([][]byte{lines[0], bytes.Replace(lines[1], []byte("installation"), []byte("instalLation"), 1)}, lines[2:]...), "gap inclusion"},
		"nothing":                              {nil, "head"},
		"a line that is cut":                   {append(slices.Clone(lines[:10]), lines[10][:40]), "count gap record"},
	} {
		if r := examine(c.lines...); r.OK || rules(r) != c.rules {
			t.Errorf("%s: rules %q, want %q\n%s", name, rules(r), c.rules, r.Text())
		}
	}
}

func TestAttack57_AFilteredExportSaysWhatItDoesNotShow(t *testing.T) {
	s := released(t)
	a := exporter(t, s)
	for name, f := range map[string]trail.Filter{
		"of a type":     {Type: "signature."},
		"of a stream":   {Stream: "release/" + publishtest.Solution + "/1.0.0"},
		"of a version":  {Solution: publishtest.Solution, Version: "1.0.0"},
		"of a solution": {Solution: publishtest.Solution},
		"of an actor":   {Who: "test"},
		"of nothing":    {Why: "no such reason"},
	} {
		lines := exported(t, a, f)
		r := examine(lines...)
		if !r.OK || len(r.Gaps) == 0 || !strings.Contains(r.Text(), "not shown: events") || !strings.Contains(r.Text(), "filter: "+r.Filter) {
			t.Errorf("%s: %s", name, r.Text())
		}
		ofRelease := func(l []byte) bool {
			return bytes.Contains(l, []byte(`"stream":"release/`)) && bytes.Contains(l, []byte(`"version":2}`))
		}
		i := slices.IndexFunc(lines, ofRelease)
		if i < 0 {
			continue
		}
		less := slices.Delete(slices.Clone(lines), i, i+1)
		less[0] = bytes.Replace(less[0], []byte(`"shown":`+strconv.Itoa(len(lines)-1)), []byte(`"shown":`+strconv.Itoa(len(lines)-2)), 1)
		if r := examine(less...); r.OK && f.WholeStreams() {
			t.Errorf("%s: an event of a whole stream was left out and nothing is flagged", name)
		}
	}
	foreign := exported(t, a, trail.Filter{Type: "signature."})
	all := exported(t, a, trail.Filter{})
	if r := examine(append([][]byte{foreign[0], all[1]}, foreign[1:]...)...); !strings.Contains(rules(r), "filter") {
		t.Errorf("an event that the filter does not select: %s", r.Text())
	}
}

func TestAnExportHoldsPublicPartsOnly(t *testing.T) {
	s := released(t)
	for _, l := range exported(t, exporter(t, s), trail.Filter{}) {
		if bytes.Contains(l, []byte("Printed ")) {
			t.Errorf("a printed name is exported: %s", l)
		}
	}
}

func TestAnExportIsOfOneSizeHoweverTheLedgerGrows(t *testing.T) {
	s := released(t)
	a := exporter(t, s)
	first, err := a.Export(t.Context(), apptrail.ExportQuery{})
	if err != nil {
		t.Fatal(err)
	}
	s.Append(ledger.Draft{Stream: "worker/w1", Data: &ledger.Refused{Operation: "later"}})
	again, err := a.Export(context.WithoutCancel(t.Context()), apptrail.ExportQuery{Size: first.Head.Size})
	if err != nil || again.Head.Checkpoint != first.Head.Checkpoint || again.Head.Shown != first.Head.Shown {
		t.Errorf("got %+v, %v", again.Head, err)
	}
}
