package workflow

import (
	"errors"
	"math"
	"strconv"
	"strings"
	"unicode"
)

// parseNumber reads a number as GitHub coerces a string: surrounding blanks are
// dropped, "" is 0, decimal with optional sign, fraction and exponent, 0x and 0o
// without sign, Infinity with optional sign; anything else is NaN.
func parseNumber(s string) float64 {
	s = strings.TrimFunc(s, func(r rune) bool { return unicode.IsSpace(r) || r == '\ufeff' })
	if s == "" {
		return 0
	}
	if strings.HasPrefix(s, "0x") {
		return parseDigits(s[2:], 16)
	}
	if strings.HasPrefix(s, "0o") {
		return parseDigits(s[2:], 8)
	}
	switch s {
	case "Infinity", "+Infinity":
		return math.Inf(1)
	case "-Infinity":
		return math.Inf(-1)
	}
	if !isDecimal(s) {
		return math.NaN()
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil && !errors.Is(err, strconv.ErrRange) { // out of range is an infinity or zero
		return math.NaN()
	}
	return f
}

func parseDigits(s string, base float64) float64 {
	if s == "" {
		return math.NaN()
	}
	f := 0.0
	for _, c := range []byte(s) {
		digit := digitOf(c)
		if digit < 0 || digit >= base {
			return math.NaN()
		}
		f = f*base + digit
	}
	return f
}

func digitOf(c byte) float64 {
	switch {
	case c >= '0' && c <= '9':
		return float64(c - '0')
	case c >= 'a' && c <= 'f':
		return float64(c-'a') + 10
	case c >= 'A' && c <= 'F':
		return float64(c-'A') + 10
	default:
		return -1
	}
}

// isDecimal keeps out what strconv would read beyond it: underscores, hex
// floats, "inf" and "nan".
func isDecimal(s string) bool {
	i, digits := 0, 0
	if s[0] == '+' || s[0] == '-' {
		i++
	}
	for ; i < len(s) && isDigit(s[i]); i++ {
		digits++
	}
	if i < len(s) && s[i] == '.' {
		for i++; i < len(s) && isDigit(s[i]); i++ {
			digits++
		}
	}
	if digits == 0 {
		return false
	}
	if i == len(s) {
		return true
	}
	if s[i] != 'e' && s[i] != 'E' {
		return false
	}
	i++
	if i < len(s) && (s[i] == '+' || s[i] == '-') {
		i++
	}
	if i == len(s) {
		return false
	}
	for ; i < len(s); i++ {
		if !isDigit(s[i]) {
			return false
		}
	}
	return true
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

// precision is the number of significant digits of a number as text; the runner
// formats with "G15".
const precision = 15

func formatNumber(f float64) string {
	switch {
	case math.IsNaN(f):
		return "NaN"
	case math.IsInf(f, 1):
		return "Infinity"
	case math.IsInf(f, -1):
		return "-Infinity"
	case f == 0:
		return "0"
	}
	sign := ""
	if f < 0 {
		sign, f = "-", -f
	}
	mantissa, power, _ := strings.Cut(strconv.FormatFloat(f, 'e', precision-1, 64), "e")
	exponent, _ := strconv.Atoi(power)
	digits := strings.TrimRight(strings.Replace(mantissa, ".", "", 1), "0")
	switch {
	case exponent <= -5 || exponent >= precision:
		return sign + scientific(digits, exponent)
	case exponent < 0:
		return sign + "0." + strings.Repeat("0", -exponent-1) + digits
	case len(digits) <= exponent+1:
		return sign + digits + strings.Repeat("0", exponent+1-len(digits))
	default:
		return sign + digits[:exponent+1] + "." + digits[exponent+1:]
	}
}

func scientific(digits string, exponent int) string {
	s := digits[:1]
	if len(digits) > 1 {
		s += "." + digits[1:]
	}
	sign := "+"
	if exponent < 0 {
		sign, exponent = "-", -exponent
	}
	power := strconv.Itoa(exponent)
	if len(power) < 2 {
		power = "0" + power
	}
	return s + "E" + sign + power
}
