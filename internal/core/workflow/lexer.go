package workflow

import (
	"fmt"
	"math"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Limits of GitHub's expression parser.
const (
	maxLength = 21000 // of one expression, in UTF-16 code units
	maxDepth  = 50    // of its tree
)

// ExpressionError says what is wrong with an expression and where.
type ExpressionError struct {
	Offset  int    // byte offset within the source that was parsed
	Message string // without position
}

func (e *ExpressionError) Error() string {
	return fmt.Sprintf("%s (at byte %d)", e.Message, e.Offset)
}

func errorAt(offset int, format string, args ...any) *ExpressionError {
	return &ExpressionError{Offset: offset, Message: fmt.Sprintf(format, args...)}
}

type tokenKind uint8

const (
	tokenEnd tokenKind = iota // also: nothing before
	tokenOpen
	tokenClose
	tokenOpenIndex
	tokenCloseIndex
	tokenComma
	tokenDot
	tokenStar
	tokenOperator // ! != == < <= > >= && ||
	tokenLiteral  // value holds it
	tokenContext
	tokenFunction // a name before "("
	tokenProperty // a name after "."
	tokenInvalid  // why says what is wrong with it
)

type token struct {
	kind   tokenKind
	offset int
	text   string
	value  Value
	why    string
}

// lexer takes an expression apart, one token at a time, so that the first error
// of the source is the one that is reported.
type lexer struct {
	src  string
	at   int
	last tokenKind // decides what a dot or a word begins
}

func (l *lexer) next() token {
	l.at += blanks(l.src[l.at:])
	t := token{kind: tokenEnd, offset: l.at}
	if l.at < len(l.src) {
		t = l.read()
		t.offset = l.at
	}
	l.at += len(t.text)
	l.last = t.kind
	return t
}

// blanks is the length of the white space that s begins with.
func blanks(s string) int { return len(s) - len(strings.TrimLeftFunc(s, unicode.IsSpace)) }

// punctuation are the tokens of one character; a dot can also begin a number.
var punctuation = map[byte]tokenKind{
	'(': tokenOpen, ')': tokenClose, '[': tokenOpenIndex, ']': tokenCloseIndex,
	',': tokenComma, '*': tokenStar, '.': tokenDot,
}

func (l *lexer) read() token {
	rest := l.src[l.at:]
	c := rest[0]
	switch {
	case c == '\'':
		return readString(rest)
	case strings.IndexByte("!=<>&|", c) >= 0:
		return readOperator(rest)
	case c == '+' || c == '-' || isDigit(c) || c == '.' && l.wantsOperand():
		return readNumber(rest)
	case punctuation[c] != tokenEnd:
		return token{kind: punctuation[c], text: rest[:1]}
	default:
		return l.readWord(rest)
	}
}

// wantsOperand reports whether an operand comes after the last token.
func (l *lexer) wantsOperand() bool {
	switch l.last {
	case tokenEnd, tokenOpen, tokenOpenIndex, tokenComma, tokenOperator:
		return true
	default:
		return false
	}
}

func readString(s string) token {
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		if s[i] == '\'' {
			if i+1 == len(s) || s[i+1] != '\'' {
				return token{kind: tokenLiteral, text: s[:i+1], value: String(b.String())}
			}
			i++
		}
		b.WriteByte(s[i])
	}
	return token{kind: tokenInvalid, text: s, why: "string is not closed: want a single quote at its end"}
}

func readOperator(s string) token {
	for _, op := range []string{"!=", "==", "<=", ">=", "&&", "||", "!", "<", ">"} {
		if strings.HasPrefix(s, op) {
			return token{kind: tokenOperator, text: op}
		}
	}
	return token{kind: tokenInvalid, text: s[:1], why: fmt.Sprintf("unexpected symbol %q: want %q", s[:1], s[:1]+s[:1])}
}

func readNumber(s string) token {
	end := 1
	for end < len(s) && (s[end] == '.' || !isBoundary(s[end:])) {
		end++
	}
	f := parseNumber(s[:end])
	if math.IsNaN(f) {
		return token{kind: tokenInvalid, text: s[:end], why: fmt.Sprintf("unexpected symbol %q: not a number", s[:end])}
	}
	return token{kind: tokenLiteral, text: s[:end], value: Number(f)}
}

// keywords are literals, in this case only.
var keywords = map[string]Value{
	"null": Null(), "true": Bool(true), "false": Bool(false), "NaN": Number(math.NaN()), "Infinity": Number(math.Inf(1)),
}

func (l *lexer) readWord(s string) token {
	end := 1
	for end < len(s) && !isBoundary(s[end:]) {
		end++
	}
	t := token{kind: tokenContext, text: s[:end]}
	value, keyword := keywords[t.text]
	switch {
	case s[0] == '"':
		t.kind, t.why = tokenInvalid, fmt.Sprintf("unexpected symbol %q: strings take single quotes", t.text)
	case !isName(t.text):
		t.kind, t.why = tokenInvalid, fmt.Sprintf("unexpected symbol %q", t.text)
	case l.last == tokenDot:
		t.kind = tokenProperty
	case keyword:
		t.kind, t.value = tokenLiteral, value
	case strings.HasPrefix(s[end+blanks(s[end:]):], "("):
		t.kind = tokenFunction
	}
	return t
}

// isBoundary reports whether a number or a word ends before s.
func isBoundary(s string) bool {
	if strings.IndexByte("()[],.!><=&|", s[0]) >= 0 {
		return true
	}
	r, _ := utf8.DecodeRuneInString(s)
	return unicode.IsSpace(r)
}

// isName reports whether s is a legal keyword: a letter or underscore, then
// letters, digits, underscores and hyphens, all ASCII.
func isName(s string) bool {
	for i := range len(s) {
		c := s[i]
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_'
		if !letter && (i == 0 || !isDigit(c) && c != '-') {
			return false
		}
	}
	return s != ""
}

// utf16Length is the length of a string as .NET counts it.
func utf16Length(s string) int {
	if isASCII(s) {
		return len(s)
	}
	n := 0
	for _, r := range s {
		n++
		if r > 0xFFFF {
			n++
		}
	}
	return n
}
