package document

// outlineOperations is the operations manual of the tagged commit.
func outlineOperations(a *author) {
	a.identification()
	a.section("Operations manual")
	a.quoted(PageOperations, "The repository holds no documentation/operations_manual.md.")
	a.section("Roles")
	a.roles()
}

// outlineRecovery is the recovery procedure with the last exercise of it.
func outlineRecovery(a *author) {
	a.identification()
	a.section("Procedure")
	a.quoted(PageRecovery, "The repository holds no documentation/recovery_procedure.md.")
	a.backOut()
}
