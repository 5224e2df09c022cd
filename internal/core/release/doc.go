// Package release is one version of one solution at one commit.
package release
