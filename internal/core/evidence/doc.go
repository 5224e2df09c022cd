// Package evidence is what a run or a person proved.
package evidence
