package trace

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// The quick look leaves nothing out that the expressions find.
func TestTheQuickLookFindsEveryLooseWord(t *testing.T) {
	words := []string{
		"as appropriate", "if appropriate", "where appropriate", "if necessary", "as necessary", "if possible", "as far as possible", "as applicable",
		"as soon as possible", "but not limited to", "user friendly", "user-friendly", "easy to use", "state of the art", "cost effective", "cost-effective",
		"adequate", "adequately", "reasonable", "reasonably", "sufficiently", "significant", "significantly", "usually", "normally", "generally", "almost always",
		"and/or", "etc", "etc.", "Usually", "ETC", "u\u017fually", "a\u017f nece\u017f\u017fary", "li\u212ae", "\u017fhall", "shall", "Shall", "SHALL", "shallow", "marshall", " ", "-", "x", "≥ 95 %", "\n",
	}
	rapid.Check(t, func(t *rapid.T) {
		text := ""
		for _, w := range rapid.SliceOfN(rapid.SampledFrom(words), 0, 6).Draw(t, "words") {
			text += w + rapid.SampledFrom([]string{" ", "", ", "}).Draw(t, "between")
		}
		got := looseWords(text)
		if want := vague.FindAllString(text, -1); !slices.Equal(got.vague, want) {
			t.Errorf("%q: %q, want %q", text, got.vague, want)
		}
		if n := len(shall.FindAllStringIndex(text, -1)); (n > 1 || got.shall > 1) && n != got.shall {
			t.Errorf("%q says shall %d times, want %d", text, got.shall, n)
		}
	})
	for _, w := range words[:30] {
		if len(looseWords(w).vague) != 1 {
			t.Errorf("%q is not found", w)
		}
	}
}
