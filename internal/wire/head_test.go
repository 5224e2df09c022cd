package wire

import (
	"os"
	"path/filepath"
	"testing"
)

func TestTheNewestNoteHasTheNameWhateverWasThereBefore(t *testing.T) {
	path := filepath.Join(t.TempDir(), "head.note")
	for _, text := range []string{"size 9", "size 10, which is longer", "size 11"} {
		if err := os.WriteFile(path+".tmp", []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := exchange(path+".tmp", path); err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile(path); err != nil || string(got) != text {
			t.Errorf("got %q, %v, want %q", got, err, text)
		}
	}
	if err := exchange(path+".none", path); err == nil {
		t.Error("a note that is not there took the place of one that is")
	}
	if got, err := os.ReadFile(path); err != nil || string(got) != "size 11" {
		t.Errorf("got %q, %v after a note that could not be exchanged", got, err)
	}
}
