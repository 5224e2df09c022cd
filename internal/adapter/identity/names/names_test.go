package names_test

import (
	"testing"

	"github.com/dc-release/dc-release/internal/adapter/identity/names"
)

func TestAttack53_NamesThatLookAlikeAreOne(t *testing.T) {
	want, err := names.Fold("Cleo Ångström")
	if err != nil {
		t.Fatal(err)
	}
	for what, name := range map[string]string{
		"another case":         "CLEO ångström",
		"a decomposed letter":  "Cleo A\u030angstro\u0308m",
		"wide letters":         "Ｃｌｅｏ Ångström",
		"two blanks":           "Cleo  Ångström",
		"a no-break space":     "Cleo\u00a0Ångström",
		"the unit as a letter": "Cleo \u212bngström",
	} {
		if got, err := names.Fold(name); err != nil || got != want {
			t.Errorf("%s: %q, %v", what, got, err)
		}
	}
	for what, name := range map[string]string{
		"a zero-width space":    "Cleo\u200b Ångström",
		"a word joiner":         "Cleo\u2060 Ångström",
		"a soft hyphen":         "Cleo\u00ad Ångström",
		"a direction override":  "Cleo\u202e Ångström",
		"a byte order mark":     "\ufeffCleo Ångström",
		"nothing":               "",
		"a variation selector":  "Cleo\ufe0f Ångström",
		"a control character":   "Cleo\u0007 Ångström",
		"a lone zero-width non": "Cleo\u200c",
	} {
		if got, err := names.Fold(name); err == nil && got == want {
			t.Errorf("%s is taken for the same name and not refused", what)
		} else if err == nil {
			t.Errorf("%s: accepted as %q", what, got)
		}
	}
}
