"""Which statements wait briefly for a lock: by their words, whatever stands in comments and literals."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alembic_safe.bridge.worker.bare import bare
from alembic_safe.bridge.worker.lock_timeouts import Class, class_of


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("ALTER TABLE t ADD COLUMN c int -- not concurrently", "conflicting"),
        ("ALTER TABLE t /* outer /* inner */ concurrently */ ADD COLUMN c int", "conflicting"),
        ("ALTER TABLE t ADD COLUMN c text DEFAULT 'validate constraint'", "conflicting"),
        ("COMMENT ON TABLE t IS 'built concurrently'", "conflicting"),
        ("COMMENT ON TABLE t IS E'it\\'s built concurrently'", "conflicting"),
        ('ALTER TABLE t RENAME TO "concurrently"', "conflicting"),
        (
            "CREATE FUNCTION f() RETURNS void AS $f$ REINDEX TABLE CONCURRENTLY t $f$ LANGUAGE sql",
            "conflicting",
        ),
        ("CREATE INDEX /* quick */ CONCURRENTLY ix ON t (a)", "free"),
        ("ALTER TABLE t VALIDATE -- scans\n CONSTRAINT c", "free"),
        ("DROP INDEX CONCURRENTLY ix", "free"),
        ("INSERT INTO note VALUES ('set lock_timeout to 0')", "rows"),
        ("-- set lock_timeout by hand\nALTER TABLE t ADD COLUMN c int", "conflicting"),
        ("SET /* longer */ lock_timeout = '2s'", "own"),
        ("SELECT set_config('lock_timeout', '2s', true)", "own"),
        ("SELECT set_config('LOCK_TIMEOUT', '2s', true)", "own"),
        ("DO $$ BEGIN SET LOCAL lock_timeout = '2s'; END $$", "own"),
        ("DO $$ BEGIN /* no set lock_timeout here */ PERFORM 1; END $$", "conflicting"),
        ("CREATE FUNCTION f() RETURNS void AS $$ SET lock_timeout = 1 $$ LANGUAGE sql", "conflicting"),
    ],
)
def test_class_of_a_statement(sql: str, expected: Class) -> None:
    assert class_of(sql) == expected


@given(st.text(alphabet="a1 '\"$/*-;\n\\", max_size=40))
def test_nothing_of_a_literal_or_a_comment_is_a_word(text: str) -> None:
    literal = text.replace("'", "''")
    assert bare(f"select '{literal}' as x") == "select '' as x"
    assert bare(f"select $q$ {text.replace('$', '')} $q$ as x") == "select '' as x"
    assert bare(f"select 1 as x -- {' '.join(text.split())}") == "select 1 as x  "
    assert bare(f"select /* {text.replace('*', '')} */ 1") == "select   1"
