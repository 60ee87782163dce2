"""Commands that write the whole table again."""

from __future__ import annotations

from collections.abc import Iterator

from alembic_safe.model.facts import LockMode
from alembic_safe.model.findings import Severity
from alembic_safe.rules.looking import actions, rewrites
from alembic_safe.rules.place import Place
from alembic_safe.rules.rule import Hit, Rule

_ACTIONS = ("set logged", "set unlogged", "set tablespace", "set access method")
_RECIPE = (
    "# never on a table in use: pg_repack does it beside the application, or, in an agreed hour,\n"
    "#   alembic-safe upgrade --maintenance='agreed for 03:00'\n"
)


def _look(place: Place) -> Iterator[Hit]:
    whole = place.reading.kind in ("cluster", "vacuum")
    kinds = [a.kind for _, _, a in actions(place, *_ACTIONS)]
    yield from _moved(place)
    if not whole and not kinds:
        return
    bare = (
        whole
        and not place.reading.objects
        and (place.reading.kind == "cluster" or "full" in place.reading.flags)
    )
    found = rewrites(place)
    names = tuple(dict.fromkeys(r.object.name for r in found))
    if not found and not bare:
        return
    lost = "; after a crash it is empty, and replicas do not have it" if "set unlogged" in kinds else ""
    yield Hit(
        f"writes {', '.join(map(str, names)) or 'every table'} again while every read and write waits{lost}",
        _RECIPE,
        names,
        work=names,
        mode=LockMode.ACCESS_EXCLUSIVE,
    )


def _moved(place: Place) -> Iterator[Hit]:
    """An index, a materialized view or a whole tablespace that is copied to another one."""
    for reading in place.readings:
        kinds = {action.kind for action in reading.actions}
        target = reading.target
        if "move all in tablespace" in kinds:
            yield Hit(
                "copies everything in the tablespace while every read and write of it waits",
                _RECIPE,
                mode=LockMode.ACCESS_EXCLUSIVE,
            )
        elif "set tablespace" in kinds and reading.kind in ("alter index", "alter materialized view"):
            of = place.before.index(target.name) if target is not None else None
            if target is not None and place.old(of.table if of is not None else target.name):
                yield Hit(
                    f"copies {target.name} while every statement that would use it waits",
                    _RECIPE,
                    (target.name,),
                    mode=LockMode.ACCESS_EXCLUSIVE,
                )


RULE = Rule(
    id="table-rewritten",
    severity=Severity.ERROR,
    hazard="rewrite",
    summary="CLUSTER, VACUUM FULL, SET LOGGED or UNLOGGED, SET TABLESPACE, SET ACCESS METHOD.",
    why=(
        "A new copy of the table and its indexes is written under ACCESS EXCLUSIVE, and as WAL besides. UNLOGGED gives "
        "up the rows after a crash and on replicas."
    ),
    recipe=_RECIPE,
    covers=("table-logged-switch", "cluster-or-vacuum-full", "tablespace-or-access-method"),
    look=_look,
)
