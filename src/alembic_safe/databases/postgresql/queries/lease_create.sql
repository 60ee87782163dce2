-- The rows that stand for deploy locks where a pooler is in the way; one a version table, by the lock's key.
CREATE TABLE IF NOT EXISTS journal.lease (
    key bigint PRIMARY KEY,
    token text NOT NULL,
    holder text NOT NULL,
    taken timestamptz NOT NULL,
    beat timestamptz NOT NULL,
    seconds float8 NOT NULL
)
