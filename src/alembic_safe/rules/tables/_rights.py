"""Rights that a relation's roles lose when another one takes its name."""

from __future__ import annotations

from collections.abc import Collection

from alembic_safe.model.facts import Name
from alembic_safe.rules import code
from alembic_safe.rules.place import Place, same

READING, WRITING = ("select",), ("select", "insert", "update", "delete")


def lost(place: Place, made: Place, name: Name, privileges: Collection[str]) -> tuple[str, ...]:
    """Rights of these that were given before `place` and are not given again after `made` in its transaction.

    Each is "role privilege"; what is given to PUBLIC every role has.
    """
    again = {
        f"{a.name} {a.value}"
        for later in (made, *made.after_in_revision())
        if later.command.transaction == made.command.transaction
        for reading in later.readings
        if reading.kind == "grant"
        and ("all tables in schema" in reading.flags or any(same(o.name, name) for o in reading.objects))
        for a in reading.actions
        if a.kind == "right"
    }
    held = [right.rpartition(" ") for right in sorted(place.before.rights_of(name))]
    return tuple(
        f"{role} {privilege}"
        for role, _, privilege in held
        if privilege in privileges and not {f"{role} {privilege}", f"public {privilege}"} & again
    )


def said(rights: tuple[str, ...]) -> str:
    """In words: "app (SELECT, INSERT), kiosk (SELECT)"."""
    by_role: dict[str, list[str]] = {}
    for role, _, privilege in (right.rpartition(" ") for right in rights):
        by_role.setdefault(role, []).append(privilege.upper())
    return ", ".join(f"{role} ({', '.join(each)})" for role, each in by_role.items())


def given_again(rights: tuple[str, ...], name: Name) -> str:
    """Their GRANTs, as alembic code."""
    by_role: dict[str, list[str]] = {}
    for role, _, privilege in (right.rpartition(" ") for right in rights):
        by_role.setdefault(role, []).append(privilege.upper())
    return "".join(
        code.execute(f"GRANT {', '.join(each)} ON {code.ident(name)} TO {code.ident(Name(role))}")
        for role, each in by_role.items()
    )
