"""What the server refuses for how keys, partitions and parents belong together."""

from __future__ import annotations

import pytest

from alembic_safe.model.findings import Severity
from tests.unit.rules.plans import findings

BASE = """
    CREATE TABLE p (id bigint PRIMARY KEY, code text CONSTRAINT uq UNIQUE, n int);
    CREATE UNIQUE INDEX ux ON p (n) WHERE n > 0;
    CREATE TABLE c (id int PRIMARY KEY, p_id bigint, code text); CREATE TABLE bare (a int);
    CREATE TABLE part (k int, at date NOT NULL) PARTITION BY RANGE (at);
    CREATE TABLE y2024 PARTITION OF part FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
    CREATE TABLE kinds (z text, v int) PARTITION BY LIST (z);
    CREATE TABLE kinds_a PARTITION OF kinds FOR VALUES IN ('a', 'b');
    CREATE TABLE parent (m int); CREATE TABLE child (own int) INHERITS (parent);
"""


def fails(*statements: str) -> bool:
    found = findings(list(statements), base=BASE)
    return any(one.rule == "statement-fails" and one.severity is Severity.ERROR for one in found)


@pytest.mark.parametrize(
    "text",
    [
        "ALTER TABLE y2024 ADD COLUMN b int",
        "ALTER TABLE y2024 DROP COLUMN k",
        "ALTER TABLE child RENAME COLUMN m TO n",
        "ALTER TABLE part ADD CONSTRAINT u UNIQUE (k)",
        "CREATE UNIQUE INDEX ON ONLY part (k)",
        "CREATE TABLE x PARTITION OF part FOR VALUES FROM ('2024-06-01') TO ('2024-09-01')",
        "CREATE TABLE x PARTITION OF kinds FOR VALUES IN ('b', 'c')",
        "ALTER TABLE p ADD PRIMARY KEY (code)",
        "ALTER TABLE c ALTER id DROP NOT NULL",
        "ALTER TABLE c ADD CONSTRAINT f FOREIGN KEY (p_id) REFERENCES p (n) NOT VALID",
        "ALTER TABLE c ADD CONSTRAINT f FOREIGN KEY (p_id) REFERENCES bare NOT VALID",
        "CREATE TABLE x (a int REFERENCES bare (a))",
    ],
)
def test_the_server_refuses(text):
    assert fails(text)


@pytest.mark.parametrize(
    "text",
    [
        "ALTER TABLE part ADD COLUMN b int",
        "ALTER TABLE child DROP COLUMN own",
        "ALTER TABLE part ADD CONSTRAINT u UNIQUE (k, at)",
        "CREATE INDEX ON ONLY part (k)",
        "CREATE TABLE x PARTITION OF part FOR VALUES FROM ('2025-01-01') TO ('2026-01-01')",
        "CREATE TABLE x PARTITION OF kinds FOR VALUES IN ('c')",
        "CREATE TABLE x PARTITION OF kinds DEFAULT",
        "ALTER TABLE p DROP CONSTRAINT p_pkey, ADD PRIMARY KEY (code)",
        "ALTER TABLE c ADD CONSTRAINT f FOREIGN KEY (code) REFERENCES p (code) NOT VALID",
        "ALTER TABLE c ADD CONSTRAINT f FOREIGN KEY (p_id) REFERENCES p NOT VALID",
        "CREATE TABLE x (id int PRIMARY KEY, up int REFERENCES x)",
    ],
)
def test_what_looks_like_it_is_taken(text):
    assert not fails(text)
