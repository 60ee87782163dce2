-- What format 5 adds: which database each run was made on, see `databases.origin`.
CREATE TABLE journal.run_origin (
    run text PRIMARY KEY,
    system text NOT NULL,
    address text NOT NULL,
    named text NOT NULL,
    oid text NOT NULL
);

UPDATE journal.meta SET format = 5, tool_version = :tool_version
