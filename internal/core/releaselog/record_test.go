package releaselog_test

import (
	"strings"
	"testing"

	"github.com/dc-release/dc-release/internal/core/canonical"
	"github.com/dc-release/dc-release/internal/core/releaselog"
)

func TestARecordKeepsTextAndBytes(t *testing.T) {
	files := [][]byte{[]byte("{}"), []byte("zwei\n"), {0, 1, 0xff}, {}, []byte("zwei\n")}
	of := canonical.SHA256([]byte("x"))
	raw, err := canonical.Marshal(releaselog.NewRecord(of, files))
	if err != nil {
		t.Fatal(err)
	}
	r, err := releaselog.ParseRecord(raw)
	if err != nil || r.Of != of || len(r.Kept) != 4 {
		t.Fatalf("%+v, %v", r, err)
	}
	var named []string
	for _, data := range files {
		got, ok := r.Find(canonical.SHA256(data))
		if !ok || string(got) != string(data) {
			t.Errorf("%q is %q", data, got)
		}
		named = append(named, canonical.SHA256(data))
	}
	if d := r.Differs(named); d != "" {
		t.Error(d)
	}
	if r.Differs(named[1:2]) == "" || r.Differs(append(named, of)) == "" {
		t.Error("other files than the named ones are right")
	}
}

func TestARecordThatWasChangedIsRefused(t *testing.T) {
	raw, err := canonical.Marshal(releaselog.NewRecord("", [][]byte{[]byte("one"), []byte("two"), {0}}))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range [][2]string{
		{`"text":"one"`, `"text":"uno"`},
		{`"text":"one"`, `"base64":"b25","text":""`},
		{`"base64":"AA=="`, `"base64":"AQ=="`},
		{"published-record/v1", "published-record/v2"},
		{`"kept":`, `"more":1,"kept":`},
	} {
		changed := strings.Replace(string(raw), c[0], c[1], 1)
		if changed == string(raw) {
			t.Fatalf("%s is not in %s", c[0], raw)
		}
		if _, err := releaselog.ParseRecord([]byte(changed)); err == nil {
			t.Errorf("accepted %s", c[1])
		}
	}
}

func FuzzRecord(f *testing.F) {
	raw, err := canonical.Marshal(releaselog.NewRecord("x", [][]byte{[]byte("one"), {0}}))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(raw)
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := releaselog.ParseRecord(data)
		if err != nil {
			return
		}
		for _, k := range r.Kept {
			if _, ok := r.Find(k.SHA256); !ok {
				t.Error("a file of an accepted record cannot be read")
			}
		}
	})
}
