package pdf_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/dc-release/dc-release/internal/core/document"
	"github.com/dc-release/dc-release/internal/core/document/documenttest"
)

// What an archive asks for, each as the words of the file. Its claim to be
// PDF/A waits for a validator.
func TestTheFileIsBuiltForAnArchive(t *testing.T) {
	for name, file := range files() {
		for what, pattern := range map[string]string{
			"the header of PDF 1.7 with a comment of high bytes": `\A%PDF-1\.7\n%[\x80-\xff]{4}\n`,
			"an ID":                        `/ID \[<[0-9a-f]{32}><[0-9a-f]{32}>\]>>`,
			"the colour space":             `/OutputIntents \[<</Type /OutputIntent /S /GTS_PDFA1 /OutputConditionIdentifier \(sRGB\)`,
			"the attachment as its source": `/AFRelationship /Source`,
			"what the attachment is":       `/Type /EmbeddedFile /Subtype /application#2Fjson`,
			"when the attachment is from":  `/ModDate \(D:2026`,
			"its name in both forms":       `/F \([A-Z0-9.a-z-]+\.json\) /UF \(`,
			"associated files":             `/AF \[\d+ 0 R\]`,
			"metadata":                     `/Metadata \d+ 0 R`,
			"a language":                   `/Lang \(en\)`,
			"subsets named as such":        `/FontName /[A-Z]{6}\+DejaVuSansMono\n`,
		} {
			if !regexp.MustCompile("(?s)" + pattern).Match(latin(file)) {
				t.Errorf("%s lacks %s", name, what)
			}
		}
		for _, never := range []string{"pdfaid", "/Subtype /Link /Rect", "/Encrypt", "/JavaScript", "/OpenAction", "/utf8dejavu"} {
			if bytes.Contains(file, []byte(never)) {
				t.Errorf("%s holds %s", name, never)
			}
		}
	}
}

// latin turns bytes into characters of the same number, for patterns.
func latin(data []byte) []byte {
	var b bytes.Buffer
	for _, c := range data {
		b.WriteRune(rune(c))
	}
	return b.Bytes()
}

// Every entry of the cross-reference table is the place of its object, and the
// trailer names the information.
func TestTheTableOfObjectsIsTrue(t *testing.T) {
	for name, file := range files() {
		at := bytes.LastIndex(file, []byte("startxref\n"))
		start, err := strconv.Atoi(strings.Fields(string(file[at:]))[1])
		if err != nil || !bytes.HasPrefix(file[start:], []byte("xref\n0 ")) {
			t.Fatalf("%s: no table at %d", name, start)
		}
		for i, line := range strings.Split(string(file[start:at]), "\n")[3:] {
			if !strings.HasSuffix(line, " 00000 n ") {
				break
			}
			offset, _ := strconv.Atoi(strings.TrimLeft(line[:10], "0"))
			if !bytes.HasPrefix(file[offset:], fmt.Appendf(nil, "%d 0 obj\n", i+1)) {
				t.Errorf("%s: object %d is not at %d", name, i+1, offset)
			}
		}
		info := regexp.MustCompile(`/Info (\d+) 0 R`).FindSubmatch(file[at-200:])
		if info == nil || !bytes.Contains(file, append(append([]byte("\n"), info[1]...), []byte(" 0 obj\n<</Title ")...)) {
			t.Errorf("%s: the trailer does not name the information", name)
		}
	}
}

// Info and XMP say the same, whatever the words are.
func TestInfoAndMetadataAgree(t *testing.T) {
	tree := documenttest.Trees(t)["change-record/typical"]
	tree.Meta.Title = `A <b> & "c" (d) \ æ 🚀`
	file := render(t, tree)
	for _, want := range []string{
		`<dc:title><rdf:Alt><rdf:li xml:lang="x-default">CORP-PROCUREMENT-CR-1.2.0-d01 A &lt;b&gt; &amp; &#34;c&#34; (d) \ æ 🚀</rdf:li>`,
		"/Title <FEFF0043", "D83DDE80>", "/CreationDate (D:20260304150211+00'00')", "<xmp:CreateDate>2026-03-04T15:02:11Z</xmp:CreateDate>",
	} {
		if !bytes.Contains(file, []byte(want)) {
			t.Errorf("the file lacks %s", want)
		}
	}
	undated := render(t, document.Tree{})
	if bytes.Contains(undated, []byte("CreationDate")) || bytes.Contains(undated, []byte("CreateDate")) || bytes.Contains(undated, []byte("1970")) {
		t.Error("a document without a date has one")
	}
}

// The profile is what ICC.1 says: size, signature, tags inside of it.
func TestTheColourProfileIsWhole(t *testing.T) {
	file := render(t, document.Tree{})
	at := bytes.Index(file, []byte("acsp"))
	if at < 36 {
		t.Fatal("no profile")
	}
	profile := file[at-36:]
	size := binary.BigEndian.Uint32(profile)
	if !bytes.HasPrefix(profile[size:], []byte("\nendstream")) {
		t.Fatalf("size %d", size)
	}
	for i := range binary.BigEndian.Uint32(profile[128:]) {
		tag := profile[132+12*i:]
		if begin, n := binary.BigEndian.Uint32(tag[4:]), binary.BigEndian.Uint32(tag[8:]); begin%4 != 0 || begin+n > size {
			t.Errorf("tag %s: %d bytes at %d of %d", tag[:4], n, begin, size)
		}
	}
	var white [3]float64
	for _, name := range []string{"rXYZ", "gXYZ", "bXYZ"} {
		tag := profile[bytes.Index(profile, []byte(name))+4:]
		begin := binary.BigEndian.Uint32(tag)
		for k := range white {
			white[k] += float64(int32(binary.BigEndian.Uint32(profile[int(begin)+8+4*k:]))) / 65536
		}
	}
	for k, want := range [3]float64{0.9642, 1, 0.8249} { // the colours together are white
		if d := white[k] - want; d > 0.001 || d < -0.001 {
			t.Errorf("white is %v", white)
		}
	}
}
