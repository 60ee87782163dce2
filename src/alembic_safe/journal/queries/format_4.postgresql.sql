-- What format 4 adds: how long a rehearsal let each revision be expected to take, in seconds.
CREATE TABLE journal.step_forecast (
    run text NOT NULL,
    revision text NOT NULL,
    seconds double precision NOT NULL,
    PRIMARY KEY (run, revision)
);

UPDATE journal.meta SET format = 4, tool_version = :tool_version
