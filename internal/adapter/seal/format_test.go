package seal_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"encoding/base64"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/dc-release/dc-release/internal/adapter/seal"
	"github.com/dc-release/dc-release/internal/core/canonical"
	"github.com/dc-release/dc-release/internal/core/ledger"
	"github.com/dc-release/dc-release/internal/core/releaselog"
)

var update = flag.Bool("update", false, "write the vector")

const vector = "../../../docs/testdata/format/seals.json"

// small is a file of one empty page, in the form of this product.
func small() []byte {
	var b bytes.Buffer
	b.WriteString("%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")
	var offsets []int
	for i, o := range []string{
		"<</Type /Pages\n/Kids [3 0 R]\n/Count 1\n/MediaBox [0 0 595.28 841.89]\n>>", "<<\n>>",
		"<</Type /Page\n/Parent 1 0 R\n/Resources 2 0 R\n/Contents 4 0 R>>", "<</Length 0>>\nstream\n\nendstream", "<</Title (small)>>", "<<\n/Type /Catalog\n/Pages 1 0 R\n>>",
	} {
		offsets = append(offsets, b.Len())
		fmt.Fprintf(&b, "%d 0 obj\n%s\nendobj\n", i+1, o)
	}
	table := b.Len()
	b.WriteString("xref\n0 7\n0000000000 65535 f \n")
	for _, o := range offsets {
		fmt.Fprintf(&b, "%010d 00000 n \n", o)
	}
	id := strings.Repeat("0", 32)
	fmt.Fprintf(&b, "trailer\n<</Size 7 /Root 6 0 R /Info 5 0 R /ID [<%s><%s>]>>\nstartxref\n%d\n%%%%EOF\n", id, id, table)
	return b.Bytes()
}

// The vector of the format page: the keys are 32 bytes of value 3 (document) and
// 4 (seal).
func TestTheVectorOfSealsIsWhatIsWritten(t *testing.T) {
	key, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), bytes.Repeat([]byte{4}, 32))
	if err != nil {
		t.Fatal(err)
	}
	s := &seal.Sealer{Installation: "01JNHVECTOR000000000000001", Key: key, Since: since}
	file := small()
	sealed, certificate, err := s.Seal(ed25519.NewKeyFromSeed(bytes.Repeat([]byte{3}, 32)), file, at)
	if err != nil {
		t.Fatal(err)
	}
	if got, _, _, err := (seal.Reader{}).Open(sealed); err != nil || !bytes.Equal(got, file) {
		t.Fatal(err)
	}
	got, err := canonical.Marshal(releaselog.Seals{
		Schema: releaselog.SealsSchema, Certificate: base64.StdEncoding.EncodeToString(certificate), Time: ledger.FormatTime(at),
		Files: []releaselog.Sealed{{Path: "final/certificate.pdf", SHA256: canonical.SHA256(sealed), Unsealed: canonical.SHA256(file), Size: int64(len(file))}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(vector, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(vector)
	if err != nil || !bytes.Equal(want, got) {
		t.Errorf("%v\n%s\n%s", err, want, got)
	}
	if _, err := releaselog.ParseSeals(want); err != nil {
		t.Error(err)
	}
}
