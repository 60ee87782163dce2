"""The probe: find every target that env.py configures, and what is pending there, changing nothing.

The sessions are read-only from their connect on. What env.py writes before alembic begins (CREATE SCHEMA
IF NOT EXISTS, mostly) is not executed but named, so that a plan can be shown all the same.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import event
from sqlalchemy.engine import Engine

from alembic_safe.bridge.messages import (
    EnvironmentNotice,
    GraphRead,
    Job,
    ModelsRead,
    RevisionListed,
    TargetFound,
)
from alembic_safe.bridge.worker import (
    emptiness,
    graph,
    models,
    project_faults,
    refusal,
    targets,
    transactions,
)
from alembic_safe.bridge.worker.history_digest import project_digest
from alembic_safe.bridge.worker.link import Link
from alembic_safe.bridge.worker.locate import Locator
from alembic_safe.bridge.worker.masking import mask_sql
from alembic_safe.bridge.worker.render import render

_WRITES = re.compile(
    r"\s*(?:--[^\n]*\n\s*|/\*.*?\*/\s*)*"
    r"(create|alter|drop|insert|update|delete|merge|truncate|grant|revoke|comment|refresh|reindex|vacuum|lock|do|call"
    r"|with\b.*\b(?:insert\s+into|update|delete\s+from|merge\s+into))\b",
    re.IGNORECASE | re.DOTALL,
)
_SCHEMA = re.compile(
    r"\bcreate\s+schema\s+(?:if\s+not\s+exists\s+)?(\"(?:[^\"]|\"\")+\"|[\w$]+)", re.IGNORECASE
)


class SkippedWrites:
    """Replaces writing statements of env.py by `select 1` and says so, once for each place."""

    def __init__(self, link: Link, env_py: str) -> None:
        self._link = link
        self._locator = Locator(env_py)
        self._told: set[tuple[str, int]] = set()
        # schemas that env.py would have made by now; the name as the server folds it
        self.schemas: set[str] = set()

    def install(self) -> None:
        event.listen(Engine, "before_cursor_execute", self._before, retval=True)

    def _before(
        self,
        connection: Any,
        cursor: Any,
        sql: str,
        parameters: Any,
        context: Any,
        executemany: bool,
    ) -> tuple[str, Any]:
        refusal.check("a connection that env.py has open")
        if not _WRITES.match(sql):
            return sql, parameters
        for name in _SCHEMA.findall(sql):
            self.schemas.add(name[1:-1].replace('""', '"') if name.startswith('"') else name.lower())
        source = self._locator.here()
        where = f"{source.file}:{source.line}" if source else "env.py"
        if (where, hash(sql)) not in self._told:
            self._told.add((where, hash(sql)))
            shown = " ".join(mask_sql(sql).split())[:120]
            self._link.tell(
                EnvironmentNotice(
                    f"env.py writes before alembic begins, at {where}: {shown}",
                    "It was not executed here, since this look is read-only; an upgrade executes it.",
                )
            )
        return "select 1", ()


class Probe:
    """The function that alembic calls for each target: it yields no step."""

    def __init__(self, job: Job, link: Link, script: ScriptDirectory, skipped: SkippedWrites) -> None:
        self._job = job
        self._link = link
        self._script = script
        self._skipped = skipped
        self.environment: EnvironmentContext | None = None
        self.arguments: dict[str, Any] = {}
        self.found = 0
        self._models: ModelsRead | None = None

    def __call__(self, heads: Any, context: MigrationContext) -> list[Any]:
        job, ordinal = self._job, self.found
        self.found += 1
        if ordinal == 0:
            self._link.tell(self._graph())
        target = targets.describe(context, ordinal, job.section, tuple(sorted(heads)), self._skipped.schemas)
        heads = target.heads or ()
        empty = not heads and emptiness.is_empty(context.connection, target, job.journal_schema)
        # a snapshot must not be held while revisions are rendered
        transactions.end_open(context.connection)
        self._tell_models(context)
        missing = graph.unknown(self._script, heads)
        if missing:
            self._link.tell(TargetFound(target, (), heads, unknown=missing))
            return []
        try:
            todo = graph.steps(self._script, heads, job.destination, job.direction)
        except (CommandError, AttributeError) as error:
            fault = project_faults.no_range(error, job.destination, tuple(self._script.get_heads()))
            self._link.tell(TargetFound(target, (), heads, fault=fault))
            return []
        ids = tuple(step.revision.revision for step in todo)
        along = graph.heads_along(context, heads, todo)
        after = along[-1] if along else tuple(sorted(heads))
        self._link.tell(TargetFound(target, ids, after, empty=empty, heads_along=along))
        if job.listing and not (empty and job.unless_empty):
            self._list(ordinal, context, todo[:1] if job.first else todo)
        return []

    def _graph(self) -> GraphRead:
        """The directory; with a digest where one is wanted, now that env.py and all revisions are imported."""
        found = graph.read(self._script)
        if not self._job.digest or self.environment is None:
            return found
        return replace(found, digest=project_digest(self._job, self.environment.config, self._script))

    def _tell_models(self, context: MigrationContext) -> None:
        read = models.read(context)
        if read != self._models:  # tenants share theirs
            self._models = read
            self._link.tell(read)

    def _list(self, ordinal: int, context: MigrationContext, todo: list[Any]) -> None:
        if self.environment is None:
            return
        job = self._job
        for step in todo:
            listing = render(
                self.environment, context, step, job.direction, self.arguments, with_values=job.with_values
            )
            self._link.tell(RevisionListed(ordinal, listing))
