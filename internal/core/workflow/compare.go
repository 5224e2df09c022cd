package workflow

import (
	"math"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// equal is the == of expressions: types are coerced as in JavaScript's abstract
// equality, strings compare without case, arrays and objects by identity.
func equal(a, b Value) bool {
	a, b = coerce(a, b)
	if a.kind != b.kind {
		return false
	}
	switch a.kind {
	case KindBool:
		return a.truth == b.truth
	case KindNumber:
		return a.number == b.number // NaN is never equal
	case KindString:
		return equalFold(a.text, b.text)
	case KindArray:
		return a.array == b.array
	case KindObject:
		return a.object == b.object
	default:
		return true
	}
}

// less is the < of expressions; arrays, objects and NaN have no order.
func less(a, b Value) bool {
	a, b = coerce(a, b)
	if a.kind != b.kind {
		return false
	}
	switch a.kind {
	case KindBool:
		return !a.truth && b.truth
	case KindNumber:
		return a.number < b.number
	case KindString:
		return compareFold(a.text, b.text) < 0
	default:
		return false
	}
}

// coerce brings two values of different types to numbers where GitHub does:
// null and booleans always, a string only against a number.
func coerce(a, b Value) (Value, Value) {
	if a.kind == b.kind {
		return a, b
	}
	if a.kind == KindNull || a.kind == KindBool {
		a = Number(a.Float())
	}
	if b.kind == KindNull || b.kind == KindBool {
		b = Number(b.Float())
	}
	switch {
	case a.kind == KindNumber && b.kind == KindString:
		b = Number(b.Float())
	case a.kind == KindString && b.kind == KindNumber:
		a = Number(a.Float())
	}
	return a, b
}

// upper is the simple upper-case mapping of .NET's ordinal comparison: dotless i
// and long s keep to themselves, so that no other letter becomes an ASCII one.
func upper(r rune) rune {
	switch {
	case r >= 'a' && r <= 'z':
		return r - 'a' + 'A'
	case r < 0x80 || r == 'ı' || r == 'ſ':
		return r
	default:
		return unicode.ToUpper(r)
	}
}

func fold(s string) string {
	if isASCII(s) {
		return strings.ToUpper(s) // the same, several times faster
	}
	return strings.Map(upper, s)
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

func equalFold(a, b string) bool { return a == b || fold(a) == fold(b) }

// compareFold orders by UTF-16 code units after upper-casing, as GitHub does.
func compareFold(a, b string) int {
	x, y := utf16.Encode([]rune(fold(a))), utf16.Encode([]rune(fold(b)))
	for i := 0; i < len(x) && i < len(y); i++ {
		if x[i] != y[i] {
			return int(x[i]) - int(y[i])
		}
	}
	return len(x) - len(y)
}

// position is the array index that a value stands for, -1 when it is none.
func position(v Value) int {
	f := math.Floor(v.Float())
	if math.IsNaN(f) || f < 0 || f > math.MaxInt32 {
		return -1
	}
	return int(f)
}
