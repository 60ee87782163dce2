-- What format 2 adds: which code each run was made with, and what its models mapped.
CREATE TABLE journal.mapping (
    digest TEXT PRIMARY KEY,
    tables TEXT NOT NULL
);

CREATE TABLE journal.checkout (
    run TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    mapping TEXT,
    ended_well INTEGER NOT NULL DEFAULT 0
);

UPDATE journal.meta SET format = 2, tool_version = :tool_version
