// Package expression compares our evaluator of GitHub's expressions with that of
// nektos/act, where act is known to be right. There is nothing here but tests.
package expression
