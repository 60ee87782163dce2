"""What rows would have led to, told from the source and from the lines that issued something."""

from __future__ import annotations

import textwrap

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alembic_safe.workflow.rowless import unseen

HEAD = """
import sqlalchemy as sa
from alembic import op
from sqlalchemy.orm import Session
q = sa.select(t)
"""
READ = 'conn.execute(sa.text("select id from t"))'


def missed(body: str, *, further: str = "", ran: tuple[str, ...] = ()) -> list[tuple[str, str | None]]:
    """(source line, SQL) of what was not seen; lines that hold `#r` read rows, those with `#s` issued else."""
    text = HEAD + further + "\ndef upgrade():\n" + textwrap.indent(textwrap.dedent(body), "    ")
    lines = text.splitlines()
    reads = {at for at, line in enumerate(lines, start=1) if "#r" in line}
    seen = reads | {at for at, line in enumerate(lines, start=1) if "#s" in line}
    return [(lines[one.line - 1].strip(), one.sql) for one in unseen(text, "upgrade", seen=seen, reads=reads)]


LOOPS = {
    "a loop": "conn = op.get_bind()\nfor row in conn.execute(q):  #r\n    op.execute(f'drop table t{row.id}')",
    "held": "rows = conn.execute(q).all()  #r\nfor row in rows:\n    conn.execute(t.update().values(x=row.x))",
    "a list": (
        "ids = []\nfor row in conn.execute(q):  #r\n    ids.append(row.id)\nif ids:\n    conn.execute(t.delete())"
    ),
    "a branch": "count = conn.scalar(q)  #r\nif count > 0:\n    op.drop_table('t')",
    "early return": "rows = conn.execute(q).all()  #r\nif not rows:\n    return\nop.drop_column('t', 'x')",
    "bulk": "rows = conn.execute(q).all()  #r\nop.bulk_insert(t, [dict(id=row.id) for row in rows])",
    "comprehension": "[conn.execute(t.update(), dict(row)) for row in conn.execute(q).all()]",
    "while": (
        "rows = conn.execute(q).all()  #r\nwhile rows:\n    conn.execute(u, rows)\n    rows = conn.execute(q).all()"
    ),
    "query": "session = Session(bind=conn)\nfor one in session.query(T):  #r\n    one.x = 1\nsession.commit()",
    "helper of the app": "for row in conn.execute(q):  #r\n    migrate_row(conn, row)",
    "batch": (
        "for row in conn.execute(q):  #r\n    with op.batch_alter_table(row.name) as b:\n        b.drop_column('x')"
    ),
}


@pytest.mark.parametrize("name", LOOPS)
def test_what_rows_lead_to_is_found(name: str) -> None:
    body = LOOPS[name]
    if name == "comprehension":
        body += "  #r"
        assert missed(body) == []  # its one line did issue something: what it reads
        body = "[conn.execute(t.update(), dict(row))\n for row in conn.execute(q).all()]  #r"
    assert len(missed(body)) == 1, missed(body)


QUIET = {
    "prints": "for row in conn.execute(q):  #r\n    print(row)\n    conn.execute(sa.text('select 1 from t'))",
    "selects": "for row in conn.execute(q):  #r\n    conn.execute(sa.select(t).where(t.c.id == row.id)).all()",
    "dialect": "rows = conn.execute(q).all()  #r\nif conn.dialect.name == 'mysql':\n    op.drop_table('t')",
    "handler": "rows = conn.execute(q).all()  #r\ntry:\n    op.drop_table('t')  #s\nexcept E:\n    op.execute(x)",
    "reached": "if conn.scalar(q) == 0:  #r\n    op.drop_table('t')  #s",
    "seeded": (
        "session = Session(bind=conn)\nif session.query(T).first() is None:  #r\n    session.add(T())\n"
        "session.commit()  #s"
    ),
    "no reads": "for name in names:\n    op.drop_table(name)",
    "other function": "rows = conn.execute(q).all()  #r",
    "batch issued at its end": (
        "n = conn.scalar(q)  #r\nif n == 0:\n    with op.batch_alter_table('t') as b:  #s\n        b.drop_column('x')"
    ),
}


@pytest.mark.parametrize("name", QUIET)
def test_what_rows_do_not_decide_is_quiet(name: str) -> None:
    other = "def downgrade():\n    for row in op.get_bind().execute(q):\n        op.execute(row.sql)\n"
    assert missed(QUIET[name], further=other) == []


def test_sql_that_is_written_down_is_told() -> None:
    body = """
    for row in conn.execute(q):  #r
        conn.execute(sa.text("update t set x = :x, at = now()::date "
                             "where id = :id"), dict(row))
        conn.execute(UPDATE, dict(row))
        op.execute("drop table %s" % row.name)
        conn.exec_driver_sql("delete from t where a = ':b'")
    """
    further = "UPDATE = sa.text('delete from t where id = :id').bindparams(id=1)\n"
    assert [sql for _, sql in missed(body, further=further)] == [
        "update t set x = %(x)s, at = now()::date where id = %(id)s",
        "delete from t where id = %(id)s",
        None,
        "delete from t where a = ':b'",
    ]


def test_through_functions_of_the_file() -> None:
    further = """
def read(conn):
    return conn.execute(q).all()  #r

def write(conn, row):
    conn.execute(t.insert(), row)

def clean(things):
    for thing in things:
        op.drop_index(thing)

def never():
    for row in read(1):
        op.drop_table(row.name)
"""
    body = "conn = op.get_bind()\nfor row in read(conn):\n    write(conn, row)\nclean(read(conn))"
    assert [line for line, _ in missed(body, further=further)] == [
        "conn.execute(t.insert(), row)",
        "op.drop_index(thing)",
    ]


def test_text_that_is_no_python() -> None:
    assert unseen("def upgrade(:", "upgrade", seen={1}, reads={1}) == ()


@given(st.lists(st.sampled_from([*LOOPS.values(), *QUIET.values()]), max_size=4), st.sets(st.integers(1, 30)))
def test_never_says_a_line_that_issued_something(bodies: list[str], seen: set[int]) -> None:
    text = HEAD + "\ndef upgrade():\n    pass\n" + textwrap.indent("\n".join(bodies), "    ")
    assert not {one.line for one in unseen(text, "upgrade", seen=seen, reads=seen)} & seen


def test_a_name_is_that_of_its_function() -> None:
    further = "def first(conn):\n    name = conn.execute(q).scalar()  #r\n    print(name)\n"
    body = "first(op.get_bind())\nname = 't'\nif name:\n    op.drop_table(name)"
    assert missed(body, further=further) == []


def test_branches_for_another_dialect_are_left_out() -> None:
    body = """
    kind = conn.dialect.name
    for row in conn.execute(q):  #r
        if kind == 'mysql':
            op.execute(f'drop table a{row.id}')
        elif kind == 'postgresql':
            op.execute(f'drop table b{row.id}')
        else:
            op.execute(f'drop table c{row.id}')
    """
    assert [line for line, _ in missed(body)] == ["op.execute(f'drop table b{row.id}')"]
