package html

import (
	"fmt"
	"strings"

	"github.com/dc-release/dc-release/internal/core/document"
)

var entities = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&#34;", "'", "&#39;")

// escape makes text safe between tags and inside quoted attributes, and shows
// characters that a reader could not see.
func escape(s string) string { return entities.Replace(document.Visible(s)) }

func runs(all []document.Run) string {
	var b strings.Builder
	for _, r := range all {
		b.WriteString(run(r))
	}
	return b.String()
}

func run(r document.Run) string {
	switch r.Style {
	case document.Mono:
		return "<code>" + escape(r.Text) + "</code>"
	case document.Strong:
		return "<strong>" + escape(r.Text) + "</strong>"
	case document.Status:
		return "<span class=\"status " + tone(r.Tone) + "\">" + escape(r.Text) + "</span>"
	case document.Link:
		if !allowed(r.Href) {
			return escape(r.Text)
		}
		return "<a href=\"" + escape(r.Href) + "\" rel=\"noopener noreferrer nofollow\">" + escape(r.Text) + "</a>"
	case document.Small:
		return "<span class=\"small\">" + escape(r.Text) + "</span>"
	case document.Break:
		return "<br>"
	}
	return escape(r.Text)
}

// allowed keeps http, https, places in the document and files below its folder.
func allowed(href string) bool {
	lower := strings.ToLower(href)
	return strings.HasPrefix(lower, "http://") || strings.HasPrefix(lower, "https://") || strings.HasPrefix(lower, "#") || strings.HasPrefix(lower, "./")
}

func tone(t document.Tone) string {
	switch t {
	case document.Positive, document.Caution, document.Negative:
		return string(t)
	}
	return string(document.Neutral)
}

func stageClass(s document.Stage) string {
	switch s {
	case document.StageDraft, document.StageCandidate, document.StageFinal:
		return string(s)
	}
	return "unknown"
}

// anchor is the id of a section: "s-2-1" for 2.1.
func anchor(number string) string {
	return "s-" + strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return r
		}
		return '-'
	}, number)
}

// quoted is a CSS string. Everything but letters, digits and a few signs is
// written as a code point, so that no text ends the string or the sheet.
func quoted(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range document.Visible(strings.Join(strings.Fields(s), " ")) {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', strings.ContainsRune(" .,-", r):
			b.WriteRune(r)
		default:
			fmt.Fprintf(&b, "\\%06x", r)
		}
	}
	b.WriteByte('"')
	return b.String()
}
