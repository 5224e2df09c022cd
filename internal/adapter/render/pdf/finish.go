package pdf

import (
	"bytes"
	"crypto/md5"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/dc-release/dc-release/internal/core/document"
)

// What fpdf writes is made a file for an archive here: its objects are read by
// the cross-reference table, changed, and written again.
//
//   - the document's canonical form is attached, with what it is to the document
//     and its type (fpdf names neither, and with an attachment of its own its
//     links and bookmarks lead to the wrong pages);
//   - Info and XMP say the same; both come from describe;
//   - the trailer names Info, and has an ID made of the content;
//   - links are printed;
//   - the colours are those of sRGB, whose profile is inside;
//   - subsets of fonts are named as such, and their characters can be copied;
//   - the header is that of PDF 1.7, which PDF/A-3 is made from.

// file is the objects of a PDF by number, from 1.
type file struct {
	objects [][]byte // pieces of what fpdf wrote, or made here
	root    int
	info    int
}

var trailer = regexp.MustCompile(`(?s)^trailer\n<<\n/Size (\d+)\n/Root (\d+) 0 R\n/Info (\d+) 0 R\n>>\nstartxref\n`)

// read takes a file of fpdf apart.
func read(data []byte) (*file, error) {
	at := bytes.LastIndex(data, []byte("\nstartxref\n"))
	if at < 0 {
		return nil, fmt.Errorf("finish: no cross-reference table")
	}
	rest := string(data[at+len("\nstartxref\n"):])
	start, err := strconv.Atoi(strings.TrimSuffix(strings.TrimSpace(rest), "\n%%EOF"))
	if err != nil || start <= 0 || start >= len(data) {
		return nil, fmt.Errorf("finish: no place of the cross-reference table in %q", rest)
	}
	lines := strings.SplitAfter(string(data[start:]), "\n")
	var from, n int
	if _, err := fmt.Sscanf(lines[min(1, len(lines)-1)], "%d %d", &from, &n); err != nil || from != 0 || len(lines) < n+3 {
		return nil, fmt.Errorf("finish: not a cross-reference table: %q", lines[0])
	}
	offsets := make([]int, n)
	ends := []int{start}
	for i := 1; i < n; i++ {
		if _, err := fmt.Sscanf(lines[i+2], "%d", &offsets[i]); err != nil || offsets[i] <= 0 || offsets[i] >= start {
			return nil, fmt.Errorf("finish: object %d: %q", i, lines[i+2])
		}
		ends = append(ends, offsets[i])
	}
	slices.Sort(ends)
	f := &file{objects: make([][]byte, n)}
	for i := 1; i < n; i++ {
		next, _ := slices.BinarySearch(ends, offsets[i]+1)
		body, ok := bytes.CutPrefix(data[offsets[i]:ends[next]], fmt.Appendf(nil, "%d 0 obj\n", i))
		if !ok {
			return nil, fmt.Errorf("finish: object %d is not where the table says", i)
		}
		f.objects[i] = bytes.TrimSuffix(body, []byte("\nendobj\n"))
	}
	m := trailer.FindStringSubmatch(strings.Join(lines[n+2:], ""))
	if m == nil {
		return nil, fmt.Errorf("finish: not a trailer of fpdf")
	}
	f.root, _ = strconv.Atoi(m[2])
	f.info, _ = strconv.Atoi(m[3])
	if f.root >= n || f.info >= n || !bytes.Contains(f.objects[f.root], []byte("/Type /Catalog")) || !bytes.Contains(f.objects[f.info], []byte("/CreationDate")) {
		return nil, fmt.Errorf("finish: the trailer names no catalog and information")
	}
	return f, nil
}

// add appends an object and gives its number.
func (f *file) add(body []byte) int {
	f.objects = append(f.objects, body)
	return len(f.objects) - 1
}

// stream is an object with data; entries are those of its dictionary beside
// Length.
func stream(entries string, data []byte) []byte {
	out := make([]byte, 0, len(entries)+len(data)+60)
	out = fmt.Appendf(out, "<<%s /Length %d>>\nstream\n", entries, len(data))
	return append(append(out, data...), "\nendstream"...)
}

// write puts the objects together again.
func (f *file) write() []byte {
	size := 1000
	for _, o := range f.objects {
		size += len(o) + 50 // its frame and its line of the table
	}
	var b bytes.Buffer
	b.Grow(size)
	b.WriteString("%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")
	offsets := make([]int, len(f.objects))
	for i, o := range f.objects[1:] {
		offsets[i+1] = b.Len()
		fmt.Fprintf(&b, "%d 0 obj\n", i+1)
		b.Write(o)
		b.WriteString("\nendobj\n")
	}
	id := sha256.Sum256(b.Bytes())
	start := b.Len()
	fmt.Fprintf(&b, "xref\n0 %d\n0000000000 65535 f \n", len(f.objects))
	for _, o := range offsets[1:] {
		fmt.Fprintf(&b, "%010d 00000 n \n", o)
	}
	fmt.Fprintf(&b, "trailer\n<</Size %d /Root %d 0 R /Info %d 0 R /ID [<%x><%x>]>>\nstartxref\n%d\n%%%%EOF\n",
		len(f.objects), f.root, f.info, id[:16], id[:16], start)
	return b.Bytes()
}

// finisher is where fpdf writes its file to, in one piece. It is finished there,
// because a copy of it is large.
type finisher struct {
	meta document.Meta
	twin []byte
	data []byte
}

func (f *finisher) Write(data []byte) (n int, err error) {
	f.data, err = finish(data, f.meta, f.twin)
	return len(data), err
}

// finish makes of what fpdf wrote the file of a document with its canonical form.
func finish(data []byte, m document.Meta, twin []byte) ([]byte, error) {
	f, err := read(data)
	if err != nil {
		return nil, err
	}
	p := &packer{}
	f.links()
	if err := f.fonts(); err != nil {
		return nil, err
	}
	f.compress(p)
	d := describe(m)
	f.objects[f.info] = []byte(d.info())
	spec := f.attach(p, m, twin, d.date)
	meta := f.add(stream("/Type /Metadata /Subtype /XML", d.xmp()))
	icc := f.add(stream("/N 3 /Alternate /DeviceRGB", profile()))
	catalog := f.objects[f.root]
	at := bytes.Index(catalog, []byte("/Names <<"))
	if at < 0 {
		return nil, fmt.Errorf("finish: the catalog has no names")
	}
	f.objects[f.root] = fmt.Appendf(slices.Clip(catalog[:at]), "/Names <</EmbeddedFiles <</Names [%s %d 0 R]>>>>\n/AF [%d 0 R]\n/Metadata %d 0 R\n"+
		"/OutputIntents [<</Type /OutputIntent /S /GTS_PDFA1 /OutputConditionIdentifier (sRGB) /Info (sRGB IEC61966-2.1) /DestOutputProfile %d 0 R>>]\n"+
		"/ViewerPreferences <</DisplayDocTitle true>>\n>>", literal(twinName(m)), spec, spec, meta, icc)
	return f.write(), nil
}

// twinName is the name of the attached file.
func twinName(m document.Meta) string {
	name := strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r == '.' || r == '-' || r == '_' {
			return r
		}
		return '-'
	}, beginning(m.Number, 100))
	if name == "" {
		name = "document"
	}
	return strings.TrimRight(name, "-.") + ".json"
}

// attach adds the canonical form as the source of the document.
func (f *file) attach(p *packer, m document.Meta, twin []byte, date string) int {
	packed := p.pack(twin)
	params := fmt.Sprintf("/Size %d /CheckSum <%s>", len(twin), checksum(twin))
	if date != "" {
		params += fmt.Sprintf(" /ModDate (%s)", date)
	}
	data := f.add(stream("/Type /EmbeddedFile /Subtype /application#2Fjson /Filter /FlateDecode /Params <<"+params+">>", packed))
	name := literal(twinName(m))
	return f.add(fmt.Appendf(nil, "<</Type /Filespec /F %s /UF %s /AFRelationship /Source /Desc (Canonical form of this document) /EF <</F %d 0 R /UF %d 0 R>>>>", name, name, data, data))
}

// checksum is the MD5 that the format has in this place; nothing relies on it.
func checksum(data []byte) string {
	sum := md5.Sum(data)
	return hex.EncodeToString(sum[:])
}

// links gives every link the flag that lets it be printed.
func (f *file) links() {
	link := []byte("<</Type /Annot /Subtype /Link /Rect [")
	for i, o := range f.objects {
		if bytes.HasPrefix(o, []byte("<</Type /Page\n")) {
			f.objects[i] = bytes.ReplaceAll(o, link, []byte("<</Type /Annot /Subtype /Link /F 4 /Rect ["))
		}
	}
}

// compress packs what is drawn on the pages. fpdf would take a new packer for
// each page, which costs more than the packing.
func (f *file) compress(p *packer) {
	for i, o := range f.objects {
		rest, ok := bytes.CutPrefix(o, []byte("<</Length "))
		head, data, found := bytes.Cut(rest, []byte(">>\nstream\n"))
		if n, err := strconv.Atoi(string(head)); ok && found && err == nil && n <= len(data) {
			f.objects[i] = stream("/Filter /FlateDecode", p.pack(data[:n]))
		}
	}
}

var (
	baseFont = regexp.MustCompile(`/(BaseFont|FontName) /(utf8[a-z-]+)`)
	fontFile = regexp.MustCompile(`/FontFile2 (\d+) 0 R`)
)

// fonts gives each subset its name: the font's, behind six letters made of what
// is in it. And it replaces the table of characters: fpdf's says in one range
// what the format wants in 256.
func (f *file) fonts() error {
	tagged := map[string]string{}
	for _, o := range f.objects {
		if !bytes.HasPrefix(o, []byte("<</Type /FontDescriptor")) {
			continue
		}
		m, at := baseFont.FindSubmatch(o), fontFile.FindSubmatch(o)
		if m == nil || at == nil {
			continue
		}
		n, _ := strconv.Atoi(string(at[1]))
		for _, name := range names {
			if n < len(f.objects) && string(m[2]) == "utf8"+strings.ToLower(name) {
				tagged[string(m[2])] = tag(f.objects[n]) + "+" + name
			}
		}
	}
	if len(tagged) != faces {
		return fmt.Errorf("finish: %d of %d fonts are in the file", len(tagged), faces)
	}
	for i, o := range f.objects {
		switch {
		case bytes.HasPrefix(o, []byte("<</Type /Font")):
			f.objects[i] = baseFont.ReplaceAllFunc(o, func(s []byte) []byte {
				m := baseFont.FindSubmatch(s)
				return fmt.Appendf(nil, "/%s /%s", m[1], tagged[string(m[2])])
			})
		case bytes.HasPrefix(o, []byte("<</Length ")) && bytes.Contains(o[:min(len(o), 60)], []byte("\nstream\n/CIDInit ")):
			f.objects[i] = stream("/Filter /FlateDecode", unicode())
		}
	}
	return nil
}

// tag is six letters made of data.
func tag(data []byte) string {
	sum := sha256.Sum256(data)
	out := make([]byte, 6)
	for i := range out {
		out[i] = 'A' + sum[i]%26
	}
	return string(out)
}

// unicode is the table of characters of a font whose codes are those of
// Unicode.
var unicode = sync.OnceValue(func() []byte {
	var b bytes.Buffer
	b.WriteString("/CIDInit /ProcSet findresource begin\n12 dict begin\nbegincmap\n/CIDSystemInfo\n<</Registry (Adobe) /Ordering (UCS) /Supplement 0>> def\n" +
		"/CMapName /Adobe-Identity-UCS def\n/CMapType 2 def\n1 begincodespacerange\n<0000> <FFFF>\nendcodespacerange\n")
	for block := 0; block < 256; block += 64 {
		b.WriteString("64 beginbfrange\n")
		for high := block; high < block+64; high++ {
			fmt.Fprintf(&b, "<%02X00> <%02XFF> <%02X00>\n", high, high, high)
		}
		b.WriteString("endbfrange\n")
	}
	b.WriteString("endcmap\nCMapName currentdict /CMap defineresource pop\nend\nend")
	return (&packer{}).pack(b.Bytes())
})
