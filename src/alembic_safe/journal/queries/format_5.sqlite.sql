-- What format 5 adds: which database each run was made on, see `databases.origin`.
CREATE TABLE journal.run_origin (
    run TEXT PRIMARY KEY,
    system TEXT NOT NULL,
    address TEXT NOT NULL,
    named TEXT NOT NULL,
    oid TEXT NOT NULL
);

UPDATE journal.meta SET format = 5, tool_version = :tool_version
