package records

import (
	"bufio"
	"io"
	"strings"

	"github.com/dc-release/dc-release/internal/app/inspect"
	"github.com/dc-release/dc-release/internal/core/joblog"
)

// textPages prints logs for people, or as they are.
type textPages struct {
	out    io.Writer
	prefix string // of each line
	raw    bool
	colour bool

	rest   string // beginning of a line whose end is on the next page
	folded bool   // within a group
}

// page prints the lines that a page brings, a last one when it has an end.
func (p *textPages) page(page inspect.LogPage) error {
	w := bufio.NewWriter(p.out)
	text := p.rest + page.Text
	p.rest = ""
	for line := range strings.Lines(text) {
		if !strings.HasSuffix(line, "\n") && !p.raw {
			p.rest = line
			break
		}
		if _, err := w.WriteString(p.line(line)); err != nil {
			return err
		}
	}
	if err := w.Flush(); err != nil || !page.Complete {
		return err
	}
	return p.close()
}

// close prints a last line without an end.
func (p *textPages) close() error {
	if p.rest == "" {
		return nil
	}
	_, err := io.WriteString(p.out, p.line(p.rest+"\n"))
	p.rest = ""
	return err
}

// Colours of a terminal (ECMA-48, SGR).
const (
	red    = "\x1b[31m"
	yellow = "\x1b[33m"
	bold   = "\x1b[1m"
	plain  = "\x1b[0m"
)

// line is a line for people: its time, folds as indentation, marks as words.
func (p *textPages) line(line string) string {
	if p.raw {
		return line
	}
	line = strings.TrimSuffix(line, "\n")
	l, ok := joblog.Parse(line)
	if !ok {
		return p.prefix + joblog.Tame(line, p.colour) + "\n" // the rest of a line that begins before --offset
	}
	mark, text := l.Marked()
	text = joblog.Tame(text, p.colour)
	indent := "  "
	if p.folded {
		indent = "    "
	}
	switch mark {
	case joblog.Group:
		p.folded = true
		indent, text = "  ", p.paint(bold, "> "+text)
	case joblog.EndGroup:
		p.folded = false
		return ""
	case joblog.Error:
		text = p.paint(red, "error: "+text)
	case joblog.Warning:
		text = p.paint(yellow, "warning: "+text)
	case joblog.Notice, joblog.Debug:
		text = string(mark) + ": " + text
	}
	return p.prefix + l.Time.Format("15:04:05") + indent + text + "\n"
}

func (p *textPages) paint(colour, text string) string {
	if !p.colour {
		return text
	}
	return colour + text + plain
}
