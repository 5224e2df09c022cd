package fakeworkspace_test

import (
	"bytes"
	"encoding/base64"
	"mime/multipart"
	"net/http"
	"net/url"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const home = "/Workspace/Users/ada@example.com"

func TestAFileIsImportedReadAndDeleted(t *testing.T) {
	w := open(t)
	const file = home + "/.bundle/sales/files/main%20one.py"
	plain, err := url.PathUnescape(file)
	if err != nil {
		t.Fatal(err)
	}
	put := "/api/2.0/workspace-files/import-file/" + url.PathEscape(plain)
	w.refused("POST", put+"?overwrite=true", "print(1)\n", 404, "RESOURCE_DOES_NOT_EXIST") // no parent
	w.ok("POST", "/api/2.0/workspace/mkdirs", object{"path": home + "/.bundle/sales/files"})
	w.ok("POST", put+"?overwrite=false", "print(1)\n")
	w.refused("POST", put+"?overwrite=false", "print(2)\n", 409, "RESOURCE_ALREADY_EXISTS")
	w.refused("POST", put, "print(2)\n", 409, "RESOURCE_ALREADY_EXISTS")
	w.ok("POST", put+"?overwrite=true", "\x00\xffraw")
	for _, path := range []string{
		"/api/2.0/workspace-files/" + url.PathEscape(plain), "/api/2.0/workspace-files" + file,
		"/api/2.0/workspace/export?direct_download=true&path=" + url.QueryEscape(plain),
		"/api/2.0/workspace/export?direct_download=true&path=" + url.QueryEscape(plain[len("/Workspace"):]), // the same object
	} {
		if status, _, data := w.send("GET", path, nil); status != 200 || string(data) != "\x00\xffraw" {
			t.Errorf("%s: %d %q", path, status, data)
		}
	}
	if got := w.ok("GET", "/api/2.0/workspace/export?path="+url.QueryEscape(plain), nil); got["content"] != base64.StdEncoding.EncodeToString([]byte("\x00\xffraw")) || got["file_type"] != "py" {
		t.Errorf("export: %v", got)
	}
	status := w.ok("GET", "/api/2.0/workspace/get-status?return_export_info=true&path="+url.QueryEscape(plain), nil)
	if status["path"] != plain || status["object_type"] != "FILE" || status["size"] != 5.0 || status["resource_id"] == "" {
		t.Errorf("status: %v", status)
	}
	w.ok("POST", "/api/2.0/workspace/delete", object{"path": plain})
	w.refused("POST", "/api/2.0/workspace/delete", object{"path": plain}, 404, "RESOURCE_DOES_NOT_EXIST")
	w.refused("GET", "/api/2.0/workspace-files"+file, nil, 404, "RESOURCE_DOES_NOT_EXIST")
}

func TestADirectoryIsListedAndDeletedWithAllInIt(t *testing.T) {
	w := open(t)
	w.ok("POST", "/api/2.0/workspace/mkdirs", object{"path": home + "/b/deep"})
	w.upload(home+"/b/two.py", "2")
	w.upload(home+"/b/one.py", "1")
	w.upload(home+"/b/deep/three.py", "3")
	var paths []string
	list, _ := w.ok("GET", "/api/2.0/workspace/list?path="+url.QueryEscape(home+"/b"), nil)["objects"].([]any)
	for _, o := range list {
		path, _ := at(o, "path").(string)
		kind, _ := at(o, "object_type").(string)
		paths = append(paths, kind+" "+path)
	}
	if diff := cmp.Diff([]string{"DIRECTORY " + home + "/b/deep", "FILE " + home + "/b/one.py", "FILE " + home + "/b/two.py"}, paths); diff != "" {
		t.Error(diff)
	}
	w.refused("POST", "/api/2.0/workspace/delete", object{"path": home + "/b"}, 400, "DIRECTORY_NOT_EMPTY")
	w.ok("POST", "/api/2.0/workspace/delete", object{"path": home + "/b", "recursive": true})
	w.refused("GET", "/api/2.0/workspace/list?path="+url.QueryEscape(home+"/b"), nil, 404, "RESOURCE_DOES_NOT_EXIST")
	if left := w.Files(); len(left) != 0 {
		t.Errorf("left: %v", left)
	}
}

func TestWhatCannotBeWrittenOrDeletedIsRefused(t *testing.T) {
	w := open(t)
	w.upload(home+"/file", "1")
	for _, c := range []struct {
		name, method, path string
		body               any
		status             int
		code               string
	}{
		{"the root", "POST", "/api/2.0/workspace/delete", object{"path": "/Workspace", "recursive": true}, 400, "DIRECTORY_PROTECTED"},
		{"all homes", "POST", "/api/2.0/workspace/delete", object{"path": "/Users", "recursive": true}, 400, "DIRECTORY_PROTECTED"},
		{"no path", "POST", "/api/2.0/workspace/mkdirs", object{}, 400, "INVALID_PARAMETER_VALUE"},
		{"a relative path", "POST", "/api/2.0/workspace/mkdirs", object{"path": "a"}, 400, "INVALID_PARAMETER_VALUE"},
		{"a path upwards", "POST", "/api/2.0/workspace/mkdirs", object{"path": "/Users/../x"}, 400, "INVALID_PARAMETER_VALUE"},
		{"a folder over a file", "POST", "/api/2.0/workspace/mkdirs", object{"path": home + "/file/x"}, 400, "RESOURCE_ALREADY_EXISTS"},
		{"a file below a file", "POST", "/api/2.0/workspace-files/import-file" + home + "/file/x?overwrite=true", "1", 400, "INVALID_PARAMETER_VALUE"},
		{"a file over a folder", "POST", "/api/2.0/workspace-files/import-file" + home + "?overwrite=true", "1", 400, "RESOURCE_ALREADY_EXISTS"},
		{"a file that is too large", "POST", "/api/2.0/workspace-files/import-file" + home + "/big", make([]byte, 1<<20+1), 413, "MAX_REQUEST_SIZE_EXCEEDED"},
		{"a body that is too large", "POST", "/api/2.2/jobs/create", make([]byte, 5<<20), 413, "MAX_REQUEST_SIZE_EXCEEDED"},
		{"no JSON", "POST", "/api/2.0/workspace/mkdirs", "{", 400, "MALFORMED_REQUEST"},
		{"export of a folder", "GET", "/api/2.0/workspace/export?direct_download=true&path=" + home, nil, 400, "INVALID_PARAMETER_VALUE"},
		{"a flag that is none", "GET", "/api/2.0/workspace/export?direct_download=yes&path=" + home + "/file", nil, 400, "INVALID_PARAMETER_VALUE"},
		{"a notebook", "POST", "/api/2.0/workspace/import", object{"path": home + "/n", "format": "SOURCE"}, 400, "INVALID_PARAMETER_VALUE"},
		{"no base64", "POST", "/api/2.0/workspace/import", object{"path": home + "/n", "content": "%"}, 400, "INVALID_PARAMETER_VALUE"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := *w
			w.t = t
			w.refused(c.method, c.path, c.body, c.status, c.code)
		})
	}
	if files := w.Files(); len(files) != 1 {
		t.Errorf("files: %v", files)
	}
}

func TestImportTakesJSONAndForms(t *testing.T) {
	w := open(t)
	w.ok("POST", "/api/2.0/workspace/import", object{"path": home + "/a", "format": "AUTO", "content": base64.StdEncoding.EncodeToString([]byte("json"))})
	var b bytes.Buffer
	f := multipart.NewWriter(&b)
	for k, v := range map[string]string{"path": home + "/a", "format": "RAW", "overwrite": "true", "content": "form"} {
		if err := f.WriteField(k, v); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if status, _, data := w.send(http.MethodPost, "/api/2.0/workspace/import", b.Bytes(), "Content-Type", f.FormDataContentType()); status != 200 {
		t.Fatalf("%d %s", status, data)
	}
	if _, _, data := w.send("GET", "/api/2.0/workspace-files"+home+"/a", nil); string(data) != "form" {
		t.Errorf("%q", data)
	}
}
