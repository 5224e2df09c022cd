package databricks_test

import (
	"crypto/sha256"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/dc-release/dc-release/internal/adapter/deploy/deploytest"
	"github.com/dc-release/dc-release/internal/core/deployment"
)

// large is the bundle with as many jobs and files.
func large(t testing.TB, jobs, files int) deploytest.Files {
	return checkout(t, func(f deploytest.Files) {
		main := f["resources/main.yml"]
		head, job, _ := strings.Cut(main, "    main:\n")
		var all strings.Builder
		all.WriteString(head)
		for i := range jobs {
			fmt.Fprintf(&all, "    job%d:\n%s\n", i, strings.Replace(job, "/main", fmt.Sprintf("/job%d", i), 1))
		}
		f["resources/main.yml"] = all.String()
		for i := range files {
			f[fmt.Sprintf("src/part%d/file%d.py", i%20, i)] = strings.Repeat(fmt.Sprintf("line %d\n", i), 500)
		}
		f["databricks.yml"] = strings.ReplaceAll(f["databricks.yml"], "        main:", "        job0:")
	})
}

// BenchmarkInstallation reads 200 jobs and 2,000 files back and compares them. The
// peer asks the same workspace for the same number of files, one after the other,
// and hashes them: what the requests cost alone.
func BenchmarkInstallation(b *testing.B) {
	w := open(b)
	files := large(b, 200, 2000)
	want := w.Apply(b, files)
	host := w.Place.Config["DATABRICKS_HOST"]
	for b.Loop() {
		if d := deployment.Drifted(want, w.Observe(b)); len(d) > 0 {
			b.Fatalf("%d differences: %v", len(d), d[0])
		}
	}
	ours := float64(b.Elapsed()) / float64(b.N)
	b.StopTimer()
	began := time.Now()
	for _, f := range want {
		if name, ok := strings.CutPrefix(f.Path, "files/"); ok {
			hash(b, host+"/api/2.0/workspace/export?direct_download=true&path="+root+"/files/"+name)
		}
	}
	b.ReportMetric(ours/float64(time.Since(began)), "ours/requests")
	b.ReportMetric(float64(len(want)), "facts")
}

// hash reads one file as simply as it goes.
func hash(b *testing.B, url string) {
	req, err := http.NewRequest(http.MethodGet, url, nil)
	if err != nil {
		b.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		b.Fatal(err)
	}
	defer resp.Body.Close()
	if _, err := io.Copy(sha256.New(), resp.Body); err != nil {
		b.Fatal(err)
	}
}
