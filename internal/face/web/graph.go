package web

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/dc-release/dc-release/internal/app/inspect"
)

// The measures of a graph in CSS pixels.
const (
	nodeWidth, nodeHeight = 192, 56
	gapX, gapY            = 56, 16
	// maxNodes is how many jobs are drawn; beyond it the list says all.
	maxNodes = 60
)

// graph is a run's jobs, drawn from left to right as they wait for one another.
type graph struct {
	Nodes         []node
	Edges         []string // paths of SVG
	Width, Height int
}

type node struct {
	inspect.Job
	X, Y int
}

// draw lays the jobs of a run out in columns: each stands behind all that it
// needs. Jobs that hold others, calls and matrices, are not drawn but where
// nothing is in them. It gives nothing for more than maxNodes jobs.
func draw(jobs []inspect.Job) graph {
	drawn := leaves(jobs)
	if len(drawn) > maxNodes {
		return graph{}
	}
	p := plan{jobs: map[string]inspect.Job{}, inside: map[string][]string{}, column: map[string]int{}}
	for _, j := range jobs {
		p.jobs[j.Key] = j
		p.inside[parent(j)] = append(p.inside[parent(j)], j.Key)
	}
	var columns [][]node
	for _, j := range drawn {
		c := p.columnOf(j.Key)
		for len(columns) <= c {
			columns = append(columns, nil)
		}
		columns[c] = append(columns[c], node{Job: j})
	}
	return p.place(columns)
}

// parent is the matrix or the call that a job is in, "" at the top.
func parent(j inspect.Job) string { return cmp.Or(j.Group, j.Scope) }

// leaves are the jobs that hold no others.
func leaves(jobs []inspect.Job) []inspect.Job {
	holds := map[string]bool{}
	for _, j := range jobs {
		holds[parent(j)] = true
	}
	return slices.DeleteFunc(slices.Clone(jobs), func(j inspect.Job) bool { return holds[j.Key] })
}

// plan is what waits for what.
type plan struct {
	jobs   map[string]inspect.Job
	inside map[string][]string // keys in a call or a matrix, "" at the top
	column map[string]int      // of a job, once it is known
}

// before are the jobs that one waits for: what it needs itself, else what the
// call needs that it is in.
func (p plan) before(key string) []string {
	j := p.jobs[key]
	var out []string
	for _, need := range j.Needs {
		out = append(out, p.ends(need)...)
	}
	if within := parent(j); len(j.Needs) == 0 && within != "" {
		return p.before(within)
	}
	return out
}

// ends are the jobs that a call or a matrix is through with; a job is its own.
func (p plan) ends(key string) []string {
	if len(p.inside[key]) == 0 {
		return []string{key}
	}
	needed := map[string]bool{}
	for _, k := range p.inside[key] {
		for _, need := range p.jobs[k].Needs {
			needed[need] = true
		}
	}
	var out []string
	for _, k := range p.inside[key] {
		if !needed[k] {
			out = append(out, p.ends(k)...)
		}
	}
	return out
}

func (p plan) columnOf(key string) int {
	if c, ok := p.column[key]; ok {
		return c
	}
	p.column[key] = 0 // a plan has no circle; this ends one all the same
	c := 0
	for _, k := range p.before(key) {
		c = max(c, p.columnOf(k)+1)
	}
	p.column[key] = c
	return c
}

// place gives every job its coordinates: beside those that it waits for, so that
// lines over several columns pass free of others.
func (p plan) place(columns [][]node) graph {
	var g graph
	at := map[string]node{}
	for c, list := range columns {
		slices.SortStableFunc(list, func(a, b node) int { return cmp.Compare(p.height(a.Key, at), p.height(b.Key, at)) })
		free := 0
		for _, n := range list {
			n.X, n.Y = c*(nodeWidth+gapX), max(free, p.height(n.Key, at))
			free = n.Y + nodeHeight + gapY
			at[n.Key] = n
			g.Nodes = append(g.Nodes, n)
			g.Width, g.Height = max(g.Width, n.X+nodeWidth), max(g.Height, n.Y+nodeHeight)
		}
	}
	for _, n := range g.Nodes {
		for _, key := range p.direct(n.Key) {
			g.Edges = append(g.Edges, curve(at[key], n))
		}
	}
	return g
}

// height is where the jobs stand on average that a job waits for.
func (p plan) height(key string, at map[string]node) int {
	before := p.before(key)
	sum := 0
	for _, k := range before {
		sum += at[k].Y
	}
	return sum / max(len(before), 1)
}

// direct are the jobs that one waits for and none of the others waits for.
func (p plan) direct(key string) []string {
	before := p.before(key)
	behind := map[string]bool{}
	var walk func(k string)
	walk = func(k string) {
		for _, b := range p.before(k) {
			if !behind[b] {
				behind[b] = true
				walk(b)
			}
		}
	}
	for _, k := range before {
		walk(k)
	}
	slices.Sort(before)
	return slices.DeleteFunc(slices.Compact(before), func(k string) bool { return behind[k] })
}

// curve is the line from one job to another.
func curve(from, to node) string {
	x1, y1, x2, y2 := from.X+nodeWidth, from.Y+nodeHeight/2, to.X, to.Y+nodeHeight/2
	return fmt.Sprintf("M%d %dC%d %d %d %d %d %d", x1, y1, x1+gapX/2, y1, x2-gapX/2, y2, x2, y2)
}
