package testresult

import (
	"bytes"
	"encoding/json"
	"strings"
)

// head is the beginning of a file, by which its format is known.
type head struct {
	text []byte // without byte order mark and white space
	// keys are the paths of the keys in the first JSON value, as far as it is
	// there, like "results.tests" or "[].uri"; at most three steps deep.
	keys map[string]bool
}

func newHead(text []byte) head {
	h := head{text: bytes.TrimLeft(text, " \t\r\n")}
	if len(h.text) > 0 && (h.text[0] == '{' || h.text[0] == '[') {
		h.keys = keysOf(h.text)
	}
	return h
}

func (h head) has(paths ...string) bool {
	for _, p := range paths {
		if !h.keys[p] {
			return false
		}
	}
	return true
}

// keysOf walks the first value of a text until it is complete or broken.
func keysOf(text []byte) map[string]bool {
	type level struct {
		object, value bool   // value: the next token of an object is one
		base, path    string // path of what is inside: of the whole, of the current key
	}
	keys := map[string]bool{}
	stack := []level{{}}
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	for {
		token, err := d.Token()
		if err != nil || len(stack) > MaxDepth {
			return keys
		}
		top := &stack[len(stack)-1]
		if name, ok := token.(string); ok && top.object && !top.value {
			top.value, top.path = true, strings.TrimPrefix(top.base+"."+name, ".")
			if len(stack) <= 4 {
				keys[top.path] = true
			}
			continue
		}
		top.value = false
		switch token {
		case json.Delim('{'):
			stack = append(stack, level{object: true, base: top.path})
		case json.Delim('['):
			stack = append(stack, level{base: top.path + "[]", path: top.path + "[]"})
		case json.Delim('}'), json.Delim(']'):
			stack = stack[:len(stack)-1]
		}
		if len(stack) == 1 {
			return keys
		}
	}
}
