package pdf_test

import (
	"bytes"
	"compress/zlib"
	"fmt"
	"strconv"
	"testing"

	"github.com/dc-release/dc-release/internal/adapter/render/pdf"
	"github.com/dc-release/dc-release/internal/archtest/measure"
	"github.com/dc-release/dc-release/internal/core/document/documenttest"
)

func BenchmarkDocument(b *testing.B) {
	tree := documenttest.Trees(b)["change-record/typical"]
	render(b, tree)
	for b.Loop() {
		b.SetBytes(int64(len(render(b, tree))))
	}
}

// BenchmarkMatrix renders matrices of some 200 and 1,000 pages. The targets are
// 400 ms of CPU, 100 MB and a file of 2 MB, and 2 s and 250 MB. ours/deflate
// compares it with packing what stands on the pages. The bytes are the same each
// time.
func BenchmarkMatrix(b *testing.B) {
	for _, rows := range []int{1_500, 7_500} {
		tree := documenttest.Large(rows)
		b.Run(fmt.Sprint(rows), func(b *testing.B) {
			first := render(b, tree)
			var ours, least []measure.Cost
			for b.Loop() {
				var file []byte
				var err error
				ours = append(ours, measure.Call(b, func() { file, err = pdf.Render(tree) }))
				if err != nil || !bytes.Equal(file, first) {
					b.Fatalf("other bytes than before, or %v", err)
				}
				content := contents(b, first) // is forgotten again: it would count as resident before
				least = append(least, measure.Call(b, func() { pack(b, content) }))
			}
			measure.Report(b, ours)
			measure.Ratio(b, ours, least, "ours/deflate")
			b.ReportMetric(float64(len(boxes.FindAll(first, -1))), "pages")
			b.ReportMetric(float64(len(first))/1e6, "file-MB")
		})
	}
}

// contents is what the streams of a file hold.
func contents(b *testing.B, file []byte) [][]byte {
	b.Helper()
	var out [][]byte
	for _, at := range streams.FindAllSubmatchIndex(file, -1) {
		n, err := strconv.Atoi(string(file[at[2]:at[3]]))
		if err != nil {
			b.Fatal(err)
		}
		out = append(out, inflate(b, file[at[1]:at[1]+n]))
	}
	return out
}

func pack(b *testing.B, all [][]byte) {
	b.Helper()
	var out bytes.Buffer
	w := zlib.NewWriter(&out)
	for _, data := range all {
		out.Reset()
		w.Reset(&out)
		if _, err := w.Write(data); err != nil {
			b.Fatal(err)
		}
		if err := w.Close(); err != nil {
			b.Fatal(err)
		}
	}
}
