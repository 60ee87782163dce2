"""Files of revisions that this checkout does not have, looked for in its git repository. Reads, and writes nothing."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from alembic_safe.bridge.messages import GraphRead
from alembic_safe.model.recovery import LostRevision
from alembic_safe.recovery.lost import down_revisions
from alembic_safe.workflow.changed import branches_with, content_at, last_commit_with


def found_in_git(lost: Sequence[LostRevision], graph: GraphRead, directory: Path) -> tuple[LostRevision, ...]:
    """The same, with the commit that last had the file, and whether its text is the one that was run."""
    folders = {Path(revision.path).parent for revision in graph.revisions} or {directory}
    known = {revision.id for revision in graph.revisions}
    return tuple(_looked_for(one, sorted(folders), known) for one in lost)


def _looked_for(one: LostRevision, folders: Sequence[Path], known: set[str]) -> LostRevision:
    # as alembic's template writes it, with or without the type
    pattern = f"^revision.*=.*[\"']{re.escape(one.revision)}[\"']"
    for folder in folders:
        found = last_commit_with(pattern, folder)
        text = content_at(*found, folder) if found is not None else None
        if found is not None and text is not None:
            follows = one.follows or down_revisions(text)
            meets = one.meets or (follows if set(follows) <= known else ())
            digest = hashlib.sha256(os.fsencode(text)).hexdigest()
            return replace(
                one,
                commit=found[0],
                path=found[1],
                same=digest == one.checksum,
                follows=follows,
                leads_here=bool(meets),
                meets=meets,
                branches=branches_with(found[0], folder),
            )
    return one
