package secret

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/dc-release/dc-release/internal/core/fault"
	"github.com/dc-release/dc-release/internal/face/cli/console"
)

func TestAValueIsReadWholeAndWithoutOneLineEnd(t *testing.T) {
	for given, want := range map[string]string{
		"hunter2": "hunter2", "hunter2\n": "hunter2", "hunter2\r\n": "hunter2", "hunter2\r": "hunter2\r",
		"hunter2\n\n": "hunter2\n", "one\ntwo\n": "one\ntwo", " hunter2 \n": " hunter2 ", "": "",
		strings.Repeat("x", 16): strings.Repeat("x", 16), strings.Repeat("x", 16) + "\r\n": strings.Repeat("x", 16),
		strings.Repeat("x", 17): "!", strings.Repeat("x", 16) + "\r\nx": "!", strings.Repeat("x", 1<<20): "!",
	} {
		file := filepath.Join(t.TempDir(), "value")
		if err := os.WriteFile(file, []byte(given), 0o600); err != nil {
			t.Fatal(err)
		}
		for from, s := range map[string]source{"standard input": {}, "a file": {file: file}} {
			got, err := s.read(&console.Env{In: strings.NewReader(given)}, 16, "")
			if want == "!" {
				if fault.KindOf(err) != fault.Invalid || strings.Contains(err.Error(), "xxx") {
					t.Errorf("%s, %d bytes: %v", from, len(given), err)
				}
			} else if err != nil || got != want {
				t.Errorf("%s, %q: %q, %v", from, given, got, err)
			}
		}
	}
}

func TestAVariableIsTakenAsItIs(t *testing.T) {
	t.Setenv("VALUE", "hunter2\n")
	env := &console.Env{In: strings.NewReader("not this")}
	if got, err := (source{env: "VALUE"}).read(env, 16, ""); err != nil || got != "hunter2\n" {
		t.Errorf("%q, %v", got, err)
	}
	for _, s := range []source{{env: "NOT_THERE"}, {env: "VALUE", file: "value"}, {file: filepath.Join(t.TempDir(), "none")}} {
		if got, err := s.read(env, 16, ""); fault.KindOf(err) != fault.Invalid || got != "" {
			t.Errorf("%+v: %q, %v", s, got, err)
		}
	}
}
