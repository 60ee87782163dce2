-- What format 3 adds: for how long the attempts at a step waited for locks, where they did.
CREATE TABLE journal.step_wait (
    run text NOT NULL,
    ordinal integer NOT NULL,
    waited double precision NOT NULL,
    PRIMARY KEY (run, ordinal)
);

UPDATE journal.meta SET format = 3, tool_version = :tool_version
