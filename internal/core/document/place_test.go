package document_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/dc-release/dc-release/internal/core/document"
	"github.com/dc-release/dc-release/internal/core/document/documenttest"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestASceneIsPlacedFromLeftToRight(t *testing.T) {
	s := document.Scene{
		Title: "Around FS-1",
		Nodes: []document.SceneNode{
			document.NodeOf("FS-1", "Totals", "FAILED"), document.NodeOf("URS-1", "", "PARTIAL"), document.NodeOf("TEST-1", "", "FAILED"), document.NodeOf("RA-1", "", "OK"),
		},
		Edges: []document.SceneEdge{{From: 1, To: 0, Verb: "implements"}, {From: 0, To: 2, Verb: "verifies"}, {From: 1, To: 2, Verb: "verifies"}, {From: 2, To: 0}, {From: 0, To: 9}, {From: 3, To: 3}},
	}
	d := s.Place()
	if urs, fs, test := d.Boxes[1], d.Boxes[0], d.Boxes[2]; !(urs.X+urs.W < fs.X && fs.X+fs.W < test.X) || len(d.Wires) != 3 {
		t.Errorf("%+v", d)
	}
	want := []string{
		"FS-1, Totals: FAILED → TEST-1 (verifies)", "URS-1: PARTIAL → FS-1 (implements), TEST-1 (verifies)", "TEST-1: FAILED → FS-1", "RA-1: OK → RA-1",
	}
	if diff := cmp.Diff(want, s.Sentences()); diff != "" {
		t.Error(diff)
	}
	if got := (document.Scene{}).Place(); got.Width != 0 {
		t.Errorf("nothing is drawn as %+v", got)
	}
	large := document.Scene{Nodes: make([]document.SceneNode, 100_000)}
	if got := large.Place(); got.Width != 0 {
		t.Error("100,000 nodes are drawn")
	}
}

// Whatever the scene is, no box covers another, all of it is inside the drawing,
// and no letter is lost.
func TestNoBoxCoversAnother(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var s document.Scene
		for range rapid.IntRange(1, 30).Draw(t, "nodes") {
			s.Nodes = append(s.Nodes, document.NodeOf(rapid.StringN(0, 60, -1).Draw(t, "label"), rapid.StringN(0, 60, -1).Draw(t, "note"), rapid.SampledFrom([]string{"", "OK", "FAILED", "a long state of its own"}).Draw(t, "state")))
		}
		for range rapid.IntRange(0, 60).Draw(t, "edges") {
			s.Edges = append(s.Edges, document.SceneEdge{From: rapid.IntRange(-1, 31).Draw(t, "from"), To: rapid.IntRange(-1, 31).Draw(t, "to")})
		}
		d := s.Place()
		if diff := cmp.Diff(d, s.Place()); diff != "" {
			t.Fatal(diff)
		}
		for i, a := range d.Boxes {
			if a.X < 0 || a.Y < 0 || a.X+a.W > d.Width || a.Y+a.H > d.Height {
				t.Fatalf("box %+v is outside of %d x %d", a, d.Width, d.Height)
			}
			for _, b := range d.Boxes[i+1:] {
				if a.X < b.X+b.W && b.X < a.X+a.W && a.Y < b.Y+b.H && b.Y < a.Y+a.H {
					t.Fatalf("%+v covers %+v", a, b)
				}
			}
			got := strings.Join(slices.Concat(a.Title, a.Note), "")
			want := document.Visible(s.Nodes[i].Label) + document.Visible(s.Nodes[i].Note)
			if strings.Join(strings.Fields(got), "") != strings.Join(strings.Fields(want), "") {
				t.Fatalf("%q is drawn as %q", want, got)
			}
		}
		for _, w := range d.Wires {
			for i := 1; i < len(w.Points); i++ {
				if w.Points[i].X < w.Points[i-1].X {
					t.Fatalf("an arrow leads back: %v", w)
				}
			}
		}
	})
}

func TestTheRoadIsInTheChangeRecordAndTheCertificate(t *testing.T) {
	tree := string(draft(t, document.ChangeRecord, documenttest.Typical()))
	for _, want := range []string{`"title":"The road of the release"`, `"label":"DEV"`, `"label":"Approval to PRD"`, `"label":"PRD"`} {
		if !strings.Contains(tree, want) {
			t.Errorf("the change record lacks %s", want)
		}
	}
}
