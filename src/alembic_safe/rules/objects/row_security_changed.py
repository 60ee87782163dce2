"""Row level security and its policies."""

from __future__ import annotations

import re
from collections.abc import Iterator

from alembic_safe.model.facts import LockMode, Name, Reading
from alembic_safe.model.findings import Severity
from alembic_safe.rules import code
from alembic_safe.rules.looking import actions, concerns, on_table
from alembic_safe.rules.place import Place, same
from alembic_safe.rules.rule import Hit, Rule

_SWITCHES = ("enable row security", "force row security", "disable row security", "no force row security")
_COMMANDS = ("select", "insert", "update", "delete")
_FOR = re.compile(r"\bfor\s+(all|select|insert|update|delete)\b")
_HIDES_NOTHING = re.compile(r"\busing\s*\(\s*true\s*\)(?!.*\bwith\s+check\s*\(\s*(?!true\s*\)))", re.DOTALL)
_TO = re.compile(r"\bto\s+([\w\", ]+?)\s*(?=\busing\b|\bwith\s+check\b|$)")
_CHECKS_NOTHING = re.compile(r"\bwith\s+check\s*\(\s*true\s*\)")


def _look(place: Place) -> Iterator[Hit]:
    for _, table, action in actions(place, *_SWITCHES):
        on = action.kind in _SWITCHES[:2]
        if on and not _has_policy(place, table):
            yield Hit(
                f"every row of {table} is hidden from all but its owner: there is no policy yet",
                code.execute(f"CREATE POLICY ... ON {code.ident(table)} USING (...)")
                + code.execute(f"ALTER TABLE {code.ident(table)} ENABLE ROW LEVEL SECURITY"),
                (table,),
                mode=LockMode.ACCESS_EXCLUSIVE,
            )
        elif on and not _open_to_all(place, table):
            yield Hit(
                f"running code sees and writes only the rows of {table} that a policy gives its role",
                "# try it as the application's role first\n"
                + code.CONTRACT
                + code.execute(place.reading.text),
                (table,),
                mode=LockMode.ACCESS_EXCLUSIVE,
            )
        else:
            seen = "other rows" if on else "all rows"
            yield Hit(f"running code sees {seen} of {table}", objects=(table,), severity=Severity.WARNING)
    for reading in place.readings:
        found = on_table(reading)
        if reading.kind in ("create policy", "alter policy", "drop policy") and found and place.old(found):
            if reading.target is not None and place.absent(reading, reading.target.name):
                continue
            yield Hit(
                f"running code may see or write other rows of {found}",
                "# try it as the application's role\n",
                (found,),
                mode=LockMode.ACCESS_EXCLUSIVE,
                severity=None if _hides(place, reading) else Severity.WARNING,
            )


def _hides(place: Place, reading: Reading) -> bool:
    """Whether rows go out of sight: a policy that restricts, or one that is dropped for good."""
    if reading.kind == "create policy":
        return _restricts(reading)
    table = on_table(reading)
    if reading.kind != "drop policy" or reading.target is None or table is None:
        return reading.kind == "drop policy"
    return not any(
        made.kind == "create policy" and concerns(made, reading.target.name, table)
        for later in _later(place)
        for made in later.readings
    )


def _open_to_all(place: Place, table: Name) -> bool:
    """Whether policies of this transaction, or made before it, leave every row to everybody, by each command."""
    made = [
        reading.text.lower()
        for other in (*place.before_in_revision(), *_later(place))
        for reading in other.readings
        if reading.kind == "create policy" and same(on_table(reading), table) and not _restricts(reading)
    ]
    roles = {right.rpartition(" ")[0] for right in place.before.rights_of(table)}
    return all(_reaches([text for text in made if _opens(text, command)], roles) for command in _COMMANDS)


def _reaches(policies: list[str], roles: set[str]) -> bool:
    """Whether there are some, and for every role that is known to have rights there. Without TO one is for all."""
    given: set[str] = set()
    for policy in policies:
        named = _TO.search(policy)
        given |= {one.strip().strip('"') for one in named.group(1).split(",")} if named else {"public"}
    return bool(policies) and ("public" in given or roles <= given)


def _opens(policy: str, command: str) -> bool:
    """Whether a policy's text lets this command reach every row. Without FOR it is for all of them."""
    said = _FOR.search(policy)
    if said is not None and said.group(1) not in ("all", command):
        return False
    return (_CHECKS_NOTHING if said is not None and said.group(1) == "insert" else _HIDES_NOTHING).search(
        policy
    ) is not None


def _restricts(policy: Reading) -> bool:
    return re.search(r"\bas\s+restrictive\b", policy.text, re.IGNORECASE) is not None


def _has_policy(place: Place, table: Name) -> bool:
    """Whether a policy on it is made in this transaction, or earlier in the plan."""
    return any(
        reading.kind == "create policy" and same(on_table(reading), table) and not _restricts(reading)
        for one in (*place.whole.places[: place.position], *_later(place))
        for reading in one.readings
    )


def _later(place: Place) -> Iterator[Place]:
    """What runs later in the same transaction."""
    for later in place.after_in_revision() if place.in_transaction else ():
        if later.command.transaction == place.command.transaction:
            yield later


RULE = Rule(
    id="row-security-changed",
    severity=Severity.ERROR,
    hazard="breaks application",
    summary="ROW LEVEL SECURITY that is enabled or forced, a policy that goes; others that change (a warning).",
    why=(
        "Without a policy nobody but the owner sees a row, and with one only those that it gives. Each of these takes "
        "ACCESS EXCLUSIVE for an instant and changes what running queries return; what hides rows is a contract step."
    ),
    recipe=(
        "op.execute('CREATE POLICY own ON orders USING (owner = current_user)')\n"
        "op.execute('ALTER TABLE orders ENABLE ROW LEVEL SECURITY')\n"
    ),
    covers=("row-security-changed",),
    look=_look,
    contract=True,
)
