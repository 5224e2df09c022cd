package release

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/dc-release/dc-release/internal/core/document"
)

const (
	noteTitle   = "Release note"
	impactTitle = "Impact assessment"
	riskTitle   = "Risk assessment"
	typeTitle   = "Change type"
	maxNote     = 4 << 20 // bytes; a release of 10,000 pull requests has some 1.5 MB
)

// leftovers are the words and marks that a template leaves behind. Comments and
// tags are among them because a reader of the rendered note cannot see them.
var leftovers = regexp.MustCompile(`\b(TODO|TBD|FIXME)\b|\{\{|<!--|<[A-Za-z/][^>:]*>`)

var unchanged = regexp.MustCompile(`(?i)^no functional change[s.]*$`)

type noteParser struct {
	file     string
	note     Note
	findings []document.Finding

	part     string   // title of the open H2, "" under the H1
	seen     []string // titles of H1 and H2 in order
	early    bool     // something stands before the H1
	prose    []string // lines of the open paragraph
	item     *item    // open bullet
	fence    string   // marker of the open code fence
	at       document.Position
	lastLine int
}

// item is a bullet with its continuation lines joined.
type item struct {
	text string
	at   document.Position
}

func (p *noteParser) report(id string, at document.Position, hint, format string, args ...any) {
	p.findings = append(p.findings, finding(id, at, hint, format, args...))
}

func (p *noteParser) read(data []byte) {
	p.at = document.Position{File: p.file, Line: 1, Column: 1}
	if len(data) > maxNote || !utf8.Valid(data) {
		p.report("DOC-R05", p.at, "write the note as UTF-8 text", "the note is not UTF-8 or has more than %d bytes", maxNote)
		return
	}
	text := strings.TrimPrefix(string(data), "\ufeff")
	for i, line := range strings.Split(text, "\n") {
		p.lastLine = i + 1
		p.at = document.Position{File: p.file, Line: i + 1, Column: 1}
		p.line(strings.TrimRight(line, " \t\r"))
	}
	p.close()
	p.whole()
}

func (p *noteParser) line(line string) {
	if m := leftovers.FindStringIndex(line); m != nil {
		at := p.at
		at.Column = utf8.RuneCountInString(line[:m[0]]) + 1
		p.report("DOC-R12", at, "write the text that belongs here", "template text %q is left", line[m[0]:m[1]])
	}
	if p.fenced(line) {
		p.prose = append(p.prose, line)
		return
	}
	if level, title := heading(line); level > 0 {
		p.close()
		if level <= 2 {
			p.heading(level, title)
			return
		}
	}
	if text, column, ok := bullet(line); ok {
		p.close()
		at := p.at
		at.Column = column
		p.item = &item{text: text, at: at}
		return
	}
	switch {
	case line == "":
		p.close()
	case p.item != nil:
		p.item.text += " " + strings.TrimSpace(line)
	default:
		p.prose = append(p.prose, strings.TrimSpace(line))
	}
}

// fenced follows code fences and reports whether the line belongs to one.
func (p *noteParser) fenced(line string) bool {
	trimmed := strings.TrimSpace(line)
	if p.fence != "" {
		if strings.HasPrefix(trimmed, p.fence) {
			p.fence = ""
		}
		return true
	}
	for _, f := range []string{"```", "~~~"} {
		if strings.HasPrefix(trimmed, f) {
			p.fence = f
			return true
		}
	}
	return false
}

func (p *noteParser) heading(level int, title string) {
	switch {
	case level == 1 && slices.Contains(p.seen, noteTitle):
		p.report("DOC-R05", p.at, "make it a section with ##", "a second H1 %q", title)
		return
	case level == 1:
		if !strings.EqualFold(title, noteTitle) {
			p.report("DOC-R05", p.at, "write # "+noteTitle, "the title is %q, want %q", title, noteTitle)
		}
		if p.early {
			p.report("DOC-R05", p.at, "begin the note with # "+noteTitle, "the title stands after other text")
		}
		p.seen, p.part = append(p.seen, noteTitle), ""
		return
	}
	p.early = p.early || len(p.seen) == 0
	known := title
	for _, t := range []string{impactTitle, riskTitle} {
		if strings.EqualFold(title, t) {
			known = t
		}
	}
	if known == impactTitle && slices.Contains(p.seen, riskTitle) && !slices.Contains(p.seen, impactTitle) {
		p.report("DOC-R05", p.at, "put it before the risk assessment", "the impact assessment stands after the risk assessment")
	}
	if (known == impactTitle || known == riskTitle) && slices.Contains(p.seen, known) {
		p.report("DOC-R05", p.at, "keep one", "section %q stands twice", title)
	}
	p.seen = append(p.seen, known)
	p.part = known
	if known != impactTitle && known != riskTitle {
		p.note.Other = append(p.note.Other, Section{Title: title, At: p.at})
	}
}

// close ends the open paragraph or bullet and gives it to its part.
func (p *noteParser) close() {
	if p.item != nil {
		p.bullet(*p.item)
		p.item = nil
	}
	if len(p.prose) > 0 {
		p.paragraph(strings.Join(p.prose, "\n"))
		p.prose = nil
	}
}

func (p *noteParser) paragraph(text string) {
	switch p.part {
	case "":
		p.early = p.early || len(p.seen) == 0
		if unchanged.MatchString(text) {
			p.note.Unchanged = true
		}
		p.note.Intro = joined(p.note.Intro, text)
	case impactTitle:
		p.note.Impact = joined(p.note.Impact, text)
	case riskTitle:
	default:
		s := &p.note.Other[len(p.note.Other)-1]
		s.Text = joined(s.Text, text)
	}
}

func (p *noteParser) bullet(i item) {
	switch p.part {
	case "":
		if unchanged.MatchString(i.text) {
			p.note.Unchanged = true
			return
		}
		p.change(i)
	case riskTitle:
		p.risk(i)
	default:
		p.paragraph("- " + i.text)
	}
}

func (p *noteParser) change(i item) {
	c, err := readChange(i.text)
	if err != nil {
		p.report("DOC-R07", i.at, "write * [#N - title](https://.../pull/N)", "a change %v", err)
		return
	}
	if slices.ContainsFunc(p.note.Changes, func(o Change) bool { return o.Number == c.Number }) {
		p.report("DOC-R07", i.at, "keep one", "change #%d stands twice", c.Number)
	}
	c.At = i.at
	p.note.Changes = append(p.note.Changes, c)
}

// readChange reads "[#N - title](link)".
func readChange(s string) (Change, error) {
	inner, ok := strings.CutPrefix(s, "[#")
	cut := strings.LastIndex(inner, "](")
	if !ok || cut < 0 || !strings.HasSuffix(inner, ")") {
		return Change{}, fmt.Errorf("is %q, want [#N - title](link)", s)
	}
	label, link := inner[:cut], inner[cut+2:len(inner)-1]
	digits, title, _ := strings.Cut(label, " - ")
	n, err := strconv.ParseInt(strings.TrimSpace(digits), 10, 64)
	title = unescaped(strings.TrimSpace(title))
	switch {
	case err != nil || n < 1:
		return Change{}, fmt.Errorf("has the number %q, want #N - title", digits)
	case title == "":
		return Change{}, fmt.Errorf("#%d has no title", n)
	case link == "" || strings.ContainsAny(link, " \t<>") || !strings.HasPrefix(link, "https://") && !strings.HasPrefix(link, "http://"):
		return Change{}, fmt.Errorf("#%d has the link %q, want an address", n, link)
	case !strings.HasSuffix(link, "/"+strconv.FormatInt(n, 10)):
		return Change{}, fmt.Errorf("#%d links to %q, want an address that ends in /%d", n, link, n)
	}
	return Change{Number: n, Title: title, Link: link}, nil
}

func (p *noteParser) risk(i item) {
	category, text, ok := readRisk(i.text)
	if !ok {
		p.report("DOC-R13", i.at, "write - **Category**: text", "a risk is %q, want **Category**: text", i.text)
		return
	}
	if text == "" {
		p.report("DOC-R13", i.at, "say what the risk is, or that there is none and why", "risk %q has no text", category)
	}
	for _, level := range Levels {
		if !strings.EqualFold(category, level) {
			continue
		}
		category = level
		switch p.note.Level {
		case level:
		case "":
			p.note.Level = level
		default:
			p.report("DOC-R13", i.at, "keep one level", "a second risk level %q, the first is %q", level, p.note.Level)
		}
	}
	if slices.ContainsFunc(p.note.Risks, func(o Risk) bool { return o.Category == category }) {
		p.report("DOC-R13", i.at, "keep one", "risk %q stands twice", category)
	}
	p.note.Risks = append(p.note.Risks, Risk{Category: category, Text: text, At: i.at})
}

// readRisk reads "**Category**: text" and "**Category:** text".
func readRisk(s string) (category, text string, ok bool) {
	rest, bold := strings.CutPrefix(s, "**")
	category, text, closed := strings.Cut(rest, "**")
	text, colon := strings.CutPrefix(text, ":")
	if !colon {
		category, colon = strings.CutSuffix(category, ":")
	}
	category = strings.TrimSpace(category)
	return category, strings.TrimSpace(text), bold && closed && colon && category != ""
}

// whole reports what only the whole note shows.
func (p *noteParser) whole() {
	at := document.Position{File: p.file, Line: p.lastLine, Column: 1}
	if !slices.Contains(p.seen, noteTitle) {
		p.report("DOC-R05", document.Position{File: p.file, Line: 1, Column: 1}, "begin the note with # "+noteTitle, "the title %q is missing", noteTitle)
	}
	for _, t := range []string{impactTitle, riskTitle} {
		if !slices.Contains(p.seen, t) {
			p.report("DOC-R05", at, "add ## "+t, "section %q is missing", t)
		}
	}
	if len(p.note.Changes) == 0 && !p.note.Unchanged {
		p.report("DOC-R06", document.Position{File: p.file, Line: 1, Column: 1}, "list the changes, or write No functional change", "the note lists no change that can be read")
	}
	if slices.Contains(p.seen, impactTitle) && p.note.Impact == "" {
		p.report("DOC-R12", at, "say who and what is affected, or that nobody is and why", "the impact assessment is empty")
	}
	if slices.Contains(p.seen, riskTitle) && p.note.Level == "" {
		p.report("DOC-R13", at, "add one of - **Low Risk**: ..., - **Medium Risk**: ..., - **High Risk**: ...", "the risk assessment has no level")
	}
}

// changeType reads the section that declares it.
func (p *noteParser) changeType() {
	seen := false
	for _, s := range p.note.Other {
		if !strings.EqualFold(s.Title, typeTitle) {
			continue
		}
		declared, err := ParseChangeType(s.Text)
		switch {
		case seen:
			p.report("DOC-R05", s.At, "keep one", "section %q stands twice", s.Title)
		case err != nil:
			p.report("DOC-R05", s.At, "write for example Emergency: INC-2041", "%v", err)
		default:
			p.note.ChangeType = declared
		}
		seen = true
	}
}

func joined(a, b string) string {
	if a == "" {
		return b
	}
	return a + "\n\n" + b
}

// heading reads an ATX heading: its level and title, 0 for another line.
func heading(line string) (level int, title string) {
	for level < len(line) && line[level] == '#' {
		level++
	}
	if level == 0 || level > 6 || len(line) > level && line[level] != ' ' && line[level] != '\t' {
		return 0, ""
	}
	return level, strings.TrimSpace(strings.TrimRight(strings.TrimSpace(line[level:]), "#"))
}

// bullet reads a bullet that is not indented: its text and the column of it.
func bullet(line string) (text string, column int, ok bool) {
	if len(line) < 2 || !strings.ContainsRune("*-+", rune(line[0])) || line[1] != ' ' && line[1] != '\t' {
		return "", 0, false
	}
	text = strings.TrimLeft(line[1:], " \t")
	return text, len(line) - len(text) + 1, true
}
