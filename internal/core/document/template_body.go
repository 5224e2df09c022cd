package document

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"text/template"
	"text/template/parse"
)

// body is the part of a template that is executed.
type body struct {
	text *template.Template
	read func([]byte) []Block
}

// Bounds of one execution.
const (
	maxOutput = 4 << 20 // bytes of Markdown
	maxTurns  = 200_000 // turns of loops and calls of named parts, together
)

// marks stand around the name of a section in the Markdown; private characters
// that no value and no template may hold.
const (
	markBegin = "\uE000"
	markEnd   = "\uE001"
)

// The words of the language that a template may use, beside those of the data.
// Nothing of it reads a file, a clock or the environment, or calls a method with
// an effect.
var (
	words = []string{"and", "or", "not", "len", "index", "slice", "eq", "ne", "lt", "le", "gt", "ge"}
	own   = template.FuncMap{"section": name, "upper": strings.ToUpper, "lower": strings.ToLower, "time": stamp, escapes: escapeValue, turn: name}
)

// Names that are put in and cannot be written: they are no identifiers that
// compile lets through.
const (
	escapes = "escapeMarkdown"
	turn    = "countTurn"
)

func name(s string) string { return s }

// compile parses the text and refuses what is not of the language.
func (p *templateParser) compile(text string, line int, read func([]byte) []Block) body {
	if strings.ContainsAny(text, markBegin+markEnd) {
		p.report(line, "remove them", "the template holds the private characters U+E000 or U+E001")
	}
	// Empty lines keep the lines of errors those of the file.
	t, err := template.New(p.t.File).Option("missingkey=error").Funcs(own).Parse(strings.Repeat("\n", line-1) + text)
	if err != nil {
		p.report(line, "", "%v", err)
		return body{}
	}
	for _, named := range t.Templates() {
		if named.Tree == nil || named.Root == nil {
			continue
		}
		p.restrict(named.Tree, named.Root)
		named.Root.Nodes = append([]parse.Node{counting(named.Tree)}, named.Root.Nodes...)
	}
	return body{text: t, read: read}
}

// restrict refuses foreign words, and lets every value be escaped and every loop
// be counted.
func (p *templateParser) restrict(t *parse.Tree, n parse.Node) {
	switch n := n.(type) {
	case *parse.ListNode:
		if n != nil {
			for _, c := range n.Nodes {
				p.restrict(t, c)
			}
		}
	case *parse.ActionNode:
		p.pipe(t, n.Pipe)
		if len(n.Pipe.Decl) == 0 {
			n.Pipe.Cmds = append(n.Pipe.Cmds, call(t, escapes))
		}
	case *parse.IfNode:
		p.branch(t, n.BranchNode)
	case *parse.WithNode:
		p.branch(t, n.BranchNode)
	case *parse.RangeNode:
		p.branch(t, n.BranchNode)
		n.List.Nodes = append([]parse.Node{counting(t)}, n.List.Nodes...)
	case *parse.TemplateNode:
		p.pipe(t, n.Pipe)
	}
}

func (p *templateParser) branch(t *parse.Tree, n parse.BranchNode) {
	p.pipe(t, n.Pipe)
	p.restrict(t, n.List)
	if n.ElseList != nil {
		p.restrict(t, n.ElseList)
	}
}

func (p *templateParser) pipe(t *parse.Tree, n *parse.PipeNode) {
	if n == nil {
		return
	}
	for _, c := range n.Cmds {
		for _, arg := range c.Args {
			switch a := arg.(type) {
			case *parse.IdentifierNode:
				if !slices.Contains(words, a.Ident) && !slices.Contains([]string{"section", "upper", "lower", "time"}, a.Ident) {
					where, _ := t.ErrorContext(a)
					p.report(lineOf(where), "the words are "+strings.Join(words, ", ")+", section, upper, lower and time", "%s is no word of templates", a.Ident)
				}
			case *parse.PipeNode:
				p.pipe(t, a)
			}
		}
	}
}

// lineOf reads "file:line:column".
func lineOf(where string) int {
	parts := strings.Split(where, ":")
	if len(parts) < 3 {
		return 1
	}
	line := 1
	if _, err := fmt.Sscan(parts[len(parts)-2], &line); err != nil {
		return 1
	}
	return line
}

func call(t *parse.Tree, f string) *parse.CommandNode {
	return &parse.CommandNode{NodeType: parse.NodeCommand, Args: []parse.Node{parse.NewIdentifier(f).SetTree(t)}}
}

// counting is {{ countTurn "" }}.
func counting(t *parse.Tree) *parse.ActionNode {
	c := call(t, turn)
	c.Args = append(c.Args, &parse.StringNode{NodeType: parse.NodeString, Quoted: `""`})
	return &parse.ActionNode{NodeType: parse.NodeAction, Pipe: &parse.PipeNode{NodeType: parse.NodePipe, Cmds: []*parse.CommandNode{c}}}
}

// execute gives the blocks of the text, with the sections in their places.
func (b body) execute(f Facts, sections []*builtSection) ([]Block, error) {
	if b.text == nil {
		return nil, errors.New("it is not of use, see its findings")
	}
	turns := 0
	t, err := b.text.Clone()
	if err != nil {
		return nil, err
	}
	t.Funcs(template.FuncMap{
		turn: func(string) (string, error) {
			if turns++; turns > maxTurns {
				return "", fmt.Errorf("it takes more than %d turns", maxTurns)
			}
			return "", nil
		},
		"section": func(name string) (marked, error) {
			at := slices.IndexFunc(sections, func(s *builtSection) bool { return s.name == name })
			if at >= 0 && sections[at].placed {
				return "", fmt.Errorf("section %q is placed twice", name)
			}
			if at < 0 {
				return "", nil // of a document that has no such section this time
			}
			sections[at].placed = true
			return marked("\n\n" + markBegin + name + markEnd + "\n\n"), nil
		},
	})
	out := &bounded{}
	if err := t.Execute(out, f); err != nil {
		return nil, err
	}
	return replaced(b.read(out.Bytes()), sections), nil
}

// marked is a text that is not escaped.
type marked string

// replaced puts the sections in the place of their marks.
func replaced(blocks []Block, sections []*builtSection) []Block {
	var out []Block
	for _, b := range blocks {
		name, ok := markOf(b)
		if !ok {
			out = append(out, b)
			continue
		}
		for _, s := range sections {
			if s.name == name {
				out = append(out, s.blocks...)
			}
		}
	}
	return out
}

func markOf(b Block) (string, bool) {
	if b.Paragraph == nil || len(b.Paragraph.Runs) != 1 {
		return "", false
	}
	text, begins := strings.CutPrefix(b.Paragraph.Runs[0].Text, markBegin)
	text, ends := strings.CutSuffix(text, markEnd)
	return text, begins && ends
}

// bounded is a buffer that refuses more than maxOutput.
type bounded struct{ bytes.Buffer }

func (b *bounded) Write(p []byte) (int, error) {
	if b.Len()+len(p) > maxOutput {
		return 0, fmt.Errorf("it writes more than %d bytes", maxOutput)
	}
	return b.Buffer.Write(p)
}

// escapeValue writes a value so that nothing of it is Markdown: no heading, link,
// list, table or mark of a section.
func escapeValue(v any) string {
	if m, ok := v.(marked); ok {
		return string(m)
	}
	s := fmt.Sprint(v)
	var b strings.Builder
	for _, r := range strings.Join(strings.Fields(s), " ") {
		switch {
		case r == '\uE000' || r == '\uE001':
			fmt.Fprintf(&b, "[U+%04X]", r)
		case r < 0x80 && !('a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || r == ' '):
			b.WriteByte('\\')
			b.WriteRune(r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}
