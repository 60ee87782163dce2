"""Of which failures it is said that alembic alone may go another way."""

from __future__ import annotations

from alembic_safe.model.revisions import RevisionListing, Statement
from alembic_safe.workflow.beside import seen_beside


def listing(*own: bool, fault: str | None = None) -> RevisionListing:
    statements = tuple(
        Statement(n, "select 1", None, own_connection=one) for n, one in enumerate(own, start=1)
    )
    revision = type("Named", (), {"id": "b2"})()
    return RevisionListing(revision, "upgrade", statements, fault)


def test_only_of_one_that_failed_after_others_and_asked_beside() -> None:
    first, failed = listing(False), listing(False, True, fault="it broke")
    (said,) = seen_beside((first, failed))
    assert said.startswith("revision b2 asks over a connection of its own")
    assert seen_beside((failed,)) == [], "nothing was before it"
    assert seen_beside((first, listing(False, True))) == [], "it did not fail"
    assert seen_beside((first, listing(False, fault="it broke"))) == [], "it asked nobody else"
    assert seen_beside(()) == []
