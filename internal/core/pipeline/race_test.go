//go:build race

package pipeline_test

// sequences is how many random lives of a run are tried; the race detector
// makes each of them slow.
const sequences = 5_000
