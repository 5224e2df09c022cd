package html

import (
	"fmt"
	"strings"

	"github.com/dc-release/dc-release/internal/core/document"
)

// signatures prints each signature with the items of 21 CFR 11.50 (printed
// name, date and time, meaning) and what binds it, and a place for each that is
// still open. It never looks like handwriting.
func (w *writer) signatures(s document.SignatureBlock) {
	w.put("<section class=\"signatures\" aria-label=\"Signatures of ", escape(s.Gate), "\">\n")
	for _, x := range s.Signed {
		w.signature(x)
	}
	for _, o := range s.Open {
		w.put("<article class=\"signature open\"><p class=\"name\">Open</p><p class=\"role\">", escape(strings.Join(o.Roles, " or ")), "</p><p class=\"meaning\"><code>", escape(o.Meaning), "</code> is required and not yet given.</p></article>\n")
	}
	if s.Manifest != "" {
		w.put("<p class=\"bound\">Signatures bind to manifest <code>", escape(s.Manifest), "</code></p>\n")
	}
	w.put("</section>\n")
}

func (w *writer) signature(x document.Signature) {
	class, verdict := "signature", x.Verb()
	switch {
	case !x.Effective:
		class += " void"
		verdict += ", not effective"
	case x.Decision != "approve":
		class += " against"
	}
	w.put("<article class=\"", class, "\"><p class=\"verdict\">", escape(verdict), "</p><p class=\"name\">", escape(x.Name()), "</p><p class=\"role\">", escape(x.Role), "</p>\n",
		"<p class=\"meaning\">", escape(x.MeaningText), "</p>\n")
	if x.Reason != "" {
		w.put("<p class=\"reason\">Reason: ", escape(x.Reason), "</p>\n")
	}
	if x.Ineffective != "" {
		w.put("<p class=\"reason\">Not effective: ", escape(x.Ineffective), "</p>\n")
	}
	w.put("<dl><div><dt>Signed</dt><dd>", escape(x.When()), "</dd></div><div><dt>Meaning</dt><dd><code>", escape(x.Meaning), "</code></dd></div><div><dt>Method</dt><dd>", escape(x.Bound()),
		"</dd></div><div><dt>Signature</dt><dd><code>", escape(x.ID), "</code></dd></div><div><dt>Payload</dt><dd><code>", escape(x.Digest()),
		"</code></dd></div><div><dt>Ledger</dt><dd>entry ", fmt.Sprint(x.Seq), "</dd></div></dl></article>\n")
}
