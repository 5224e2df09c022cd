package testresult_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/dc-release/dc-release/internal/adapter/testresult"
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
