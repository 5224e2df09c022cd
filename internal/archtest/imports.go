package archtest

import (
	"slices"
	"strings"
)

// coreStandard is what the core may import of the standard library: nothing
// that reads or writes outside of memory. io and io/fs are there for their
// interfaces, context for passing it on, time for its types, net/url and html for
// their escapes, sync for values that several goroutines use.
var coreStandard = []string{
	"bytes", "cmp", "context", "crypto/ed25519", "crypto/sha256", "encoding/base64", "encoding/binary", "encoding/hex", "encoding/json",
	"errors", "fmt", "html", "io", "io/fs", "iter", "maps", "math", "net/url", "path", "reflect", "regexp", "slices", "strconv", "strings", "sync", "text/template", "text/template/parse", "time", "unicode",
	"unicode/utf16", "unicode/utf8",
}

// coreForeign is what single core packages may import beside it.
var coreForeign = map[string][]string{
	"internal/core/ledger":    {"golang.org/x/mod/sumdb/tlog", "golang.org/x/mod/sumdb/note"},
	"internal/core/canonical": {"github.com/gowebpki/jcs"},
	// what verifies a person's own signature computes in memory only
	"internal/core/signature": {"crypto", "crypto/ecdsa", "crypto/rsa", "crypto/x509"},
	// and so does what verifies a builder's
	"internal/core/dsse": {"crypto/ecdsa", "crypto/x509"},
}

// appForbidden is what a use case asks an adapter for instead.
var appForbidden = []string{"os", "os/exec", "net", "net/http", "database/sql", "log", "log/slog", "syscall", "plugin"}

// clock is what the core may not ask: time comes in as a value.
var clock = []string{"Now", "Since", "Until", "Sleep", "After", "AfterFunc", "Tick", "NewTimer", "NewTicker"}

// layer is the second folder of a path below internal, or the first one.
func layer(dir string) string {
	parts := strings.Split(dir, "/")
	if parts[0] == "internal" && len(parts) > 1 {
		return parts[1]
	}
	return parts[0]
}

// subtree is the adapter's own folder: internal/adapter/store.
func subtree(dir string) string {
	parts := strings.Split(dir, "/")
	return strings.Join(parts[:min(3, len(parts))], "/")
}

// imports holds DESIGN's arrows: core <- app <- adapter, face <- wire <- cmd.
// Tests may build a world from adapters and are not bound by it.
func imports(f File) []Breach {
	if f.Test {
		return nil
	}
	var out []Breach
	for _, spec := range f.syntax.Imports {
		path := strings.Trim(spec.Path.Value, `"`)
		var why string
		if own, ok := strings.CutPrefix(path, Module); ok {
			why = ownImport(f.Dir, own)
		} else {
			why = foreignImport(f.Dir, path)
		}
		if why != "" {
			out = append(out, f.breach("imports", spec.Pos(), "%s imports %s: %s", f.Dir, path, why))
		}
	}
	return out
}

func ownImport(from, to string) string {
	if to == "internal/archtest" || strings.HasPrefix(to, "internal/archtest/") {
		return "only tests may import it"
	}
	target := layer(to)
	if target == "wire" && from != "cmd/dc-release" {
		return "only cmd imports wire"
	}
	switch layer(from) {
	case "core":
		if target != "core" {
			return "core imports core only"
		}
	case "app":
		if target != "core" && target != "app" {
			return "app imports core and app only"
		}
	case "adapter":
		if target != "core" && target != "app" && (target != "adapter" || subtree(from) != subtree(to)) {
			return "an adapter imports core, app and its own subtree only"
		}
	case "face":
		if target != "core" && target != "app" && target != "face" && target != "examples" {
			return "a face imports core, app and faces only"
		}
	case "wire", "cmd", "archtest":
	default:
		return "the folder " + layer(from) + " has no place in the layers: see internal/archtest/imports.go"
	}
	return ""
}

func foreignImport(from, path string) string {
	switch layer(from) {
	case "core":
		if !slices.Contains(coreStandard, path) && !slices.Contains(coreForeign[from], path) {
			return "not on the list of what the core may import"
		}
	case "app":
		if slices.Contains(appForbidden, path) {
			return "a use case reaches the outside through an interface of its own"
		}
		if strings.Contains(strings.Split(path, "/")[0], ".") {
			return "app imports core, app and the standard library only"
		}
	}
	return ""
}

// timeless refuses clocks in the core.
func timeless(f File) []Breach {
	if f.Test || layer(f.Dir) != "core" {
		return nil
	}
	var out []Breach
	for _, s := range f.selects("time", clock...) {
		out = append(out, f.breach("clock", s.Pos(), "time.%s in the core: time comes in as a value", s.Sel.Name))
	}
	return out
}
