package audit

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"io"
	"strings"
	"testing"

	"golang.org/x/net/html"

	apptrail "github.com/dc-release/dc-release/internal/app/trail"
	"github.com/dc-release/dc-release/internal/core/ledger"
	"github.com/dc-release/dc-release/internal/core/trail"
)

// hostile is put wherever text of people, workflows or attackers stands.
var hostile = []string{
	`<script>alert(1)</script>`, `"><img src=x onerror=alert(1)>`, `</pre></details></table><script>alert(1)</script>`, `<!-- `, `]]>`, `javascript:alert(1)`,
	`=HYPERLINK("http://evil","x")`, `+1+1`, `-2+3`, `@SUM(A1)`, "\t=1+1", "\r=1+1", " =1+1", "＝1+1", "|calc", "%0a=1", "plain", "a\nb,\"c\"", "\u202egnp.exe", "Łukasz Ørsted 李",
}

func hostileExport(t *testing.T) apptrail.Exported {
	t.Helper()
	p := apptrail.Exported{Head: trail.Head{Filter: trail.Filter{Why: hostile[1]}, Shown: int64(len(hostile)), Size: 99}}
	p.Head.Stated = p.Head.Filter.String()
	for i, text := range hostile {
		raw, err := json.Marshal(map[string]string{text: text})
		if err != nil {
			t.Fatal(err)
		}
		p.Rows = append(p.Rows, apptrail.Row{
			Seq: int64(i + 1), Time: "2026-03-04T13:22:05.000000Z", Stream: text, Type: text, Login: text, Reason: text, Data: raw,
			Actor: ledger.Actor{Kind: "person", ID: text, Role: text, Authentication: text},
		})
	}
	return p
}

func rendered(t *testing.T, s sheet, p apptrail.Exported) []byte {
	t.Helper()
	var b bytes.Buffer
	for _, step := range []func() error{func() error { return s.begin(&b, p.Head) }, func() error { return s.page(&b, p) }, func() error { return s.end(&b) }} {
		if err := step(); err != nil {
			t.Fatal(err)
		}
	}
	return b.Bytes()
}

func TestAttack52_NothingHostileBecomesMarkup(t *testing.T) {
	p := hostileExport(t)
	out := rendered(t, &htmlSheet{}, p)
	allowed := map[string]bool{}
	for _, name := range strings.Fields("html head meta title style body h1 dl dt dd strong code pre table colgroup col thead tbody tr th td span details summary") {
		allowed[name] = true
	}
	var text strings.Builder
	rows := 0
	for z := html.NewTokenizer(bytes.NewReader(out)); ; {
		kind := z.Next()
		if kind == html.ErrorToken {
			if z.Err() != io.EOF {
				t.Fatal(z.Err())
			}
			break
		}
		token := z.Token()
		switch kind {
		case html.TextToken:
			text.WriteString(token.Data)
		case html.CommentToken:
			t.Errorf("a comment: %q", token.Data)
		case html.StartTagToken, html.SelfClosingTagToken, html.EndTagToken:
			if !allowed[token.Data] {
				t.Errorf("element %s", token.Data)
			}
			if token.Data == "tr" && kind == html.StartTagToken {
				rows++
			}
			for _, a := range token.Attr {
				if strings.HasPrefix(a.Key, "on") || a.Key == "src" || a.Key == "href" {
					t.Errorf("attribute %s of %s", a.Key, token.Data)
				}
			}
		}
	}
	if rows != len(hostile)+1 {
		t.Errorf("%d rows, want %d", rows, len(hostile)+1)
	}
	for _, h := range hostile {
		if want := strings.ReplaceAll(h, "\r", "\n"); !strings.Contains(text.String(), want) {
			t.Errorf("%q is not readable", h)
		}
	}
	for _, want := range []string{p.Head.Stated, "20 of 99 events shown, of the ledger from event 1 to event 99"} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("%q is not stated", want)
		}
	}
}

func TestAttack52_NoCellOfASpreadsheetIsAFormula(t *testing.T) {
	p := hostileExport(t)
	r := csv.NewReader(bytes.NewReader(rendered(t, &csvSheet{}, p)))
	r.FieldsPerRecord = -1
	all, err := r.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if len(all) != 5+len(hostile) || all[1][1] != p.Head.Stated || all[2][1] != p.Head.Range() {
		t.Fatalf("%d rows, %q, %q", len(all), all[1], all[2])
	}
	for i, row := range all {
		for _, cell := range row {
			first := strings.TrimLeft(cell, " \t\r\n\u00a0")
			if first != "" && strings.ContainsAny(string([]rune(first)[0]), "=+-@|%＝＋－＠") || strings.HasPrefix(cell, "\t") || strings.HasPrefix(cell, "\r") {
				t.Errorf("row %d: %q begins like a formula", i, cell)
			}
		}
		if i >= 5 {
			if got := strings.TrimPrefix(row[10], "'"); got != strings.ReplaceAll(hostile[i-5], "\r\n", "\n") {
				t.Errorf("row %d: %q, want %q", i, got, hostile[i-5])
			}
		}
	}
}

func TestAnEmptyExportSaysSo(t *testing.T) {
	out := rendered(t, &htmlSheet{}, apptrail.Exported{Head: trail.Head{Size: 7, Stated: "x"}})
	if !bytes.Contains(out, []byte("No event is selected")) || bytes.Contains(out, []byte("<table")) || bytes.Contains(out, []byte("</table")) {
		t.Errorf("got\n%s", out)
	}
}
