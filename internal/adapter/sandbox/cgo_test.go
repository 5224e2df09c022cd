//go:build cgo

package sandbox_test

// hasCgo says that only the forking thread of the helper can give up its rights.
const hasCgo = true
