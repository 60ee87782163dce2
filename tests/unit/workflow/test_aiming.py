"""Targets are named as `status` shows them, and told apart where that is not enough."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from alembic_safe.errors import UsageError
from alembic_safe.model.targets import ConnectParameters, Target, VersionTable
from alembic_safe.workflow.aiming import aimed, names_of


def _site(name: str, address: str, table: VersionTable | None = None) -> Any:
    parameters = ConnectParameters("postgresql", "psycopg", {"dbname": name})
    target = Target(0, "alembic", parameters, table or VersionTable(), ())
    return SimpleNamespace(target=target, database=SimpleNamespace(facts=SimpleNamespace(address=address)))


SITES = [
    _site("shop", "one:5432/shop"),
    _site("shop", "one:5432/shop", VersionTable(schema="tenant a")),
    _site("crm", "one:5432/crm"),
    _site("crm", "two:5432/crm"),
]


def test_every_target_has_a_name_of_its_own() -> None:
    names = names_of(SITES)
    assert names == ["shop", "shop [tenant a.alembic_version]", "one:5432/crm", "two:5432/crm"]
    assert [aimed(SITES, name) for name in names] == [[site] for site in SITES]
    assert aimed(SITES, None) == SITES
    # the address is a name for any
    assert aimed(SITES, "one:5432/shop") == SITES[:1]


@pytest.mark.parametrize(
    ("wanted", "said", "listed"),
    [
        (
            "shpo",
            "there is no target 'shpo'",
            "shop, 'shop [tenant a.alembic_version]', one:5432/crm, two:5432/crm.",
        ),
        ("crm", "several targets are called 'crm'", "takes one of: one:5432/crm, two:5432/crm."),
    ],
)
def test_a_wrong_label_is_one_error_that_lists_them(wanted: str, said: str, listed: str) -> None:
    with pytest.raises(UsageError) as caught:
        aimed(SITES, wanted)
    assert caught.value.message == said and caught.value.hint.endswith(listed)
