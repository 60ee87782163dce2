"""What belongs to a database itself and is in no dump of it: how it was made, settings, grants, limit, comment.

Source: PostgreSQL's documentation, pg_dump, "Notes" (what only `--create` writes), pg_database and
pg_db_role_setting.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import field
from typing import TYPE_CHECKING, Any

from alembic_safe.databases.postgresql.queries import query
from alembic_safe.errors import UnreachableError
from alembic_safe.quick import dataclass

if TYPE_CHECKING:
    from alembic_safe.databases.postgresql.database import PostgresDatabase

_PROVIDERS = {"c": "libc", "i": "icu", "b": "builtin"}
# Settings that hold a list of names: stored quoted already, and to be given element by element.
# Source: pg_dump's variable_is_guc_list_quote.
_LISTS = frozenset(
    {
        "local_preload_libraries",
        "search_path",
        "session_preload_libraries",
        "shared_preload_libraries",
        "temp_tablespaces",
        "unix_socket_directories",
    }
)


@dataclass(frozen=True, slots=True)
class Belongings:
    """`row` is the database's row of pg_database with names for oids; `settings` are (role or "", "name=value").

    `grants` are (grantor, grantee or "", privilege, grantable); `granted` False: nobody ever changed them.
    """

    row: dict[str, Any] = field(repr=False)
    settings: tuple[tuple[str, str], ...]
    grants: tuple[tuple[str, str, str, bool], ...]
    labels: tuple[tuple[str, str], ...]

    @property
    def granted(self) -> bool:
        return self.row.get("datacl") is not None


def belongings(database: PostgresDatabase, name: str) -> Belongings:
    """Those of the database called `name`. Raises `UnreachableError` when there is none."""
    rows = database.fetch(query("database_properties"), [name])
    if not rows:
        raise UnreachableError(
            f"there is no database {name} on {database.facts.address}", hint="See `psql --list`."
        )
    row, settings, grants, labels = rows[0]
    return Belongings(
        row,
        tuple((role, setting) for role, setting in settings),
        tuple((grantor, grantee, privilege, grantable) for grantor, grantee, privilege, grantable in grants),
        tuple((provider, label) for provider, label in labels),
    )


def create_statement(name: str, of: Belongings, *, own: bool = True) -> str:
    """CREATE DATABASE for an empty one that sorts, encodes and lies as `of` does; `own`: of the same owner.

    Without `own` it lies elsewhere where this role may create nothing in that tablespace.
    """
    row = of.row
    parts = [f"CREATE DATABASE {ident(name)} TEMPLATE template0"]
    if own:
        parts.append(f"OWNER {ident(row['owner'])}")
    parts.append(f"ENCODING {literal(row['encoding_name'])}")
    parts.append(f"LC_COLLATE {literal(row['datcollate'])} LC_CTYPE {literal(row['datctype'])}")
    provider = _PROVIDERS.get(row.get("datlocprovider", "c"), "libc")
    locale = row.get("datlocale", row.get("daticulocale"))
    if provider != "libc":
        parts.append(f"LOCALE_PROVIDER {provider}")
        parts.append(f"{'ICU' if provider == 'icu' else 'BUILTIN'}_LOCALE {literal(locale or '')}")
    if row.get("daticurules"):
        parts.append(f"ICU_RULES {literal(row['daticurules'])}")
    # Naming the one that template0's makes the default asks for rights that leaving it out does not
    # (createdb in src/backend/commands/dbcommands.c).
    if not row["tablespace_by_default"] and (own or row["tablespace_open"]):
        parts.append(f"TABLESPACE {ident(row['tablespace'])}")
    return " ".join(parts)


def statements(name: str, of: Belongings) -> Iterator[str]:
    """What gives the database `name` the settings, grants, limit, labels and comment of another."""
    row, database = of.row, ident(name)
    for role, setting in of.settings:
        whose = f"ROLE {ident(role)} IN DATABASE {database}" if role else f"DATABASE {database}"
        key, _, value = setting.partition("=")
        yield f"ALTER {whose} SET {ident(key)} TO {_value(key, value)}"
    if of.granted:
        yield f"REVOKE ALL ON DATABASE {database} FROM PUBLIC, {ident(row['owner'])}"
        for _, grantee, privilege, grantable in of.grants:
            to = ident(grantee) if grantee else "PUBLIC"
            more = " WITH GRANT OPTION" if grantable and grantee else ""
            yield f"GRANT {privilege} ON DATABASE {database} TO {to}{more}"
    yield f"ALTER DATABASE {database} CONNECTION LIMIT {int(row['datconnlimit'])}"
    yield f"ALTER DATABASE {database} IS_TEMPLATE {'true' if row['datistemplate'] else 'false'}"
    for provider, label in of.labels:
        yield f"SECURITY LABEL FOR {ident(provider)} ON DATABASE {database} IS {literal(label)}"
    comment = row["comment"]
    yield f"COMMENT ON DATABASE {database} IS {literal(comment) if comment is not None else 'NULL'}"


def ident(name: str) -> str:
    """`name` as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """`text` as an SQL literal, whatever standard_conforming_strings is."""
    quoted = text.replace("'", "''")
    return f" E'{quoted}'".replace("\\", "\\\\") if "\\" in quoted else f"'{quoted}'"


def _value(key: str, value: str) -> str:
    if key not in _LISTS:
        return literal(value)
    return ", ".join(literal(one) for one in _elements(value)) or "''"


def _elements(text: str) -> Iterator[str]:
    """The names of a stored list: `"$user", public` -> `$user`, `public`."""
    at = 0
    while at < len(text):
        while at < len(text) and text[at] in ", ":
            at += 1
        if at >= len(text):
            return
        if text[at] != '"':
            end = text.find(",", at)
            end = len(text) if end < 0 else end
            yield text[at:end].strip()
            at = end
            continue
        name, at = "", at + 1
        while at < len(text) and (text[at] != '"' or text[at : at + 2] == '""'):
            step = 2 if text[at] == '"' else 1
            name, at = name + text[at], at + step
        at += 1
        yield name
