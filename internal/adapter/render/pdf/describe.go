package pdf

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"encoding/xml"
	"fmt"
	"math"
	"strings"
	"sync"
	"time"
	"unicode/utf16"

	"github.com/dc-release/dc-release/internal/core/document"
)

// description is what a file says of itself: Info and XMP are made of the same
// values.
type description struct {
	title, subject, author, tool string
	moment                       time.Time // of the facts, zero where they name none
	date                         string    // the same in the form of the format
}

func describe(m document.Meta) description {
	short := func(s string) string {
		return strings.Join(strings.Fields(beginning(document.Visible(s), 500)), " ")
	}
	d := description{title: short(m.Number + " " + m.Title), subject: short(m.Subject()), author: short(m.Product), tool: short(m.Tool)}
	if t, err := time.Parse(time.RFC3339Nano, m.FrozenAt); err == nil && t.Year() > 0 && t.Year() < 10000 {
		d.moment = t.UTC().Truncate(time.Second)
		d.date = d.moment.Format("D:20060102150405") + "+00'00'"
	}
	return d
}

// info is the information dictionary.
func (d description) info() string {
	var b strings.Builder
	b.WriteString("<<")
	for _, e := range [][2]string{{"Title", d.title}, {"Subject", d.subject}, {"Author", d.author}, {"Creator", d.tool}, {"Producer", d.tool}} {
		if e[1] != "" {
			fmt.Fprintf(&b, "/%s %s ", e[0], literal(e[1]))
		}
	}
	if d.date != "" {
		fmt.Fprintf(&b, "/CreationDate (%s) /ModDate (%s)", d.date, d.date)
	}
	return strings.TrimSpace(b.String()) + ">>"
}

// literal is a text string: UTF-16 where it is not plain ASCII.
func literal(s string) string {
	plain := true
	for _, c := range []byte(s) {
		plain = plain && c >= ' ' && c < 0x7f
	}
	if plain {
		return "(" + strings.NewReplacer(`\`, `\\`, "(", `\(`, ")", `\)`).Replace(s) + ")"
	}
	var b strings.Builder
	b.WriteString("<FEFF")
	for _, u := range utf16.Encode([]rune(s)) {
		fmt.Fprintf(&b, "%04X", u)
	}
	return b.String() + ">"
}

// xmp is the same in XML. It does not name PDF/A (pdfaid): the file is built for
// part 3, level B, and that claim is made once a validator has confirmed it.
func (d description) xmp() []byte {
	var b bytes.Buffer
	text := func(s string) string {
		var e bytes.Buffer
		_ = xml.EscapeText(&e, []byte(s)) // a buffer takes everything
		return e.String()
	}
	b.WriteString("<?xpacket begin=\"\ufeff\" id=\"W5M0MpCehiHzreSzNTczkc9d\"?>\n<x:xmpmeta xmlns:x=\"adobe:ns:meta/\">\n<rdf:RDF xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\">\n" +
		"<rdf:Description rdf:about=\"\" xmlns:dc=\"http://purl.org/dc/elements/1.1/\" xmlns:xmp=\"http://ns.adobe.com/xap/1.0/\" xmlns:pdf=\"http://ns.adobe.com/pdf/1.3/\">\n<dc:format>application/pdf</dc:format>\n")
	for _, e := range []struct{ before, value, after string }{
		{"<dc:title><rdf:Alt><rdf:li xml:lang=\"x-default\">", d.title, "</rdf:li></rdf:Alt></dc:title>\n"},
		{"<dc:description><rdf:Alt><rdf:li xml:lang=\"x-default\">", d.subject, "</rdf:li></rdf:Alt></dc:description>\n"},
		{"<dc:creator><rdf:Seq><rdf:li>", d.author, "</rdf:li></rdf:Seq></dc:creator>\n"},
		{"<xmp:CreatorTool>", d.tool, "</xmp:CreatorTool>\n"},
		{"<pdf:Producer>", d.tool, "</pdf:Producer>\n"},
	} {
		if e.value != "" {
			b.WriteString(e.before + text(e.value) + e.after)
		}
	}
	if d.date != "" {
		at := d.moment.Format("2006-01-02T15:04:05Z")
		fmt.Fprintf(&b, "<xmp:CreateDate>%s</xmp:CreateDate>\n<xmp:ModifyDate>%s</xmp:ModifyDate>\n<xmp:MetadataDate>%s</xmp:MetadataDate>\n", at, at, at)
	}
	b.WriteString("</rdf:Description>\n</rdf:RDF>\n</x:xmpmeta>\n<?xpacket end=\"r\"?>")
	return b.Bytes()
}

// packer compresses, with one set of tables for all.
type packer struct {
	out bytes.Buffer
	zip *zlib.Writer
}

// pack gives bytes that the next call overwrites.
func (p *packer) pack(data []byte) []byte {
	p.out.Reset()
	if p.zip == nil {
		p.zip = zlib.NewWriter(&p.out)
	} else {
		p.zip.Reset(&p.out)
	}
	_, _ = p.zip.Write(data) // a buffer takes everything
	_ = p.zip.Close()
	return p.out.Bytes()
}

// profile is the colour space sRGB (IEC 61966-2-1) as an ICC profile of version
// 4.2 that is made here: primaries and white adapted to D50 by the matrix of
// Bradford, and the curve as its formula (ICC.1:2004-10, sections 7, 9.2 and
// 10.15).
var profile = sync.OnceValue(func() []byte {
	fixed := func(values ...float64) []byte { // s15Fixed16
		var b []byte
		for _, v := range values {
			b = binary.BigEndian.AppendUint32(b, uint32(int32(math.Round(v*65536))))
		}
		return b
	}
	kind := func(name string, data []byte) []byte { return append([]byte(name+"\x00\x00\x00\x00"), data...) }
	text := func(s string) []byte { // mluc with one language
		b := []byte{0, 0, 0, 1, 0, 0, 0, 12, 'e', 'n', 'U', 'S', 0, 0, 0, byte(2 * len(s)), 0, 0, 0, 28}
		for _, u := range utf16.Encode([]rune(s)) {
			b = binary.BigEndian.AppendUint16(b, u)
		}
		return kind("mluc", b)
	}
	curve := kind("para", append([]byte{0, 3, 0, 0}, fixed(2.4, 1/1.055, 0.055/1.055, 1/12.92, 0.04045)...))
	tags := []struct {
		name string
		data []byte
	}{
		{"desc", text("sRGB")},
		{"cprt", text("No copyright, use freely")},
		{"wtpt", kind("XYZ ", fixed(0.9642, 1, 0.8249))},
		{"chad", kind("sf32", fixed(1.04788, 0.02292, -0.05022, 0.02959, 0.99048, -0.01707, -0.00925, 0.01508, 0.75168))},
		{"rXYZ", kind("XYZ ", fixed(0.43607, 0.22249, 0.01392))},
		{"gXYZ", kind("XYZ ", fixed(0.38515, 0.71687, 0.09708))},
		{"bXYZ", kind("XYZ ", fixed(0.14307, 0.06061, 0.71410))},
		{"rTRC", curve},
		{"gTRC", curve},
		{"bTRC", curve},
	}
	table := binary.BigEndian.AppendUint32(nil, uint32(len(tags)))
	var data []byte
	begin := 128 + 4 + 12*len(tags)
	for i, t := range tags {
		at := begin + len(data)
		if i > 7 { // the three curves are one
			at = int(binary.BigEndian.Uint32(table[4+12*7+4:]))
		} else {
			data = append(data, t.data...)
			data = append(data, make([]byte, (4-len(data)%4)%4)...)
		}
		table = append(table, t.name...)
		table = binary.BigEndian.AppendUint32(table, uint32(at))
		table = binary.BigEndian.AppendUint32(table, uint32(len(t.data)))
	}
	head := make([]byte, 128)
	binary.BigEndian.PutUint32(head, uint32(begin+len(data)))
	copy(head[8:], "\x04\x20\x00\x00mntrRGB XYZ ")
	copy(head[24:], "\x07\xea\x00\x01\x00\x01\x00\x00\x00\x00\x00\x00acsp") // 2026-01-01
	copy(head[68:], fixed(0.9642, 1, 0.8249))
	return append(append(head, table...), data...)
})
