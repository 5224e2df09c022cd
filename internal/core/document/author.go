package document

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// author collects the blocks of one document and numbers its sections.
type author struct {
	kinds    []Kind // the catalog, which holds the outlines and cannot be named by them
	facts    Facts
	request  Request
	stage    Stage
	sections [2]int // counters of level 1 and 2
	blocks   []Block
}

func (a *author) add(b Block) { a.blocks = append(a.blocks, b) }

// section starts a numbered section of level 1.
func (a *author) section(title string) {
	a.sections[0]++
	a.sections[1] = 0
	a.add(Block{Heading: &Heading{Level: 1, Number: fmt.Sprint(a.sections[0]), Text: title}})
}

// subsection starts a numbered section of level 2.
func (a *author) subsection(title string) {
	a.sections[1]++
	a.add(Block{Heading: &Heading{Level: 2, Number: fmt.Sprintf("%d.%d", a.sections[0], a.sections[1]), Text: title}})
}

// headings restores the section counters from blocks, to go on numbering.
func headings(blocks []Block) (counters [2]int) {
	for _, b := range blocks {
		switch {
		case b.Heading == nil:
		case b.Heading.Level == 1:
			counters = [2]int{counters[0] + 1, 0}
		case b.Heading.Level == 2:
			counters[1]++
		}
	}
	return counters
}

func (a *author) paragraph(runs ...Run) { a.add(Block{Paragraph: &Paragraph{Runs: runs}}) }

func (a *author) say(format string, args ...any) { a.paragraph(text(fmt.Sprintf(format, args...))) }

// prose turns text with blank lines into paragraphs.
func (a *author) prose(s string) {
	for part := range strings.SplitSeq(unwrapped(s), "\n") {
		if part != "" {
			a.paragraph(text(part))
		}
	}
}

// unwrapped is text of a file whose lines were broken for the eye of its writer:
// a line goes on in the next one. What stays apart are paragraphs and the items
// of a list, each on a line of its own.
func unwrapped(s string) string {
	var b strings.Builder
	apart := false
	for line := range strings.SplitSeq(strings.ReplaceAll(s, "\r\n", "\n"), "\n") {
		line = strings.TrimSpace(line)
		switch {
		case line == "":
			apart = true
			continue
		case b.Len() == 0:
		case apart || isItem(line):
			b.WriteByte('\n')
		default:
			b.WriteByte(' ')
		}
		apart = false
		b.WriteString(line)
	}
	return b.String()
}

// isItem reports whether a line of Markdown begins an item of a list.
func isItem(line string) bool {
	if len(line) > 1 && strings.ContainsRune("-*+", rune(line[0])) && line[1] == ' ' {
		return true
	}
	rest := strings.TrimLeft(line, "0123456789")
	return rest != line && (strings.HasPrefix(rest, ". ") || strings.HasPrefix(rest, ") "))
}

func (a *author) fields(items ...Field) { a.add(Block{Fields: &Fields{Items: items}}) }

func (a *author) table(t Table) { a.add(Block{Table: &t}) }

func (a *author) notice(tone Tone, head string, runs ...Run) {
	a.add(Block{Notice: &Notice{Tone: tone, Head: head, Runs: runs}})
}

func text(s string) Run                 { return Run{Style: Plain, Text: s} }
func code(s string) Run                 { return Run{Style: Mono, Text: s} }
func strong(s string) Run               { return Run{Style: Strong, Text: s} }
func link(s, href string) Run           { return Run{Style: Link, Text: s, Href: href} }
func status(s string, tone Tone) Run    { return Run{Style: Status, Text: s, Tone: tone} }
func small(s string) Run                { return Run{Style: Small, Text: s} }
func newline() Run                      { return Run{Style: Break} }
func cell(runs ...Run) []Run            { return runs }
func row(cells ...[]Run) Row            { return Row{Cells: cells} }
func field(name string, v ...Run) Field { return Field{Name: name, Value: v} }

// plain is a text cell; an empty value is a dash, so that no cell looks
// forgotten.
func plain(s string) []Run { return cell(text(orDash(s))) }

func mono(s string) []Run {
	if s == "" {
		return plain("")
	}
	return cell(code(s))
}

func number(n int64) []Run { return cell(text(fmt.Sprint(n))) }

func orDash(s string) string {
	if strings.TrimSpace(s) == "" {
		return "–"
	}
	return s
}

// lines puts each text on a line of its own inside one cell.
func lines(texts ...string) []Run {
	var runs []Run
	for _, t := range texts {
		if t == "" {
			continue
		}
		if len(runs) > 0 {
			runs = append(runs, newline())
		}
		runs = append(runs, text(t))
	}
	if runs == nil {
		return plain("")
	}
	return runs
}

// without leaves out columns of those titles that say nothing in any row.
func (t Table) without(titles ...string) Table {
	for i := len(t.Columns) - 1; i >= 0; i-- {
		if !slices.Contains(titles, t.Columns[i].Title) || slices.ContainsFunc(t.Rows, func(r Row) bool { return says(r.Cells[i]) }) {
			continue
		}
		t.Columns = slices.Delete(slices.Clone(t.Columns), i, i+1)
		for n, r := range t.Rows {
			t.Rows[n].Cells = slices.Delete(slices.Clone(r.Cells), i, i+1)
		}
	}
	return t
}

// says reports whether a cell holds more than a dash.
func says(runs []Run) bool {
	return slices.ContainsFunc(runs, func(r Run) bool { return orDash(r.Text) != orDash("") })
}

// detailed is a text with secondary texts below it.
func detailed(s string, below ...string) []Run {
	runs := plain(s)
	for _, b := range below {
		if b != "" {
			runs = append(runs, small(b))
		}
	}
	return runs
}

// short is the beginning of a digest or commit, for places where the whole
// stands elsewhere in the document.
func short(digest string) string {
	if len(digest) > 12 {
		return digest[:12]
	}
	return digest
}

// stamp prints a time to the second with its zone; the facts keep all digits.
func stamp(s string) string {
	t, err := time.Parse(timeLayout, s)
	if err != nil {
		return orDash(s)
	}
	return t.Format("2006-01-02 15:04:05") + " UTC"
}

// took prints the time between two stamps.
func took(from, to string) string {
	a, errA := time.Parse(timeLayout, from)
	b, errB := time.Parse(timeLayout, to)
	if errA != nil || errB != nil {
		return orDash("")
	}
	d := b.Sub(a).Round(time.Second)
	switch s := int64(d / time.Second); {
	case s >= 3600:
		return fmt.Sprintf("%d h %d min %d s", s/3600, s/60%60, s%60)
	case s >= 60:
		return fmt.Sprintf("%d min %d s", s/60, s%60)
	default:
		return fmt.Sprintf("%d s", s)
	}
}

// Plural is a number with its noun.
func Plural(n int64, one, more string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, more)
}

func bytesText(n int64) string {
	switch {
	case n >= 1<<20:
		return fmt.Sprintf("%d.%d MiB", n>>20, n%(1<<20)*10>>20)
	case n >= 1<<10:
		return fmt.Sprintf("%d.%d KiB", n>>10, n%(1<<10)*10>>10)
	}
	return fmt.Sprintf("%d B", n)
}

// outcome is a state as a status; the word itself says what the colour says.
func outcome(s string) []Run {
	switch s {
	case "":
		return plain("")
	case "passed", "success", "OK", GateSatisfied, GateConsumed:
		return cell(status(s, Positive))
	case "failed", "failure", "error", "FAILED", "lost", GateRejected:
		return cell(status(s, Negative))
	case "skipped", "cancelled", "PARTIAL", "MISSING", "STALE", "SUSPECT", "JUSTIFIED", "not-run", GateClosed, "unknown":
		return cell(status(s, Caution))
	}
	return cell(status(s, Neutral))
}

func verdict(passed bool) []Run {
	if passed {
		return outcome("passed")
	}
	return outcome("failed")
}
