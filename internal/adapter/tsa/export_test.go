package tsa

import "time"

// SetPatience shortens the wait for an answer.
func (a *Authority) SetPatience(d time.Duration) { a.client.Timeout = d }

// ReadAnswer is how an answer is read.
var ReadAnswer = readAnswer
