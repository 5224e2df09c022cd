package fakeworkspace

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"
)

// object is a directory or a file, by its path without /Workspace.
type object struct {
	ID       int64     `json:"id"`
	File     bool      `json:"file,omitempty"`
	Language string    `json:"language,omitempty"` // of a notebook
	Data     []byte    `json:"data,omitempty"`
	Created  time.Time `json:"created"`
	Modified time.Time `json:"modified"`
	By       string    `json:"by,omitempty"`
}

// File is one file of the workspace.
type File struct {
	Path     string    `json:"path"` // without /Workspace
	ID       int64     `json:"object_id"`
	Size     int       `json:"size"`
	SHA256   string    `json:"sha256"`
	Modified time.Time `json:"modified"`
	By       string    `json:"by"`
}

// Files are all files in the order of their paths.
func (w *Workspace) Files() []File {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.files()
}

func (w *Workspace) files() []File {
	var out []File
	for p, o := range w.state.Objects {
		if o.File {
			out = append(out, File{Path: p, ID: o.ID, Size: len(o.Data), SHA256: digest(o.Data), Modified: o.Modified, By: o.By})
		}
	}
	slices.SortFunc(out, func(a, b File) int { return strings.Compare(a.Path, b.Path) })
	return out
}

const workspacePrefix = "/Workspace"

// objectPath is the path as it is kept. /Workspace/X and /X are the same object;
// answers name it as the caller did.
func objectPath(p string) (string, error) {
	if !strings.HasPrefix(p, "/") || len(p) > 4096 || strings.ContainsRune(p, 0) {
		return "", invalid("Path %.100q: want an absolute path of at most 4096 bytes.", p)
	}
	if slices.Contains(strings.Split(p, "/"), "..") {
		return "", invalid("Path %.100q: want one without '..'.", p)
	}
	p = path.Clean(p)
	if p == workspacePrefix {
		return "/", nil
	}
	if rest, ok := strings.CutPrefix(p, workspacePrefix+"/"); ok {
		return "/" + rest, nil
	}
	return p, nil
}

// asNamed is a kept path in the form in which the caller named its place.
func asNamed(asked, kept string) string {
	if asked == workspacePrefix || strings.HasPrefix(asked, workspacePrefix+"/") {
		return path.Join(workspacePrefix, kept)
	}
	return kept
}

// protected are the directories that every workspace has.
var protected = []string{"/", "/Shared", "/Users"}

func (w *Workspace) makeHomes() {
	at := w.config.Clock().UTC()
	for _, p := range protected {
		w.makeDirectories(p, Principal{}, at)
	}
	for _, p := range w.config.principals() {
		if home, err := objectPath("/Users/" + p.UserName); err == nil {
			w.makeDirectories(home, p, at)
		}
	}
}

// makeDirectories makes a directory and its parents. It answers the path of a file
// that is in the way, or "".
func (w *Workspace) makeDirectories(p string, by Principal, at time.Time) string {
	var chain []string
	for q := p; ; q = path.Dir(q) {
		chain = append(chain, q)
		if q == "/" {
			break
		}
	}
	slices.Reverse(chain)
	for _, q := range chain {
		o := w.state.Objects[q]
		switch {
		case o == nil:
			w.state.Objects[q] = &object{ID: next(&w.state.LastID.Object), Created: at, Modified: at, By: by.UserName}
		case o.File:
			return q
		}
	}
	return ""
}

// put writes a file. Its directory must be there.
func (w *Workspace) put(p string, data []byte, by Principal, at time.Time) error {
	if parent := w.state.Objects[path.Dir(p)]; parent == nil || p == "/" {
		return missing("The parent folder (%s) does not exist.", path.Dir(p))
	} else if parent.File {
		return invalid("%s is a file, not a folder.", path.Dir(p))
	}
	o := w.state.Objects[p]
	switch {
	case o == nil:
		o = &object{ID: next(&w.state.LastID.Object), File: true, Created: at}
		w.state.Objects[p] = o
	case !o.File:
		return refuse(http.StatusBadRequest, "RESOURCE_ALREADY_EXISTS", "%s is a folder.", p)
	}
	o.Data, o.Modified, o.By = data, at, by.UserName
	return nil
}

// keep is what both imports do.
func (w *Workspace) keep(p string, data []byte, overwrite bool, c *call) (any, error) {
	kept, err := objectPath(p)
	if err != nil {
		return nil, err
	}
	kept, language := notebook(kept, data)
	if o := w.state.Objects[kept]; o != nil && o.File && !overwrite {
		return nil, refuse(http.StatusConflict, "RESOURCE_ALREADY_EXISTS", "%s already exists. Please pass overwrite=true to update it.", p)
	}
	if int64(len(data)) > w.config.MaxFile {
		return nil, refuse(http.StatusRequestEntityTooLarge, "MAX_REQUEST_SIZE_EXCEEDED", "%s is larger than %d bytes.", p, w.config.MaxFile)
	}
	if err := w.put(kept, data, c.by, c.at); err != nil {
		return nil, err
	}
	w.state.Objects[kept].Language = language
	return empty{}, nil
}

// notebooks are the first lines that make an imported file a notebook.
var notebooks = map[string]struct{ mark, language string }{
	".py": {"# Databricks notebook source", "PYTHON"}, ".r": {"# Databricks notebook source", "R"},
	".sql": {"-- Databricks notebook source", "SQL"}, ".scala": {"// Databricks notebook source", "SCALA"},
}

// notebook is where a file that is imported is kept: a notebook, of which the language
// is told, without its extension.
func notebook(name string, data []byte) (at, language string) {
	extension := path.Ext(name)
	first, _, _ := strings.Cut(string(data[:min(100, len(data))]), "\n")
	n := notebooks[strings.ToLower(extension)]
	switch {
	case extension == ".ipynb":
		n.language = "PYTHON"
	case n.mark == "" || strings.TrimSpace(first) != n.mark:
		return name, ""
	}
	return strings.TrimSuffix(name, extension), n.language
}

// importFile takes the bytes of the body; the path is in the URL, escaped or not.
func importFile(w *Workspace, c *call) (any, error) {
	overwrite, err := c.flag("overwrite")
	if err != nil {
		return nil, err
	}
	return w.keep("/"+strings.TrimLeft(c.rest, "/"), slices.Clone(c.body), overwrite, c)
}

// readFile gives the bytes of the file whose path is in the URL.
func readFile(w *Workspace, c *call) (any, error) {
	o, err := w.file("/" + strings.TrimLeft(c.rest, "/"))
	if err != nil {
		return nil, err
	}
	return content(o.Data), nil
}

// importObject takes a file in a JSON body (base64) or in a form. Only raw files
// are known: format AUTO, RAW or none.
func importObject(w *Workspace, c *call) (any, error) {
	var in struct {
		Path      string `json:"path"`
		Content   string `json:"content"`
		Format    string `json:"format"`
		Overwrite bool   `json:"overwrite"`
	}
	kind, parameters, err := mime.ParseMediaType(c.r.Header.Get("Content-Type"))
	if err == nil && kind == "multipart/form-data" {
		fields, err := form(c.body, parameters["boundary"])
		if err != nil {
			return nil, refuse(http.StatusBadRequest, "MALFORMED_REQUEST", "Could not parse form: %v.", err)
		}
		if !slices.Contains([]string{"", "AUTO", "RAW"}, string(fields["format"])) {
			return nil, invalid("format=%q: the sandbox keeps raw files, want AUTO or RAW.", fields["format"])
		}
		return w.keep(string(fields["path"]), fields["content"], string(fields["overwrite"]) == "true", c)
	}
	if err := c.decode(&in); err != nil {
		return nil, err
	}
	if !slices.Contains([]string{"", "AUTO", "RAW"}, in.Format) {
		return nil, invalid("format=%q: the sandbox keeps raw files, want AUTO or RAW.", in.Format)
	}
	data, err := base64.StdEncoding.DecodeString(in.Content)
	if err != nil {
		return nil, invalid("content: want base64: %v.", err)
	}
	return w.keep(in.Path, data, in.Overwrite, c)
}

// form reads the parts of a multipart form by name.
func form(body []byte, boundary string) (map[string][]byte, error) {
	r := multipart.NewReader(bytes.NewReader(body), boundary)
	out := map[string][]byte{}
	for {
		part, err := r.NextPart()
		if err == io.EOF {
			return out, nil
		}
		if err != nil {
			return nil, err
		}
		if out[part.FormName()], err = io.ReadAll(part); err != nil {
			return nil, err
		}
	}
}

func (w *Workspace) find(p string) (string, *object, error) {
	kept, err := objectPath(p)
	if err != nil {
		return "", nil, err
	}
	o := w.state.Objects[kept]
	if o == nil {
		return "", nil, missing("Path (%s) doesn't exist.", p)
	}
	return kept, o, nil
}

func (w *Workspace) file(p string) (*object, error) {
	_, o, err := w.find(p)
	if err == nil && !o.File {
		return nil, invalid("%s is a folder: want a file.", p)
	}
	return o, err
}

// exportObject gives the bytes of a file: raw with direct_download=true, else in
// base64.
func exportObject(w *Workspace, c *call) (any, error) {
	direct, err := c.flag("direct_download")
	if err != nil {
		return nil, err
	}
	o, err := w.file(c.query.Get("path"))
	if err != nil {
		return nil, err
	}
	if direct {
		return content(o.Data), nil
	}
	return map[string]string{
		"content": base64.StdEncoding.EncodeToString(o.Data), "file_type": strings.TrimPrefix(path.Ext(c.query.Get("path")), "."),
	}, nil
}

// objectInfo is an object as the API describes it.
type objectInfo struct {
	Path     string `json:"path"`
	Type     string `json:"object_type"`
	ID       int64  `json:"object_id"`
	Resource string `json:"resource_id"`
	Size     *int   `json:"size,omitempty"`
	Language string `json:"language,omitempty"`
	Created  int64  `json:"created_at,omitempty"`
	Modified int64  `json:"modified_at,omitempty"`
}

func describe(name string, o *object) objectInfo {
	i := objectInfo{Path: name, Type: "DIRECTORY", ID: o.ID, Resource: strconv.FormatInt(o.ID, 10)}
	if o.File {
		size := len(o.Data)
		i.Type, i.Size, i.Created, i.Modified = "FILE", &size, millis(o.Created), millis(o.Modified)
		if o.Language != "" {
			i.Type, i.Language, i.Size = "NOTEBOOK", o.Language, nil
		}
	}
	return i
}

func getStatus(w *Workspace, c *call) (any, error) {
	kept, o, err := w.find(c.query.Get("path"))
	if err != nil {
		return nil, err
	}
	return describe(asNamed(c.query.Get("path"), kept), o), nil
}

// listObjects gives what is directly in a directory, or the file itself.
func listObjects(w *Workspace, c *call) (any, error) {
	asked := c.query.Get("path")
	kept, o, err := w.find(asked)
	if err != nil {
		return nil, err
	}
	out := []objectInfo{}
	if o.File {
		return map[string]any{"objects": append(out, describe(asNamed(asked, kept), o))}, nil
	}
	for p, o := range w.state.Objects {
		if p != "/" && path.Dir(p) == kept {
			out = append(out, describe(asNamed(asked, p), o))
		}
	}
	slices.SortFunc(out, func(a, b objectInfo) int { return strings.Compare(a.Path, b.Path) })
	if len(out) == 0 {
		return empty{}, nil
	}
	return map[string]any{"objects": out}, nil
}

func mkdirs(w *Workspace, c *call) (any, error) {
	var in struct {
		Path string `json:"path"`
	}
	if err := c.decode(&in); err != nil {
		return nil, err
	}
	kept, err := objectPath(in.Path)
	if err != nil {
		return nil, err
	}
	if file := w.makeDirectories(kept, c.by, c.at); file != "" {
		return nil, refuse(http.StatusBadRequest, "RESOURCE_ALREADY_EXISTS", "%s is a file, not a folder.", file)
	}
	return empty{}, nil
}

func deleteObject(w *Workspace, c *call) (any, error) {
	var in struct {
		Path      string `json:"path"`
		Recursive bool   `json:"recursive"`
	}
	if err := c.decode(&in); err != nil {
		return nil, err
	}
	kept, _, err := w.find(in.Path)
	if err != nil {
		return nil, err
	}
	if slices.Contains(protected, kept) {
		return nil, refuse(http.StatusBadRequest, "DIRECTORY_PROTECTED", "Folder %s is protected.", in.Path)
	}
	inside := w.inside(kept)
	if len(inside) > 0 && !in.Recursive {
		return nil, refuse(http.StatusBadRequest, "DIRECTORY_NOT_EMPTY", "Folder %s is not empty; pass recursive=true.", in.Path)
	}
	for _, p := range append(inside, kept) {
		delete(w.state.Grants, fmt.Sprintf("%s/%d", directories, w.state.Objects[p].ID))
		delete(w.state.Objects, p)
	}
	return empty{}, nil
}

// inside are the paths below a directory.
func (w *Workspace) inside(dir string) []string {
	var out []string
	for p := range w.state.Objects {
		if strings.HasPrefix(p, strings.TrimSuffix(dir, "/")+"/") && p != dir {
			out = append(out, p)
		}
	}
	return out
}
