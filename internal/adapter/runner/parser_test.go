package runner_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dc-release/dc-release/internal/adapter/runner"
)

func TestParsePairs(t *testing.T) {
	tests := []struct {
		name, text string
		want       []runner.Pair
		fail       string
	}{
		{"nothing", "", nil, ""},
		{"one line", "a=1", []runner.Pair{{"a", "1"}}, ""},
		{"an empty value", "a=\n", []runner.Pair{{"a", ""}}, ""},
		{"a value with equals signs and arrows", "a=b=c<<d\n", []runner.Pair{{"a", "b=c<<d"}}, ""},
		{"empty lines", "\na=1\n\n\nb=2\n", []runner.Pair{{"a", "1"}, {"b", "2"}}, ""},
		{"a CR is a part of the value", "a=1\r\nb=2\r", []runner.Pair{{"a", "1\r"}, {"b", "2\r"}}, ""},
		{"a CR alone is no line break", "a=1\rb=2\n", []runner.Pair{{"a", "1\rb=2"}}, ""},
		{"a CR is no empty line", "\r\na=1\n", nil, `line 1: invalid format "\r"`},
		{"a byte order mark", "\ufeffa=1\n", []runner.Pair{{"a", "1"}}, ""},
		{"a heredoc", "a<<EOF\none\ntwo\nEOF\nb=2\n", []runner.Pair{{"a", "one\ntwo"}, {"b", "2"}}, ""},
		{"an empty heredoc", "a<<EOF\nEOF\n", []runner.Pair{{"a", ""}}, ""},
		{"a heredoc without a line break at its end", "a<<EOF\nx\nEOF", []runner.Pair{{"a", "x"}}, ""},
		{"a heredoc of empty lines", "a<<E\n\n\nE\n", []runner.Pair{{"a", "\n"}}, ""},
		{"a heredoc of one empty line", "a<<E\n\nE\nb=2", []runner.Pair{{"a", ""}, {"b", "2"}}, ""},
		{"a heredoc keeps CRLF and empty lines", "a<<E\r\none\r\n\r\ntwo\nE\r\n", []runner.Pair{{"a", "one\r\n\r\ntwo"}}, ""},
		{"a CR is a part of the delimiter", "a<<E\r\none\nE\n", nil, `delimiter "E\r" not found`},
		{"a delimiter with an equals sign", "a<<=E\nx\n=E\n", []runner.Pair{{"a", "x"}}, ""},
		{"the delimiter counts as a whole line only", "a<<E\nE1\n E\nE\n", []runner.Pair{{"a", "E1\n E"}}, ""},
		{"entries before an error are given", "a=1\nb\n", []runner.Pair{{"a", "1"}}, `line 2: invalid format "b": want name=value`},
		{"no name", "=1", nil, "line 1: invalid format \"=1\": name must not be empty"},
		{"no name of a heredoc", "<<E\nE", nil, "name and delimiter must not be empty"},
		{"no delimiter", "a<<\n", nil, "name and delimiter must not be empty"},
		{"no end", "x=1\na<<E\nb\n", []runner.Pair{{"x", "1"}}, `line 2: invalid value of "a": matching delimiter "E" not found`},
		{"line numbers go on after a heredoc", "a<<E\n1\n2\nE\nbad\n", []runner.Pair{{"a", "1\n2"}}, "line 5:"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := runner.ParsePairs(tt.text)
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("pairs (-want +got):\n%s", diff)
			}
			if (err == nil) != (tt.fail == "") || err != nil && !strings.Contains(err.Error(), tt.fail) {
				t.Errorf("got error %v, want %q", err, tt.fail)
			}
		})
	}
}

func TestParsePaths(t *testing.T) {
	got := runner.ParsePaths("\ufeff/a\r\n\n/b c\r/d")
	if diff := cmp.Diff([]string{"/a", "/b c", "/d"}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestParseCommand(t *testing.T) {
	tests := []struct {
		name, line, command, data string
		properties                map[string]string
	}{
		{"a plain one", "::debug::text", "debug", "text", nil},
		{"blanks before it", "  ::group::a b", "group", "a b", nil},
		{"any case", "::WARNING::x", "warning", "x", nil},
		{"properties", "::error file=a b.py,line=3,TITLE=T::m", "error", "m", map[string]string{"file": "a b.py", "line": "3", "title": "T"}},
		{"blanks around properties", "::error   file=a.py,line=3  ::m", "error", "m", map[string]string{"file": "a.py", "line": "3"}},
		{"a blank is a part of a key", "::error file=a.py, line=3::m", "error", "m", map[string]string{"file": "a.py", " line": "3"}},
		{"equals signs in a value", "::error title=a=b=::m", "error", "m", map[string]string{"title": "a=b="}},
		{"equals signs before a key and a value", "::error =title==a,,x,y=::m", "error", "m", map[string]string{"title": "a"}},
		{"blanks of data", "::debug:: a b ", "debug", " a b ", nil},
		{"empty data", "::endgroup::", "endgroup", "", nil},
		{"other white space before it", "\v\u00a0\t::debug::x", "debug", "x", nil},
		{"no name", "::::x", "", "", nil},
		{"a blank before the name", ":: debug::x", "", "", nil},
		{"the older form", "##[error file=a b.py;line=3]m", "error", "m", map[string]string{"file": "a b.py", "line": "3"}},
		{"the older form within a line", "12:00 ##[Group]a b", "group", "a b", nil},
		{"the older form's escapes", "##[error title=a%3Bb%5D%0A%253B]m%5D%0D%25", "error", "m]\r%", map[string]string{"title": "a;b]\n%3B"}},
		{"the older form, not known", "##[command]ls", "", "", nil},
		{"the older form without an end", "##[group a", "", "", nil},
		{"the newer form's colons are text in the older", "##[error]a::b", "error", "a::b", nil},
		{"both: the newer one counts", "::debug::##[error]x", "debug", "##[error]x", nil},
		{"escapes in data", "::error::a%0Ab%0D%25 %3A", "error", "a\nb\r% %3A", nil},
		{"an escaped escape", "::error::%250A", "error", "%0A", nil},
		{"escapes in properties", "::error file=a%3Ab%2Cc%0A%253A::m", "error", "m", map[string]string{"file": "a:b,c\n%3A"}},
		{"colons in data", "::notice::a::b", "notice", "a::b", nil},
		{"an empty property is none", "::error file=,line=1::m", "error", "m", map[string]string{"line": "1"}},
		{"an unknown name is text", "::unknown::x", "", "", nil},
		{"no second colons is text", "::debug", "", "", nil},
		{"something before it is text", "x ::debug::y", "", "", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			name, data, properties, ok := runner.ParseCommand(tt.line)
			if ok != (tt.command != "") || name != tt.command || data != tt.data {
				t.Errorf("got %v %q %q, want %q %q", ok, name, data, tt.command, tt.data)
			}
			if want := tt.properties; len(want)+len(properties) > 0 && !cmp.Equal(want, properties) {
				t.Errorf("got properties %q, want %q", properties, want)
			}
		})
	}
}

func TestVersionMatches(t *testing.T) {
	tests := []struct {
		want, have string
		ok, bad    bool
	}{
		{"3", "3.11.4", true, false},
		{"3.11", "3.11.4", true, false},
		{"3.11.4", "3.11.4", true, false},
		{"3.x", "3.9.1", true, false},
		{"3.11.*", "3.11.0", true, false},
		{"3.1", "3.11.4", false, false},
		{"3.12", "3.11.4", false, false},
		{"3.11.4", "3.11", false, false},
		{">=3.9", "3.11.4", false, true},
		{"3.x.1", "3.11.1", false, true},
		{"pypy3.9", "3.9", false, true},
	}
	for _, tt := range tests {
		ok, err := runner.VersionMatches(tt.want, tt.have)
		if ok != tt.ok || (err != nil) != tt.bad {
			t.Errorf("%s for %s: got %v, %v", tt.have, tt.want, ok, err)
		}
	}
}

func TestLinesThatAreTooLongAreBrokenButNotWithinASecret(t *testing.T) {
	t.Parallel()
	const secret = "hush-hush-hush"
	_, lines := runner.Masked(secret)
	// The secret is moved over the place of the cut.
	for at := 0; at < 400; at += 5 {
		text := strings.Repeat("x", runner.LongLine-200+at) + secret + strings.Repeat("y", 5000)
		got := strings.Join(lines(text[:1000], text[1000:]), "")
		if strings.Contains(got, "hush") || !strings.Contains(got, "x***y") {
			t.Fatalf("at %d: the secret is seen, or not masked", at)
		}
	}
}

func FuzzParsePairs(f *testing.F) {
	for _, s := range []string{"a=1", "a<<E\nb\nE\n", "a<<E", "\ufeff=\r\n", "a<<b=c\n\r\nb=c", "<<", "="} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		pairs, err := runner.ParsePairs(text)
		for _, p := range pairs {
			if p.Name == "" || strings.ContainsRune(p.Name, '\n') {
				t.Errorf("got the name %q", p.Name)
			}
		}
		if err != nil {
			return
		}
		// What was read can be written again and means the same.
		var b strings.Builder
		for _, p := range pairs {
			if strings.ContainsAny(p.Name, "<=") {
				return
			}
			b.WriteString(p.Name + "<<a delimiter that is not there\n" + p.Value + "\na delimiter that is not there\n")
		}
		again, err := runner.ParsePairs(b.String())
		if strings.Contains(text, "a delimiter that is not there") || strings.HasPrefix(b.String(), "\ufeff") {
			return
		}
		if err != nil || !cmp.Equal(pairs, again) {
			t.Errorf("%q was read as %q, written as %q, read as %q, %v", text, pairs, b.String(), again, err)
		}
	})
}

func FuzzParseCommand(f *testing.F) {
	for _, s := range []string{"::debug::x", "::error file=a,line=1::m%0A", ":: ::", "::::", "::set-output name=a::%25250D", "::error =,=::", "x ##[error a=b;c=d]%5D"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, line string) {
		name, data, properties, ok := runner.ParseCommand(line)
		if !ok && (name != "" || data != "" || properties != nil) {
			t.Errorf("no command, but got %q %q %q", name, data, properties)
		}
		if ok && !strings.Contains(line, "::") && !strings.Contains(line, "##[") {
			t.Errorf("%q is no command", line)
		}
		for key, value := range properties {
			if value == "" || key != strings.ToLower(key) {
				t.Errorf("got the property %q %q", key, value)
			}
		}
	})
}

func FuzzMaskedLines(f *testing.F) {
	f.Add("hush", "ab hush\r\ncd", uint16(3), uint16(5))
	f.Add("two\nlines", "x two\nlines lines", uint16(1), uint16(9))
	f.Add("a", "aaaa\n\naa", uint16(0), uint16(2))
	f.Add("ab", "aab\xffab", uint16(1), uint16(2))
	f.Fuzz(func(t *testing.T, secret, text string, a, b uint16) {
		whole, lines := runner.Masked(secret)
		i := int(a) % (len(text) + 1)
		j := i + int(b)%(len(text)-i+1)
		got := lines(text[:i], text[i:j], text[j:])
		var want []string
		for line := range strings.Lines(text) {
			line = strings.TrimSuffix(strings.TrimSuffix(line, "\n"), "\r")
			want = append(want, whole(strings.ToValidUTF8(line, "\uFFFD")))
		}
		_, again := runner.Masked(secret)
		if one := again(text); !cmp.Equal(one, got) || len(got) != len(want) {
			t.Fatalf("%q in chunks at %d and %d: got %q, in one %q", text, i, j, got, one)
		}
		for i, line := range got {
			// More is masked where the secret is broken over lines.
			if line != want[i] && !strings.Contains(line, "***") {
				t.Errorf("%q: got %q, want %q", text, line, want[i])
			}
		}
		if strings.TrimSpace(secret) == "" || strings.ContainsAny(secret, "\r\n*") || strings.ToValidUTF8(secret, "") != secret || strings.Contains("\uFFFD***", secret) {
			return
		}
		for _, line := range got {
			if strings.Contains(line, secret) {
				t.Errorf("%q is seen in %q", secret, line)
			}
		}
	})
}
