-- The tables of format 1; the whole runs in one transaction. Times are ISO 8601 in UTC, lists are JSON.
CREATE TABLE journal.meta (
    format INTEGER PRIMARY KEY,
    tool_version TEXT NOT NULL,
    made TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%SZ', 'now'))
);

CREATE TABLE journal.run (
    ordinal INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    command TEXT NOT NULL,
    target TEXT NOT NULL,
    heads_before TEXT,
    heads_after TEXT,
    began TEXT NOT NULL,
    ended TEXT,
    outcome TEXT NOT NULL,
    tool_version TEXT NOT NULL,
    server_version TEXT NOT NULL,
    who TEXT NOT NULL,
    host TEXT NOT NULL,
    ci_link TEXT,
    backup TEXT,
    allowances TEXT NOT NULL,
    error TEXT
);

CREATE INDEX journal.run_target ON run (target, ordinal);

CREATE TABLE journal.revision_file (
    checksum TEXT PRIMARY KEY,
    text TEXT NOT NULL
);

CREATE TABLE journal.step (
    run TEXT NOT NULL REFERENCES run (id) ON DELETE CASCADE,
    ordinal INTEGER NOT NULL,
    revision TEXT NOT NULL,
    direction TEXT NOT NULL,
    transaction_id TEXT,
    began TEXT NOT NULL,
    ended TEXT,
    outcome TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    duration REAL,
    checksum TEXT NOT NULL,
    error TEXT,
    PRIMARY KEY (run, ordinal)
);

CREATE INDEX journal.step_revision ON step (revision);

CREATE TABLE journal.statement (
    run TEXT NOT NULL,
    step INTEGER NOT NULL,
    ordinal INTEGER NOT NULL,
    digest TEXT NOT NULL,
    sql TEXT NOT NULL,
    file TEXT,
    line INTEGER,
    began TEXT NOT NULL,
    duration REAL,
    row_count INTEGER,
    outcome TEXT NOT NULL,
    autocommit INTEGER NOT NULL,
    error TEXT,
    PRIMARY KEY (run, step, ordinal),
    FOREIGN KEY (run, step) REFERENCES step (run, ordinal) ON DELETE CASCADE
);

INSERT INTO journal.meta (format, tool_version) VALUES (:format, :tool_version)
