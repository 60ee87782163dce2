"""Every shape of env.py that is met, unchanged: its targets are found, its revisions are applied and proven."""

from __future__ import annotations

import pytest

from alembic_safe.bridge.messages import StatementEnded, StepFailed
from tests.integration.bridge.conftest import (
    ASYNC_DRIVERS,
    OLD_SQLALCHEMY,
    SYNC_DRIVERS,
    Bridge,
    tables,
    versions,
)
from tests.support.databases import DEFAULT_DRIVER
from tests.support.projects import Rev

TWO = [
    Rev("a1", "op.create_table('t', sa.Column('id', sa.Integer, primary_key=True))", "op.drop_table('t')"),
    Rev("b2", "op.add_column('t', sa.Column('x', sa.Integer))", "op.drop_column('t', 'x')"),
]
HEAD = """
from alembic import context
from sqlalchemy import create_engine, engine_from_config, pool, text
config = context.config
url = config.get_main_option("sqlalchemy.url")
engine = create_engine(url, poolclass=pool.NullPool)
"""
FUTURE = HEAD.replace("NullPool)", "NullPool, future=True)")
SHAPES = {
    "begin": HEAD
    + """
with engine.begin() as connection:
    context.configure(connection=connection)
    context.run_migrations()
""",
    "begin, and begin_transaction": HEAD
    + """
with engine.begin() as connection:
    context.configure(connection=connection)
    with context.begin_transaction():
        context.run_migrations()
""",
    "begin around everything": HEAD
    + """
with engine.connect() as connection:
    with connection.begin():
        context.configure(connection=connection)
        with context.begin_transaction():
            context.run_migrations()
""",
    "begin after configure": HEAD
    + """
with engine.connect() as connection:
    context.configure(connection=connection)
    with connection.begin():
        context.run_migrations()
""",
    "a statement before configure": FUTURE
    + """
with engine.connect() as connection:
    connection.execute(text("SET statement_timeout = '20s'"))
    context.configure(connection=connection)
    with context.begin_transaction():
        context.run_migrations()
""",
    "a commit at the end": FUTURE
    + """
with engine.connect() as connection:
    connection.execute(text("SELECT 1"))
    context.configure(connection=connection)
    context.run_migrations()
    connection.commit()
""",
    "a session": FUTURE
    + """
from sqlalchemy.orm import Session
with Session(engine) as session:
    session.execute(text("SELECT 1"))
    context.configure(connection=session.connection())
    with context.begin_transaction():
        context.run_migrations()
    session.commit()
""",
    "a transaction object": HEAD
    + """
connection = engine.connect()
transaction = connection.begin()
try:
    context.configure(connection=connection)
    context.run_migrations()
    transaction.commit()
except:
    transaction.rollback()
    raise
finally:
    connection.close()
""",
    "autocommit": HEAD.replace("NullPool)", "NullPool, isolation_level='AUTOCOMMIT')")
    + """
with engine.connect() as connection:
    context.configure(connection=connection)
    with context.begin_transaction():
        context.run_migrations()
""",
    "no transactional ddl": HEAD
    + """
with engine.connect() as connection:
    context.configure(connection=connection, transactional_ddl=False)
    with context.begin_transaction():
        context.run_migrations()
""",
    "positional and own callback": HEAD
    + """
def applied(ctx, step, heads, run_args):
    print("applied", step.up_revision_id)
with engine.connect() as connection:
    context.configure(connection, on_version_apply=applied, transaction_per_migration=False)
    with context.begin_transaction():
        context.run_migrations()
""",
}


@pytest.mark.parametrize("shape", SHAPES)
def test_shapes_of_env_py(bridge: Bridge, make_project, pg_database, shape):
    project = make_project(url=pg_database.url(), env=SHAPES[shape], revisions=TWO)
    found = bridge.probe(project)
    found.finished
    assert [t.pending for t in found.targets] == [("a1", "b2")]
    assert pg_database.fetch("select count(*) from pg_tables where schemaname = 'public'") == [(0,)]
    played = bridge(project)
    played.finished
    assert played.committed == ["a1", "b2"]
    assert versions(pg_database) == ["b2"]
    assert pg_database.fetch("select x from t") == []
    if shape == "positional and own callback":
        assert played.lines == ["applied a1", "applied b2"]
    if shape == "autocommit":
        assert any("AUTOCOMMIT" in notice for notice in found.notices)
        assert all(s.autocommit for s in played.statements())
    project.add_revision("c3", upgrade="op.execute('create table y (i int)')\nop.execute('select 1/0')")
    failed = bridge(project)
    assert "division by zero" in failed.why
    assert versions(pg_database) == ["b2"]
    assert (tables(pg_database) == {"t"}) is (shape != "autocommit")


@pytest.mark.parametrize("template", ["generic", "async"])
@pytest.mark.parametrize("driver", ["psycopg", "psycopg2", "asyncpg", "sqlite"])
def test_templates_and_drivers(bridge: Bridge, make_project, pg_database, template, driver):
    if driver != "sqlite" and driver not in (SYNC_DRIVERS if template == "generic" else ASYNC_DRIVERS):
        pytest.skip(f"{driver} is not for {template} here")
    url = None if driver == "sqlite" else pg_database.url(driver)
    project = make_project(template=template, url=url, revisions=TWO)
    found = bridge.probe(project)
    found.finished
    if driver == "sqlite":
        assert not project.database_file.exists()
        assert found.targets[0].target.parameters.keywords == {"database": str(project.database_file)}
    else:
        target = found.targets[0].target
        assert target.database == pg_database.name and target.heads is None
        assert str(target.version_table) == "public.alembic_version"
    database = project.database_file if driver == "sqlite" else pg_database
    bridge(project).finished
    assert versions(database) == ["b2"]
    bridge(project, direction="downgrade", destination="base").finished
    assert versions(database) == []


@pytest.mark.skipif(not OLD_SQLALCHEMY, reason="SQLAlchemy 1.4 only: a connection without commit()")
@pytest.mark.parametrize("future", [True, False])
def test_future_and_legacy_engines(bridge: Bridge, make_project, pg_database, future):
    project = make_project(
        url=pg_database.url(),
        revisions=TWO,
        env=(FUTURE if future else HEAD) + SHAPES["begin"].removeprefix(HEAD),
    )
    bridge(project).finished
    assert versions(pg_database) == ["b2"]


TENANTS = (
    HEAD
    + """
with engine.connect() as connection:
    for tenant in ("north", "south"):
        connection.execute(text("CREATE SCHEMA IF NOT EXISTS " + tenant))
        connection.execute(text("SET search_path TO " + tenant + ", public"))
        getattr(connection, "commit", lambda: None)()
        connection.dialect.default_schema_name = tenant
        context.configure(connection=connection)
        with context.begin_transaction():
            context.run_migrations()
"""
)
MAPPED = (
    HEAD
    + """
with engine.connect() as plain:
    for tenant in ("north", "south"):
        plain.execute(text("CREATE SCHEMA IF NOT EXISTS " + tenant))
        getattr(plain, "commit", lambda: None)()
        connection = plain.execution_options(schema_translate_map={None: tenant})
        context.configure(connection=connection, version_table_schema=tenant)
        with context.begin_transaction():
            context.run_migrations()
"""
)


@pytest.mark.parametrize("env", [TENANTS, MAPPED], ids=["search_path", "schema_translate_map"])
def test_a_tenant_loop_on_an_empty_database(bridge: Bridge, make_project, pg_database, env):
    # schema_translate_map reaches what alembic makes of tables, not its ALTERs
    revisions = [TWO[0], Rev("b2", "op.create_table('u', sa.Column('id', sa.Integer))")]
    project = make_project(url=pg_database.url(), env=env, revisions=revisions)
    for expected in (("a1", "b2"), ()):
        found = bridge.probe(project)
        found.finished
        where = [(str(t.target.version_table), t.pending) for t in found.targets]
        assert where == [("north.alembic_version", expected), ("south.alembic_version", expected)]
        assert len(found.notices) == 2 and all("CREATE SCHEMA" in n for n in found.notices)
        if expected:
            assert pg_database.fetch("select 1 from pg_namespace where nspname in ('north', 'south')") == []
            played = bridge(project)
            played.finished
            assert played.committed == ["a1", "b2"] * 2
            assert [str(t.target.version_table) for t in played.targets] == [w for w, _ in where]
    for tenant in ("north", "south"):
        assert versions(pg_database, f"{tenant}.alembic_version") == ["b2"]
        assert tables(pg_database, tenant) == {"t", "u"}


def test_a_version_table_of_another_name_and_schema(bridge: Bridge, make_project, pg_database):
    env = (
        HEAD
        + """
with engine.begin() as connection:
    connection.execute(text('CREATE SCHEMA IF NOT EXISTS "Ops"'))
with engine.connect() as connection:
    context.configure(connection=connection, version_table="Done", version_table_schema="Ops")
    with context.begin_transaction():
        context.run_migrations()
"""
    )
    project = make_project(url=pg_database.url(), env=env, revisions=TWO)
    assert str(bridge.probe(project).targets[0].target.version_table) == "Ops.Done"
    bridge(project).finished
    assert versions(pg_database, '"Ops"."Done"') == ["b2"]
    again = bridge.probe(project).targets[0]
    assert (again.pending, again.target.heads) == ((), ("b2",))


@pytest.mark.parametrize("two_phase", [False, True])
def test_the_multidb_template(bridge: Bridge, make_project, make_pg_database, two_phase):
    one, two = make_pg_database(), make_pg_database()
    revisions = [
        Rev(
            "a1",
            {
                "one": "op.execute('create table t1 (id int)')",
                "two": "op.execute('create table t2 (id int)')",
            },
        )
    ]
    project = make_project(
        template="multidb",
        url={"one": one.url(), "two": two.url()},
        revisions=revisions,
        ini=lambda text: (
            text.replace("databases = engine1, engine2", "databases = one, two")
            .replace("[engine1]", "[one]")
            .replace("[engine2]", "[two]")
        ),
        env=lambda text: text.replace("USE_TWOPHASE = False", f"USE_TWOPHASE = {two_phase}"),
    )
    found = bridge.probe(project)
    found.finished
    assert [t.target.database for t in found.targets] == [one.name, two.name]
    played = bridge(project)
    played.finished
    assert (tables(one), tables(two)) == ({"t1"}, {"t2"})
    assert versions(one) == versions(two) == ["a1"]
    assert any("two phases" in notice for notice in played.notices) is two_phase


def test_an_env_py_that_writes_first_is_named_and_skipped(bridge: Bridge, make_project, pg_database):
    env = (
        HEAD
        + """
from sqlalchemy import Column, Integer, MetaData, Table
metadata = MetaData()
seen = Table("seen", metadata, Column("id", Integer, primary_key=True))
with engine.begin() as connection:
    connection.execute(text("CREATE SCHEMA IF NOT EXISTS ops"))
    metadata.create_all(connection)
    connection.execute(seen.insert(), [{"id": 1}, {"id": 2}])
    connection.execute(seen.insert().values(id=3))
    connection.execute(text("WITH n AS (INSERT INTO seen VALUES (4) RETURNING id) SELECT * FROM n"))
    connection.execute(text("DO $$ BEGIN CREATE TABLE done (id int); END $$"))
    connection.execute(text("/* note */ CALL nothing()")) if False else None
with engine.connect() as connection:
    context.configure(connection=connection)
    with context.begin_transaction():
        context.run_migrations()
"""
    )
    project = make_project(url=pg_database.url(), env=env, revisions=TWO)
    found = bridge.probe(project)
    found.finished
    assert tables(pg_database) == set()
    said = "\n".join(found.notices)
    for words in (
        "CREATE SCHEMA IF NOT EXISTS ops",
        "CREATE TABLE seen",
        "INSERT INTO seen",
        "WITH n",
        "DO ",
    ):
        assert words in said
    assert f"{project.env}:" in said
    bridge(project).finished
    assert tables(pg_database) == {"t", "seen", "done"}
    assert pg_database.fetch("select count(*) from seen") == [(4,)]


WRITES = {
    "a function": "connection.execute(text(\"select setval('s', 7)\"))",
    "the driver": "raw = engine.raw_connection()\nraw.cursor().execute('create table w (id int)')\nraw.commit()",
    "its own connection": "c = DRIVER.connect(DSN)\nc.cursor().execute('create table w (id int)')\nc.commit()",
}


@pytest.mark.parametrize("how", WRITES)
def test_a_write_that_cannot_be_skipped_is_refused_and_named(bridge: Bridge, make_project, pg_database, how):
    pg_database.fetch("create sequence s")
    dsn = " ".join(f"{k}={v}" for k, v in pg_database.keywords.items())
    body = WRITES[how].replace("DRIVER", DEFAULT_DRIVER).replace("DSN", repr(dsn))
    env = (
        HEAD
        + f"import {DEFAULT_DRIVER}\n"
        + "with engine.connect() as connection:\n"
        + "\n".join("    " + line for line in body.splitlines())
        + SHAPES["begin"].removeprefix(HEAD)
    )
    project = make_project(url=pg_database.url(), env=env, revisions=TWO)
    found = bridge.probe(project)
    assert found.failed
    assert "read-only" in found.failed.message, found.failed
    assert f"{project.env}:" in found.failed.message
    assert pg_database.fetch("select last_value from s") == [(1,)]
    assert tables(pg_database) == set()


SOMETIMES = """
import os, sys
from pathlib import Path
flag = Path(__file__).parent / "flag"
"""


def test_an_env_py_that_swallows_a_failure(bridge: Bridge, make_project, pg_database):
    for end in ("", "\n    context.run_migrations()"):
        env = (
            HEAD
            + f"""
with engine.connect() as connection:
    context.configure(connection=connection)
    try:
        with context.begin_transaction():
            context.run_migrations()
    except Exception:
        pass{end}
"""
        )
        project = make_project(
            url=pg_database.url(), env=env, revisions=[*TWO, Rev("c3", "op.execute('select 1/0')")]
        )
        played = bridge(project, on=lambda worker, m: _stop_second(worker, m))
        assert played.failed, played
        assert played.of(StepFailed)
        assert versions(pg_database) == ["b2"]


def _stop_second(worker, message):
    from alembic_safe.bridge.messages import TargetFound

    if isinstance(message, TargetFound) and message.target.ordinal == 1:
        worker.stop("env.py asked twice")
        return True
    return None


@pytest.mark.parametrize("end", ["return_", "exit"])
def test_an_env_py_that_runs_nothing(bridge: Bridge, make_project, end):
    project = make_project(env="x = 1" if end == "return_" else "raise SystemExit(0)", revisions=TWO)
    played = bridge(project)
    assert played.failed
    assert "without asking alembic" in played.failed.message or "sys.exit(0)" in played.failed.message


def test_an_env_py_that_knows_only_offline(bridge: Bridge, make_project):
    env = "from alembic import context\ncontext.configure(url='postgresql://', dialect_name='postgresql')\n"
    played = bridge.probe(make_project(env=env, revisions=TWO))
    assert played.failed and "without a connection" in played.failed.message


def test_statements_of_an_environment_have_lines_and_rows(bridge: Bridge, make_project, pg_database):
    body = "op.execute('create table t (id int)')\nop.execute('insert into t values (1), (2)')"
    project = make_project(url=pg_database.url(), revisions=[Rev("a1", body)])
    played = bridge(project)
    first, second = [m.statement for m in played.of(StatementEnded)]
    text = (project.versions / "a1_revision.py").read_text().splitlines()
    for statement in (first, second):
        assert statement.source and statement.source.file.endswith("a1_revision.py")
        assert statement.sql.split()[0] in text[statement.source.line - 1]
        assert statement.duration is not None and 0 < statement.duration < 5
    assert second.rows == 2
