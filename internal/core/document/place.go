package document

import (
	"cmp"
	"slices"
	"strings"
)

// Drawing is a scene with places, in points, from the upper left corner.
type Drawing struct {
	Width, Height int
	Boxes         []Box
	Wires         []Wire
}

// Box is a node's place with its text: a title of one or more lines, notes, and
// the state as the last line.
type Box struct {
	X, Y, W, H int
	Title      []string
	Note       []string
	State      string
	Tone       Tone
}

// Wire is an arrow along points, the last of which is its tip.
type Wire struct{ Points []Point }

// Point is a place.
type Point struct{ X, Y int }

// Measures of a drawing in points. A character is taken for as wide as those of
// a monospaced font of size 7.
const (
	charWide   = 43 // tenths
	lineHigh   = 10
	boxPad     = 5
	layerGap   = 30
	rowGap     = 10
	crossings  = 4  // how often the order is improved
	wideLabel  = 28 // characters of a line in a box
	narrow     = 13 // where there are many layers
	manyLayers = 4
)

// vertex is a node, or the bend of an arrow that passes a layer.
type vertex struct {
	node  int // -1 for a bend
	layer int
	up    []int // neighbours in the layer before
	down  []int
	box   Box
}

// placing is a layered drawing (Sugiyama, Tagawa, Toda 1981) from left to right.
type placing struct {
	vertices []vertex
	layers   [][]int
	wires    [][]int // the vertices that each arrow passes
}

// What is larger than this is no small diagram.
const (
	maxNodes = 200
	maxEdges = 1000
)

// Place computes where everything stands. The same scene gives the same places.
// Arrows that lead back or nowhere are not drawn; Sentences name them. A scene
// that is empty or too large for a drawing has none: its Width is 0.
func (s Scene) Place() Drawing {
	if len(s.Nodes) == 0 || len(s.Nodes) > maxNodes || len(s.Edges) > maxEdges {
		return Drawing{}
	}
	p := &placing{}
	depth := s.depths()
	for i := range s.Nodes {
		p.vertices = append(p.vertices, vertex{node: i, layer: depth[i]})
	}
	for _, e := range s.forward(depth) {
		p.wire(e.From, e.To)
	}
	p.order()
	columns := slices.Max(depth) + 1
	limit := wideLabel
	if columns > manyLayers {
		limit = narrow
	}
	for i := range p.vertices {
		if v := &p.vertices[i]; v.node >= 0 {
			v.box = boxOf(s.Nodes[v.node], limit)
		}
	}
	return p.draw()
}

// depths are the layers: each node stands behind all that lead to it. An arrow
// that closes a circle counts for nothing.
func (s Scene) depths() []int {
	depth, edges := make([]int, len(s.Nodes)), s.acyclic()
	for range s.Nodes { // no way is longer
		changed := false
		for _, e := range edges {
			if depth[e.To] <= depth[e.From] {
				depth[e.To], changed = depth[e.From]+1, true
			}
		}
		if !changed {
			break
		}
	}
	return depth
}

// acyclic are the arrows between nodes that are there, without those that lead
// back to a node on the way to them.
func (s Scene) acyclic() []SceneEdge {
	next, entered := make([][]int, len(s.Nodes)), make([]bool, len(s.Nodes))
	for i, e := range s.Edges {
		if e.From >= 0 && e.To >= 0 && e.From < len(s.Nodes) && e.To < len(s.Nodes) && e.From != e.To {
			next[e.From] = append(next[e.From], i)
			entered[e.To] = true
		}
	}
	state := make([]int, len(s.Nodes)) // 1: on the way, 2: done
	back := map[int]bool{}
	var visit func(n int)
	visit = func(n int) {
		state[n] = 1
		for _, i := range next[n] {
			switch to := s.Edges[i].To; state[to] {
			case 0:
				visit(to)
			case 1:
				back[i] = true
			}
		}
		state[n] = 2
	}
	for _, sources := range []bool{true, false} { // a circle without a way in begins anywhere
		for n := range s.Nodes {
			if state[n] == 0 && (!sources || !entered[n]) {
				visit(n)
			}
		}
	}
	var out []SceneEdge
	for n := range next {
		for _, i := range next[n] {
			if !back[i] {
				out = append(out, s.Edges[i])
			}
		}
	}
	return out
}

func (s Scene) forward(depth []int) []SceneEdge {
	return slices.DeleteFunc(s.acyclic(), func(e SceneEdge) bool { return depth[e.To] <= depth[e.From] })
}

// wire joins two nodes, with a bend in each layer between them.
func (p *placing) wire(from, to int) {
	way := []int{from}
	for layer := p.vertices[from].layer + 1; layer < p.vertices[to].layer; layer++ {
		p.vertices = append(p.vertices, vertex{node: -1, layer: layer, box: Box{W: 1, H: lineHigh}})
		way = append(way, len(p.vertices)-1)
	}
	way = append(way, to)
	for i := 1; i < len(way); i++ {
		p.vertices[way[i-1]].down = append(p.vertices[way[i-1]].down, way[i])
		p.vertices[way[i]].up = append(p.vertices[way[i]].up, way[i-1])
	}
	p.wires = append(p.wires, way)
}

// order puts each vertex beside the middle of its neighbours, down and up again.
func (p *placing) order() {
	for i, v := range p.vertices {
		for len(p.layers) <= v.layer {
			p.layers = append(p.layers, nil)
		}
		p.layers[v.layer] = append(p.layers[v.layer], i)
	}
	at := make([]int, len(p.vertices))
	rank := func() {
		for _, layer := range p.layers {
			for k, i := range layer {
				at[i] = k
			}
		}
	}
	rank()
	middle := func(i int, near []int) int {
		if len(near) == 0 {
			return at[i] * 1000
		}
		sum := 0
		for _, n := range near {
			sum += at[n] * 1000
		}
		return sum / len(near)
	}
	for round := range crossings {
		for k := range p.layers {
			layer := p.layers[k]
			near := func(i int) []int { return p.vertices[i].up }
			if round%2 == 1 {
				layer = p.layers[len(p.layers)-1-k]
				near = func(i int) []int { return p.vertices[i].down }
			}
			slices.SortStableFunc(layer, func(a, b int) int { return cmp.Compare(middle(a, near(a)), middle(b, near(b))) })
			rank()
		}
	}
}

// draw gives coordinates: columns from left to right, each in the middle of the
// height.
func (p *placing) draw() Drawing {
	var out Drawing
	for _, layer := range p.layers {
		out.Height = max(out.Height, p.tall(layer))
	}
	for k, layer := range p.layers {
		wide := 0
		for _, i := range layer {
			wide = max(wide, p.vertices[i].box.W)
		}
		y := (out.Height - p.tall(layer)) / 2
		for _, i := range layer {
			b := &p.vertices[i].box
			b.X, b.Y = out.Width, y
			if p.vertices[i].node >= 0 {
				b.W = wide
			}
			y += b.H + rowGap
		}
		out.Width += wide
		if k+1 < len(p.layers) {
			out.Width += layerGap
		}
	}
	for _, v := range p.vertices {
		if v.node >= 0 {
			out.Boxes = append(out.Boxes, v.box)
		}
	}
	for _, way := range p.wires {
		out.Wires = append(out.Wires, p.path(way))
	}
	return out
}

func (p *placing) tall(layer []int) int {
	h := -rowGap
	for _, i := range layer {
		h += p.vertices[i].box.H + rowGap
	}
	return h
}

// path leads from the right edge of a box to the left edge of another.
func (p *placing) path(way []int) Wire {
	var w Wire
	for i, v := range way {
		b := p.vertices[v].box
		mid := b.Y + b.H/2
		switch i {
		case 0:
			w.Points = append(w.Points, Point{b.X + b.W, mid})
		case len(way) - 1:
			w.Points = append(w.Points, Point{b.X, mid})
		default:
			w.Points = append(w.Points, Point{b.X, mid}, Point{b.X + p.wideOf(p.vertices[v].layer), mid})
		}
	}
	return w
}

func (p *placing) wideOf(layer int) int {
	wide := 0
	for _, i := range p.layers[layer] {
		wide = max(wide, p.vertices[i].box.W)
	}
	return wide
}

// boxOf sets the text of a node in lines of at most limit characters.
func boxOf(n SceneNode, limit int) Box {
	b := Box{Title: folded(Visible(n.Label), limit), State: strings.Join(strings.Fields(Visible(n.State)), " "), Tone: n.Tone}
	if n.Note != "" {
		b.Note = folded(Visible(n.Note), limit+limit/5)
	}
	most := len([]rune(b.State)) + 2
	for _, l := range b.Title {
		most = max(most, len([]rune(l)))
	}
	for _, l := range b.Note {
		most = max(most, len([]rune(l))*5/6)
	}
	b.W = most*charWide/10 + 2*boxPad
	b.H = (len(b.Title)+len(b.Note))*lineHigh + 2*boxPad
	if b.State != "" {
		b.H += lineHigh + 3
	}
	return b
}

// folded breaks a text into lines of at most n characters, after blanks and
// hyphens where there are any.
func folded(s string, n int) []string {
	var out []string
	line := []rune{}
	for word := range strings.FieldsSeq(s) {
		rest := []rune(word)
		if len(line) > 0 && len(line)+1+len(rest) <= n {
			line = append(append(line, ' '), rest...)
			continue
		}
		if len(line) > 0 {
			out, line = append(out, string(line)), nil
		}
		for len(rest) > n {
			cut := n
			if i := strings.LastIndexAny(string(rest[:n]), "-/_."); i > 0 {
				cut = len([]rune(string(rest[:n])[:i])) + 1
			}
			out, rest = append(out, string(rest[:cut])), rest[cut:]
		}
		line = rest
	}
	if len(line) > 0 || len(out) == 0 {
		out = append(out, string(line))
	}
	return out
}
