package testresult_test

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/dc-release/dc-release/internal/adapter/testresult"
	"github.com/dc-release/dc-release/internal/archtest/measure"
	"github.com/dc-release/dc-release/internal/core/trace/tracetest"
)

// BenchmarkRead reads 10,000 cases of each format.
func BenchmarkRead(b *testing.B) {
	for _, c := range []struct{ name, before, each, between, after string }{
		{"junit", "<testsuites><testsuite name='pytest'>", `<testcase classname="tests.integration.test_a" name="test_%d" time="0.01"><properties><property name="verifies" value="FS-corp-%d"/></properties></testcase>`, "", "</testsuite></testsuites>"},
		{"cucumber", `[{"uri":"a.feature","keyword":"Feature","name":"A","elements":[`, `{"type":"scenario","name":"scenario %d","line":3,"tags":[{"name":"@FS-corp-%d"}],"steps":[{"keyword":"Given ","name":"x","result":{"status":"passed","duration":1000}}]}`, ",", "]}]"},
		{"ctrf", `{"results":{"tool":{"name":"t"},"summary":{"tests":10000},"tests":[`, `{"name":"test %d","status":"passed","duration":1,"tags":["@FS-corp-%d"]}`, ",", "]}}"},
		{"gotest", `{"Action":"start","Package":"m"}` + "\n", `{"Action":"run","Package":"m","Test":"Test%[1]d"}` + "\n" + `{"Action":"pass","Package":"m","Test":"Test%[1]d","Elapsed":0.%[2]d}` + "\n", "", `{"Action":"pass","Package":"m"}`},
	} {
		b.Run(c.name, func(b *testing.B) {
			var s strings.Builder
			s.WriteString(c.before)
			for i := range 10_000 {
				if i > 0 {
					s.WriteString(c.between)
				}
				fmt.Fprintf(&s, c.each, i, i+1)
			}
			s.WriteString(c.after)
			data := s.String()
			b.SetBytes(int64(len(data)))
			for b.Loop() {
				r, err := testresult.Read("bench", strings.NewReader(data))
				if err != nil || r.Totals.Passed != 10_000 || r.Format != c.name {
					b.Fatalf("%s %+v %v", r.Format, r.Totals, err)
				}
			}
		})
	}
}

// BenchmarkJUnit reads results of the sets of 10,000 and 100,000 cases. The
// target is 100 ms of CPU for 10,000. ours/tokens compares it with encoding/xml
// reading the tokens of the same file.
func BenchmarkJUnit(b *testing.B) {
	for _, n := range []int{10_000, 100_000} {
		runs := tracetest.Of(n).Runs()
		data := runs[slices.IndexFunc(runs, func(r tracetest.Run) bool { return r.Commit == tracetest.Commit && r.Attempt == 1 })].JUnit
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			b.SetBytes(int64(len(data)))
			var ours, least []measure.Cost
			for b.Loop() {
				ours = append(ours, measure.Call(b, func() {
					r, err := testresult.Read("bench", strings.NewReader(data))
					if err != nil || r.Totals.Cases != int64(n-n/100) {
						b.Fatalf("%+v %v", r.Totals, err)
					}
				}))
				least = append(least, measure.Call(b, func() {
					d := xml.NewDecoder(strings.NewReader(data))
					for {
						if _, err := d.RawToken(); errors.Is(err, io.EOF) {
							return
						} else if err != nil {
							b.Fatal(err)
						}
					}
				}))
			}
			measure.Report(b, ours)
			measure.Ratio(b, ours, least, "ours/tokens")
		})
	}
}
