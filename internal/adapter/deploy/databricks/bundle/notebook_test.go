package bundle_test

import (
	"testing"

	"github.com/dc-release/dc-release/internal/adapter/deploy/databricks/bundle"
)

func TestNotebooksAreKnownByTheirFirstLine(t *testing.T) {
	for _, c := range []struct{ name, data, at, language string }{
		{"src/a.py", "# Databricks notebook source\nprint(1)", "src/a", "PYTHON"},
		{"a.b.sql", "-- Databricks notebook source\r\nselect 1", "a.b", "SQL"},
		{"a.scala", "// Databricks notebook source", "a", "SCALA"},
		{"a.R", "# Databricks notebook source\n", "a", "R"},
		{"a.ipynb", "{}", "a", bundle.Jupyter},
		{"a.py", "\n# Databricks notebook source\n", "", ""},
		{"a.py", "# Databricks notebook sources\n", "", ""},
		{"a.sql", "# Databricks notebook source\n", "", ""},
		{"a.txt", "# Databricks notebook source\n", "", ""},
		{"a", "", "", ""},
	} {
		at, language, ok := bundle.Notebook(c.name, []byte(c.data))
		if at != c.at || language != c.language || ok != (c.at != "") {
			t.Errorf("%s: got %q, %q, %t", c.name, at, language, ok)
		}
	}
}
