"""Databases that stand beside a target while it is restored: made, marked, sealed, found again, dropped.

A database of ours says so in its name and in its comment. One that is loaded and compared is sealed (nobody may
connect), so that a later command can trust what an interrupted one made.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import datetime, timezone
from typing import TYPE_CHECKING

from alembic_safe.databases.postgresql.belongings import (
    Belongings,
    belongings,
    create_statement,
    ident,
    literal,
)
from alembic_safe.databases.postgresql.queries import query
from alembic_safe.databases.postgresql.subscriptions import forget_subscriptions
from alembic_safe.errors import AlembicSafeError, RefusedError, UnreachableError
from alembic_safe.model.policies import ControlPolicy
from alembic_safe.model.targets import ConnectParameters
from alembic_safe.quick import dataclass

if TYPE_CHECKING:
    from alembic_safe.databases.postgresql.database import PostgresDatabase

RESTORE_APPLICATION = "alembic-safe/restore"
_MARK = re.compile(r"alembic-safe: (restoring|verified) (\S+) for (.*)", re.DOTALL)
_MARK_THAT_STAYS = re.compile(r"alembic-safe: (?:restoring|verified) \S+ beside (.*)", re.DOTALL)
_LONGEST = 63  # bytes of a name; the server cuts the rest off
_MAINTENANCE = ("postgres", "template1")


@dataclass(frozen=True, slots=True)
class Beside:
    """A database of ours: `ready` when it holds the whole backup, was compared, and nobody could enter since."""

    name: str
    backup: str
    ready: bool


@dataclass(frozen=True, slots=True)
class Mark:
    """What a database of ours is for. `stays`: it was asked for by name and is to remain. No deploy lock is held
    while it is made: that somebody is on it tells others to leave it alone."""

    backup: str
    target: str
    stays: bool = False

    def said(self, word: str) -> str:
        """The comment that says so, with how far it is: "restoring", "verified"."""
        return f"alembic-safe: {word} {self.backup} {'beside' if self.stays else 'for'} {self.target}"


def open_named(parameters: ConnectParameters, policy: ControlPolicy, name: str) -> PostgresDatabase:
    """Our own connection to another database of the same server. Raises `UnreachableError`."""
    from alembic_safe.databases.postgresql.connection import connect
    from alembic_safe.databases.postgresql.database import PostgresDatabase

    named = replace(parameters, keywords={**parameters.keywords, "dbname": name})
    keywords = None if policy.keywords is None else {**policy.keywords, "dbname": name}
    connected = connect(named, replace(policy, keywords=keywords), RESTORE_APPLICATION, read_only=False)
    return PostgresDatabase(connected)


def open_maintenance(
    parameters: ConnectParameters, policy: ControlPolicy, target: PostgresDatabase
) -> PostgresDatabase:
    """A connection to a database of the server that is not the target. Raises `RefusedError` if there is none."""
    said = []
    for name in _MAINTENANCE:
        if name == target.facts.database:
            continue
        try:
            control = open_named(parameters, policy, name)
        except UnreachableError as error:
            said.append(f"{name}: {error.message}")
            continue
        if _server(control) == _server(target):
            return control
        control.close()
        said.append(f"{name}: is on another server")
    raise RefusedError(
        f"a restore needs a second database on the server of {target.facts.address}, and there is none to be had",
        hint="Let the role connect to the database postgres: `GRANT CONNECT ON DATABASE postgres TO ...`.",
        detail="\n".join(said),
    )


def free_name(target: str, what: str, at: datetime) -> str:
    """A name for a database beside `target` that says what it is and since when; within 63 bytes.

    >>> free_name("shop", "before_restore", datetime(2026, 11, 22, 3, 15))
    'shop_before_restore_20261122t031500'
    """
    rest = f"_{what}_{at:%Y%m%dt%H%M%S}"
    cut = target.encode()[: _LONGEST - len(rest)].decode(errors="ignore")
    return cut + rest


def make(
    control: PostgresDatabase, name: str, like: Belongings, mark: Mark | None, *, own: bool = True
) -> None:
    """Make an empty database that sorts, encodes and lies as `like` does, and mark it as being restored.

    `own`: it gets the same owner; else this role's it is. Without a mark the caller puts it on with `put_on`.
    """
    control.execute(create_statement(name, like, own=own))
    if mark is not None:
        put_on(control, name, mark)


def put_on(control: PostgresDatabase, name: str, mark: Mark) -> None:
    """Mark a database as being restored."""
    _comment(control, name, mark.said("restoring"))


def seal(control: PostgresDatabase, name: str, mark: Mark) -> None:
    """Say that it is whole, and let nobody in from now on: in one transaction."""
    with _together(control):
        control.execute(f"ALTER DATABASE {ident(name)} ALLOW_CONNECTIONS false")
        _comment(control, name, mark.said("verified"))


def unseal(control: PostgresDatabase, name: str) -> None:
    """Let people in again; it is no longer known to be as it was compared."""
    control.execute(f"ALTER DATABASE {ident(name)} ALLOW_CONNECTIONS true")


def hand_over(control: PostgresDatabase, name: str, said: str) -> None:
    """Say in the comment of a database that stays that it is whole: it is no longer ours."""
    _comment(control, name, said)


@contextmanager
def _together(control: PostgresDatabase) -> Iterator[None]:
    control.execute("BEGIN")
    try:
        yield
    except BaseException:
        with suppress(AlembicSafeError):
            control.execute("ROLLBACK")
        raise
    control.execute("COMMIT")


def _comment(control: PostgresDatabase, name: str, said: str) -> None:
    control.execute(f"COMMENT ON DATABASE {ident(name)} IS {literal(said)}")


def drop(control: PostgresDatabase, name: str) -> None:
    """Drop a database of ours, with whoever is connected to it."""
    forget_subscriptions(control, name)
    control.execute(f"DROP DATABASE IF EXISTS {ident(name)} WITH (FORCE)")


def find_ours(control: PostgresDatabase, target: str) -> tuple[Beside, ...]:
    """What interrupted restores of `target` left. The deploy lock must be held: then nobody works on them."""
    rows = control.fetch(
        "SELECT datname::text, pg_catalog.shobj_description(oid, 'pg_database'), datallowconn"
        " FROM pg_catalog.pg_database ORDER BY 1"
    )
    any_time = datetime(2000, 1, 1, tzinfo=timezone.utc)
    cut = re.escape(free_name(target, "restoring", any_time).rpartition("_")[0])
    named = re.compile(rf"{cut}_\d{{8}}t\d{{6}}")
    found = []
    for name, comment, open_ in rows:
        mark = _MARK.fullmatch(comment or "")
        if mark is not None and mark[3] == target:
            found.append(Beside(name, mark[2], mark[1] == "verified" and not open_))
        elif comment is None and named.fullmatch(name):  # killed before it could be marked
            found.append(Beside(name, "", False))
    return tuple(found)


def remove_left(control: PostgresDatabase, target: str, *, also: str | None = None) -> tuple[str, ...]:
    """Drop what killed restores beside `target` left, and what any left under the name `also`; returns their names.

    Of others' databases none is dropped, nor one that anybody is connected to. Raises only for `also`.
    """
    removed = []
    for name, of in _left(control):
        if name != also and of != target:
            continue
        try:
            drop(control, name)
        except AlembicSafeError:
            if name == also:
                raise
            continue
        removed.append(name)
    return tuple(removed)


def is_left(control: PostgresDatabase, name: str) -> bool:
    """Whether it is what a killed restore beside left: its mark says that it is not whole, and nobody is on it."""
    return any(one == name for one, _ in _left(control))


def _left(control: PostgresDatabase) -> tuple[tuple[str, str], ...]:
    rows = control.fetch(query("left_beside"))
    marks = ((name, _MARK_THAT_STAYS.fullmatch(comment)) for name, comment in rows)
    return tuple((name, mark[1]) for name, mark in marks if mark is not None)


def what_stays(control: PostgresDatabase, name: str) -> tuple[tuple[str, str, str], ...]:
    """What is bound to the database and would not follow its name: (kind, name, more)."""
    return tuple((kind, one, more) for kind, one, more in control.fetch(query("what_stays"), {"name": name}))


def published(database: PostgresDatabase) -> tuple[str, ...]:
    """The publications of the database that `database` is connected to."""
    return tuple(
        str(row[0]) for row in database.fetch("SELECT pubname FROM pg_catalog.pg_publication ORDER BY 1")
    )


def sessions_on(control: PostgresDatabase, name: str) -> tuple[tuple[str, bool], ...]:
    """Who is connected to the database besides us: a phrase each, and whether this role may end it."""
    found = []
    for pid, user, application, host, began, endable in control.fetch(query("sessions_on"), [name]):
        if application.startswith("alembic-safe/"):
            continue
        where = f" from {host}" if host else ""
        since = f" since {began}" if began else ""  # hidden from a role without pg_read_all_stats
        found.append((f"pid {pid} {user}{where} ({application or 'no name'}){since}", endable))
    return tuple(found)


def in_use(control: PostgresDatabase, name: str) -> bool:
    """Whether anybody is connected to the database, another command of ours included."""
    return bool(control.fetch("SELECT 1 FROM pg_catalog.pg_stat_activity WHERE datname = %s LIMIT 1", [name]))


def missing_rights(control: PostgresDatabase, target: str) -> tuple[str, ...]:
    """What this role lacks to put another database in the target's place; empty: nothing."""
    superuser, createdb, owner, member, gives, has, tablespace, may_place = control.fetch(
        query("lacking_rights"), [target]
    )[0]
    if superuser:
        return ()
    needs = (
        (createdb, "CREATEDB"),
        (member, f"membership in {owner}, the owner of {target}"),
        (gives or not member, f"SET in its membership in {owner}, the owner of {target}"),
        (has or not member, f"INHERIT in its membership in {owner}, the owner of {target}"),
        (may_place, f"CREATE on the tablespace {tablespace}"),
    )
    lacking = [need for there, need in needs if not there]
    for role, setting in control.fetch(query("lacking_settings"), [target]):
        whose = f"role {role} in it" if role else "it"
        lacking.append(f"the right to set {setting} for {whose}")
    return tuple(lacking)


def acts_for(control: PostgresDatabase, owner: str) -> bool:
    """Whether this role can give a database to `owner` and go on to alter it: a superuser, or a member in full."""
    return bool(control.fetch(query("acts_for"), {"owner": owner})[0][0])


def unavailable(control: PostgresDatabase, extensions: tuple[str, ...]) -> tuple[str, ...]:
    """Those of the extensions that this server does not have."""
    rows = control.fetch("SELECT name::text FROM pg_catalog.pg_available_extensions")
    there = {row[0] for row in rows}
    return tuple(name for name in extensions if name not in there)


def exists(control: PostgresDatabase, name: str) -> bool:
    """Whether there is a database of that name."""
    return bool(control.fetch("SELECT 1 FROM pg_catalog.pg_database WHERE datname = %s", [name]))


def size(control: PostgresDatabase, name: str) -> int:
    """Its bytes on the server's disk; 0 where the role may not ask."""
    allowed = (
        "SELECT CASE WHEN pg_catalog.has_database_privilege(%(name)s, 'CONNECT')"
        " THEN pg_catalog.pg_database_size(%(name)s) ELSE 0 END"
    )
    return int(control.fetch(allowed, {"name": name})[0][0])


def free_room(control: PostgresDatabase) -> int | None:
    """Free bytes where the server keeps its data; None unless it is this machine and we are told where."""
    rows = control.fetch(
        "SELECT setting FROM pg_catalog.pg_settings"
        " WHERE name = 'data_directory' AND pg_catalog.inet_server_addr() IS NULL"
    )
    try:
        found = os.statvfs(str(rows[0][0])) if rows and rows[0][0] else None
    except OSError:  # a socket of another machine's or container's server, or a folder closed to us
        return None
    return None if found is None else found.f_bavail * found.f_frsize


def of(control: PostgresDatabase, name: str) -> Belongings:
    """The belongings of a database; see `belongings`."""
    return belongings(control, name)


def _server(database: PostgresDatabase) -> str:
    """The running server, whatever the database: the first two parts of its identity."""
    return "/".join(database.facts.server.split("/")[:2])
