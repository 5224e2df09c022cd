// Package examples holds the product that the demo creates.
package examples

import "embed"

// Files are the repositories of corp-procurement as they are at first, below
// corp-procurement/code and corp-procurement/requirements; corp-procurement/bundle is
// what makes a bundle of the code, for workspaces.
//
//go:embed all:corp-procurement
var Files embed.FS
