package web

import (
	"crypto/sha256"
	"encoding/hex"
	"io/fs"
	"path"
	"strings"
	"testing"
)

// vendored are the scripts of others, as npm serves them: their licence is 0BSD.
var vendored = map[string]struct{ of, sha256 string }{
	"htmx.js":   {"htmx.org@4.0.1/dist/htmx.min.js", "a0abb04f2f45a1f89d1d4844023245537e5e6014c87b144553e0607b4cc32130"},
	"hx-sse.js": {"htmx.org@4.0.1/dist/ext/hx-sse.min.js", "18ef2761356ec1fe0bb6d92612315b37517a7c1e9856b661c5ae81fef239d103"},
}

// own are the scripts of this project.
const own = " passkey.js "

func TestScriptsOfOthersAreAsTheyWereReleased(t *testing.T) {
	list, err := fs.Glob(files, "static/*.js")
	if err != nil || len(list) < len(vendored) {
		t.Fatal(list, err)
	}
	for _, name := range list {
		base := path.Base(name)
		if strings.Contains(own, " "+base+" ") {
			continue
		}
		raw, err := fs.ReadFile(files, name)
		if err != nil {
			t.Fatal(err)
		}
		sum := sha256.Sum256(raw)
		if v, known := vendored[base]; !known || hex.EncodeToString(sum[:]) != v.sha256 {
			t.Errorf("%s has SHA-256 %x, want that of %q, %s", name, sum, v.of, v.sha256)
		}
	}
}
