"""Loops that rows decide about, the driver's own cursors, and what python copies into a table of its own."""

from __future__ import annotations

import textwrap

import pytest

from alembic_safe.model.revisions import Revision, RevisionListing, Source, Statement
from alembic_safe.rules import judge
from alembic_safe.workflow.as_it_ran import as_it_ran
from alembic_safe.workflow.judging import judged, replayed
from alembic_safe.workflow.loops import repeated
from alembic_safe.workflow.raw_cursors import past_capture
from alembic_safe.workflow.rowless import unseen

HEAD = "import sqlalchemy as sa\nfrom alembic import op\n\ndef upgrade():\n    bind = op.get_bind()\n"


def source(body: str) -> str:
    return HEAD + textwrap.indent(textwrap.dedent(body), "    ")


def marked(text: str, mark: str) -> set[int]:
    return {at for at, line in enumerate(text.splitlines(), start=1) if mark in line}


AGAIN = {
    "while": "while bind.execute(q).rowcount:  #again\n    pass",
    "while with a body": "while True:\n    done = bind.execute(q)  #again\n    if not done.rowcount: break",
    "over rows": "for row in bind.execute(q):  #r\n    bind.execute(u)  #again",
    "over a range": "top = bind.scalar(q)  #r\nn = top + 1\nfor low in range(n):\n    op.execute(f'{low}')  #again",
}


@pytest.mark.parametrize("body", AGAIN.values(), ids=list(AGAIN))
def test_a_loop_that_rows_decide_about_runs_any_number_of_times(body):
    text = source(body)
    assert marked(text, "#again") <= repeated(text, marked(text, "#r"))


ONCE = {
    "written out": "for name in ('a', 'b'):\n    bind.execute(u)",
    "catalog": "for name in sa.inspect(bind).get_table_names():\n    bind.execute(u)",
    "commits": "while bind.execute(q).rowcount:\n    bind.commit()",
    "says commit": "while True:\n    op.execute(u)\n    op.execute('COMMIT')",
    "block of its own": "while True:\n    with op.get_context().autocommit_block():\n        op.execute(u)",
    "after it": "for row in bind.execute(q):  #r\n    print(row)\n#\nbind.execute(u)  #after",
}


@pytest.mark.parametrize("body", ONCE.values(), ids=list(ONCE))
def test_other_loops_do_not(body):
    text = source(body)
    assert not repeated(text, marked(text, "#r")) - marked(text, "print")


PAST = {
    "held": ("c = bind.connection.cursor()\nc.execute('drop table t')", ["drop table t"]),
    "direct": ("bind.connection.cursor().execute('drop table t')", ["drop table t"]),
    "with": ("with bind.connection.cursor() as c:\n    c.execute(sql)", [None]),
    "values": ("c = bind.connection.cursor()\nexecute_values(c, 'insert t', rows)", ["insert t"]),
    "own connection": (
        "import psycopg\nwith psycopg.connect(url) as c:\n    c.execute('drop table t')", ["drop table t"]
    ),
    "taken by name": ("from psycopg2 import connect as dial\nc = dial(url)\nc.cursor().execute(sql)", [None]),
    "pool": (
        "import asyncpg\nasync def go():\n    pool = await asyncpg.create_pool(url)\n"
        "    async with pool.acquire() as c:\n        await c.execute('drop table t')\n"
        "        await c.fetch('select 1')\nasyncio.run(go())",
        ["drop table t"],
    ),
    "an engine's": ("with engine.connect() as c:\n    c.execute(sa.text('drop table t'))", []),
    "reads": ("c = bind.connection.cursor()\nc.execute('select 1')\nc.execute('show server_version')", []),
    "sqlalchemy's": ("bind.execute(sa.text('drop table t'))\nop.execute('drop table t')", []),
    "another dialect": (
        "if bind.dialect.name == 'mysql':\n    c = bind.connection.cursor()\n    c.execute('drop table t')",
        [],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("body", "executed"), PAST.values(), ids=list(PAST))
def test_what_a_cursor_of_the_driver_executes_is_told(body, executed):
    other = "\n\ndef downgrade():\n    op.get_bind().connection.cursor().execute('drop table never')\n"
    assert [one.sql for one in past_capture(source(body) + other, "upgrade", seen=())] == executed


COPIES = {
    "bulk": ("bulk_insert", "op.bulk_insert(n, [dict(row) for row in rows])", True),
    "insert": ("insert", "bind.execute(n.insert(), [dict(row) for row in rows])", True),
    "core": ("core", "bind.execute(sa.insert(n).values(x=rows))", True),
    "other table": ("other", "op.bulk_insert(old, [dict(row) for row in rows])", False),
    "update": ("update", "bind.execute(n.update().values(x=rows))", False),
}


@pytest.mark.parametrize(("_", "write", "quiet"), COPIES.values(), ids=list(COPIES))
def test_rows_copied_to_a_table_of_this_revision_are_no_matter(_, write, quiet):
    text = source(f"n = op.create_table('n')  #s\nrows = bind.execute(q).all()  #r\nif rows:\n    {write}")
    reads = marked(text, "#r")
    assert (not unseen(text, "upgrade", seen=reads | marked(text, "#s"), reads=reads)) is quiet


def test_small_changes_that_a_loop_repeats_are_judged_as_one_change(tmp_path):
    text = source("while bind.execute(Q).rowcount:\n    pass\n")
    path = tmp_path / "r1.py"
    path.write_text(text)
    revision = Revision("r1", (), (), (), "", str(path), "0" * 64)
    few = "UPDATE t SET a = 1 WHERE id IN (SELECT id FROM t WHERE a IS NULL LIMIT 50)"
    for autocommit, stops in ((False, True), (True, False)):
        ran = RevisionListing(
            revision, "upgrade", (Statement(1, few, Source(str(path), 6), autocommit=autocommit),)
        )
        shown = as_it_ran(RevisionListing(revision, "upgrade", not_inspectable="x"), ran, "17")
        base = RevisionListing(
            revision, "upgrade", (Statement(1, "CREATE TABLE t (id int PRIMARY KEY, a int)", None),)
        )
        found = judge(judged([shown], version=17, schema=replayed([base]), sources={"r1": text}))
        assert ("backfill-in-one-statement" in {one.rule for one in found}) is stops


def test_what_never_ran_commits_by_itself_in_an_autocommit_block(tmp_path):
    body = """
    with op.get_context().autocommit_block():
        if bind.execute(q).scalar():  #r
            op.execute('drop index concurrently i')
        op.execute('create index concurrently i on t (a)')  #s
    """
    text = source(body)
    path = tmp_path / "r1.py"
    path.write_text(text)
    revision = Revision("r1", (), (), (), "", str(path), "0" * 64)
    (read,), (made,) = marked(text, "#r"), marked(text, "#s")
    sent = (
        Statement(1, "select count(*) from t", Source(str(path), read), autocommit=True),
        Statement(2, "create index concurrently i on t (a)", Source(str(path), made), autocommit=True),
    )
    ran = RevisionListing(revision, "upgrade", sent)
    shown = as_it_ran(RevisionListing(revision, "upgrade", not_inspectable="x"), ran, "17")
    assert [(one.sql.split()[0], one.autocommit) for one in shown.statements] == [
        ("select", True),
        ("drop", True),
        ("create", True),
    ]


def test_tables_that_are_held_are_not_waited_for():
    revision = Revision("r1", (), (), (), "", "r1.py", "0" * 64)
    made = [f"CREATE TABLE {name} (id int PRIMARY KEY)" for name in "ab"]
    made.append("CREATE TABLE ab (a int REFERENCES a, b int REFERENCES b)")
    new = "CREATE TABLE ba (a int REFERENCES a, b int REFERENCES b)"
    base = RevisionListing(
        revision, "upgrade", tuple(Statement(n, sql, None) for n, sql in enumerate(made, start=1))
    )
    for before, told in ((("DROP TABLE ab",), False), ((), True)):
        sent = tuple(Statement(n, sql, None) for n, sql in enumerate((*before, new), start=1))
        shown = RevisionListing(revision, "upgrade", sent)
        found = judge(judged([shown], version=17, schema=replayed([base]), sources={}))
        assert ("several-old-tables-locked" in {one.rule for one in found}) is told
