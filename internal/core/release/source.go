package release

// Ref is what a git reference points to.
type Ref struct {
	Object string // tag object for annotated tags, else the commit
	Commit string
}

// Identity is somebody named in a commit or tag.
type Identity struct {
	Name, Email string
	As          string // author, committer, co-author, tagger
}

// File is an entry of a commit's tree.
type File struct {
	Path, Mode, Object string
}
