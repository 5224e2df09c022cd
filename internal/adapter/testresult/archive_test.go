package testresult_test

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/dc-release/dc-release/internal/adapter/testresult"
	"github.com/dc-release/dc-release/internal/core/evidence"
	"github.com/google/go-cmp/cmp"
)

// packed is a file of an archive that is made.
type packed struct {
	name, text string
	mode       fs.FileMode
}

func pack(t *testing.T, files ...packed) []byte {
	t.Helper()
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for _, f := range files {
		h := &zip.FileHeader{Name: f.name, Method: zip.Deflate}
		h.SetMode(f.mode | 0o644)
		in, err := w.CreateHeader(h)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := in.Write([]byte(f.text)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

const (
	passedResult = `{"uuid":"u1","historyId":"h","fullName":"f","name":"a","status":"passed","start":20,"stop":30}`
	png          = "\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"
)

func with(attachment string) string {
	return strings.Replace(passedResult, "{", `{"steps":[{"name":"s","attachments":[`+attachment+`]}],`, 1)
}

func TestArchives(t *testing.T) {
	for _, c := range []struct {
		what  string
		files []packed
		want  string // a reason against it, "" for a pass
	}{
		{"one result", []packed{{name: "1-result.json", text: passedResult}}, ""},
		{"below a folder, with what macOS adds", []packed{{name: "allure-results/", mode: fs.ModeDir}, {name: "allure-results/1-result.json", text: passedResult}, {name: "__MACOSX/allure-results/._1-result.json", text: "\x00\x05"}}, ""},
		{"an image", []packed{{name: "1-result.json", text: with(`{"name":"page","source":"p.png","type":"image/png"}`)}, {name: "p.png", text: png}}, ""},
		{"nothing", nil, "holds no *-result.json"},
		{"no result", []packed{{name: "results.xml", text: "<testsuite/>"}}, "holds no *-result.json"},
		{"a malformed result beside a good one", []packed{{name: "1-result.json", text: passedResult}, {name: "2-result.json", text: `{"uuid":`}}, `"2-result.json": line 1: the file ends too early`},
		{"a malformed container", []packed{{name: "1-result.json", text: passedResult}, {name: "2-container.json", text: `[]`}}, `"2-container.json": line 1: an array, want an object`},
		{"an attachment that is missing", []packed{{name: "1-result.json", text: with(`{"name":"page","source":"p.png","type":"image/png"}`)}}, `attachment "page" (p.png) is not in the archive`},
		{"an attachment elsewhere", []packed{{name: "r/1-result.json", text: with(`{"name":"page","source":"../p.png","type":"image/png"}`)}, {name: "p.png", text: png}}, "is not in the archive"},
		{"an image that is none", []packed{{name: "1-result.json", text: with(`{"name":"page","source":"p.png","type":"image/png"}`)}, {name: "p.png", text: "<html>"}}, "is called image/png and is text/html"},
		{"a way out", []packed{{name: "1-result.json", text: passedResult}, {name: "../2-result.json", text: passedResult}}, "leaves the archive"},
		{"a way out with backslashes", []packed{{name: `..\2-result.json`, text: passedResult}}, "leaves the archive"},
		{"an absolute path", []packed{{name: "/etc/1-result.json", text: passedResult}}, "leaves the archive"},
		{"a name twice", []packed{{name: "1-result.json", text: passedResult}, {name: "1-result.json", text: passedResult}}, "stands twice"},
		{"a link", []packed{{name: "1-result.json", text: "/etc/passwd", mode: fs.ModeSymlink}}, "no file and no folder"},
		{"a bomb", []packed{{name: "1-result.json", text: passedResult}, {name: "zeros.txt", text: strings.Repeat("\x00", 8<<20)}}, "more than 200 times its size"},
		{"a large entry", []packed{{name: "1-result.json", text: passedResult}, {name: "zeros.txt", text: strings.Repeat("\x00", testresult.MaxSize+1)}}, "want at most 67108864"},
	} {
		t.Run(c.what, func(t *testing.T) {
			r, err := testresult.Read("a.zip", bytes.NewReader(pack(t, c.files...)))
			if err != nil {
				t.Fatal(err)
			}
			j := evidence.Verdict(r)
			if j.Passed != (c.want == "") || !strings.Contains(strings.Join(j.Reasons, "\n"), c.want) {
				t.Errorf("got %+v, want %q", j, c.want)
			}
		})
	}
}

func TestTooManyEntries(t *testing.T) {
	files := []packed{{name: "1-result.json", text: passedResult}}
	for i := range 50_000 {
		files = append(files, packed{name: fmt.Sprintf("%d.txt", i)})
	}
	r, err := testresult.Read("a.zip", bytes.NewReader(pack(t, files...)))
	if err != nil || evidence.Verdict(r).Passed || !strings.Contains(r.Problems[0].Message, "want at most 50000") {
		t.Errorf("got %v %v", r.Problems, err)
	}
}

// The sizes that an archive claims are not believed.
func TestASizeThatIsALie(t *testing.T) {
	data := pack(t, packed{name: "1-result.json", text: passedResult + strings.Repeat(" ", 2000)})
	claimed := binary.LittleEndian.AppendUint32(nil, uint32(len(passedResult)+2000))
	at := bytes.LastIndex(data, claimed)
	if at < 0 {
		t.Fatal("no size in the directory")
	}
	binary.LittleEndian.PutUint32(data[at:], uint32(len(passedResult)))
	r, err := testresult.Read("a.zip", bytes.NewReader(data))
	if err != nil || evidence.Verdict(r).Passed {
		t.Errorf("got %+v %v", r, err)
	}
}

func TestTriesOfOneTest(t *testing.T) {
	result := func(uuid, status string, start int) packed {
		return packed{name: uuid + "-result.json", text: fmt.Sprintf(`{"uuid":%q,"historyId":"h","fullName":"f","name":"a","status":%q,"start":%d,"stop":%d}`, uuid, status, start, start+1)}
	}
	for _, c := range []struct {
		what  string
		files []packed
		want  evidence.Totals
	}{
		{"the last try passed", []packed{result("1", "passed", 30), result("2", "failed", 10), result("3", "broken", 20)}, evidence.Totals{Cases: 1, Passed: 1, Flaky: 1}},
		{"the last try failed", []packed{result("1", "passed", 10), result("2", "failed", 20)}, evidence.Totals{Cases: 1, Failed: 1}},
		{"at the same time the worst counts", []packed{result("1", "passed", 10), result("2", "failed", 10)}, evidence.Totals{Cases: 1, Failed: 1}},
		{"another name is another test", []packed{result("1", "passed", 10), {name: "2-result.json", text: `{"uuid":"2","historyId":"h","fullName":"f","name":"b","status":"failed","start":5}`}}, evidence.Totals{Cases: 2, Passed: 1, Failed: 1}},
		{"without a history nothing is a try", []packed{{name: "1-result.json", text: `{"uuid":"1","name":"a","status":"failed","labels":[]}`}, {name: "2-result.json", text: `{"uuid":"2","name":"a","status":"passed","labels":[]}`}}, evidence.Totals{Cases: 2, Passed: 1, Failed: 1}},
		{"a fixture that breaks afterwards", []packed{result("1", "passed", 10), {name: "c-container.json", text: `{"uuid":"c","children":["1"],"afters":[{"name":"drop","status":"broken"}]}`}}, evidence.Totals{Cases: 1, Errored: 1}},
		{"a fixture of another test", []packed{result("1", "passed", 10), {name: "c-container.json", text: `{"uuid":"c","children":["2"],"afters":[{"name":"drop","status":"broken"}]}`}}, evidence.Totals{Cases: 1, Passed: 1}},
	} {
		t.Run(c.what, func(t *testing.T) {
			r, err := testresult.Read("a.zip", bytes.NewReader(pack(t, c.files...)))
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(c.want, r.Totals); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestAFolderIsReadLikeItsArchive(t *testing.T) {
	files := fstest.MapFS{
		"1-result.json": {Data: []byte(with(`{"name":"page","source":"p.png","type":"image/png"}`))},
		"p.png":         {Data: []byte(png)},
	}
	folder, err := testresult.ReadFolder("allure-results", files)
	if err != nil {
		t.Fatal(err)
	}
	archive, err := testresult.Read("a.zip", bytes.NewReader(pack(t, packed{name: "1-result.json", text: string(files["1-result.json"].Data)}, packed{name: "p.png", text: png})))
	if err != nil {
		t.Fatal(err)
	}
	if folder.SHA256 == archive.SHA256 || len(folder.SHA256) != 64 {
		t.Errorf("digest %q", folder.SHA256)
	}
	archive.SHA256 = folder.SHA256
	if d := cmp.Diff(archive, folder); d != "" {
		t.Error(d)
	}
	files["p.png"].Data = append(files["p.png"].Data, 0)
	if other, err := testresult.ReadFolder("allure-results", files); err != nil || other.SHA256 == folder.SHA256 {
		t.Errorf("another image has the same digest (%v)", err)
	}
}

func TestAFolderWithALinkIsRefused(t *testing.T) {
	dir := t.TempDir()
	if err := os.Symlink("/etc/passwd", dir+"/1-result.json"); err != nil {
		t.Fatal(err)
	}
	if _, err := testresult.ReadFolder(dir, os.DirFS(dir)); err == nil || !strings.Contains(err.Error(), "no file and no folder") {
		t.Errorf("got %v", err)
	}
}
