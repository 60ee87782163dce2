"""Rows of the server's own catalog that a revision writes."""

from __future__ import annotations

from collections.abc import Iterator

from alembic_safe.model.findings import Severity
from alembic_safe.rules.looking import of_the_catalog
from alembic_safe.rules.place import Place
from alembic_safe.rules.rule import Hit, Rule

_WRITES = frozenset(
    {"insert", "update", "delete", "merge", "truncate table", "alter table", "select", "copy"}
)


def _look(place: Place) -> Iterator[Hit]:
    for reading in place.readings:
        if reading.kind not in _WRITES:
            continue
        for named in reading.objects:
            if named.role in ("written", "altered") and of_the_catalog(place, named.name):
                yield Hit(
                    f"writes {named.name} past every check: no lock is taken on what the row describes, nothing that "
                    "depends on it is asked, and sessions that have read it go on with what it said",
                    "# the ALTER that does it, in the steps that keep running code working\n",
                    (named.name,),
                )


RULE = Rule(
    id="system-catalog-written",
    severity=Severity.ERROR,
    hazard="data loss",
    summary="INSERT, UPDATE or DELETE on a table of the system catalog.",
    why=(
        "An enum value deleted from pg_enum stays in rows, which can then be neither read nor dumped; a length or NOT "
        "NULL written into pg_attribute is held to no row, and dumps and upgrades carry the contradiction on. It also "
        "takes a superuser, whom hosted servers do not give (docs: system catalogs)."
    ),
    recipe="op.alter_column('orders', 'note', type_=sa.String(200))  # wider: a change of the catalog alone\n",
    look=_look,
)
