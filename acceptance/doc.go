// Package acceptance shows with the real binary what the program promises:
// scripts for the command line, whole releases, refusals, tampering, and an
// owner that is killed at any step. It holds tests only.
package acceptance
