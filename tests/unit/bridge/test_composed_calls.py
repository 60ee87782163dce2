"""What calls that no row led to would send: composed from the source and from the names as they stood."""

from __future__ import annotations

import importlib.util
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import event
from sqlalchemy.dialects.postgresql import psycopg2
from sqlalchemy.pool import StaticPool

from alembic_safe.bridge.worker.locate import Locator
from alembic_safe.bridge.worker.unreached.watching import Watched
from alembic_safe.model.revisions import Composed, Statement

HEAD = """
import json
import datetime
import sqlalchemy as sa
import sqlalchemy.orm
from alembic import op

t = sa.table("t", sa.column("id", sa.Integer), sa.column("a", sa.String), sa.column("b", sa.String))
other = sa.Table("other", sa.MetaData(), sa.Column("id", sa.Integer), sa.Column("t_id", sa.Integer))
NAMES = ("t", "other")
MODELS = [(name, sa.table(name, sa.column("id", sa.Integer))) for name in NAMES]
"""


@pytest.fixture
def database() -> Iterator[sa.engine.Connection]:
    engine = sa.create_engine("sqlite://", poolclass=StaticPool, future=True)
    with engine.connect() as connection:
        connection.exec_driver_sql("create table t (id integer, a text, b text)")
        connection.exec_driver_sql("create table other (id integer, t_id integer)")
        yield connection
    engine.dispose()


def composed(database: Any, folder: Path, body: str, further: str = "") -> tuple[Composed, ...]:
    """What is composed for psycopg2 after `upgrade`, whose body this is, ran on the tables as they are."""
    return ran(database, folder, body, further, psycopg2.dialect())[0]


def ran(
    database: Any, folder: Path, body: str, further: str, dialect: Any
) -> tuple[tuple[Composed, ...], list[str]]:
    """What is composed, and the statements that were sent."""
    path = folder / "revision.py"
    path.write_text(
        HEAD
        + textwrap.dedent(further)
        + "\ndef upgrade():\n"
        + textwrap.indent(textwrap.dedent(body), "    ")
    )
    spec = importlib.util.spec_from_file_location("revision", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    locator, sent = Locator(str(path)), list[str]()
    watched = Watched.of(locator, "upgrade")

    def before(connection: Any, cursor: Any, sql: str, *_: Any) -> None:
        sent.append(sql)
        watched.statement(Statement(len(sent), sql, locator.here()))

    event.listen(database.engine, "before_cursor_execute", before)
    try:
        with Operations.context(MigrationContext.configure(database)):
            module.upgrade()
        return watched.end(dialect, str), sent
    finally:
        event.remove(database.engine, "before_cursor_execute", before)


def said(found: tuple[Composed, ...]) -> list[str]:
    return [" ".join(one.sql.split()) for one in found]


KNOWN = {
    "an update of each row": (
        "conn = op.get_bind()\nfor row in conn.execute(sa.select(t.c.id, t.c.a)):\n"
        "    data = json.loads(row.a)\n"
        "    conn.execute(t.update().where(t.c.id == row[0]).values(b=data['b']))",
        ["UPDATE t SET b=%(b)s WHERE t.id = %(param_1)s"],
    ),
    "a table of its own": (
        "mine = sa.table('t', sa.column('id'))\nfor row in op.get_bind().execute(mine.select()):\n"
        "    op.execute(mine.delete().where(mine.c.id == row.id + 1))",
        ["DELETE FROM t WHERE t.id = %(param_1)s"],
    ),
    "a type of the project's": (
        "mine = sa.table('t', sa.column('id', kind()))\nfor row in op.get_bind().execute(mine.select()):\n"
        "    op.execute(mine.delete().where(mine.c.id == row.id))",
        ["DELETE FROM t WHERE t.id = %(param_1)s"],
    ),
    "values that are no rows'": (
        "for row in op.get_bind().execute(t.select()):\n"
        "    op.execute(t.insert().values(id=row[0], a='x', b=datetime.datetime.now().isoformat()))",
        ["INSERT INTO t (id, a, b) VALUES (%(id)s, %(a)s, %(b)s)"],
    ),
    "a name that is bound again": (
        "conn = op.get_bind()\nstmt = sa.select(t.c.id)\nfor row in conn.execute(stmt):\n"
        "    stmt = t.delete().where(t.c.id == row[0])\n    op.execute(stmt)",
        ["DELETE FROM t WHERE t.id = %(param_1)s"],
    ),
    "bound again after a use": (
        "conn, found = op.get_bind(), []\nfor row in conn.execute(sa.select(t.c.id)):\n"
        "    found.append({'i': row.id})\n"
        "stmt = sa.update(t).where(t.c.id == sa.bindparam('i')).values(a=None)\n"
        "if found:\n    conn.execute(stmt, found)\n"
        "stmt = sa.delete(other)\nif found:\n    conn.execute(stmt)",
        ["UPDATE t SET a=%(a)s WHERE t.id = %(i)s", "DELETE FROM other"],
    ),
    "a loop over what is written down": (
        "session = sa.orm.Session(bind=op.get_bind())\nfor name, model in MODELS:\n"
        "    for row in session.query(model):\n"
        "        session.execute(model.delete().where(model.c.id == row[0]))",
        ["DELETE FROM other WHERE other.id = %(param_1)s", "DELETE FROM t WHERE t.id = %(param_1)s"],
    ),
    "a mapping that is written down": (
        "conn = op.get_bind()\nfor row in conn.execute(sa.select(t)):\n"
        "    for old, new in {'a': 'x', 'b': 'y'}.items():\n"
        "        conn.execute(t.update().where(t.c.id == row.id).values({old: new}))",
        ["UPDATE t SET a=%(a)s WHERE t.id = %(param_1)s", "UPDATE t SET b=%(b)s WHERE t.id = %(param_1)s"],
    ),
    "a table of what was reflected": (
        "conn, meta = op.get_bind(), sa.MetaData()\nmeta.reflect(conn)\nmine = meta.tables['other']\n"
        "for row in conn.execute(sa.select(mine.c.id)):\n"
        "    conn.execute(sa.update(mine).where(mine.c.id == row.id).values(t_id=3))",
        ["UPDATE other SET t_id=%(t_id)s WHERE other.id = %(param_1)s"],
    ),
    "bound where it was tried": (
        "try:\n    conn = op.get_bind()\n    mine = sa.Table('other', sa.MetaData(), autoload_with=conn)\n"
        "except Exception:\n    print('no')\n    raise\n"
        "for row in conn.execute(sa.select(mine.c.id)):\n    conn.execute(mine.delete())",
        ["DELETE FROM other"],
    ),
    "parameters of a text": (
        "conn = op.get_bind()\nfor row in conn.execute(sa.select(t)):\n"
        "    conn.execute(sa.text('delete from t where id = :id').params({'id': row.id}))",
        ["delete from t where id = %(id)s"],
    ),
    "one of two that the call chooses": (
        "conn, upper = op.get_bind(), False\ncase = sa.func.upper if upper else sa.func.lower\n"
        "for row in conn.execute(sa.select(t)):\n    op.execute(t.update().values(a=case(row.a)))",
        ["UPDATE t SET a=lower(%(param_1)s)"],
    ),
    "a lambda": (
        "conn = op.get_bind()\nchange = lambda table, id: "
        "op.execute(table.update().where(table.c.id == id).values(id=2))\n"
        "for row in conn.execute(sa.select(t)):\n    change(t, row.id)\n    change(other, row.id)",
        [
            "UPDATE other SET id=%(id)s WHERE other.id = %(param_1)s",
            "UPDATE t SET id=%(id)s WHERE t.id = %(param_1)s",
        ],
    ),
    "many at once": (
        "rows = [{'id': row.id, 't_id': 1} for row in op.get_bind().execute(sa.select(t))]\n"
        "op.bulk_insert(other, rows)",
        ["INSERT INTO other (id, t_id) VALUES (%(id)s, %(t_id)s)"],
    ),
    "IN and a condition of several": (
        "conn = op.get_bind()\nids = [row.id for row in conn.execute(sa.select(t))]\nif ids:\n"
        "    conn.execute(t.update().where(sa.and_(t.c.id.in_(ids), t.c.a == 'x')).values(a=sa.func.lower(t.c.a)))",
        ["UPDATE t SET a=lower(t.a) WHERE t.id IN (%(param_1)s) AND t.a = %(a_1)s"],
    ),
    "text put together": (
        "conn, name = op.get_bind(), 'other'\nfor row in conn.execute(sa.select(t)):\n"
        "    conn.execute(sa.text(f'delete from {name} where id = :id'), {'id': row.id})",
        ["delete from other where id = %(id)s"],
    ),
}


@pytest.mark.parametrize("name", KNOWN)
def test_what_the_source_composes_is_told(name: str, database: Any, tmp_path: Path) -> None:
    body, expected = KNOWN[name]
    further = "def kind():\n    return sa.Integer()\n"
    assert sorted(said(composed(database, tmp_path, body, further))) == sorted(expected)


@pytest.mark.parametrize("name", KNOWN)
def test_it_is_what_rows_have_the_revision_send(name: str, database: Any, tmp_path: Path) -> None:
    further = "def kind():\n    return sa.Integer()\n"
    found, without = ran(database, tmp_path, KNOWN[name][0], further, database.dialect)
    for table in ("t (id, a) values (1, '{\"b\": 2}')", "other (id) values (1)"):
        database.exec_driver_sql(f"insert into {table}")
    _, with_rows = ran(database, tmp_path, KNOWN[name][0], further, database.dialect)
    assert {one.sql for one in found} == set(with_rows) - set(without)


UNKNOWN = {
    "the table": "for row in conn.execute(sa.select(t)):\n    conn.execute(sa.table(row.a, sa.column('x')).delete())",
    "the text": "for row in conn.execute(sa.select(t)):\n    conn.execute(sa.text(f'drop table {row.a}'))",
    "the columns": "for row in conn.execute(sa.select(t)):\n    conn.execute(t.update().values({row.a: 1}))",
    "all values": "for row in conn.execute(sa.select(t)):\n    conn.execute(t.update().values(**json.loads(row.a)))",
    "the condition": "for row in conn.execute(sa.select(t)):\n    conn.execute(t.delete().where(make(row)))",
    "one column": "for row in conn.execute(sa.select(t)):\n    conn.execute(t.delete().where(t.c[row.a] == 1))",
    "what was added row by row": (
        "parts = []\nfor row in conn.execute(sa.select(t)):\n    parts.append(t.c.id == row.id)\n"
        "if parts:\n    conn.execute(t.delete().where(sa.or_(*parts)))"
    ),
    "a statement that rows grow": (
        "stmt = t.delete()\nfor row in conn.execute(sa.select(t)):\n    stmt = stmt.where(t.c.id != row.id)\n"
        "    found = True\nif 'found' in locals():\n    conn.execute(stmt)"
    ),
    "a name that rows gave": (
        "name = conn.execute(sa.select(t.c.a)).scalar() or 'other'\n"
        "for row in conn.execute(sa.select(t)):\n    conn.execute(sa.text(f'delete from {name}'))"
    ),
    "what a later turn binds": (
        "last = t\nfor row in conn.execute(sa.select(t)):\n    conn.execute(last.delete())\n    last = make(row)"
    ),
    "bound where it was tried, or not": (
        "mine = t\ntry:\n    mine = other\nexcept Exception:\n    print('no')\n"
        "for row in conn.execute(sa.select(t)):\n    conn.execute(mine.delete())"
    ),
    "a table that rows name": (
        "name = conn.execute(sa.select(t.c.a)).scalar() or 'other'\nmine = sa.table(name, sa.column('id'))\n"
        "for row in conn.execute(sa.select(t)):\n    conn.execute(mine.delete())"
    ),
    "what a function makes of rows": (
        "mine = made(conn)\nfor row in conn.execute(sa.select(t)):\n    conn.execute(mine.delete())"
    ),
    "which of two": (
        "for row in conn.execute(sa.select(t)):\n    conn.execute(t.delete() if row.a else other.delete())"
    ),
    "what another function gives": ("for row in conn.execute(sa.select(t)):\n    conn.execute(make(row))"),
}


@pytest.mark.parametrize("name", UNKNOWN)
def test_a_statement_that_rows_are_part_of_is_not_told(name: str, database: Any, tmp_path: Path) -> None:
    further = "def make(row):\n    return sa.true()\n"
    further += "def made(conn):\n    name = conn.execute(sa.select(t.c.a)).scalar()\n    return sa.table(name or 't')\n"
    found = said(composed(database, tmp_path, "conn = op.get_bind()\n" + UNKNOWN[name], further))
    assert [sql for sql in found if not sql.startswith("SELECT")] == []


def test_through_functions_that_ran_and_such_that_did_not(database: Any, tmp_path: Path) -> None:
    further = """
    def table_of(conn, name):
        return sa.Table(name, sa.MetaData(), autoload_with=conn)

    def clean(name, column):
        conn = op.get_bind()
        table = sa.Table(name, sa.MetaData(), autoload_with=conn)
        for row in conn.execute(table.select()):
            write(conn, row)
            op.execute(table.update().where(table.c.id == row.id).values({column: None}))

    def write(conn, row, into=other):
        conn.execute(into.insert().values(t_id=row.id))

    def outer(conn):
        conn.execute(t.select())
        a_name_of_its_own = "t"
        found = sa.Table("other", sa.MetaData(), autoload_with=conn)
        for row in conn.execute(found.select()):
            inner(found, row.id)

    def downgrade():
        inner(table_of(op.get_bind(), "t"), 3)

    def inner(table, id):
        op.execute(table.delete().where(table.c.id == id))
    """
    found = composed(
        database, tmp_path, "clean('t', 'a')\nclean('other', 't_id')\nouter(op.get_bind())", further
    )
    assert sorted(said(found)) == [
        "DELETE FROM other WHERE other.id = %(param_1)s",
        "INSERT INTO other (t_id) VALUES (%(t_id)s)",
        "UPDATE other SET t_id=%(t_id)s WHERE other.id = %(param_1)s",
        "UPDATE t SET a=%(a)s WHERE t.id = %(param_1)s",
    ]


def test_a_call_comes_after_what_ran_before_it(database: Any, tmp_path: Path) -> None:
    further = (
        "def fill(conn):\n    for row in conn.execute(sa.select(t)):\n        conn.execute(t.delete())\n"
    )
    body = "conn = op.get_bind()\nop.execute('delete from t')\nfill(conn)\nop.execute('drop table t')"
    found = composed(database, tmp_path, body, further)
    assert [(one.sql, one.after) for one in found] == [("DELETE FROM t", 2)]


def test_nothing_is_composed_where_no_rows_were_read(database: Any, tmp_path: Path) -> None:
    assert composed(database, tmp_path, "if not NAMES:\n    op.execute(t.delete())") == ()
