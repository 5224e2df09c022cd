package document

import (
	"fmt"
	"iter"
	"strings"
)

// Texts are all texts of a document that every renderer shows, in the order of
// reading. What a renderer adds by itself (heads of columns, "attempt 2") is not
// among them.
func (t Tree) Texts() iter.Seq[string] {
	return func(yield func(string) bool) {
		v := visitor{yield: yield}
		v.head(t.Meta)
		for _, b := range t.Blocks {
			v.block(b)
		}
		v.fields(t.Meta.Provenance())
	}
}

// visitor hands out texts until it is told to stop.
type visitor struct {
	yield func(string) bool
	done  bool
}

func (v *visitor) say(texts ...string) {
	for _, s := range texts {
		if s != "" && !v.done {
			v.done = !v.yield(s)
		}
	}
}

func (v *visitor) runs(all []Run) {
	for _, r := range all {
		v.say(r.Text)
	}
}

func (v *visitor) fields(all []Field) {
	for _, f := range all {
		v.say(f.Name)
		v.runs(f.Value)
	}
}

func (v *visitor) head(m Meta) {
	v.say(m.Number, m.Title, m.Subject(), m.Evaluation, m.Restriction, m.Stage.Mark())
	v.fields(m.Control())
}

func (v *visitor) block(b Block) {
	switch {
	case b.Heading != nil:
		v.say(b.Heading.Number, b.Heading.Text)
	case b.Paragraph != nil:
		v.runs(b.Paragraph.Runs)
	case b.List != nil:
		for _, item := range b.List.Items {
			v.runs(item)
		}
	case b.Code != nil:
		v.say(b.Code.Text)
	case b.Notice != nil:
		v.say(b.Notice.Head)
		v.runs(b.Notice.Runs)
	case b.Fields != nil:
		v.fields(b.Fields.Items)
	case b.Table != nil:
		v.table(*b.Table)
	case b.Matrix != nil:
		v.matrix(*b.Matrix)
	case b.Signatures != nil:
		v.signatures(*b.Signatures)
	case b.Scene != nil:
		v.scene(*b.Scene)
	}
}

func (v *visitor) table(t Table) {
	v.say(t.Caption)
	if len(t.Rows) == 0 {
		v.say(t.Empty)
		return
	}
	for _, c := range t.Columns {
		v.say(c.Title)
	}
	for _, r := range t.Rows {
		for _, c := range r.Cells {
			v.runs(c)
		}
	}
}

func (v *visitor) matrix(m Matrix) {
	for _, c := range m.Columns {
		v.say(c.Title())
	}
	for _, r := range m.Rows {
		v.say(r.URS.ID, r.URS.Title, r.FS.ID, r.FS.Title, r.Risk, r.Test.ID, r.Test.Title)
		for _, c := range r.Cells {
			if c.State != "" { // what was never expected has neither attempt nor note
				v.say(c.State, c.Note)
			}
		}
		v.say(r.State, r.Reason)
	}
}

func (v *visitor) scene(s Scene) {
	v.say(s.Title)
	for _, n := range s.Nodes {
		v.say(n.Label, n.Note, n.State)
	}
	if s.Left > 0 {
		v.say(s.Remainder())
	}
}

func (v *visitor) signatures(s SignatureBlock) {
	for _, x := range s.Signed {
		v.say(x.Verb(), x.Name(), x.Role, x.MeaningText, x.Reason, x.Ineffective, x.When(), x.Meaning, x.Bound(), x.ID, x.Digest(), fmt.Sprint(x.Seq))
	}
	for _, o := range s.Open {
		v.say(strings.Join(o.Roles, " or "), o.Meaning)
	}
	v.say(s.Manifest)
}
