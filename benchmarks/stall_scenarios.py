"""Revisions that hold an application up, each in a way of its own, on a table of a million rows."""

from __future__ import annotations

from dataclasses import dataclass

ROWS = 1_000_000
SETUP = (
    "create table customers (id int primary key, name text)",
    "insert into customers select g, 'name ' || g from generate_series(1, 10000) g",
    "create table orders (id int primary key, customer_id int, state text, note text)",
    f"insert into orders select g, g % 10000 + 1, 'new', repeat('x', 40) from generate_series(1, {ROWS}) g",
    "create index orders_customer on orders (customer_id)",
    "create table alembic_version (version_num varchar(32) primary key)",
    "vacuum analyze",
)
_ADD = "op.add_column('orders', sa.Column('extra', sa.Integer))\n"


@dataclass(frozen=True, slots=True)
class Scenario:
    """`holder` is a transaction of the application's that is open for `seconds` when the migration comes."""

    key: str
    what: str
    body: str
    holder: tuple[str, ...] = ()
    seconds: float = 0.0
    succeeds: bool | None = False  # None: it depends on the machine


SCENARIOS = (
    Scenario(
        "a",
        "an idle reader holds the table for 8 s",
        _ADD,
        ("select count(*) from orders where id < 10",),
        8.0,
        True,
    ),
    Scenario(
        "b",
        "int to bigint",
        "op.alter_column('orders', 'customer_id', type_=sa.BigInteger)\n"
        "op.alter_column('orders', 'id', type_=sa.BigInteger)\n",
        succeeds=None,
    ),
    Scenario(
        "c",
        "ADD COLUMN and an UPDATE of all rows",
        _ADD + "op.execute('update orders set extra = 1')\n",
        succeeds=None,
    ),
    Scenario(
        "d",
        "plain CREATE INDEX",
        "op.create_index('orders_note', 'orders', ['note', 'state', 'id'])\n",
        succeeds=None,
    ),
    Scenario(
        "e",
        "a foreign key between two busy tables",
        "op.create_foreign_key('orders_fk', 'orders', 'customers', ['customer_id'], ['id'],"
        " postgresql_not_valid=True)\n",
        ("update customers set name = name where id = 1", "update orders set note = note where id = 1"),
        3.0,
        True,
    ),
    Scenario("f", "SET NOT NULL", "op.alter_column('orders', 'note', nullable=False)\n", succeeds=None),
    Scenario("g", "ADD COLUMN, then a sleep in Python", _ADD + "import time\ntime.sleep(8)\n"),
    Scenario(
        "h",
        "ADD COLUMN, then a loop over rows",
        _ADD + "bind = op.get_bind()\n"
        "for (number,) in bind.execute(sa.text('select id from orders where id <= 20000')).fetchall():\n"
        "    bind.execute(sa.text('update orders set extra = 1 where id = :id'), {'id': number})\n",
        succeeds=None,
    ),
    Scenario(
        "i",
        "ADD COLUMN, then an error swallowed in a savepoint",
        _ADD + "bind = op.get_bind()\nfor _ in range(4):\n    try:\n        with bind.begin_nested():\n"
        "            op.execute('select pg_sleep(2)')\n            op.execute('select 1 / 0')\n"
        "    except Exception:\n        pass\n",
    ),
    Scenario(
        "j",
        "ADD COLUMN, then a call that holds the interpreter's lock",
        _ADD + "import re\nre.match('(a+)+$', 'a' * 27 + 'b')\n",
    ),
)
