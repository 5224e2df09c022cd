package bundle

import (
	"bytes"
	"path"
	"strings"
)

// Jupyter is the language that Notebook gives for a notebook of Jupyter: its own says
// what it holds, and the workspace keeps it in another form.
const Jupyter = "JUPYTER"

// marks are the first lines that make a file a notebook, by its extension (public
// documentation of source formats of notebooks).
var marks = map[string]struct{ language, comment string }{
	".py": {"PYTHON", "#"}, ".r": {"R", "#"}, ".R": {"R", "#"}, ".sql": {"SQL", "--"}, ".scala": {"SCALA", "//"},
}

// Notebook says whether the workspace takes a file for a notebook, and if so under
// which path it keeps it, without the extension, and in which language.
func Notebook(name string, data []byte) (at, language string, ok bool) {
	extension := path.Ext(name)
	at = strings.TrimSuffix(name, extension)
	if extension == ".ipynb" {
		return at, Jupyter, true
	}
	m, known := marks[extension]
	first, _, _ := bytes.Cut(data, []byte("\n"))
	if !known || string(bytes.TrimRight(first, " \t\r")) != m.comment+" Databricks notebook source" {
		return "", "", false
	}
	return at, m.language, true
}
