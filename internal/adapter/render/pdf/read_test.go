package pdf_test

import (
	"bytes"
	"compress/zlib"
	"io"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"unicode"
	"unicode/utf16"
)

// drawn is a text as it was drawn.
type drawn struct {
	page int
	x, y float64
	text string
}

var (
	streams = regexp.MustCompile(`<</Filter /FlateDecode /Length (\d+)>>\nstream\n`)
	begin   = regexp.MustCompile(`BT (-?[\d.]+) (-?[\d.]+) Td \(`)
	boxes   = regexp.MustCompile(`<</Type /Page\n/Parent 1 0 R\n(?:/MediaBox \[0 0 [\d.]+ ([\d.]+)\])?`)
)

// texts reads what the pages of a file show, in the order in which it is drawn.
// It knows the one form that this package writes, and needs nothing but the
// file.
func texts(t testing.TB, file []byte) (out []drawn, heights []float64) {
	t.Helper()
	for _, m := range boxes.FindAllSubmatch(file, -1) {
		h := 841.89
		if len(m[1]) > 0 {
			h, _ = strconv.ParseFloat(string(m[1]), 64)
		}
		heights = append(heights, h)
	}
	page := 0
	for _, at := range streams.FindAllSubmatchIndex(file, -1) {
		n, _ := strconv.Atoi(string(file[at[2]:at[3]]))
		content := inflate(t, file[at[1]:at[1]+n])
		if !bytes.Contains(content, []byte(" Tf ET")) {
			continue // a table of characters
		}
		page++
		for _, b := range begin.FindAllSubmatchIndex(content, -1) {
			x, _ := strconv.ParseFloat(string(content[b[2]:b[3]]), 64)
			y, _ := strconv.ParseFloat(string(content[b[4]:b[5]]), 64)
			out = append(out, drawn{page, x, y, text(content[b[1]:])})
		}
	}
	if page != len(heights) || page == 0 {
		t.Fatalf("%d contents for %d pages", page, len(heights))
	}
	return out, heights
}

func inflate(t testing.TB, data []byte) []byte {
	t.Helper()
	r, err := zlib.NewReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	out, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// text reads a literal string of UTF-16.
func text(data []byte) string {
	var raw []byte
	for i := 0; i < len(data) && data[i] != ')'; i++ {
		c := data[i]
		if c == '\\' {
			i++
			if c = data[i]; c == 'r' {
				c = '\r'
			}
		}
		raw = append(raw, c)
	}
	units := make([]uint16, len(raw)/2)
	for i := range units {
		units[i] = uint16(raw[2*i])<<8 | uint16(raw[2*i+1])
	}
	return string(utf16.Decode(units))
}

// body is all that is shown between the running heads and feet, without blanks.
func body(t testing.TB, file []byte) string {
	t.Helper()
	all, heights := texts(t, file)
	var b strings.Builder
	for _, d := range all {
		if d.y < heights[d.page-1]-45 && d.y > 40 {
			b.WriteString(bare(d.text))
		}
	}
	return b.String()
}

func bare(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) && r != '\u00a0' && r != '\u2003' {
			return -1
		}
		if unicode.IsSpace(r) {
			return -1
		}
		return r
	}, s)
}
