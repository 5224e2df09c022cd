//go:build !race

package pipeline_test

// sequences is how many random lives of a run are tried.
const sequences = 100_000
