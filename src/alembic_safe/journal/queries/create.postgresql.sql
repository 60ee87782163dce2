-- The tables of format 1. The schema is there already; the whole runs in one transaction.
CREATE TABLE journal.meta (
    format integer PRIMARY KEY,
    tool_version text NOT NULL,
    made timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE journal.run (
    id text PRIMARY KEY,
    ordinal bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
    command text NOT NULL,
    target text NOT NULL,
    heads_before jsonb,
    heads_after jsonb,
    began timestamptz NOT NULL,
    ended timestamptz,
    outcome text NOT NULL,
    tool_version text NOT NULL,
    server_version text NOT NULL,
    who text NOT NULL,
    host text NOT NULL,
    ci_link text,
    backup text,
    allowances jsonb NOT NULL,
    error text
);

CREATE INDEX run_target ON journal.run (target, ordinal);

CREATE TABLE journal.revision_file (
    checksum text PRIMARY KEY,
    text text NOT NULL
);

CREATE TABLE journal.step (
    run text NOT NULL REFERENCES journal.run (id) ON DELETE CASCADE,
    ordinal integer NOT NULL,
    revision text NOT NULL,
    direction text NOT NULL,
    transaction_id text,
    began timestamptz NOT NULL,
    ended timestamptz,
    outcome text NOT NULL,
    attempts integer NOT NULL,
    duration double precision,
    checksum text NOT NULL,
    error text,
    PRIMARY KEY (run, ordinal)
);

CREATE INDEX step_revision ON journal.step (revision);

CREATE TABLE journal.statement (
    run text NOT NULL,
    step integer NOT NULL,
    ordinal integer NOT NULL,
    digest text NOT NULL,
    sql text NOT NULL,
    file text,
    line integer,
    began timestamptz NOT NULL,
    duration double precision,
    row_count bigint,
    outcome text NOT NULL,
    autocommit boolean NOT NULL,
    error text,
    PRIMARY KEY (run, step, ordinal),
    FOREIGN KEY (run, step) REFERENCES journal.step (run, ordinal) ON DELETE CASCADE
);

INSERT INTO journal.meta (format, tool_version) VALUES (:format, :tool_version)
