package document

// Matrix is the traceability matrix as a fact and as a block: one row for each
// path URS -> FS -> TEST, the result in each environment, and the gaps.
// core/trace makes it.
type Matrix struct {
	Columns  []MatrixColumn `json:"columns"`
	Rows     []MatrixRow    `json:"rows"`
	Coverage []Coverage     `json:"coverage"`
	Gaps     []Gap          `json:"gaps"`
	// Around are some gaps with what is above and below them.
	Around []Scene `json:"around,omitempty"`
}

// MatrixColumn is one verification in one environment.
type MatrixColumn struct {
	Verification string `json:"verification"`
	Environment  string `json:"environment"` // "" for UT and DT
}

// MatrixRow is one path. A missing step is a row with an empty reference, so
// that a gap is a row and never an omission.
type MatrixRow struct {
	URS    ItemRef      `json:"urs"`
	FS     ItemRef      `json:"fs"`
	Test   ItemRef      `json:"test"`
	Cells  []MatrixCell `json:"cells"`          // one for each column
	State  string       `json:"state"`          // OK PARTIAL MISSING FAILED STALE SUSPECT JUSTIFIED
	Risk   string       `json:"risk,omitempty"` // Low, Medium, High, "" where nothing is said
	Reason string       `json:"reason,omitempty"`
}

// ItemRef names a requirement, specification or test.
type ItemRef struct {
	ID     string `json:"id"` // "" for a missing step
	Title  string `json:"title,omitempty"`
	Source string `json:"source,omitempty"` // file:line
}

// MatrixCell is the result of the row's test in the column.
type MatrixCell struct {
	State    string `json:"state"`              // "" where no result is expected and none came
	Attempt  int    `json:"attempt,omitempty"`  // of the result that decided
	Evidence string `json:"evidence,omitempty"` // SHA-256 of the file
	Note     string `json:"note,omitempty"`     // "passed on attempt 2"
}

// Coverage counts the items of one kind, all of them or those of one risk class,
// or the tests that are expected in one environment. Covered never includes what
// was excepted by a waiver.
type Coverage struct {
	Kind        string `json:"kind"` // URS, FS, RA, TEST
	Risk        string `json:"risk,omitempty"`
	Environment string `json:"environment,omitempty"`
	Covered     int64  `json:"covered"`
	Waived      int64  `json:"waived,omitempty"`
	Total       int64  `json:"total"`
}

// Gap is one item whose own state (Direct) or a child's is not OK.
type Gap struct {
	ID     string `json:"id"`
	State  string `json:"state"`
	Reason string `json:"reason"`
	Direct bool   `json:"direct"` // false: inherited from a child
	Source string `json:"source,omitempty"`
}
