"""What cannot be told apart on clones is refused."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from alembic_safe.errors import RefusedError
from alembic_safe.rehearsal.filling import Dumped
from alembic_safe.workflow import rehearsal_sources, rehearsed_upgrade


def site(server: str, name: str) -> Any:
    """A target on a server of its own."""
    facts = SimpleNamespace(server=server, dialect="postgresql", version_number=170000, address=server)
    database = SimpleNamespace(facts=facts, version_tables=list)
    return SimpleNamespace(database=database, target=SimpleNamespace(database=name), pending=("b2",))


@pytest.mark.parametrize("names", [("shop", "stock"), ("shop", "shop")])
def test_databases_of_one_name_on_two_servers_share_no_clone(
    monkeypatch: pytest.MonkeyPatch, names: tuple[str, str]
) -> None:
    sites = [site(server, name) for server, name in zip("ab", names, strict=True)]
    dumped = {id(one.database): Dumped(Path(one.database.facts.server), "18.1") for one in sites}
    monkeypatch.setattr(rehearsal_sources, "sizes_in_use", lambda database: {})
    monkeypatch.setattr(rehearsal_sources, "_dumped", lambda settings, database, *_: dumped[id(database)])
    monkeypatch.setattr(
        rehearsed_upgrade,
        "of_backup",
        lambda settings, manifest, name, *_, **__: rehearsal_sources.Origin("", None, None, {name: manifest}),
    )
    context = cast(Any, SimpleNamespace(settings=None, sink=None, tick=lambda database: None))

    def both() -> list[dict[str, Dumped]]:
        with ExitStack() as stack:
            schemas = rehearsal_sources._schemas(cast(Any, None), sites, stack, lambda: None)
            return [schemas.dumps, rehearsed_upgrade._origin(context, sites, cast(Any, dumped), stack).dumps]

    if len(set(names)) == 2:
        made = {name: dumped[id(one.database)] for name, one in zip(names, sites, strict=True)}
        schemas = {name: replace(one, sizes=()) for name, one in made.items()}
        assert both() == [schemas, made]
        return
    with pytest.raises(RefusedError, match="two databases called shop"):
        both()
    with pytest.raises(RefusedError, match="two databases called shop"):
        rehearsed_upgrade._origin(context, sites, cast(Any, dumped), ExitStack())
