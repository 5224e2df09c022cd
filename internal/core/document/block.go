package document

// TreeSchema names the version of the block tree.
const TreeSchema = "dc-release/document/v1"

// Tree is a document: what it is and its blocks. A renderer receives nothing
// else. Text in a tree is plain text; a renderer escapes all of it.
type Tree struct {
	Schema string  `json:"schema"` // TreeSchema
	Meta   Meta    `json:"meta"`
	Blocks []Block `json:"blocks"`
}

// Meta is what stands in the head of a document and of each page.
type Meta struct {
	Number      string `json:"number"` // CORP-PROCUREMENT-CR-1.2.0-d01
	Kind        string `json:"kind"`   // change-record
	Title       string `json:"title"`  // Change record
	Product     string `json:"product"`
	Version     string `json:"version"`
	Tag         string `json:"tag"`
	Commit      string `json:"commit"`
	Environment string `json:"environment,omitempty"` // test reports
	Stage       Stage  `json:"stage"`
	Gate        string `json:"gate,omitempty"` // the gate that the document was made for
	Revision    int    `json:"revision"`
	FrozenAt    string `json:"frozen_at"` // of the facts, UTC
	FactsSHA256 string `json:"facts_sha256"`
	LedgerSize  int64  `json:"ledger_size"`
	LedgerRoot  string `json:"ledger_root"`
	Tool        string `json:"tool"` // dc-release 0.1.0 (commit)
	// Template is the organisation's template with its version, "" for the built-in
	// form of the tool.
	Template       string `json:"template,omitempty"`
	TemplateSHA256 string `json:"template_sha256,omitempty"`
	Evaluation     string `json:"evaluation,omitempty"` // why the installation runs in EVALUATION mode
	CandidateSHA   string `json:"candidate_sha256,omitempty"`
	Restriction    string `json:"restriction,omitempty"` // sentences: why its use is restricted, and until when
}

// Stage of a document. It is set by the type that made the tree (Draft,
// Candidate, Final) and by nothing else.
type Stage string

// A draft and a candidate carry a mark on every page, a final none.
const (
	StageDraft     Stage = "draft"
	StageCandidate Stage = "candidate"
	StageFinal     Stage = "final"
)

// Block is one piece of a document; exactly one field is set, and the name of
// the field in JSON is the type of the block.
type Block struct {
	Heading    *Heading        `json:"heading,omitempty"`
	Paragraph  *Paragraph      `json:"paragraph,omitempty"`
	List       *List           `json:"list,omitempty"`
	Code       *Code           `json:"code,omitempty"`
	Table      *Table          `json:"table,omitempty"`
	Fields     *Fields         `json:"fields,omitempty"`
	Notice     *Notice         `json:"notice,omitempty"`
	Matrix     *Matrix         `json:"matrix,omitempty"`
	Signatures *SignatureBlock `json:"signatures,omitempty"`
	Scene      *Scene          `json:"scene,omitempty"`
}

// Heading starts a section; level 1 to 3. The contents list is made of these.
type Heading struct {
	Level  int    `json:"level"`
	Number string `json:"number"` // 2.1
	Text   string `json:"text"`
}

// Paragraph is running text.
type Paragraph struct {
	Runs []Run `json:"runs"`
}

// List is a bullet list, or a numbered one.
type List struct {
	Ordered bool    `json:"ordered,omitempty"`
	Items   [][]Run `json:"items"`
}

// Code is text that is shown exactly as it is, for example a release note.
type Code struct {
	Language string `json:"language,omitempty"`
	Text     string `json:"text"`
}

// Notice is a paragraph that must not be overlooked.
type Notice struct {
	Tone Tone   `json:"tone"`
	Head string `json:"head"`
	Runs []Run  `json:"runs"`
}

// Fields is a table of names and values without a head.
type Fields struct {
	Items []Field `json:"items"`
}

// Field is one name with its value.
type Field struct {
	Name  string `json:"name"`
	Value []Run  `json:"value"`
}

// Table has a head, which is repeated on every page.
type Table struct {
	Caption string   `json:"caption"`
	Columns []Column `json:"columns"`
	Rows    []Row    `json:"rows"`
	// Empty is the sentence that stands in place of a table without rows.
	Empty string `json:"empty"`
}

// Column of a table. Weight is its share of the width.
type Column struct {
	Title   string `json:"title"`
	Weight  int    `json:"weight"`
	Numeric bool   `json:"numeric,omitempty"` // aligned to the right
}

// Row holds one cell for each column.
type Row struct {
	Cells [][]Run `json:"cells"`
}

// Style of a run.
type Style string

// The closed list of styles.
const (
	Plain  Style = "text"
	Mono   Style = "code"   // digests, paths, ids
	Strong Style = "strong" //
	Small  Style = "small"  // secondary text, on a line of its own
	Link   Style = "link"   // Href is set
	Status Style = "status" // one word of state, with Tone
	Break  Style = "break"  // a new line inside a cell
)

// Tone of a status or notice. A renderer adds a colour to it; the text alone
// must say the same.
type Tone string

// The closed list of tones.
const (
	Neutral  Tone = "neutral"
	Positive Tone = "positive"
	Caution  Tone = "caution"
	Negative Tone = "negative"
)

// Run is a piece of text in one style.
type Run struct {
	Style Style  `json:"style"`
	Text  string `json:"text"`
	Href  string `json:"href,omitempty"` // http, https, #anchor or, for HTML, ./file; a renderer drops every other scheme
	Tone  Tone   `json:"tone,omitempty"`
}

// SignatureBlock is the signatures of one gate: those given and the places of
// those still required.
type SignatureBlock struct {
	Gate     string              `json:"gate"`
	Signed   []Signature         `json:"signed"`
	Open     []RequiredSignature `json:"open,omitempty"`
	Manifest string              `json:"manifest_sha256,omitempty"` // what the signatures bind to
}
