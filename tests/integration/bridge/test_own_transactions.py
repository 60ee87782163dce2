"""Revisions that end alembic's transaction themselves: what is applied is proven, what is lost is said."""

from __future__ import annotations

import pytest

from alembic_safe.bridge.messages import StatementStuck, StepFailed, StepReady
from tests.integration.bridge.conftest import ASYNC_DRIVERS, SYNC_DRIVERS, tables, versions
from tests.support.projects import Rev

RAW_COMMIT = "op.get_bind().connection.commit()"
RAW_ROLLBACK = "op.get_bind().connection.rollback()"
# a legacy connection of SQLAlchemy 1.4 has no commit() of its own
SA_COMMIT = "b = op.get_bind()\n(getattr(b, 'commit', None) or b.get_transaction().commit)()"
SA_ROLLBACK = "b = op.get_bind()\n(getattr(b, 'rollback', None) or b.get_transaction().rollback)()"
COMMITS = {"sqlalchemy": SA_COMMIT, "driver": RAW_COMMIT, "sql": "op.execute('COMMIT')"}
ROLLBACKS = {"sqlalchemy": SA_ROLLBACK, "driver": RAW_ROLLBACK, "sql": "op.execute('ROLLBACK')"}
CASES = [("generic", driver) for driver in SYNC_DRIVERS] + [("async", driver) for driver in ASYNC_DRIVERS]


def _make(name: str) -> str:
    return f"op.execute('create table {name} (id int)')\n"


@pytest.mark.parametrize(("template", "driver"), CASES)
@pytest.mark.parametrize("how", COMMITS)
def test_a_commit_in_the_middle_or_at_the_end_loses_nothing(
    bridge, make_project, pg_database, template, driver, how
):
    commit = COMMITS[how] + "\n"
    count = 21 if how == "sqlalchemy" else 4
    revisions = [
        Rev("c1", _make("before") + commit + _make("after")),
        *(Rev(f"r{n:02}", _make(f"t{n}")) for n in range(1, count)),
        Rev("c2", _make("last") + commit),
    ]
    project = make_project(template=template, url=pg_database.url(driver), revisions=revisions)
    played = bridge(project)
    played.finished
    assert len(played.committed) == count + 1
    assert versions(pg_database) == ["c2"]
    assert tables(pg_database) == {"before", "after", "last", *(f"t{n}" for n in range(1, count))}
    splits = {m.step: m.split for m in played.of(StepReady) if m.split}
    assert set(splits) == {1, count + 1}, splits


@pytest.mark.parametrize(("template", "driver"), CASES)
@pytest.mark.parametrize("how", ROLLBACKS)
def test_a_rollback_fails_the_revision_and_writes_no_version(
    bridge, make_project, pg_database, template, driver, how
):
    revisions = [
        Rev("a1", _make("kept")),
        Rev("b2", _make("lost") + ROLLBACKS[how] + "\nx = 1"),
        Rev("c3", _make("never")),
    ]
    project = make_project(template=template, url=pg_database.url(driver), revisions=revisions)
    played = bridge(project)
    assert "rolled back alembic's own transaction" in played.why
    assert played.of(StepFailed)[0].step == 2
    assert versions(pg_database) == ["a1"]
    assert tables(pg_database) == {"kept"}


@pytest.mark.parametrize("driver", SYNC_DRIVERS)
def test_a_connection_left_in_autocommit_fails_the_revision(bridge, make_project, pg_database, driver):
    left = "c = op.get_bind().connection\nc.commit()\nc.dbapi_connection.autocommit = True\n"
    project = make_project(
        url=pg_database.url(driver), revisions=[Rev("a1", left + _make("t")), Rev("b2", _make("never"))]
    )
    played = bridge(project)
    assert "autocommit" in played.why
    assert versions(pg_database) == []
    assert "never" not in tables(pg_database)


@pytest.mark.parametrize("template", ["generic", "async"])
def test_on_sqlite_every_end_is_applied_whole_or_fails(bridge, make_project, template):
    def project(end: str):
        body = _make("before") + "op.execute('insert into before values (1)')\n" + end
        last = _make("z") + "op.execute('insert into z values (1)')\n" + end
        revisions = [Rev("a1", body + "\n" + _make("after")), Rev("b2", _make("next")), Rev("c3", last)]
        return make_project(template=template, revisions=revisions)

    for commit in COMMITS.values():
        committed = project(commit)
        bridge(committed).finished
        assert versions(committed.database_file) == ["c3"]
        assert bridge.probe(committed).targets[0].pending == ()
    # one by the driver alone passes unseen: SQLite has no transaction ids to tell it by
    for rollback in (SA_ROLLBACK, "op.execute('ROLLBACK')"):
        rolled_back = project(rollback)
        assert "rolled back alembic's own transaction" in bridge(rolled_back).why
        assert versions(rolled_back.database_file) == []


def test_a_concurrent_statement_that_was_cancelled_is_not_run_again(bridge, make_project, pg_database):
    """Whoever cancelled it meant it: a person, or the project's own statement_timeout."""
    body = (
        "other = sa.create_engine(op.get_bind().engine.url).connect()\n"
        "with op.get_context().autocommit_block():\n"
        "    op.execute('create table t (id int)')\n"
        "    other.execute(sa.text('lock table t'))\n"
        "    op.execute(\"set statement_timeout = '50ms'\")\n"
        "    op.execute('create index concurrently ix on t (id)')"
    )
    project = make_project(url=pg_database.url(), revisions=[Rev("a1", body)])

    def let_fail(worker, message):
        if isinstance(message, StatementStuck):
            worker.proceed()
        return isinstance(message, StatementStuck)

    played = bridge(project, on=let_fail)
    assert "statement timeout" in played.why
    assert played.of(StatementStuck) == []
