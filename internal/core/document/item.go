package document

// Item is a requirement, specification, risk or test as documents print it: its
// text at the pinned commit, what it links to, and its state in the matrix.
type Item struct {
	ID         string      `json:"id"`
	Kind       string      `json:"kind"` // URS, FS, RA, TEST
	Title      string      `json:"title,omitempty"`
	Text       string      `json:"text,omitempty"`
	Source     string      `json:"source,omitempty"` // file:line, "" for a test that only results name
	Owner      string      `json:"owner,omitempty"`
	GxP        string      `json:"gxp,omitempty"`   // yes, no
	Risk       string      `json:"risk,omitempty"`  // class, computed
	Above      []string    `json:"above,omitempty"` // what it implements, verifies or assesses
	Below      []string    `json:"below,omitempty"` // what implements, verifies or mitigates it
	Planned    []string    `json:"planned,omitempty"`
	Manual     bool        `json:"manual,omitempty"`
	Steps      []Step      `json:"steps,omitempty"`
	Assessment *Assessment `json:"assessment,omitempty"`
	// Attributes are what the source says beside all this, such as the id that
	// another tool gave the item.
	Attributes []Attribute `json:"attributes,omitempty"`
	// Places are what carries the item out and where it stands: "job a of
	// main.yaml (.github/workflows/main.yaml:8)".
	Places []string `json:"places,omitempty"`
	// Change since the previous release: added, changed, retired, "" for none.
	Change      string `json:"change,omitempty"`
	Fingerprint string `json:"fingerprint,omitempty"`
	State       string `json:"state,omitempty"` // "" for a retired item
	Reason      string `json:"reason,omitempty"`
}

// Attribute is a key of the source with its value.
type Attribute struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}

// Step is one step of a manual test.
type Step struct {
	Action   string `json:"action"`
	Expected string `json:"expected,omitempty"`
}

// Assessment of a risk: factors from 1 to 3, 0 where one was not given, their
// product, and the class that it gives.
type Assessment struct {
	Severity   int64  `json:"severity"`
	Occurrence int64  `json:"occurrence"`
	Detection  int64  `json:"detection"`
	Priority   int64  `json:"priority"`
	Class      string `json:"class,omitempty"`
	Residual   string `json:"residual,omitempty"`
}

// ItemsOf are the items of one kind, in their order.
func (f Facts) ItemsOf(kind string) []Item {
	var out []Item
	for _, i := range f.Items {
		if i.Kind == kind {
			out = append(out, i)
		}
	}
	return out
}
