"""Which code this is: a name that changes with the commit, the revision files, or what the models map.

A contract step is proven by what other code mapped, so two runs have to tell whether they were of one code.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from alembic_safe.bridge.messages import GraphRead
from alembic_safe.model.live import Mapped
from alembic_safe.workflow.changed import commit_of


def checkout_name(directory: Path, graph: GraphRead, mapped: Mapped | None) -> str:
    """The commit, where there is a repository to ask, and a digest of revisions and mapped tables."""
    digest = hashlib.sha256()
    for revision in sorted(graph.revisions, key=lambda one: one.id):
        digest.update(f"{revision.id}\0{revision.checksum}\0".encode())
    for name, columns in sorted((mapped or {}).items(), key=lambda one: str(one[0])):
        digest.update(f"{name}\0{','.join(sorted(columns))}\0".encode("utf-8", "replace"))
    return ":".join(filter(None, [commit_of(directory), digest.hexdigest()[:16]]))
