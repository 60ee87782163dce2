"""Revisions shown without a database: each statement with its line, text as written, and nothing reached."""

from __future__ import annotations

import re

import pytest

from tests.integration.bridge.conftest import ASYNC_DRIVERS, OLD_SQLALCHEMY, Bridge, tables
from tests.support.databases import DEFAULT_DRIVER
from tests.support.projects import Rev

LAST = Rev("zz", "op.create_table('t', sa.Column('id', sa.Integer))")


def _line(project, revision: str, needle: str) -> int:
    (file,) = project.versions.glob(f"{revision}_*.py")
    return next(n for n, line in enumerate(file.read_text().splitlines(), 1) if needle in line)


CAST = re.compile(r"(:\w+)::[A-Z]+")
TEXTS = {
    "percent": "op.execute(\"update t set x = x where y like '%a%%b' and 10 % 3 = 1\")",
    "colons": "op.execute(\"select 'a:b'::text, x::int, now()::time - '10:20'::time\")",
    "escaped colon": r"op.execute(sa.text('select a \\:b, c\\:\\:int'))",
    "json": """op.execute('alter table t alter c set default \\'{"a": [1, "%s"], "b": ":x"}\\'::jsonb')""",
    "dollar": 'op.execute("""create function f() returns text language sql as $f$ select \'100%\' || \':n\' $f$""")',
    "bound": "op.execute(sa.text('update t set x = :new where x = :old').bindparams(new='PLANTED', old=2))",
    "ddl literal": "op.add_column('t', sa.Column('c', sa.String, server_default='50% off: now'))",
    "check": "op.create_check_constraint('ck', 't', sa.text(\"c like 'a%' and d ~ '^x:y'\"))",
    "comment": "op.execute('-- just so\\nselect 1; ')",
    "index": "op.create_index('ix', 't', [sa.text(\"(data ->> 'a%b')\")], postgresql_where=sa.text(\"x like 'z%'\"))",
}
SHOWN = {
    "percent": "update t set x = x where y like '***' and 10 % 3 = 1",
    "colons": "select '***'::text, x::int, now()::time - '***'::time",
    "escaped colon": "select a :b, c::int",
    "json": """alter table t alter c set default '{"a": [1, "%s"], "b": ":x"}'::jsonb""",
    "dollar": "create function f() returns text language sql as $f$ select '100%' || ':n' $f$",
    "bound": "update t set x = :new where x = :old",  # without the casts that psycopg's dialect adds
    "ddl literal": "ALTER TABLE t ADD COLUMN c VARCHAR DEFAULT '50% off: now'",
    "check": "ALTER TABLE t ADD CONSTRAINT ck CHECK (c like 'a%' and d ~ '^x:y')",
    "comment": "-- just so\nselect 1;",
    "index": "CREATE INDEX ix ON t ((data ->> 'a%b')) WHERE x like 'z%'",
}


def test_texts_are_shown_as_they_are(bridge: Bridge, make_project, pg_database):
    revisions = [Rev(f"r{n}", f"x = 1\n{body}") for n, body in enumerate(TEXTS.values())]
    project = make_project(url=pg_database.url(), revisions=revisions)
    found = bridge.probe(project)
    found.finished
    shown, faults = {}, {}
    for n, name in enumerate(TEXTS):
        listing = found.listing(f"r{n}")
        faults[name] = listing.not_inspectable
        (statement,) = listing.statements
        shown[name] = CAST.sub(r"\1", statement.sql)
        assert statement.source and statement.source.line == _line(project, f"r{n}", "x = 1") + 1
        assert statement.duration is None
    assert not any(faults.values()), faults
    assert shown == SHOWN


def test_operations_of_every_kind_are_shown(bridge: Bridge, make_project, pg_database):
    body = """
    t = op.create_table('t', sa.Column('id', sa.Integer, primary_key=True), sa.Column('x', sa.String))
    op.bulk_insert(t, [{'id': 1, 'x': 'PLANTED'}, {'id': 2, 'x': 'PLANTED'}])
    op.bulk_insert(t, [])
    with op.batch_alter_table('t') as batch:
        batch.add_column(sa.Column('y', sa.Integer))
        batch.drop_column('x')
    with op.get_context().autocommit_block():
        op.create_index('ix', 't', ['y'], postgresql_concurrently=True)
    from alembic import context
    if context.is_offline_mode():
        op.execute('select 1 as offline')
    else:
        op.execute('select 1 as online')
    op.execute(t.insert().values(id=3, x='PLANTED'))
    op.execute(t.update().where(t.c.id == 1).values(x=op.inline_literal('PLANTED')))
    op.alter_column('t', 'y', existing_type=sa.Integer, nullable=False, server_default='7')
    op.rename_table('t', 'u')
    """
    project = make_project(url=pg_database.url(), revisions=[Rev("a1", body), LAST])
    found = bridge.probe(project)
    found.finished
    listing = found.listing("a1")
    # it asked whether it is offline, and shows what it does when it is
    assert "offline" in (listing.not_inspectable or "")
    assert listing.not_inspectable_at and listing.not_inspectable_at.line == _line(
        project, "a1", "is_offline"
    )
    shown = [CAST.sub(r"\1", statement.sql) for statement in listing.statements]
    assert "PLANTED" not in str(shown)
    for words in (
        "CREATE TABLE t", "INSERT INTO t (id, x) VALUES (:id, :x)", "ADD COLUMN y", "DROP COLUMN x",
        "CREATE INDEX CONCURRENTLY ix", "offline", "UPDATE t SET x='***'", "SET DEFAULT '7'", "SET NOT NULL",
        "RENAME TO u",
    ):  # fmt: skip
        assert any(words in sql for sql in shown), (words, shown)
    assert not any(sql.upper() in {"BEGIN", "COMMIT"} for sql in shown)
    insert = next(s for s in listing.statements if s.sql.startswith("INSERT"))
    assert insert.rows == 2
    assert all(s.source for s in listing.statements)
    assert found.listing("zz").statements


def test_batch_mode_on_sqlite(bridge: Bridge, make_project):
    copy = """
    with op.batch_alter_table('t') as batch:
        batch.alter_column('id', type_=sa.String)
    """
    given = """
    table = sa.Table('t', sa.MetaData(), sa.Column('id', sa.Integer))
    with op.batch_alter_table('t', copy_from=table) as batch:
        batch.alter_column('id', type_=sa.String)
    """
    project = make_project(revisions=[Rev("a1", copy), Rev("b2", given), LAST])
    found = bridge.probe(project)
    found.finished
    first = found.listing("a1")
    assert first.not_inspectable and first.not_inspectable_at
    assert first.not_inspectable_at.line == _line(project, "a1", "batch_alter_table")
    second = [s.sql for s in found.listing("b2").statements]
    assert any("_alembic_tmp_t" in sql for sql in second)
    assert found.listing("zz").statements
    assert not project.database_file.exists()


NEEDS = {
    "rows": "for row in op.get_bind().execute(sa.text('select 1')).fetchall(): pass",
    "inspect": "sa.inspect(op.get_bind()).get_table_names()",
    "session": "from sqlalchemy.orm import Session\nSession(op.get_bind()).execute(sa.text('select 1')).scalar()",
    "exit": "raise SystemExit(3)",
    "keyboard": "raise KeyboardInterrupt",
    "error": "raise ValueError('of its own')",
    "loop": "while True:\n    pass",
    "input": "input('sure? ')",
}


def test_one_that_needs_a_connection_does_not_hide_the_others(bridge: Bridge, make_project, pg_database):
    revisions = [
        Rev(f"r{n}", f"op.execute('select {n}')\n{body}\nop.execute('select 99')")
        for n, body in enumerate(NEEDS.values())
    ]
    quick = lambda text: "import alembic_safe.bridge.worker.render as r\nr._SECONDS = 0.5\n" + text  # noqa: E731
    project = make_project(url=pg_database.url(), revisions=[*revisions, LAST], env=quick)
    found = bridge.probe(project)
    found.finished
    for n, name in enumerate(NEEDS):
        listing = found.listing(f"r{n}")
        assert listing.not_inspectable, name
        assert listing.statements[0].sql == f"select {n}", name
        assert not any("99" in s.sql for s in listing.statements), name
        assert listing.not_inspectable_at, name
        assert listing.not_inspectable_at.line > listing.statements[0].source.line  # type: ignore[union-attr]
    assert "0.5 s" in (found.listing(f"r{list(NEEDS).index('loop')}").not_inspectable or "")
    assert found.listing("zz").not_inspectable is None and found.listing("zz").statements


ASKS = {
    "mode": ("from alembic import context\nif context.is_offline_mode():\n    pass", True),
    "environment": ("if op.get_context().environment_context.is_offline_mode():\n    pass", True),
    "context": ("if op.get_context().as_sql:\n    pass", True),
    "batch": ("with op.batch_alter_table('t') as batch:\n    batch.drop_column('x')", False),
    "bind": ("if op.get_context().dialect.name == 'sqlite':\n    pass", False),
}


def test_one_that_asks_whether_it_is_rendered_may_do_something_else(bridge, make_project, pg_database):
    revisions = [Rev(f"r{n}", f"{body}\nop.execute('select 1')") for n, (body, _) in enumerate(ASKS.values())]
    found = bridge.probe(make_project(url=pg_database.url(), revisions=[*revisions, LAST]))
    found.finished
    for n, (name, (_, asks)) in enumerate(ASKS.items()):
        assert bool(found.listing(f"r{n}").not_inspectable) is asks, name
        assert found.listing(f"r{n}").statements[-1].sql == "select 1", name


HOSTILE = {
    "own engine": "e = sa.create_engine(URL)\ne.connect()",
    "module engine": "engine.connect()",
    "pooled engine": "pooled.connect()",
    "open connection": "held.exec_driver_sql('select 1')",
    "open raw connection": "held.connection.cursor().execute('create table w (i int)')",
    "creator": "e = sa.create_engine('postgresql://', creator=lambda: DRIVER.connect(DSN))\ne.connect()",
    "driver": "DRIVER.connect(DSN)",
    "imported inside": "from DRIVER import connect\nconnect(DSN)",
    "imported before": "driver_connect(DSN)",
    "another driver": "import psycopg2\npsycopg2.connect(DSN)",
    "asyncpg": "import asyncio, asyncpg, threading\n"
    "def go():\n    asyncio.run(asyncpg.connect(host=HOST, user=USER, database=NAME))\n"
    "errors = []\n"
    "def run():\n    try:\n        go()\n    except BaseException as e:\n        errors.append(e)\n"
    "t = threading.Thread(target=run)\nt.start()\nt.join()\nraise errors[0]",
    "sqlite3": "import sqlite3\nsqlite3.connect(FILE)",
    "psql": "import subprocess\nsubprocess.run(['psql', DSN, '-c', 'create table w (i int)'])",
    "system": "import os\nos.system('touch ' + FILE)",
    "socket": "import socket\nsocket.create_connection(('127.0.0.1', 9))",
    "fork": "import os\nif os.fork() == 0:\n    os._exit(0)",
    "swallowed": "try:\n    DRIVER.connect(DSN)\nexcept Exception:\n    pass\nDRIVER.connect(DSN)",
}


def test_nothing_is_reached_while_rendering(bridge: Bridge, make_project, pg_database, tmp_path):
    keywords = pg_database.keywords
    dsn = " ".join(f"{key}={value}" for key, value in keywords.items())
    words = {
        "URL": repr(pg_database.url()), "DSN": repr(dsn), "DRIVER": DEFAULT_DRIVER, "HOST": repr(keywords["host"]),
        "USER": repr(keywords["user"]), "NAME": repr(pg_database.name), "FILE": repr(str(tmp_path / "touched")),
    }  # fmt: skip

    def fill(text: str) -> str:
        for word, value in words.items():
            text = text.replace(word, value)
        return text

    head = f"import {DEFAULT_DRIVER}\nfrom app_db import engine, pooled, held, driver_connect"
    revisions = [Rev(f"r{n:02}", fill(body), head=head) for n, body in enumerate(HOSTILE.values())]
    module = f"""
    import sqlalchemy as sa
    from {DEFAULT_DRIVER} import connect as driver_connect
    engine = sa.create_engine({pg_database.url()!r}, poolclass=sa.pool.NullPool)
    pooled = sa.create_engine({pg_database.url()!r})
    pooled.connect().close()
    held = sa.create_engine({pg_database.url()!r}).connect()
    """
    project = make_project(url=pg_database.url(), revisions=[*revisions, LAST], files={"app_db.py": module})
    found = bridge.probe(project)
    found.finished
    reached = {name: found.listing(f"r{n:02}").not_inspectable for n, name in enumerate(HOSTILE)}
    allowed = {"open raw connection"}  # held before, used below SQLAlchemy: read-only, as every session here
    assert {name for name, why in reached.items() if not why or "it opens" not in why} <= allowed, reached
    assert "read-only" in (reached["open raw connection"] or "")
    assert not (tmp_path / "touched").exists()
    assert tables(pg_database) == set()
    assert found.listing("zz").statements


@pytest.mark.parametrize("driver", ASYNC_DRIVERS)
def test_an_async_environment_renders_too(bridge: Bridge, make_project, pg_database, driver):
    run_async = (
        "async def go(connection):\n    await connection.execute(sa.text('select 1'))\nop.run_async(go)"
    )
    project = make_project(
        template="async", url=pg_database.url(driver), revisions=[Rev("a1", run_async), LAST]
    )
    found = bridge.probe(project)
    found.finished
    assert found.listing("a1").not_inspectable
    assert found.listing("zz").statements[0].sql.startswith("CREATE TABLE t")
    if not OLD_SQLALCHEMY:
        played = bridge(project)
        played.finished
        (statement,) = played.statements("a1")
        assert statement.source and statement.source.line == _line(project, "a1", "connection.execute")


def test_what_a_revision_sleeps_is_not_waited_for(bridge: Bridge, make_project):
    """12 seconds would be more than rendering may take; another thread sleeps as it wants to."""
    body = """
    import threading, time
    from time import sleep
    op.execute('select 1')
    time.sleep(12)
    sleep(12)
    other = threading.Thread(target=sleep, args=(0.2,))
    began = time.monotonic()
    other.start()
    other.join()
    if time.monotonic() - began >= 0.2:
        op.execute('select 2')
    """
    project = make_project(revisions=[Rev("r1", body)])
    listing = bridge.probe(project).listing("r1")
    assert listing.not_inspectable is None
    assert [statement.sql for statement in listing.statements] == ["select 1", "select 2"]
