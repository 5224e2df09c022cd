package event_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/dc-release/dc-release/internal/core/event"
	"github.com/dc-release/dc-release/internal/core/ledger"
)

// eventsPage lists the fields of every event for whoever reads a ledger without
// this program. It is made from the structs and their comments.
const eventsPage = "../../../docs/release-log-format/events.md"

const eventsHead = `# Fields of events

Part of the [format](../release-log-format.md), rule F-704: the public part of every event by type and version. A test makes this page from the program.

Types are text, integer, boolean, object, list of, map of (names to); *optional* may be absent, a list or map may be ` + "`null`" + ` for empty (F-205). ` + "`a.b`" + ` is a field of an object, ` + "`a[].b`" + ` one of the objects of a list, ` + "`a{}.b`" + ` one of the objects of a map.
Digests, times and ids are text in the forms of section 1.
`

func TestThePageOfEventsSaysWhatIsRead(t *testing.T) {
	all := slices.Clone(event.All)
	slices.SortFunc(all, func(a, b ledger.Payload) int {
		x, n := a.EventType()
		y, m := b.EventType()
		return strings.Compare(fmt.Sprintf("%s %03d", x, n), fmt.Sprintf("%s %03d", y, m))
	})
	p := page{comments: map[string]map[string]string{}}
	p.WriteString(eventsHead)
	for _, e := range all {
		name, version := e.EventType()
		typ := reflect.TypeOf(e).Elem()
		fmt.Fprintf(&p, "\n## %s, version %d\n\n%s\n", name, version, p.comment(t, typ, ""))
		if typ.NumField() == 0 {
			p.WriteString("\nNo field.\n")
			continue
		}
		p.WriteString("\n| field | type | content |\n|---|---|---|\n")
		p.fields(t, typ, "", nil)
	}
	if *update {
		if err := os.WriteFile(eventsPage, []byte(p.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(eventsPage)
	if err != nil || string(got) != p.String() {
		t.Errorf("%s is not what the structs say (%v): run the test with -update", eventsPage, err)
	}
}

type page struct {
	strings.Builder
	comments map[string]map[string]string // by folder, then Type or Type.Field
}

// fields writes a row for each field, and those of what is inside.
func (p *page) fields(t *testing.T, typ reflect.Type, prefix string, open []reflect.Type) {
	t.Helper()
	if slices.Contains(open, typ) {
		t.Fatalf("%s holds itself", typ)
	}
	open = append(open, typ)
	for i := range typ.NumField() {
		f := typ.Field(i)
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		if f.Anonymous && name == "" {
			p.fields(t, f.Type, prefix, open)
			continue
		}
		if name == "" || name == "-" || !f.IsExported() {
			continue
		}
		if name != strings.ToLower(name) {
			t.Errorf("%s: a name in small letters cannot be taken for another one", prefix+name)
		}
		kind, path, inner := shape(t, f.Type, prefix+name)
		if options != "" {
			kind += ", optional"
		}
		fmt.Fprintf(p, "| `%s` | %s | %s |\n", prefix+name, kind, p.comment(t, typ, f.Name))
		if inner != nil {
			p.fields(t, inner, path+".", open)
		}
	}
}

// shape is a type in words, with the struct inside, if there is one.
func shape(t *testing.T, typ reflect.Type, path string) (kind, at string, inner reflect.Type) {
	t.Helper()
	switch typ.Kind() {
	case reflect.Pointer:
		return shape(t, typ.Elem(), path)
	case reflect.String:
		return "text", path, nil
	case reflect.Bool:
		return "boolean", path, nil
	case reflect.Int, reflect.Int64:
		return "integer", path, nil
	case reflect.Struct:
		return "object", path, typ
	case reflect.Slice:
		kind, at, inner = shape(t, typ.Elem(), path+"[]")
		return "list of " + kind, at, inner
	case reflect.Map:
		kind, at, inner = shape(t, typ.Elem(), path+"{}")
		return "map of " + kind, at, inner
	}
	t.Fatalf("%s: a %s has no word on the page", path, typ.Kind())
	return "", "", nil
}

// comment is what the source says of a type or a field, as one line.
func (p *page) comment(t *testing.T, typ reflect.Type, field string) string {
	t.Helper()
	_, folder, _ := strings.Cut(typ.PkgPath(), "/internal/core/")
	if p.comments[folder] == nil {
		p.comments[folder] = read(t, "../"+folder)
	}
	key := typ.Name()
	if field != "" {
		key += "." + field
	}
	text := strings.TrimPrefix(strings.Join(strings.Fields(p.comments[folder][key]), " "), typ.Name()+" ")
	if field == "" && text != "" {
		text = strings.ToUpper(text[:1]) + text[1:]
	}
	return strings.NewReplacer("|", "\\|", "<", "&lt;").Replace(text)
}

func read(t *testing.T, folder string) map[string]string {
	t.Helper()
	out := map[string]string{}
	files, err := filepath.Glob(folder + "/*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			d, ok := n.(*ast.GenDecl)
			if !ok {
				return true
			}
			for _, s := range d.Specs {
				if spec, ok := s.(*ast.TypeSpec); ok {
					described(out, d, spec)
				}
			}
			return true
		})
	}
	return out
}

func described(out map[string]string, d *ast.GenDecl, spec *ast.TypeSpec) {
	out[spec.Name.Name] = strings.TrimSpace(d.Doc.Text() + " " + spec.Doc.Text())
	s, ok := spec.Type.(*ast.StructType)
	if !ok {
		return
	}
	for _, f := range s.Fields.List {
		for _, name := range f.Names {
			out[spec.Name.Name+"."+name.Name] = strings.TrimSpace(f.Doc.Text() + " " + f.Comment.Text())
		}
	}
}
