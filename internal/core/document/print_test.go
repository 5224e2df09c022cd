package document_test

import (
	"testing"

	"github.com/dc-release/dc-release/internal/core/document"
	"pgregory.net/rapid"
)

func TestVisibleShowsWhatAReaderCannotSee(t *testing.T) {
	for in, want := range map[string]string{
		"København ≥ 95 %\n\tΩ":  "København ≥ 95 %\n\tΩ",
		"a\r\nb":                 "a\nb",
		"a\rb":                   "a[U+000D]b",
		"\x00\x1b[31m\x7f\u0085": "[U+0000][U+001B][31m[U+007F][U+0085]",
		"\u202eabc\u202c":        "[U+202E]abc[U+202C]",
		"\u2066x\u2069\u200b":    "[U+2066]x[U+2069][U+200B]",
		"\ufeffx\u00ad\u2028":    "[U+FEFF]x[U+00AD][U+2028]",
		"\U000e0041":             "[U+E0041]",
		"👩\u200d🔬":               "👩\u200d🔬",
		"\xff":                   "\uFFFD",
	} {
		if got := document.Visible(in); got != want {
			t.Errorf("Visible(%q) = %q, want %q", in, got, want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.String().Draw(t, "text")
		if once := document.Visible(s); document.Visible(once) != once {
			t.Fatalf("Visible(%q) changes when applied again", s)
		}
	})
}

func TestGXP023_TheManifestationOfASignature(t *testing.T) {
	s := document.Signature{
		Signer: document.Person{Name: "Cleo Papadopoulou"}, OnBehalfOf: "Bob Østergaard", Decision: "approve",
		At: "2026-03-04T13:22:05.000123Z", LocalTime: "14:22:05 Europe/Copenhagen", Method: "passkey", Binding: document.BindingUserKey,
		PayloadSHA256: "0123456789abcdef",
	}
	for got, want := range map[string]string{
		s.Name():   "Cleo Papadopoulou for Bob Østergaard",
		s.When():   "2026-03-04 13:22:05 UTC (14:22:05 Europe/Copenhagen)",
		s.Bound():  "passkey, user-key bound",
		s.Verb():   "Approved",
		s.Digest(): "0123456789ab",
	} {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	s.Method, s.Binding = "password and one-time code", document.BindingServer
	if s.Bound() != "password and one-time code, server-attested" {
		t.Errorf("got %q", s.Bound())
	}
}

func TestOnlyAFinalHasNoMark(t *testing.T) {
	for stage, want := range map[document.Stage]string{
		document.StageDraft: "DRAFT", document.StageCandidate: "CANDIDATE", document.StageFinal: "", "odd": "ODD",
	} {
		if got := stage.Mark(); got != want {
			t.Errorf("%s has the mark %q, want %q", stage, got, want)
		}
	}
}
