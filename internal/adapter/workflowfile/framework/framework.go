// Package framework holds the reusable workflows of the release framework.
// References to them resolve to the bytes in this binary, whoever owns the
// repository that is named: the release process is not taken from a branch that
// somebody can move.
package framework

import (
	"embed"
	"regexp"
)

//go:embed publish.yaml approve_to_prd.yaml approve_for_use.yaml
var files embed.FS

// Names are the files, in the order in which a release meets them.
var Names = []string{"publish.yaml", "approve_to_prd.yaml", "approve_for_use.yaml"}

// reference is OWNER/dc-release/.github/workflows/NAME@REF: owner and repository
// have no case, as on GitHub; the path has.
var reference = regexp.MustCompile(
	`^[A-Za-z0-9][A-Za-z0-9-]*/(?i:dc-release)/\.github/workflows/(publish|approve_to_prd|approve_for_use)\.yaml@([^\s@]+)$`)

// Resolve finds the workflow that a uses: value names: the name of its file and
// its bytes. Any owner and any ref give the same bytes.
func Resolve(uses string) (name string, data []byte, ok bool) {
	m := reference.FindStringSubmatch(uses)
	if m == nil {
		return "", nil, false
	}
	name = m[1] + ".yaml"
	data, err := files.ReadFile(name)
	return name, data, err == nil
}

// Source is the bytes of one of Names, nil for any other name.
func Source(name string) []byte {
	data, err := files.ReadFile(name)
	if err != nil {
		return nil
	}
	return data
}
