package document

import "fmt"

// Scene is a small diagram: nodes and arrows between them. It says what is
// connected and not where it stands; Place does, the same for every renderer.
type Scene struct {
	Title string      `json:"title"`
	Nodes []SceneNode `json:"nodes"`
	Edges []SceneEdge `json:"edges,omitempty"`
	Left  int64       `json:"left,omitempty"` // nodes that were left out
}

// SceneNode is one box. The state says in words what the tone's colour says.
type SceneNode struct {
	Label string `json:"label"`
	Note  string `json:"note,omitempty"` // secondary text
	State string `json:"state,omitempty"`
	Tone  Tone   `json:"tone,omitempty"`
}

// SceneEdge is an arrow between two nodes, by their index.
type SceneEdge struct {
	From int    `json:"from"`
	To   int    `json:"to"`
	Verb string `json:"verb,omitempty"` // what to does for from: implements
}

// Sentences are the scene in words, one for each node with what follows it: for
// forms that draw nothing, and for readers who do not see the drawing.
func (s Scene) Sentences() []string {
	var out []string
	for i, n := range s.Nodes {
		line := n.Label
		if n.Note != "" {
			line += ", " + n.Note
		}
		if n.State != "" {
			line += ": " + n.State
		}
		sep := " → "
		for _, e := range s.Edges {
			if e.From == i && e.To >= 0 && e.To < len(s.Nodes) {
				line += sep + s.Nodes[e.To].Label
				if e.Verb != "" {
					line += " (" + e.Verb + ")"
				}
				sep = ", "
			}
		}
		out = append(out, line)
	}
	if s.Left > 0 {
		out = append(out, s.Remainder())
	}
	return out
}

// Remainder says how many nodes were left out.
func (s Scene) Remainder() string {
	return fmt.Sprintf("%s more not drawn", Plural(s.Left, "item", "items"))
}

// NodeOf is a node in the colour that its state has elsewhere.
func NodeOf(label, note, state string) SceneNode {
	n := SceneNode{Label: label, Note: note, State: state, Tone: Neutral}
	if state != "" {
		n.Tone = StateRun(state).Tone
	}
	return n
}
