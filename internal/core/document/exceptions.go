package document

// ExceptionListSchema of an ExceptionList.
const ExceptionListSchema = "dc-release/exception-list/v1"

// ExceptionList is everything in the audit trail of a release that did not go
// straight, in the order of the ledger. Its canonical JSON is what a reviewer
// signs; it holds no position, so that it changes with its entries alone.
type ExceptionList struct {
	Schema     string      `json:"schema"`
	Solution   string      `json:"solution"`
	Version    string      `json:"version"`
	Exceptions []Exception `json:"exceptions"`
}
