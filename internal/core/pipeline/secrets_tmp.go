package pipeline

// SecretNames placeholder until the planner lands.
func (j Job) SecretNames() []string { return nil }
