// Package names folds the printed names of people, so that two that look alike
// are found (RFC 8266, the nickname profile of PRECIS, with NFKC).
package names

import (
	"fmt"

	"golang.org/x/text/secure/precis"
)

// Fold gives the form in which names are compared: compatibility forms, case
// and runs of blanks do not tell two people apart. What cannot be seen is
// refused.
func Fold(name string) (string, error) {
	folded, err := precis.Nickname.CompareKey(name)
	if err != nil {
		return "", fmt.Errorf("want characters that can be seen: %w", err)
	}
	return folded, nil
}
