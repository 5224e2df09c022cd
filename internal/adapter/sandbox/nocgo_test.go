//go:build !cgo

package sandbox_test

const hasCgo = false
