"""Roles, databases, server settings, tablespaces, subscriptions: what no dump of the database holds."""

from __future__ import annotations

from collections.abc import Iterator

from alembic_safe.model.facts import Reading
from alembic_safe.model.findings import Severity
from alembic_safe.rules.place import Place
from alembic_safe.rules.rule import Hit, Rule

_OTHERS_USE = {
    "alter system": "every session gets the new setting at the next reload, and nothing takes it back",
    "alter database": "every new session on the database gets it, the application's first",
    "drop role": "whoever logs in as it is refused",
    "drop database": "",
    "drop tablespace": "",
    "alter tablespace": "what is planned and stored there changes for every database of the server",
    "create subscription": "its worker writes into tables in use from the commit on",
    "alter subscription": "rows stop or begin to arrive in tables in use",
    "drop subscription": "rows stop arriving in tables in use",
    "drop event trigger": "DDL is no longer watched by it",
    "alter event trigger": "DDL is no longer watched by it as it was",
    "grant role": "",
    "revoke role": "who worked through the role is refused from the commit on (42501)",
    "drop user mapping": "queries of the foreign tables behind it fail at once",
    "alter user mapping": "queries of the foreign tables behind it go on as somebody else, or fail",
    "alter server": "queries of the foreign tables behind it go elsewhere at once",
    "alter foreign data wrapper": "queries of the foreign tables behind it go elsewhere at once",
}
_WARNED = {
    "create event trigger": "every later DDL statement of anybody runs it, with its errors",
    "reassign owned": "the former owner loses all rights that were not granted to it",
    "alter text search configuration": "searches find other rows from the commit on; indexes over it stay as they were",
    "alter text search dictionary": "searches find other rows from the commit on; indexes over it stay as they were",
    "load": "the session runs code of a library from here on",
    "import foreign schema": "which tables it makes is known to the other server only",
}


def _look(place: Place) -> Iterator[Hit]:
    for reading in place.readings:
        what = _OTHERS_USE.get(reading.kind, "") or _role(reading)
        risk = _WARNED.get(reading.kind, "")
        named = tuple(o.name for o in reading.objects)
        kind = reading.kind.partition(" ")[2]
        if (what or risk) and not any(place.made(kind, name) for name in named):
            yield Hit(
                what or risk,
                "# by hand or by what manages the server, not by a revision: no downgrade and no backup of the\n"
                "# database brings it back\n",
                named,
                severity=None if what else Severity.WARNING,
            )


def _role(reading: Reading) -> str:
    """ALTER ROLE: what sessions of the role meet."""
    if reading.kind != "alter role":
        return ""
    words = " ".join(a.value or a.kind for a in reading.actions).lower()
    return f"the next session of the role meets it ({words.split('password')[0].strip() or 'a new password'})"


RULE = Rule(
    id="cluster-object-changed",
    severity=Severity.ERROR,
    hazard="breaks application",
    summary="A role, database, server setting, subscription, foreign server or event trigger changes.",
    why=(
        "They belong to the server or to what is around the database: a dump of the database does not hold them, a "
        "restore does not bring them back, another database of the same server feels them, and a test database "
        "rarely has them. Making a role or a server is harmless; changing one that is in use is not."
    ),
    recipe="# by what manages the server, for example its configuration in the infrastructure's repository\n",
    look=_look,
)
