"""Plans made of SQL, for tests of rules."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from alembic_safe.model.findings import Finding, GatePolicy, JudgedPlan
from alembic_safe.model.revisions import Revision, RevisionListing, Source, Statement
from alembic_safe.rules import judge
from alembic_safe.sql import Schema
from alembic_safe.workflow.judging import judged, replayed

Part = str | tuple[str, bool]
"""A statement, or with True one that commits on its own."""


def auto(sql: str) -> tuple[str, bool]:
    """A statement in an autocommit block."""
    return sql, True


def listing(number: int, parts: Sequence[Part], **more: Any) -> RevisionListing:
    """A revision `r<number>`; the n-th statement stands in line 10*n of `/r<number>.py`."""
    name = f"r{number}"
    revision = Revision(
        name, (f"r{number - 1}",) if number > 1 else (), (), (), name, f"/{name}.py", "0" * 64
    )
    statements = []
    for ordinal, part in enumerate(parts, start=1):
        sql, alone = part if isinstance(part, tuple) else (part, False)
        source = Source(revision.path, 10 * ordinal)
        statements.append(Statement(ordinal, sql, source, autocommit=alone))
    return RevisionListing(revision, "upgrade", tuple(statements), **more)


def history(sql: str) -> Schema:
    """The schema that these statements leave, all of it known."""
    return replayed([listing(0, [sql])] if sql else [])


def plan(
    *revisions: Sequence[Part], base: str = "", version: int = 17, sources: Iterable[str] = (), **more: Any
) -> JudgedPlan:
    """A plan of revisions r1, r2, ...; `sources` are their files' texts."""
    texts = {f"r{n}": text for n, text in enumerate(sources, start=1)}
    made = [listing(n, parts) for n, parts in enumerate(revisions, start=1)]
    return judged(made, version=version, schema=history(base), sources=texts, **more)


def findings(
    *revisions: Sequence[Part], live: Any = None, applying: bool = False, **more: Any
) -> list[Finding]:
    """What is found in such a plan and not allowed."""
    found = judge(plan(*revisions, **more), live=live, policy=GatePolicy(applying=applying))
    return [f for f in found if f.allowed is None]


def rules(*revisions: Sequence[Part], **more: Any) -> list[str]:
    """The ids of the rules that find something, each once, in order."""
    return list(dict.fromkeys(f.rule for f in findings(*revisions, **more)))
