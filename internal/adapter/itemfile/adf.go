package itemfile

import (
	"fmt"
	"strings"
)

// adf is a text of Jira: as it is written, or a document in Atlassian's format
// as Markdown. What cannot be a text, as an image, is named and a warning.
func (f *file) adf(v *value) string {
	if v.kind != mapping {
		return v.plain()
	}
	w := adfWriter{file: f}
	w.blocks(v, "")
	return trimmedLines(strings.TrimSpace(w.out.String()))
}

type adfWriter struct {
	file *file
	out  strings.Builder
}

// write adds lines, each after a prefix, while there is room: nesting makes a
// small document long.
func (w *adfWriter) write(prefix, said string) {
	size := len(said) + (strings.Count(said, "\n")+1)*(len(prefix)+1)
	if w.file.written > maxExport {
		return
	}
	if w.file.written += size; w.file.written > maxExport {
		w.file.report("DOC-S12", start, "split the file", "the descriptions of the file are longer than %d bytes when they are written out", maxExport)
		return
	}
	w.out.WriteString(prefix + strings.ReplaceAll(said, "\n", "\n"+prefix) + "\n")
}

// blocks writes what a node holds, each line after a prefix.
func (w *adfWriter) blocks(v *value, prefix string) {
	for _, b := range v.get("content").items {
		w.block(b, prefix)
	}
}

func (w *adfWriter) block(b *value, prefix string) {
	switch b.get("type").text {
	case "paragraph":
		w.line(prefix, w.inline(b))
	case "heading":
		w.line(prefix, "**"+w.inline(b)+"**")
	case "codeBlock":
		w.line(prefix, "```\n"+w.inline(b)+"\n```")
	case "blockquote":
		w.blocks(b, prefix+"> ")
	case "bulletList", "taskList", "decisionList":
		w.list(b, prefix, func(int) string { return "- " })
	case "orderedList":
		w.list(b, prefix, func(n int) string { return fmt.Sprintf("%d. ", n+1) })
	case "table":
		w.table(b, prefix)
	case "rule":
		w.line(prefix, "---")
	case "panel", "expand", "nestedExpand", "layoutSection", "layoutColumn", "bodiedExtension", "doc":
		w.blocks(b, prefix)
	default:
		w.line(prefix, w.node(b))
	}
}

func (w *adfWriter) line(prefix, said string) {
	if strings.TrimSpace(said) == "" {
		return
	}
	w.write(prefix, said+"\n")
}

// list writes items with a mark before the first line of each.
func (w *adfWriter) list(v *value, prefix string, mark func(int) string) {
	for n, item := range v.get("content").items {
		inner := adfWriter{file: w.file}
		if isTextual(item) {
			inner.line("", inner.inline(item))
		} else {
			inner.blocks(item, "")
		}
		said := strings.TrimSpace(inner.out.String())
		lead := mark(n)
		indented := adfWriter{file: w.file}
		indented.write(strings.Repeat(" ", len(lead)), said)
		w.write(prefix, lead+strings.TrimSpace(indented.out.String()))
	}
	w.write(prefix, "")
}

// isTextual reports whether a node holds text itself, as items of tasks do.
func isTextual(v *value) bool {
	items := v.get("content").items
	return len(items) > 0 && items[0].get("type").text == "text"
}

func (w *adfWriter) table(v *value, prefix string) {
	for n, row := range v.get("content").items {
		var cells []string
		for _, c := range row.get("content").items {
			inner := adfWriter{file: w.file}
			inner.blocks(c, "")
			cells = append(cells, strings.ReplaceAll(oneLine(inner.out.String()), "|", `\|`))
		}
		w.write(prefix, "| "+strings.Join(cells, " | ")+" |")
		if n == 0 {
			w.write(prefix, strings.Repeat("|---", len(cells))+"|")
		}
	}
	w.write(prefix, "")
}

func (w *adfWriter) inline(v *value) string {
	var b strings.Builder
	for _, i := range v.get("content").items {
		b.WriteString(w.node(i))
	}
	return b.String()
}

// node is an inline node, or one that is not known: its text, its name, or its
// place.
func (w *adfWriter) node(v *value) string {
	attributes := v.get("attrs")
	switch as := v.get("type").text; as {
	case "text":
		return w.marked(v)
	case "hardBreak":
		return "\n"
	case "mention", "emoji", "status":
		for _, key := range []string{"text", "shortName"} {
			if s := attributes.get(key).text; s != "" {
				return s
			}
		}
		return ""
	case "inlineCard", "blockCard", "embedCard":
		return attributes.get("url").text
	case "date":
		return attributes.get("timestamp").text
	case "mediaSingle", "mediaGroup", "media", "mediaInline", "caption":
		w.file.warn("DOC-S12", v.place, "say in words what the image shows", "an image of the description is not read")
		return "[image]"
	default:
		w.file.warn("DOC-S12", v.place, "write it as text", "a part %q of the description is not read", as)
		return "[" + as + "]"
	}
}

// marked is a text with what its marks mean: code, and where a link leads.
func (w *adfWriter) marked(v *value) string {
	said := v.get("text").text
	for _, m := range v.get("marks").items {
		switch m.get("type").text {
		case "code":
			said = "`" + said + "`"
		case "link":
			if to := m.get("attrs").get("href").text; to != "" && to != said {
				said = "[" + said + "](" + to + ")"
			}
		case "strike":
			said = "~~" + said + "~~"
		}
	}
	return said
}
