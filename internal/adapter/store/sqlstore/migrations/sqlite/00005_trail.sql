-- +goose Up

-- The audit trail as it is searched: one narrow row for each event. why is the
-- reason in one case; solution and version are what the event is about.
CREATE TABLE view_trail (
	seq      INTEGER PRIMARY KEY,
	time_us  INTEGER NOT NULL,
	stream   TEXT    NOT NULL,
	type     TEXT    NOT NULL,
	actor    TEXT    NOT NULL,
	why      TEXT    NOT NULL,
	solution TEXT    NOT NULL,
	version  TEXT    NOT NULL
) STRICT;
