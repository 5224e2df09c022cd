package releaselog

import (
	"fmt"

	"github.com/dc-release/dc-release/internal/core/canonical"
)

// SealsSchema is the schema of SealsFile.
const SealsSchema = "dc-release/seals/v1"

// SealsFile names the sealed files of a folder.
const SealsFile = "seals.json"

// Seals are the seals of the installation on the final documents of a folder,
// all made at once.
type Seals struct {
	Schema      string   `json:"schema"`
	Certificate string   `json:"certificate"` // of the seal, DER, base64
	Time        string   `json:"time"`        // of the event that asked for the publication
	Files       []Sealed `json:"files"`       // by path
}

// Sealed is one file. Without its seal it is reproducible: the first Size bytes
// of it.
type Sealed struct {
	Path     string `json:"path"`
	SHA256   string `json:"sha256"`
	Unsealed string `json:"unsealed_sha256"`
	Size     int64  `json:"unsealed_size"`
}

// ParseSeals reads the canonical form.
func ParseSeals(data []byte) (Seals, error) {
	var s Seals
	if err := canonical.Unmarshal(data, &s); err != nil {
		return s, err
	}
	if s.Schema != SealsSchema {
		return s, fmt.Errorf("schema %q, want %q", s.Schema, SealsSchema)
	}
	for i, f := range s.Files {
		if i > 0 && s.Files[i-1].Path >= f.Path {
			return s, fmt.Errorf("files are not in order at %q", f.Path)
		}
	}
	return s, nil
}
