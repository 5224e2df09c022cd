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
	maxLength = 21000 // of one expression, in characters
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
	tokenEnd tokenKind = iota
	tokenOpen
	tokenClose
	tokenOpenIndex
	tokenCloseIndex
	tokenComma
	tokenDot
	tokenStar
	tokenOperator // ! != == < <= > >= && ||
	tokenLiteral  // value holds it
	tokenName     // context, function or, after a dot, property
)

type token struct {
	kind   tokenKind
	offset int
	text   string
	value  Value
}

// lex splits an expression into tokens and a final tokenEnd. Whether a dot or a
// word starts a number, a property or a name depends on the token before it.
func lex(src string) ([]token, *ExpressionError) {
	if utf8.RuneCountInString(src) > maxLength {
		return nil, errorAt(0, "expression has more than %d characters", maxLength)
	}
	var tokens []token
	for i := 0; ; {
		for i < len(src) {
			r, size := utf8.DecodeRuneInString(src[i:])
			if !unicode.IsSpace(r) {
				break
			}
			i += size
		}
		if i == len(src) {
			return append(tokens, token{kind: tokenEnd, offset: i}), nil
		}
		last := token{}
		if len(tokens) > 0 {
			last = tokens[len(tokens)-1]
		}
		t, err := lexOne(src, i, last)
		if err != nil {
			return nil, err
		}
		tokens = append(tokens, t)
		i += len(t.text)
	}
}

func lexOne(src string, at int, last token) (token, *ExpressionError) {
	c := src[at]
	one := func(kind tokenKind) (token, *ExpressionError) {
		return token{kind: kind, offset: at, text: src[at : at+1]}, nil
	}
	switch c {
	case '(':
		return one(tokenOpen)
	case ')':
		return one(tokenClose)
	case '[':
		return one(tokenOpenIndex)
	case ']':
		return one(tokenCloseIndex)
	case ',':
		return one(tokenComma)
	case '*':
		return one(tokenStar)
	case '\'':
		return lexString(src, at)
	case '!', '=', '<', '>', '&', '|':
		return lexOperator(src, at)
	case '.':
		if startsOperand(last) {
			return lexNumber(src, at)
		}
		return one(tokenDot)
	case '+', '-':
		return lexNumber(src, at)
	}
	if isDigit(c) {
		return lexNumber(src, at)
	}
	return lexWord(src, at, last)
}

// startsOperand reports whether an operand comes after the token.
func startsOperand(last token) bool {
	switch last.kind {
	case tokenEnd, tokenOpen, tokenOpenIndex, tokenComma, tokenOperator:
		return true
	default:
		return false
	}
}

func lexString(src string, at int) (token, *ExpressionError) {
	var b strings.Builder
	for i := at + 1; i < len(src); i++ {
		if src[i] != '\'' {
			b.WriteByte(src[i])
			continue
		}
		if i+1 < len(src) && src[i+1] == '\'' {
			b.WriteByte('\'')
			i++
			continue
		}
		return token{kind: tokenLiteral, offset: at, text: src[at : i+1], value: String(b.String())}, nil
	}
	return token{}, errorAt(at, "string is not closed: want a single quote at its end")
}

func lexOperator(src string, at int) (token, *ExpressionError) {
	for _, op := range []string{"!=", "==", "<=", ">=", "&&", "||", "!", "<", ">"} {
		if strings.HasPrefix(src[at:], op) {
			return token{kind: tokenOperator, offset: at, text: op}, nil
		}
	}
	return token{}, errorAt(at, "unexpected symbol %q: want %q", src[at:at+1], strings.Repeat(src[at:at+1], 2))
}

func lexNumber(src string, at int) (token, *ExpressionError) {
	end := at + 1
	for end < len(src) && (src[end] == '.' || !isBoundary(src, end)) {
		end++
	}
	f := parseNumber(src[at:end])
	if math.IsNaN(f) {
		return token{}, errorAt(at, "unexpected symbol %q: not a number", src[at:end])
	}
	return token{kind: tokenLiteral, offset: at, text: src[at:end], value: Number(f)}, nil
}

func lexWord(src string, at int, last token) (token, *ExpressionError) {
	end := at + 1
	for end < len(src) && !isBoundary(src, end) {
		end++
	}
	word := src[at:end]
	if !isName(word) {
		hint := ""
		if word[0] == '"' {
			hint = ": strings take single quotes"
		}
		return token{}, errorAt(at, "unexpected symbol %q%s", word, hint)
	}
	t := token{kind: tokenName, offset: at, text: word}
	if last.kind == tokenDot {
		return t, nil
	}
	t.kind = tokenLiteral
	switch word {
	case "null":
		t.value = Null()
	case "true":
		t.value = Bool(true)
	case "false":
		t.value = Bool(false)
	case "NaN":
		t.value = Number(math.NaN())
	case "Infinity":
		t.value = Number(math.Inf(1))
	default:
		t.kind = tokenName
	}
	return t, nil
}

func isBoundary(src string, at int) bool {
	switch src[at] {
	case '(', ')', '[', ']', ',', '.', '!', '>', '<', '=', '&', '|':
		return true
	}
	r, _ := utf8.DecodeRuneInString(src[at:])
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
