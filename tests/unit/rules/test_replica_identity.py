"""Which rows a published table can name."""

from __future__ import annotations

import pytest

from alembic_safe.model.catalog import Catalog, CatalogColumn, CatalogTable
from alembic_safe.model.facts import Constraint, Name
from alembic_safe.rules import judge
from alembic_safe.sql import seeded
from alembic_safe.workflow.judging import judged
from tests.unit.rules.plans import listing, rules

PUBLISH = "CREATE PUBLICATION p FOR TABLE t"
BARE, KEYED = "CREATE TABLE t (a int NOT NULL);", "CREATE TABLE t (a int PRIMARY KEY);"


@pytest.mark.parametrize(
    ("base", "stops"),
    [
        (BARE, True),
        (KEYED, False),
        (BARE + "ALTER TABLE t REPLICA IDENTITY DEFAULT", True),
        (KEYED + "ALTER TABLE t REPLICA IDENTITY DEFAULT", False),
        (KEYED + "ALTER TABLE t REPLICA IDENTITY NOTHING", True),
        (BARE + "ALTER TABLE t REPLICA IDENTITY FULL", False),
        (BARE + "CREATE UNIQUE INDEX i ON t (a); ALTER TABLE t REPLICA IDENTITY USING INDEX i", False),
    ],
)
def test_a_table_that_is_published_needs_an_identity(base: str, stops: bool) -> None:
    assert ("publication-changed" in rules([PUBLISH], base=base)) is stops


@pytest.mark.parametrize(("base", "stops"), [(BARE, True), (KEYED, False)])
def test_default_is_none_without_a_key(base: str, stops: bool) -> None:
    change = "ALTER TABLE t REPLICA IDENTITY DEFAULT"
    full = base + "ALTER TABLE t REPLICA IDENTITY FULL"
    assert ("published-table-changed" in rules([change], base=full)) is stops


@pytest.mark.parametrize(("identity", "stops"), [("", False), ("nothing", True), ("full", False)])
def test_the_target_says_what_it_has(identity: str, stops: bool) -> None:
    key = Constraint("primary key", "t_pkey", ("a",))
    table = CatalogTable(
        Name("t"),
        columns=(CatalogColumn("a", "integer", not_null=True),),
        constraints=(key,),
        replica_identity=identity,
    )
    plan = judged([listing(1, [PUBLISH])], version=17, schema=seeded(Catalog((table,))), sources={"r1": ""})
    assert ("publication-changed" in {f.rule for f in judge(plan)}) is stops


def test_options_leave_the_tables_of_a_publication_alone() -> None:
    assert rules(["ALTER PUBLICATION p SET (publish = 'insert, update, delete, truncate')"]) == [
        "publication-changed"
    ]
