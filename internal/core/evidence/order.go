package evidence

import (
	"cmp"
	"strings"
)

// CompareIDs orders ids by kind and project and then by number, so that
// FS-corp-2 stands before FS-corp-10. What is not an id has its place as text.
func CompareIDs(a, b string) int {
	kindA, numberA := cutNumber(a)
	kindB, numberB := cutNumber(b)
	return cmp.Or(cmp.Compare(kindA, kindB), cmp.Compare(len(numberA), len(numberB)), cmp.Compare(numberA, numberB))
}

func cutNumber(id string) (rest, number string) {
	if i := strings.LastIndexByte(id, '-'); i >= 0 && isNumber(id[i+1:]) {
		return id[:i], id[i+1:]
	}
	return id, ""
}
