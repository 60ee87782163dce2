"""Runs the queries of the journal, which stand in queries/*.sql, on a database of either kind.

In the files, tables are `journal.NAME` and values `:name`; both are put into the form that the driver takes.
`journal.own_run` are the runs of one database, in a file that several share.
A file `NAME.postgresql.sql` or `NAME.sqlite.sql` goes before `NAME.sql`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime, timezone
from functools import cached_property, lru_cache
from pathlib import Path

from alembic_safe.errors import AlembicSafeError
from alembic_safe.model.protocols import Database, Rows
from alembic_safe.model.runs import Origin
from alembic_safe.model.targets import Dialect

_FOLDER = Path(__file__).parent / "queries"
_TABLE = re.compile(r"\bjournal\.(?=\w)")
_VALUE = re.compile(r"(?<![:\w]):([a-z_]+)")
# a run without an origin is older than that knowledge: it may be of any
_OWN_RUNS = """(SELECT one.* FROM journal.run AS one LEFT JOIN journal.run_origin AS made ON made.run = one.id
 WHERE made.run IS NULL
    OR (CASE WHEN made.system <> '' AND :own_system <> '' THEN made.system = :own_system
             ELSE made.address = :own_address END
        AND (made.named = :own_name OR made.oid = :own_oid)))"""
_OFTEN = frozenset({"begin_step", "end_step"})  # once a revision: to plan them takes longer than to run them
_LIST_SIZE = 500  # an SQLite before 3.32 takes 999 values in a statement


class Store:
    """The tables of one journal. `schema` None: an SQLite file's.

    `utf8` False: the server cannot hold every character, and those outside ASCII are escaped.
    """

    def __init__(
        self,
        database: Database,
        *,
        schema: str | None,
        utf8: bool = True,
        origin: Callable[[], Origin] | None = None,
    ) -> None:
        """`origin` tells which database the journal is asked about, where that is known."""
        self.database = database
        self._origin = origin
        # only the runs of that database are read: those of others may be there too
        self.own = False
        self.dialect: Dialect = "sqlite" if schema is None else "postgresql"
        self._prefix = "main." if schema is None else quoted(schema) + "."
        self._encoding = "utf-8" if utf8 else "ascii"

    @cached_property
    def origin(self) -> Origin | None:
        """The database that the journal is asked about; None where that is not known."""
        return self._origin() if self._origin is not None else None

    def run(self, name: str, **values: object) -> None:
        """Run the query `name` for its effect. A file of several commands is run command by command."""
        commands = _load(name, self.dialect, self._prefix, self.own)
        for sql, names in commands:
            self.database.execute(sql, self._given(names, values), often=name in _OFTEN)

    def rows(self, name: str, **values: object) -> Rows:
        """The rows of the query `name`."""
        ((sql, names),) = _load(name, self.dialect, self._prefix, self.own)
        return self.database.fetch(sql, self._given(names, values))

    def rows_in(self, name: str, listed: Sequence[str], **values: object) -> Rows:
        """The rows of the query `name`, whose `:list` stands for `listed`."""
        ((sql, names),) = _load(name, self.dialect, self._prefix, self.own)
        own = tuple(one for one in names if one.startswith("own_"))
        found: Rows = []
        for at in range(0, len(listed), _LIST_SIZE):
            part = {f"v{i}": value for i, value in enumerate(listed[at : at + _LIST_SIZE])}
            places = ", ".join(f"%({key})s" if self.dialect == "postgresql" else f":{key}" for key in part)
            whole = sql.replace("%(list)s" if self.dialect == "postgresql" else ":list", places)
            found += self.database.fetch(whole, self._given((*part, *values, *own), {**part, **values}))
        return found

    def change(self, name: str, **values: object) -> None:
        """Run the query `name`, which changes exactly one row; that there was one is made sure of."""
        ((sql, names),) = _load(name, self.dialect, self._prefix, self.own)
        given = self._given(names, values)
        if self.dialect == "postgresql":
            changed = bool(self.database.fetch(sql + "\nRETURNING 1", given, often=name in _OFTEN))
        else:  # RETURNING needs SQLite 3.35
            self.database.execute(sql, given)
            changed = self.database.fetch("SELECT changes()") == [(1,)]
        if not changed:
            shown = {k: v for k, v in values.items() if k in ("run", "step", "ordinal")}
            raise AlembicSafeError(f"the journal has no row for {name.replace('_', ' ')} with {shown}")

    @contextmanager
    def transaction(self, *, begin: str = "BEGIN") -> Iterator[None]:
        """All that is run inside is committed together, or nothing of it."""
        self.database.execute(begin)
        try:
            yield
        except BaseException:
            with suppress(AlembicSafeError):  # the connection is lost, or the database ended it by itself
                self.database.execute("ROLLBACK")
            raise
        self.database.execute("COMMIT")

    def clean(self, value: object) -> object:
        """`value` as this database can hold it: no NUL, no lone surrogate; times as its driver takes them."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, datetime) and self.dialect == "sqlite":
            return value.astimezone(timezone.utc).isoformat()
        return value

    def text(self, value: str) -> str:
        """`value` with what the database cannot hold written as an escape."""
        escaped = value.replace("\0", "\\x00") if "\0" in value else value
        return escaped.encode(self._encoding, "backslashreplace").decode(self._encoding)

    def _given(self, names: tuple[str, ...], values: dict[str, object]) -> dict[str, object]:
        known = {**values, **_own_values(self.origin)} if self.own else values
        return {name: self.clean(known[name]) for name in names}


def quoted(name: str) -> str:
    """`name` as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def sqlstate(error: BaseException | None) -> str | None:
    """The SQLSTATE that a driver's error, or the error it was wrapped in, carries."""
    while error is not None:
        state = getattr(error, "sqlstate", None)
        if isinstance(state, str):
            return state
        error = error.__cause__
    return None


def _own_values(origin: Origin | None) -> dict[str, object]:
    if origin is None:
        return {}
    return {
        "own_system": origin.system,
        "own_address": origin.address,
        "own_name": origin.name,
        "own_oid": origin.oid,
    }


@lru_cache(maxsize=128)
def _load(
    name: str, dialect: Dialect, prefix: str, own: bool = False
) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """The commands of a query, each with the names of its values in the order of their appearance."""
    path = _FOLDER / f"{name}.{dialect}.sql"
    if not path.exists():
        path = _FOLDER / f"{name}.sql"
    lines = [line for line in path.read_text(encoding="utf-8").splitlines() if not line.startswith("--")]
    whole = "\n".join(lines).replace("journal.own_run", _OWN_RUNS if own else "journal.run")
    text = _TABLE.sub(lambda _: prefix, whole)
    commands = [command.strip() for command in text.split(";\n")]
    return tuple(_command(command, dialect) for command in commands)


def _command(sql: str, dialect: Dialect) -> tuple[str, tuple[str, ...]]:
    names = tuple(dict.fromkeys(_VALUE.findall(sql)))
    return (_VALUE.sub(r"%(\1)s", sql) if dialect == "postgresql" else sql), names
