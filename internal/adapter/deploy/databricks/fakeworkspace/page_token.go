package fakeworkspace

import (
	"encoding/base64"
	"strconv"
	"strings"
)

// pageToken says where the next page begins: behind a position of a list.
func pageToken(list string, position int64) string {
	return base64.RawURLEncoding.EncodeToString([]byte(list + ":" + strconv.FormatInt(position, 10)))
}

// position is where the asked page begins, 0 for the first one.
func (c *call) position(list string) (int64, error) {
	token := c.query.Get("page_token")
	if token == "" {
		return 0, nil
	}
	raw, err := base64.RawURLEncoding.DecodeString(token)
	if err == nil {
		if text, ok := strings.CutPrefix(string(raw), list+":"); ok {
			if n, err := strconv.ParseInt(text, 10, 64); err == nil && n > 0 {
				return n, nil
			}
		}
	}
	return 0, invalid("Parameter page_token=%q: want next_page_token of an earlier answer.", token)
}

// limit is how many a page may hold.
func (c *call) limit(name string, preset, most int) (int, error) {
	text := c.query.Get(name)
	if text == "" {
		return preset, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > most {
		return 0, invalid("Parameter %s=%q: want 1 to %d.", name, text, most)
	}
	return n, nil
}

// cut gives the page of a list that begins at position from, and where the next
// one begins, 0 for nowhere.
func cut[T any](all []T, from int64, limit int) ([]T, int64) {
	if from >= int64(len(all)) {
		return []T{}, 0
	}
	page := all[from:]
	if len(page) <= limit {
		return page, 0
	}
	return page[:limit], from + int64(limit)
}
