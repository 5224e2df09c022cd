// Package provenance states what the ledger knows in the form that other
// people's tools read: in-toto Statements about what was built, tested, deployed
// and approved. A statement is a function of ledger facts alone, so that whoever
// has the facts makes the same bytes again. It adds nothing to the record; it
// carries a part of it to where the ledger is not read.
package provenance

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/dc-release/dc-release/internal/core/canonical"
	"github.com/dc-release/dc-release/internal/core/deployment"
)

// PayloadType of the DSSE envelope around a statement
// (github.com/in-toto/attestation, spec/v1/envelope.md).
const PayloadType = "application/vnd.in-toto+json"

// StatementType is _type of a statement (in-toto attestation framework v1).
const StatementType = "https://in-toto.io/Statement/v1"

// The types of predicates. BuildPredicate is SLSA's; the others are defined by
// the page of this project's formats.
const (
	BuildPredicate      = "https://slsa.dev/provenance/v1"
	TestPredicate       = page + "test-result-v1"
	DeploymentPredicate = page + "deployment-v1"
	ApprovalPredicate   = page + "approval-v1"

	// BuildType says how to read the parameters of BuildPredicate.
	BuildType = page + "build-v1"

	page = "https://github.com/dc-release/dc-release/blob/main/docs/release-log-format.md#"
)

// TreeMediaType is the media type of the list of files that a tree's digest is
// over.
const TreeMediaType = "application/vnd.dc-release.tree"

// treeName is the name of the subject that is the artifact as a whole; no file
// has it.
const treeName = "."

// Statement is an in-toto Statement v1.
type Statement struct {
	Type          string       `json:"_type"`
	Subject       []Descriptor `json:"subject"`
	PredicateType string       `json:"predicateType"`
	Predicate     any          `json:"predicate"`
}

// Descriptor is an in-toto ResourceDescriptor v1, as far as it is used here.
type Descriptor struct {
	Name        string            `json:"name,omitempty"`
	URI         string            `json:"uri,omitempty"`
	Digest      map[string]string `json:"digest"`
	MediaType   string            `json:"mediaType,omitempty"`
	Annotations *Annotations      `json:"annotations,omitempty"`
}

// Annotations of a file of an artifact.
type Annotations struct {
	Executable bool `json:"executable"`
}

func sha256(name, digest string) Descriptor {
	return Descriptor{Name: name, Digest: map[string]string{"sha256": digest}}
}

func tree(digest string) Descriptor {
	d := sha256(treeName, digest)
	d.MediaType = TreeMediaType
	return d
}

// artifact is a tree with its files.
func artifact(digest string, files deployment.Tree) []Descriptor {
	out := []Descriptor{tree(digest)}
	for _, f := range files {
		d := sha256(f.Path, f.SHA256)
		if f.Executable {
			d.Annotations = &Annotations{Executable: true}
		}
		out = append(out, d)
	}
	return out
}

// TreeOf reads the files of an artifact back from a statement of its build, so
// that their digest can be compared with the ledger. Sizes are not stated.
func TreeOf(statement []byte) (deployment.Tree, error) {
	s, err := read(statement)
	if err != nil {
		return nil, err
	}
	if len(s.Subject) < 2 {
		return nil, errors.New("read statement: it names no files")
	}
	var files []deployment.TreeFile
	for _, d := range s.Subject[1:] {
		files = append(files, deployment.TreeFile{Path: d.Name, SHA256: d.Digest["sha256"], Executable: d.Annotations != nil && d.Annotations.Executable})
	}
	return deployment.NewTree(files)
}

// read decodes a canonical statement of the only type that is known.
func read(statement []byte) (Statement, error) {
	s := Statement{Predicate: &json.RawMessage{}}
	if err := canonical.Unmarshal(statement, &s); err != nil {
		return s, fmt.Errorf("read statement: %w", err)
	}
	if s.Type != StatementType {
		return s, fmt.Errorf("read statement: type %q, want %q", s.Type, StatementType)
	}
	return s, nil
}

// Differs says in which part a statement is not the one that is wanted; "" when
// it is, byte for byte.
func Differs(got []byte, want Statement) (string, error) {
	wanted, err := canonical.Marshal(want)
	if err != nil || string(got) == string(wanted) {
		return "", err
	}
	s, err := read(got)
	if err != nil {
		return "", err
	}
	if s.PredicateType != want.PredicateType {
		return fmt.Sprintf("is of type %q, want %q", s.PredicateType, want.PredicateType), nil
	}
	for _, part := range []struct {
		name      string
		got, want any
	}{{"subject", s.Subject, want.Subject}, {"predicate", s.Predicate, want.Predicate}} {
		got, err := canonical.Marshal(part.got)
		if err != nil {
			return "", err
		}
		want, err := canonical.Marshal(part.want)
		if err != nil {
			return "", err
		}
		if string(got) != string(want) {
			return fmt.Sprintf("has %s %s, the ledger says %s", part.name, short(got), short(want)), nil
		}
	}
	return "is not in the form of the statement", nil
}

// short keeps a message readable: an artifact can have thousands of files.
func short(raw []byte) string {
	const most = 1000 // bytes
	if len(raw) <= most {
		return string(raw)
	}
	return fmt.Sprintf("%s... (%d bytes)", raw[:most], len(raw))
}
