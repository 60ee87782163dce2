"""A server without room for the journal: the revision's end is read and told all the same."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.projects import Rev

pytestmark = pytest.mark.slow

_FULL = """
create function full_disk() returns trigger language plpgsql as
$$ begin raise exception 'could not extend file: No space left on device' using errcode = '53100'; end $$;
create trigger full_disk before update on alembic_safe.step for each row execute function full_disk();
create trigger full_disk before update on alembic_safe.run for each row execute function full_disk()
"""


def test_what_became_of_a_revision_is_told_without_a_journal(pg_database: Any, make_project: Any) -> None:
    project = make_project(
        url=pg_database.url(), revisions=[Rev("a1", "op.execute('create table t (id int)')")]
    )
    project.run("upgrade", "--no-backup=test").ok()
    with pg_database.connect() as connection:
        connection.execute(_FULL)
    project.add(Rev("b2", "op.execute('create table u (id int)')", down="a1"))
    done = project.run("upgrade", "--no-backup=test")
    assert done.exit == 9 and "every revision is applied" in done.stderr, str(done)
    assert "No space left on device" in done.stderr and "env.py failed" not in done.stderr
    project.add(Rev("c3", "op.execute('create table v (id int)')\nop.execute('select 1/0')", down="b2"))
    with pg_database.connect() as connection:
        connection.execute("drop function full_disk cascade")
    settled = project.run("upgrade", "b2", "--no-backup=test")
    assert settled.exit == 0, str(settled)
    with pg_database.connect() as connection:
        connection.execute(_FULL)
    failed = project.run("upgrade", "--no-backup=test")
    assert failed.exit == 5 and "rolled back" in failed.stderr and "at b2" in failed.stderr, str(failed)
    assert "No space left on device" in failed.stderr and "bug" not in failed.stderr
