// Package document is the content of change records, reports and certificates.
package document
