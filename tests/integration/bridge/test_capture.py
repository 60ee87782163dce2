"""Statements as they run: whole, in order, with their place; and never a bound value, in any driver or error."""

from __future__ import annotations

import pytest

from alembic_safe.bridge.messages import StepFailed, encode
from tests.integration.bridge.conftest import ASYNC_DRIVERS, SYNC_DRIVERS, Bridge, tables
from tests.support.databases import DEFAULT_DRIVER
from tests.support.projects import Rev

PLANTED = "PLANTED-7fa91c"
CASES = [("generic", driver) for driver in SYNC_DRIVERS] + [("async", driver) for driver in ASYNC_DRIVERS]
TABLE = Rev(
    "a1",
    "op.execute('create table t (id int primary key, x varchar(30) unique, d date, j jsonb)')\n"
    "op.execute('create table child (x varchar(30) references t (x))')",
)
MODEL = """
from sqlalchemy.orm import Session, declarative_base
Base = declarative_base()
class Thing(Base):
    __tablename__ = 't'
    id = sa.Column(sa.Integer, primary_key=True)
    x = sa.Column(sa.String)
def execute(sql, parameters):
    op.get_bind().execute(sa.text(sql), parameters)
"""
GOOD = """
execute('insert into t (id, x) values (:id, :x)', {'id': 1, 'x': 'P1'})
execute('insert into t (id, x) values (:id, :x)', [{'id': 2, 'x': 'P2'}, {'id': 3, 'x': 'P3'}])
op.bulk_insert(Thing.__table__, [{'id': 4, 'x': 'P4'}, {'id': 5, 'x': 'P5'}])
session = Session(bind=op.get_bind())
session.add_all([Thing(id=n, x='P%d' % n) for n in (6, 7)])
session.flush()
session.query(Thing).filter(Thing.x == 'P6').update({'x': 'P-6'})
op.execute("update t set x = 'P-literal' where x = 'P7'")
op.execute("DO $$ BEGIN UPDATE t SET x = 'P-do' WHERE x = 'P5'; END $$")
"""
BAD = {
    "unique": "execute('insert into t (id, x) values (:id, :x)', {'id': 99, 'x': 'P-6'})",
    "unique, literal": "op.execute(\"insert into t (id, x) values (99, 'P-6')\")",
    "foreign key": "execute('insert into child values (:x)', {'x': 'P-none'})",
    "not null": "execute('insert into t (id, x) values (null, :x)', {'x': 'P-null'})",
    "date": "execute('insert into t (id, d) values (98, cast(cast(:d as text) as date))', {'d': 'P-date'})",
    "json": "execute('update t set j = cast(cast(:j as text) as jsonb)', {'j': '{\"k\": P-json}'})",
    "type": "execute('select cast(:v as integer) + :w', {'v': 'P-int', 'w': 'P-w'})",
    "many": "execute('insert into t (id, x) values (:id, :x)', [{'id': 50, 'x': 'P-6'}, {'id': 51, 'x': 'P4'}])",
    "flush": "s = Session(bind=op.get_bind())\ns.add(Thing(id=60, x='P-6'))\ns.flush()",
    "after a failed flush": "s = Session(bind=op.get_bind())\ns.add(Thing(id=60, x='P-6'))\n"
    "try:\n    s.flush()\nexcept Exception:\n    s.query(Thing).all()",
    "raised": "op.execute(\"do $$ begin raise exception using message = 'no',"
    " detail = (select 'Key (x)=(' || x || ') is bad' from t where id = 1); end $$\")",
}


def _planted(text: str) -> str:
    return (
        text.replace("'P", f"'{PLANTED}")
        .replace(" P-json", f" {PLANTED}-json")
        .replace("(P-d)", f"({PLANTED})")
    )


@pytest.mark.slow
@pytest.mark.parametrize(("template", "driver"), CASES)
def test_no_value_leaves_the_worker(bridge: Bridge, make_project, pg_database, template, driver):
    project = make_project(
        template=template,
        url=pg_database.url(driver),
        revisions=[TABLE, Rev("b2", _planted(GOOD), head=MODEL), Rev("zz", "", head=MODEL)],
    )
    played = bridge(project)
    played.finished
    sql = " | ".join(s.sql for s in played.statements("b2"))
    assert sql.lower().count("insert into t") >= 4 and "UPDATE" in sql
    assert all(s.source and s.duration is not None for s in played.statements("b2"))
    assert [s.ordinal for s in played.statements("b2")] == list(range(1, len(played.statements("b2")) + 1))
    assert pg_database.fetch("select count(*) from t where x like %s", (PLANTED + "%",)) == [(7,)]
    everything = [encode(message) for message in played.messages]
    failing = project.add_revision("bad")
    for name, body in BAD.items():
        failing.unlink()
        failing = project.add_revision("bad", "zz", _planted(body), head=MODEL)
        failed = bridge(project)
        assert failed.of(StepFailed) and failed.failed, name
        ended = failed.statements("bad")
        assert ended and any(s.error for s in ended), name
        assert "AttributeError" not in failed.why and ": " in failed.why, (name, failed.why)
        step = failed.of(StepFailed)[0]
        assert step.source and step.source.file == str(failing), name
        everything += [encode(message) for message in failed.messages]
    leaks = [text for text in everything if PLANTED.encode() in text]
    assert not leaks, leaks
    assert failed.of(StepFailed)[0].sqlstate == "P0001"


def test_no_value_leaves_the_worker_on_sqlite(bridge: Bridge, make_project):
    head = MODEL
    body = _planted("execute('insert into t (id, x) values (:id, :x)', {'id': 1, 'x': 'P1'})\n")
    again = body.replace("'id': 1", "'id': 2")
    project = make_project(
        revisions=[
            Rev("a1", "op.execute('create table t (id integer primary key, x text unique)')"),
            Rev("b2", body + again, head=head),
        ]
    )
    played = bridge(project)
    assert "UNIQUE constraint failed: t.x" in played.why
    assert not [m for m in played.messages if PLANTED.encode() in encode(m)]


@pytest.mark.parametrize("driver", SYNC_DRIVERS)
def test_savepoints_streams_and_copy_go_through(bridge: Bridge, make_project, pg_database, driver):
    body = """
    bind = op.get_bind()
    op.execute('create table t (id int)')
    with bind.begin_nested():
        op.execute('insert into t select generate_series(1, 5000)')
    try:
        with bind.begin_nested():
            op.execute('select 1/0')
    except sa.exc.DBAPIError:
        pass
    op.execute('SAVEPOINT mine')
    op.execute('insert into t values (-1)')
    op.execute('ROLLBACK TO SAVEPOINT mine')
    op.execute('rollback work to mine')
    op.execute('RELEASE SAVEPOINT mine')
    seen = 0
    for row in bind.execute(sa.text('select id from t order by id').execution_options(stream_results=True)):
        seen += 1
        if seen % 1000 == 0:
            bind.execute(sa.text('select 1'))
    assert seen == 5000
    raw = bind.connection.cursor()
    if hasattr(raw, 'copy_expert'):
        import io
        raw.copy_expert('copy t from stdin', io.StringIO('7\\n8\\n'))
    else:
        with raw.copy('copy t from stdin') as copy:
            copy.write('7\\n8\\n')
    """
    project = make_project(
        url=pg_database.url(driver),
        revisions=[Rev("a1", body), Rev("b2", "op.execute('create table u (i int)')")],
    )
    played = bridge(project)
    played.finished
    assert pg_database.fetch("select count(*), min(id) from t") == [(5002, 1)]
    failed = [s for s in played.statements("a1") if s.error]
    assert [str(s.error).split(": ", 1)[1] for s in failed] == ["division by zero"]
    inserted = next(s for s in played.statements("a1") if s.sql.startswith("insert into t select"))
    assert inserted.rows == 5000


def test_own_connections_and_autocommit_blocks_are_told_apart(bridge: Bridge, make_project, pg_database):
    body = """
    op.execute('create table t (id int)')
    with op.get_context().autocommit_block():
        op.execute('create index concurrently ix on t (id)')
    from app_db import engine
    with engine.begin() as own:
        own.execute(sa.text('create table own (id int)'))
    with op.get_bind().engine.begin() as same_engine:
        same_engine.execute(sa.text('create table other (id int)'))
    op.execute('create table u (id int)')
    """
    module = f"import sqlalchemy as sa\nengine = sa.create_engine({pg_database.url()!r}, poolclass=sa.pool.NullPool)"
    project = make_project(url=pg_database.url(), revisions=[Rev("a1", body)], files={"app_db.py": module})
    played = bridge(project)
    played.finished
    kinds = [
        (s.sql, s.autocommit, s.own_connection) for s in played.statements("a1") if s.sql.startswith("create")
    ]
    assert kinds == [
        ("create table t (id int)", False, False),
        ("create index concurrently ix on t (id)", True, False),
        ("create table own (id int)", False, True),
        ("create table other (id int)", False, True),
        ("create table u (id int)", False, False),
    ]
    assert tables(pg_database) == {"t", "u", "own", "other"}


def test_a_raw_connection_of_a_killed_revision_leaves_no_session(bridge: Bridge, make_project, pg_database):
    dsn = " ".join(f"{key}={value}" for key, value in pg_database.keywords.items())
    body = f"""
    import os, signal, threading, {DEFAULT_DRIVER}
    own = {DEFAULT_DRIVER}.connect({dsn!r})
    threading.Thread(target=lambda: own.cursor().execute('select pg_sleep(60)'), daemon=True).start()
    import time
    time.sleep(0.3)
    os.kill(os.getpid(), signal.SIGKILL)
    """
    project = make_project(url=pg_database.url(), revisions=[Rev("a1", body)])
    assert "SIGKILL" in str(bridge(project).died)
    # the fixture waits 3 s for the last session to go, and fails if one stays
    assert all(name in ("alembic-safe/test", "") for _, name, *_ in pg_database.sessions())
