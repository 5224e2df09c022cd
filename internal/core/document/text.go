package document

// EachText calls do with every text of a document that a renderer prints.
func (t Tree) EachText(do func(string)) {
	m := t.Meta
	for _, s := range []string{m.Number, m.Title, m.Product, m.Version, m.Tag, m.Environment, m.Tool, m.Evaluation, m.Restriction} {
		do(s)
	}
	runs := func(all []Run) {
		for _, r := range all {
			do(r.Text)
			do(r.Href)
		}
	}
	for _, b := range t.Blocks {
		switch {
		case b.Heading != nil:
			do(b.Heading.Text)
		case b.Paragraph != nil:
			runs(b.Paragraph.Runs)
		case b.List != nil:
			for _, i := range b.List.Items {
				runs(i)
			}
		case b.Code != nil:
			do(b.Code.Text)
		case b.Fields != nil:
			for _, f := range b.Fields.Items {
				do(f.Name)
				runs(f.Value)
			}
		case b.Notice != nil:
			do(b.Notice.Head)
			runs(b.Notice.Runs)
		case b.Table != nil:
			b.Table.eachText(do, runs)
		case b.Matrix != nil:
			b.Matrix.eachText(do)
		case b.Signatures != nil:
			for _, s := range b.Signatures.Signed {
				for _, text := range []string{s.Signer.Name, s.OnBehalfOf, s.Role, s.MeaningText, s.Reason, s.Ineffective} {
					do(text)
				}
			}
		}
	}
}

func (t Table) eachText(do func(string), runs func([]Run)) {
	do(t.Caption)
	do(t.Empty)
	for _, c := range t.Columns {
		do(c.Title)
	}
	for _, r := range t.Rows {
		for _, c := range r.Cells {
			runs(c)
		}
	}
}

func (m Matrix) eachText(do func(string)) {
	for _, r := range m.Rows {
		for _, i := range []ItemRef{r.URS, r.FS, r.Test} {
			do(i.ID)
			do(i.Title)
		}
		do(r.Reason)
		for _, c := range r.Cells {
			do(c.Note)
		}
	}
	for _, g := range m.Gaps {
		do(g.Reason)
	}
}
