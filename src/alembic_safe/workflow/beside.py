"""What a revision that fails may see otherwise under alembic alone: what others committed before it. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from alembic_safe.model.revisions import RevisionListing


def seen_beside(listings: Sequence[RevisionListing]) -> list[str]:
    """A sentence where the last revision failed, is not the first, and asked over a connection of its own.

    alembic has all revisions of an upgrade in one transaction unless env.py sets `transaction_per_migration`.
    """
    if len(listings) < 2:
        return []
    last = listings[-1]
    if last.not_inspectable is None or not any(one.own_connection for one in last.statements):
        return []
    return [
        f"revision {last.revision.id} asks over a connection of its own, which sees what the revisions before it"
        " committed; one `alembic upgrade` over them all has them in one transaction, unless env.py sets"
        " transaction_per_migration, and there that connection would see nothing of theirs"
    ]
