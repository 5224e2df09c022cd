package itemfile

import (
	"fmt"
	"strings"

	messages "github.com/cucumber/messages/go/v28"

	"github.com/dc-release/dc-release/internal/core/trace"
)

// lines are the steps of a scene in their order, those of backgrounds first.
func (s scene) lines() []*messages.Step {
	var out []*messages.Step
	for _, b := range s.backgrounds {
		out = append(out, b.Steps...)
	}
	return append(out, s.scenario.Steps...)
}

// text is the description of a scene, and for one that a machine carries out
// its steps as they are written: they are what the test means.
func (r *featureReader) text(s scene, manual bool) string {
	var b strings.Builder
	fmt.Fprintln(&b, undent(s.scenario.Description))
	if manual {
		return strings.TrimSpace(b.String())
	}
	fmt.Fprintln(&b)
	for _, step := range s.lines() {
		fmt.Fprintf(&b, "- %s%s\n", step.Keyword, strings.ReplaceAll(step.Text+argument(step), "\n", "\n  "))
	}
	for _, e := range s.examples {
		if e.TableHeader != nil {
			fmt.Fprintf(&b, "\n%s\n", oneLine(e.Keyword+" "+e.Name))
			for _, row := range append([]*messages.TableRow{e.TableHeader}, e.TableBody...) {
				fmt.Fprintf(&b, "- %s\n", cells(row))
			}
		}
	}
	return strings.TrimSpace(b.String())
}

func undent(s string) string {
	lines := strings.Split(s, "\n")
	for i := range lines {
		lines[i] = strings.TrimSpace(lines[i])
	}
	return strings.TrimSpace(strings.Join(lines, "\n"))
}

// argument is what stands below a step: a text or a table.
func argument(s *messages.Step) string {
	var b strings.Builder
	if s.DocString != nil {
		fmt.Fprintf(&b, "\n%s", s.DocString.Content)
	}
	if s.DataTable != nil {
		for _, row := range s.DataTable.Rows {
			fmt.Fprintf(&b, "\n%s", cells(row))
		}
	}
	return b.String()
}

func cells(row *messages.TableRow) string {
	var out []string
	for _, c := range row.Cells {
		out = append(out, c.Value)
	}
	return strings.Join(out, " | ")
}

// stepsOf are the steps that a person follows: Given and When are actions, Then
// is what is expected of the one before. An outline is written out for each row
// of its examples.
func (r *featureReader) stepsOf(s scene) []trace.Step {
	rows := s.rows()
	if rows == nil {
		rows = [][]string{nil}
	}
	lines := s.lines()
	var out []trace.Step
	for n, row := range rows {
		if !r.spend(expanded(lines, row), s.scenario.Location) {
			return nil
		}
		if len(out)+len(lines) > trace.MaxSteps {
			r.file.report("DOC-S12", placeIn(s.scenario.Location), "split the scenario", "scenario %q has more than %d steps with its examples", s.scenario.Name, trace.MaxSteps)
			return nil
		}
		steps := follow(lines, strings.NewReplacer(row...))
		if len(row) > 0 && len(steps) > 0 {
			steps[0].Action = strings.TrimSpace(fmt.Sprintf("(%d of %d: %s) %s", n+1, len(rows), written(row), steps[0].Action))
		}
		out = append(out, steps...)
	}
	return out
}

// expanded is at most how many bytes the lines have with the values of a row.
func expanded(lines []*messages.Step, row []string) int {
	longest, size := 0, 0
	for _, v := range row {
		longest = max(longest, len(v))
		size += len(v)
	}
	for _, l := range lines {
		said := l.Text + argument(l)
		size += len(said) + strings.Count(said, "<")*longest
	}
	return size
}

func sizeOf(lines []*messages.Step) int {
	n := 0
	for _, l := range lines {
		n += len(l.Text) + len(argument(l)) + 16
	}
	return n
}

// rows are the examples as pairs of <name> and value; nil for none.
func (s scene) rows() [][]string {
	var out [][]string
	for _, e := range s.examples {
		for _, body := range e.TableBody {
			var row []string
			for i, c := range body.Cells {
				if e.TableHeader != nil && i < len(e.TableHeader.Cells) {
					row = append(row, "<"+e.TableHeader.Cells[i].Value+">", c.Value)
				}
			}
			if out = append(out, row); len(out) > trace.MaxSteps {
				return out
			}
		}
	}
	return out
}

func written(row []string) string {
	var out []string
	for i := 0; i+1 < len(row); i += 2 {
		out = append(out, strings.Trim(row[i], "<>")+" = "+row[i+1])
	}
	return strings.Join(out, ", ")
}

func follow(lines []*messages.Step, values *strings.Replacer) []trace.Step {
	var out []trace.Step
	outcome := false
	for _, s := range lines {
		switch s.KeywordType {
		case messages.StepKeywordType_CONTEXT, messages.StepKeywordType_ACTION:
			outcome = false
		case messages.StepKeywordType_OUTCOME:
			outcome = true
		}
		said := strings.TrimSpace(values.Replace(s.Text + argument(s)))
		switch {
		case !outcome:
			out = append(out, trace.Step{Action: said})
		case len(out) == 0:
			out = append(out, trace.Step{Expected: said})
		default:
			last := &out[len(out)-1]
			last.Expected = strings.TrimSpace(last.Expected + "\n" + said)
		}
	}
	return out
}
