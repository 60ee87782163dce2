-- What format 2 adds: which code each run was made with, and what its models mapped.
CREATE TABLE journal.mapping (
    digest text PRIMARY KEY,
    tables text NOT NULL
);

CREATE TABLE journal.checkout (
    run text PRIMARY KEY,
    name text NOT NULL,
    mapping text,
    ended_well boolean NOT NULL DEFAULT false
);

UPDATE journal.meta SET format = 2, tool_version = :tool_version
