package workflowfile

// Difference is a place where a workflow does here what it does not on GitHub,
// beyond single keys and actions.
type Difference struct{ Topic, Here string }

// Differences is the whole list, for docs/workflows.md.
var Differences = []Difference{
	{"Refusal", "what is not executed is refused before the first job starts, all of it at once, with file, line and column; GitHub finds much of it when the job runs"},
	{"Workers", "a label that no worker has is refused; GitHub lets the job wait"},
	{"Tokens", "no GITHUB_TOKEN is issued: reading it is refused, an action's default of it is empty; permissions limit only what called workflows may ask for, and identity tokens"},
	{"Secrets", "a job is given the secrets that its plan names, its environment's before the solution's; a pull request is given none; a computed name is refused"},
	{"Environments", "a name is a place (dev, tst, val, prd or mapped to one), a gate, or unknown: refused for GxP, else without effect; one deployment at a time per place, first in first out, never an earlier version over a later one"},
	{"Gates", "a job whose environment is a gate waits for evidence and signatures, and holds no worker, secret or concurrency group"},
	{"Concurrency", "groups are of one solution; a run that is to be cancelled for a newer one lets a deployment that runs come to its end"},
	{"Matrix", "one that depends on results has at most 48 KiB; each leg is a job of its own with key, log and result"},
	{"Actions", "from the offline store, pinned to commits: dc-release actions add; an action in the workspace must be byte for byte the one of the commit"},
	{"Release framework", "OWNER/dc-release/.github/workflows/{publish,approve_to_prd,approve_for_use}.yaml are those of this program, whoever OWNER is and whatever the ref"},
	{"Attempts", "a new attempt does again all, what failed, or one job with what depends on it; the rest is carried over by reference, and the gates read the latest attempt of each job"},
	{"Timeouts", "fractions of a minute count; a job that exceeds its time is cancelled, a step fails"},
	{"Decisions", "every evaluated key is kept in the ledger with the values that it read"},
}
