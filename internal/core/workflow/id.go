package workflow

import (
	"fmt"
	"strings"
)

// maxID is GitHub's limit for the length of an id.
const maxID = 100

// CheckID says what is wrong with the id of a job, a step, an input, a secret or
// an output: it must begin with a letter or _ and hold letters, digits, _ and -
// only; __ at the beginning is reserved.
func CheckID(id string) error {
	switch {
	case !isName(id):
		return fmt.Errorf("id %q: want a letter or _, then letters, digits, _ and -", id)
	case len(id) > maxID:
		return fmt.Errorf("id %.20q... has %d characters: want at most %d", id, len(id), maxID)
	case strings.HasPrefix(id, "__"):
		return fmt.Errorf("id %q: __ at the beginning is reserved", id)
	default:
		return nil
	}
}

// FitsInput reports whether a scalar of a type (see Text.Type) may be given to an
// input of a type: any scalar is text, but only a boolean is a boolean and only a
// number a number. An empty value stands for the input's zero value.
func FitsInput(inputType, textType string) bool {
	return inputType == "string" || textType == inputType || textType == "null"
}
