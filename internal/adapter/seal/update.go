package seal

import (
	"bytes"
	"crypto/sha256"
	"encoding/asn1"
	"encoding/hex"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// room is the bytes that are kept for the message; one needs some 900.
const room = 2048

// update is an incremental update with a signature field, and the file before
// it.
type update struct {
	file []byte
	name string
	at   time.Time

	before, after []byte // around the contents of the signature
}

var trailer = regexp.MustCompile(`(?s)\ntrailer\n<</Size (\d+) /Root (\d+) 0 R /Info (\d+) 0 R /ID \[<([0-9a-f]{32})><([0-9a-f]{32})>\]>>\nstartxref\n(\d+)\n%%EOF\n$`)

// firstPage is the object of the first page in every file of this product.
const firstPage = 3

// prepare lays the update out. The file is one that render/pdf wrote.
func prepare(file []byte, name string, at time.Time) (*update, error) {
	end := file[max(0, len(file)-400):]
	m := trailer.FindSubmatch(end)
	if m == nil {
		return nil, fmt.Errorf("the file does not end with a trailer of this product")
	}
	size, _ := strconv.Atoi(string(m[1]))
	root, _ := strconv.Atoi(string(m[2]))
	start, err := strconv.Atoi(string(m[6]))
	if err != nil || start >= len(file) {
		return nil, fmt.Errorf("the file has no table of objects at %d", start)
	}
	page, err := object(file, start, firstPage)
	if err != nil {
		return nil, err
	}
	catalog, err := object(file, start, root)
	if err != nil {
		return nil, err
	}
	u := &update{file: file, name: name, at: at}
	widget, value := size, size+1
	if strings.Contains(page, "/Annots [") {
		page = strings.Replace(page, "/Annots [", fmt.Sprintf("/Annots [%d 0 R ", widget), 1)
	} else {
		page = strings.Replace(page, "/Resources 2 0 R\n", fmt.Sprintf("/Resources 2 0 R\n/Annots [%d 0 R]\n", widget), 1)
	}
	catalog, ok := strings.CutSuffix(catalog, ">>")
	if !ok || !strings.HasPrefix(page, "<</Type /Page\n") {
		return nil, fmt.Errorf("the file has no catalog and first page where they should be")
	}
	catalog += fmt.Sprintf("/AcroForm <</Fields [%d 0 R] /SigFlags 3>>\n>>", widget)
	u.lay(start, root, size, string(m[3]), string(m[4]), []numbered{
		{firstPage, page},
		{root, catalog},
		{widget, fmt.Sprintf("<</Type /Annot /Subtype /Widget /FT /Sig /T (Seal) /Rect [0 0 0 0] /F 132 /P %d 0 R /V %d 0 R>>", firstPage, value)},
	})
	return u, nil
}

type numbered struct {
	number int
	body   string
}

// object is the body of an object.
func object(file []byte, start, number int) (string, error) {
	table := bytes.SplitN(file[start:], []byte("\n"), number+4)
	if len(table) < number+4 {
		return "", fmt.Errorf("object %d is not in the table", number)
	}
	at, err := strconv.Atoi(strings.TrimLeft(strings.SplitN(string(table[number+2]), " ", 2)[0], "0"))
	if err != nil || at >= start {
		return "", fmt.Errorf("object %d is not in the table", number)
	}
	body, found := bytes.CutPrefix(file[at:], fmt.Appendf(nil, "%d 0 obj\n", number))
	body, _, ends := bytes.Cut(body, []byte("\nendobj\n"))
	if !found || !ends {
		return "", fmt.Errorf("object %d is not where the table says", number)
	}
	return string(body), nil
}

// lay writes everything around the contents of the signature.
func (u *update) lay(start, root, size int, info, id string, objects []numbered) {
	var b bytes.Buffer
	b.Write(u.file)
	offsets := map[int]int{}
	for _, o := range objects {
		offsets[o.number] = b.Len()
		fmt.Fprintf(&b, "%d 0 obj\n%s\nendobj\n", o.number, o.body)
	}
	offsets[size+1] = b.Len()
	fmt.Fprintf(&b, "%d 0 obj\n<</Type /Sig /Filter /Adobe.PPKLite /SubFilter /ETSI.CAdES.detached /M (%s) /Name (%s) /Reason (Final document) /ByteRange [0 ",
		size+1, u.at.Format("D:20060102150405+00'00'"), u.name)
	tail := func() []byte {
		var t bytes.Buffer
		t.WriteString(">>\nendobj\n")
		// three numbers of ten digits, a bracket and /Contents stand before the gap
		table := b.Len() + len(rangeOf(0, 0, 0)) + 2*room + 2 + t.Len()
		t.WriteString("xref\n")
		for _, n := range []int{firstPage, root} {
			fmt.Fprintf(&t, "%d 1\n%010d 00000 n \n", n, offsets[n])
		}
		fmt.Fprintf(&t, "%d 2\n%010d 00000 n \n%010d 00000 n \n", size, offsets[size], offsets[size+1])
		again := sha256.Sum256(append([]byte(u.name+u.at.String()), u.file...))
		fmt.Fprintf(&t, "trailer\n<</Size %d /Root %d 0 R /Info %s 0 R /Prev %d /ID [<%s><%x>]>>\nstartxref\n%d\n%%%%EOF\n", size+2, root, info, start, id, again[:16], table)
		return t.Bytes()
	}()
	first := b.Len() + len(rangeOf(0, 0, 0))
	b.WriteString(rangeOf(first, first+2*room+2, len(tail)))
	u.before, u.after = b.Bytes(), tail
}

// rangeOf is the rest of the range of bytes that is signed, all but the
// contents, in a width that does not depend on the numbers.
func rangeOf(first, second, length int) string {
	return fmt.Sprintf("%010d %010d %010d] /Contents ", first, second, length)
}

// covered is what the signature is over.
func (u *update) covered() []byte { return append(bytes.Clone(u.before), u.after...) }

// with is the file with a signature.
func (u *update) with(message []byte) ([]byte, error) {
	if len(message) > room {
		return nil, fmt.Errorf("the signature has %d bytes, there is room for %d", len(message), room)
	}
	gap := bytes.Repeat([]byte{'0'}, 2*room)
	hex.Encode(gap, message)
	return fmt.Appendf(nil, "%s<%s>%s", u.before, gap, u.after), nil
}

var fieldOf = regexp.MustCompile(`/M \((D:\d{14})\+00'00'\) /Name \(([^()\\]*)\) /Reason \(Final document\) /ByteRange \[0 \d{10} \d{10} \d{10}\] /Contents <([0-9a-f]+)>`)

// read takes a sealed file apart, as far as it has the form of one; whether it
// is one, the bytes that with makes of it say.
func read(sealed []byte) (*update, []byte, error) {
	at := bytes.LastIndex(sealed, []byte("\n%%EOF\n"))
	if at < 0 {
		return nil, nil, fmt.Errorf("the file has no end")
	}
	before := bytes.LastIndex(sealed[:at], []byte("\n%%EOF\n"))
	if before < 0 {
		return nil, nil, fmt.Errorf("the file has no seal")
	}
	file := sealed[:before+len("\n%%EOF\n")]
	m := fieldOf.FindAllSubmatch(sealed[len(file):], -1)
	if len(m) != 1 {
		return nil, nil, fmt.Errorf("the file has no seal")
	}
	moment, err := time.Parse("D:20060102150405", string(m[0][1]))
	if err != nil {
		return nil, nil, err
	}
	gap, err := hex.DecodeString(string(m[0][3]))
	if err != nil {
		return nil, nil, err
	}
	var der asn1.RawValue
	rest, err := asn1.Unmarshal(gap, &der)
	if err != nil || len(bytes.Trim(rest, "\x00")) > 0 {
		return nil, nil, fmt.Errorf("the contents of the signature are not one message: %v", err)
	}
	u, err := prepare(file, string(m[0][2]), moment.UTC())
	return u, der.FullBytes, err
}
