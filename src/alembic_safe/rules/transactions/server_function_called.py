"""SELECT of a function of the server that does something to others."""

from __future__ import annotations

import re
from collections.abc import Iterator

from alembic_safe.model.findings import Severity
from alembic_safe.rules.place import Place
from alembic_safe.rules.rule import Hit, Rule

_ERRORS = {
    "pg_terminate_backend": "sessions of the application are cut off in the middle of their work (57P01)",
    "pg_cancel_backend": "statements of the application are cut off (57014)",
    "pg_drop_replication_slot": "the standby or subscriber that reads the slot can never go on from where it is",
    "pg_replication_slot_advance": "changes that the slot's reader did not get yet never arrive there",
    "pg_promote": "a standby becomes a primary of its own",
    "lo_unlink": "the large object is lost",
    "pg_advisory_lock": "it waits without bound for a lock of the application's own, and keeps it",
    "query_to_xml": "it runs SQL that is in a literal, which is not read",
    "query_to_xml_and_xmlschema": "it runs SQL that is in a literal, which is not read",
    "ts_stat": "it runs SQL that is in a literal, which is not read",
}
_WARNINGS = {
    "pg_create_logical_replication_slot": "the server keeps all WAL from here on until somebody reads the slot",
    "pg_create_physical_replication_slot": "the server keeps all WAL from here on until somebody reads the slot",
    "pg_reload_conf": "every session of the server reads its settings again",
    "pg_advisory_lock_shared": "it waits without bound for a lock of the application's own, and keeps it",
    "pg_stat_reset": "what was counted of the use of tables and indexes is forgotten",
}
_LONG = 1.0


def _look(place: Place) -> Iterator[Hit]:
    for reading in place.readings:
        for action in reading.actions:
            if action.kind != "call":
                continue
            name = (action.name or "").removeprefix("pg_catalog.")
            what, risk = _ERRORS.get(name, ""), _WARNINGS.get(name, "")
            if name.startswith("pg_sleep") and _seconds(action.value or "") >= _LONG:
                what = "every lock that the transaction holds by now is kept while it sleeps"
            if what or risk:
                yield Hit(
                    what or risk,
                    "# by hand, when it is needed; not in a revision\n",
                    (name,),
                    severity=None if what else Severity.WARNING,
                )


def _seconds(arguments: str) -> float:
    found = re.fullmatch(
        r"\s*'?(\d+(?:\.\d+)?)(?:\s*(s|sec|seconds?|m|minutes?|hours?))?'?.*", arguments, re.DOTALL
    )
    if found is None:
        return _LONG
    return float(found.group(1)) * {"m": 60, "h": 3600}.get((found.group(2) or "s")[0], 1)


RULE = Rule(
    id="server-function-called",
    severity=Severity.ERROR,
    hazard="breaks application",
    summary="A function of the server that ends sessions, drops slots, waits or runs SQL from a literal.",
    why=(
        "It reads like a query and is none: other sessions, replicas or the time that locks are held change (docs: "
        "System Administration Functions)."
    ),
    recipe="# let `upgrade` bound its own waits; what has to be ended is ended by a person\n",
    covers=("statements-after-exclusive-lock",),
    look=_look,
)
