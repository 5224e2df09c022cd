package pagefile_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/dc-release/dc-release/internal/adapter/pagefile"
	"github.com/dc-release/dc-release/internal/core/document"
)

func TestAPageBecomesBlocks(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"heading and text", "## Load\n\nEvery *three*\nhours.", `[{"heading":{"level":2,"number":"","text":"Load"}},{"paragraph":{"runs":[{"style":"text","text":"Every three hours."}]}}]`},
		{"deep heading", "##### Deep", `[{"heading":{"level":3,"number":"","text":"Deep"}}]`},
		{"inline", "**a** `b` [c](https://x.org)", `[{"paragraph":{"runs":[{"style":"strong","text":"a"},{"style":"text","text":" "},{"style":"code","text":"b"},{"style":"text","text":" "},{"style":"link","text":"c","href":"https://x.org"}]}}]`},
		{"list in a list", "1. a\n   - b\n2. c", `[{"list":{"ordered":true,"items":[[{"style":"text","text":"a"}],[{"style":"text","text":"c"}]]}},{"list":{"items":[[{"style":"text","text":"b"}]]}}]`},
		{"code", "```sh\nls\n```", `[{"code":{"language":"sh","text":"ls\n"}}]`},
		{"HTML is text", "<script>alert(1)</script>", `[{"code":{"language":"html","text":"<script>alert(1)</script>"}}]`},
		{"short table row", "|a|b|\n|-|-|\n|1|", `[{"table":{"caption":"","columns":[{"title":"a","weight":1},{"title":"b","weight":1}],"rows":[{"cells":[[{"style":"text","text":"1"}],[{"style":"text","text":"–"}]]}],"empty":"The table has no rows."}}]`},
		{"hidden characters are shown", "a\u202eb", `[{"paragraph":{"runs":[{"style":"text","text":"a[U+202E]b"}]}}]`},
		{"nothing", "", `null`},
	} {
		t.Run(c.name, func(t *testing.T) {
			var got strings.Builder
			enc := json.NewEncoder(&got)
			enc.SetEscapeHTML(false)
			if err := enc.Encode(pagefile.Read([]byte(c.text))); err != nil {
				t.Fatal(err)
			}
			if strings.TrimSpace(got.String()) != c.want {
				t.Errorf("got  %swant %s", got.String(), c.want)
			}
		})
	}
	blocks := pagefile.Read([]byte(strings.Repeat("a ", pagefile.MaxSize)))
	if last := blocks[len(blocks)-1]; last.Notice == nil || last.Notice.Head != "Cut" {
		t.Errorf("a long page ends with %+v", last)
	}
}

func FuzzRead(f *testing.F) {
	f.Add("# a\n\n- b\n  1. c\n\n|x|\n|-|\n|y|\n")
	f.Fuzz(func(t *testing.T, text string) {
		for _, b := range pagefile.Read([]byte(text)) {
			if b == (document.Block{}) {
				t.Error("an empty block")
			}
		}
	})
}
