package workflow

import (
	"math"
	"strconv"
	"strings"
	"unicode"
)

// parseNumber reads a number as GitHub coerces a string: surrounding blanks are
// dropped, "" is 0, decimal with optional sign, fraction and exponent, 0x and 0o
// without sign, Infinity with optional sign; anything else is NaN. The runner is a
// .NET program, which shows: Infinity has any case, and hexadecimal and octal
// numbers have 32 bits with a sign, so that 0xffffffff is -1.
func parseNumber(s string) float64 {
	s = strings.TrimFunc(s, unicode.IsSpace)
	if s == "" {
		return 0
	}
	if digits := strings.TrimRight(s, "\x00"); isDecimal(digits) {
		f, _ := strconv.ParseFloat(digits, 64) // out of range is an infinity or zero
		return f
	}
	if digits, ok := strings.CutPrefix(s, "0x"); ok {
		return parseDigits(digits, 16)
	}
	if digits, ok := strings.CutPrefix(s, "0o"); ok {
		return parseDigits(digits, 8)
	}
	switch strings.ToLower(s) {
	case "infinity", "+infinity":
		return math.Inf(1)
	case "-infinity":
		return math.Inf(-1)
	default:
		return math.NaN()
	}
}

// parseDigits reads digits as a number of 32 bits in two's complement.
func parseDigits(s string, base int) float64 {
	for _, c := range []byte(s) {
		if !isHexDigit(c) {
			return math.NaN()
		}
	}
	bits, err := strconv.ParseUint(s, base, 32)
	if err != nil {
		return math.NaN()
	}
	return float64(int32(bits))
}

func isHexDigit(c byte) bool {
	return isDigit(c) || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
}

// isDecimal keeps out what strconv would read beyond it: underscores, hex
// floats, "inf" and "nan".
func isDecimal(s string) bool {
	i, digits := 0, 0
	if s != "" && (s[0] == '+' || s[0] == '-') {
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
