package release_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/dc-release/dc-release/internal/core/release"
	"pgregory.net/rapid"
)

func TestParseVersion(t *testing.T) {
	for _, c := range []struct {
		name, in, want string
	}{
		{"the guide's tag", "v1.2.0", "1.2.0"},
		{"the guide's file name", "1.2.0", "1.2.0"},
		{"zeros", "0.0.0", "0.0.0"},
		{"two digits", "10.20.30", "10.20.30"},
		{"leading zero", "1.02.0", ""},
		{"suffix", "1.2.0-rc1", ""},
		{"build", "1.2.0+5", ""},
		{"two parts", "1.2", ""},
		{"four parts", "1.2.0.0", ""},
		{"two v", "vv1.2.0", ""},
		{"upper-case V", "V1.2.0", ""},
		{"white space", " 1.2.0", ""},
		{"sign", "+1.2.0", ""},
		{"other digits", "1.2.٣", ""},
		{"a path", "1.2/../0", ""},
		{"too long for a number", "1.2.99999999999999999999", ""},
		{"empty", "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := release.ParseVersion(c.in)
			if (err == nil) != (c.want != "") || got.String() != c.want {
				t.Errorf("ParseVersion(%q) = %q, %v; want %q", c.in, got, err, c.want)
			}
		})
	}
}

func TestVersionsCompareByNumberNotByText(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(0, 120)
		a := [3]int{n.Draw(t, "a"), n.Draw(t, "b"), n.Draw(t, "c")}
		b := [3]int{n.Draw(t, "d"), n.Draw(t, "e"), n.Draw(t, "f")}
		want := 0
		for i := range a {
			if want == 0 && a[i] < b[i] {
				want = -1
			}
			if want == 0 && a[i] > b[i] {
				want = 1
			}
		}
		x, y := mustVersion(t, fmt.Sprintf("%d.%d.%d", a[0], a[1], a[2])), mustVersion(t, fmt.Sprintf("v%d.%d.%d", b[0], b[1], b[2]))
		if x.Compare(y) != want || y.Compare(x) != -want {
			t.Fatalf("%s compared with %s: %d and %d, want %d", x, y, x.Compare(y), y.Compare(x), want)
		}
	})
}

func TestTheZeroVersionIsLowestAndEmpty(t *testing.T) {
	var zero release.Version
	if !zero.IsZero() || zero.String() != "" || zero.Compare(mustVersion(t, "0.0.0")) != -1 || mustVersion(t, "0.0.0").Compare(zero) != 1 || zero.Compare(zero) != 0 {
		t.Error("the zero value is not lower than 0.0.0")
	}
}

func TestAVersionIsTextInJSON(t *testing.T) {
	data, err := json.Marshal(mustVersion(t, "v1.2.0"))
	if err != nil || string(data) != `"1.2.0"` {
		t.Fatalf("encoded as %s, %v", data, err)
	}
	var back release.Version
	if err := json.Unmarshal(data, &back); err != nil || back.NotePath() != "documentation/releases/1.2.0.md" {
		t.Errorf("decoded as %v, %v", back, err)
	}
	if err := json.Unmarshal([]byte(`"1.2"`), &back); err == nil {
		t.Error("1.2 was decoded, want an error")
	}
}

func mustVersion(t interface{ Fatal(...any) }, s string) release.Version {
	v, err := release.ParseVersion(s)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func FuzzParseVersion(f *testing.F) {
	for _, s := range []string{"v1.2.0", "1.2.0", "01.2.0", "1.2", "v", "..", "999999999.0.0"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		v, err := release.ParseVersion(s)
		if err != nil {
			return
		}
		if s != v.String() && s != "v"+v.String() {
			t.Fatalf("ParseVersion(%q) = %q", s, v)
		}
	})
}
