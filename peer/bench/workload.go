package main

import (
	"fmt"
	"strings"
)

// workload is a repository and the jobs that both programs run of it.
type workload struct {
	name   string
	target string // of DESIGN, section 9: ours / act, wall
	files  func(root string) (map[string]string, error)
	jobs   int // that end in success
}

// workloads is the whole list.
var workloads = []workload{
	{name: "the guide's tag pipeline, stub tools", target: "<= 0.50", files: guideFiles, jobs: 9},
	{name: "one no-op job", target: "<= 0.50", files: one(jobs(1, false)), jobs: 1},
	{name: "21 no-op jobs, one after the other", target: "none", files: one(jobs(21, true)), jobs: 21},
	{name: "21 no-op jobs, side by side", target: "none", files: one(jobs(21, false)), jobs: 21},
	{name: "one job of ten no-op steps", target: "none", files: one(steps(10)), jobs: 1},
}

func one(source string) func(string) (map[string]string, error) {
	return func(string) (map[string]string, error) { return map[string]string{"main.yaml": source}, nil }
}

const job = "  j%d:\n    runs-on: ubuntu-latest\n%s    steps:\n%s"

// jobs is a workflow of n jobs with one step; in a chain each needs the one
// before.
func jobs(n int, chain bool) string {
	var b strings.Builder
	b.WriteString("on: push\njobs:\n")
	for i := range n {
		needs := ""
		if chain && i > 0 {
			needs = fmt.Sprintf("    needs: [j%d]\n", i-1)
		}
		fmt.Fprintf(&b, job, i, needs, "      - run: \"true\"\n")
	}
	return b.String()
}

func steps(n int) string {
	return "on: push\njobs:\n" + fmt.Sprintf(job, 0, "", strings.Repeat("      - run: \"true\"\n", n))
}
