package document

// Setting is what surrounds a release at its commits: who holds which role,
// what has to be known by them, where it runs, and the texts and settings that
// the repository holds of it.
type Setting struct {
	Category   int64       `json:"category,omitempty"` // GAMP 5: 1, 3, 4 or 5; 0 where nobody said, which is read as 5
	Roles      []Role      `json:"roles,omitempty"`
	Procedures []Procedure `json:"procedures,omitempty"`
	Places     []Place     `json:"places,omitempty"` // in the order of promotion
	Pages      []Page      `json:"pages,omitempty"`
	Files      []File      `json:"files,omitempty"` // that configure the product
	Commits    []Commit    `json:"commits,omitempty"`
}

// Role is a role with the people who hold it.
type Role struct {
	Name    string   `json:"name"` // QC
	Persons []Person `json:"persons"`
}

// Procedure is what holders of a role are trained in.
type Procedure struct {
	Role     string `json:"role"`
	Name     string `json:"name"` // SOP-RELEASE
	Revision string `json:"revision"`
}

// Place is an environment as the baseline defines it.
type Place struct {
	Environment string   `json:"environment"`
	Target      string   `json:"target"`
	Names       []string `json:"names,omitempty"`    // of the workflows' environments
	Branches    []string `json:"branches,omitempty"` // that may deploy there
	Tags        []string `json:"tags,omitempty"`
	WaitMinutes int64    `json:"wait_minutes,omitempty"`
}

// Page is a text of the repository: the operations manual, the intended use.
type Page struct {
	Name   string  `json:"name"` // operations-manual
	Path   string  `json:"path"`
	SHA256 string  `json:"sha256"` // of the file
	Blocks []Block `json:"blocks"`
}

// The pages that documents are made of, by name.
const (
	PageIntendedUse  = "intended-use"
	PagePublicAPI    = "public-api"
	PageTestStrategy = "test-strategy"
	PageOperations   = "operations-manual"
	PageRecovery     = "recovery-procedure"
)

// File is a file of the commit that configures the product.
type File struct {
	Path   string `json:"path"`
	SHA256 string `json:"sha256"`
}

// Commit is one commit since the previous release.
type Commit struct {
	SHA     string `json:"sha"`
	Subject string `json:"subject"`
	Author  string `json:"author"` // printed name, or digest of an identity of nobody
	Merge   bool   `json:"merge,omitempty"`
	Number  int64  `json:"number,omitempty"` // of the pull request that brought it, 0 for none
}

// page is a text by its name.
func (f Facts) page(name string) (Page, bool) {
	for _, p := range f.Setting.Pages {
		if p.Name == name {
			return p, true
		}
	}
	return Page{}, false
}

// quoted puts the blocks of a page into a document, its headings one level down
// and without numbers of their own.
func (a *author) quoted(name, absent string) {
	p, ok := a.facts.page(name)
	if !ok || len(p.Blocks) == 0 {
		a.notice(Caution, "Not there", text(absent))
		return
	}
	a.paragraph(text("From "), code(p.Path), text(" at the pinned commit, SHA-256 "), code(p.SHA256), text("."))
	for _, b := range p.Blocks {
		if b.Heading == nil {
			a.add(b)
			continue
		}
		if b.Heading.Level > 1 { // the title of the page is that of the section
			a.subsection(b.Heading.Text)
		}
	}
}
