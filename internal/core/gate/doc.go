// Package gate decides where promotion waits: what each gate demands, when it
// opens, which signatures count, and whether a place may be entered.
package gate
