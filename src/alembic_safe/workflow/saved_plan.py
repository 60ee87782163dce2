"""A saved plan: what `plan --format json --output FILE` wrote and a person approved, held to what is there now.

Read with suspicion: the file is data, of which only what is compared is used, and no SQL in it is ever executed.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from alembic_safe.errors import RefusedError, UsageError
from alembic_safe.model.findings import Allowance
from alembic_safe.model.results import ReportedFinding
from alembic_safe.quick import dataclass
from alembic_safe.workflow.asking import Site
from alembic_safe.workflow.saying import masked

_HINT = "Make it with `alembic-safe plan --format json --output FILE`."
_AGAIN = "Nothing was changed. Make the plan again, and have it approved again."
_RANK = {"note": 1, "warning": 2, "error": 3}
_Key = tuple[str, str | None, int | None, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class SavedRevision:
    """A revision as it was planned: its file's checksum and its statements as they were shown."""

    id: str
    checksum: str
    statements: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SavedTarget:
    """A target as it was planned."""

    label: str
    server_version: str
    heads: tuple[str, ...]
    expected_heads: tuple[str, ...]
    revisions: tuple[SavedRevision, ...]


@dataclass(frozen=True, slots=True)
class SavedPlan:
    """What was approved. `severities` are those of the findings, `allowances` those of the command line."""

    destination: str
    targets: tuple[SavedTarget, ...]
    severities: Mapping[_Key, str]
    allowances: tuple[Allowance, ...]


def read_plan(file: Path) -> SavedPlan:
    """The plan in a file. Raises `UsageError` where it cannot be read, or is no plan that could be applied."""
    try:
        document = json.loads(file.read_text(encoding="utf-8"))
        if (document["schema"], document["version"]) != ("alembic-safe/plan", 1):
            raise ValueError("it is another document")
        if document["error"] is not None or document["exit"] != 0:
            raise ValueError("the plan could not be made")
        return _plan(document)
    except OSError as error:
        raise UsageError(f"--plan: {file} cannot be read: {error.strerror}", hint=_HINT) from None
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        fault = str(error) if type(error) is ValueError else "it is not what `plan` writes"
        raise UsageError(f"--plan: {file} is no saved plan: {fault}", hint=_HINT) from None


def _plan(document: Any) -> SavedPlan:
    return SavedPlan(
        str(document["destination"]),
        tuple(_target(target) for target in document["targets"]),
        {
            (str(f["rule"]), f["revision"], f["statement"], tuple(f["objects"])): str(f["severity"])
            for f in document["findings"]
        },
        tuple(Allowance(str(rule), str(reason)) for rule, reason in document["allowances"] if reason),
    )


def _target(planned: Any) -> SavedTarget:
    target = planned["target"]
    return SavedTarget(
        str(target["label"]),
        str(target["server_version"]),
        tuple(target["heads"] or ()),
        tuple(planned["expected_heads"]),
        tuple(
            SavedRevision(
                str(one["revision"]["id"]),
                str(one["revision"]["checksum"]),
                tuple(str(statement["sql"]) for statement in one["statements"]),
            )
            for one in planned["revisions"]
        ),
    )


def require_same(saved: SavedPlan, sites: Sequence[Site]) -> None:
    """Raise `RefusedError` unless targets, heads, revisions, files, statements and servers are as planned."""
    if [site.target.label for site in sites] != [target.label for target in saved.targets]:
        raise _changed("it is for other targets than env.py configures now")
    for site, target in zip(sites, saved.targets, strict=True):
        for fault in _differences(site, target):
            raise _changed(f"{target.label}: {fault}")


def _differences(site: Site, target: SavedTarget) -> Iterator[str]:
    now = site.database.facts.version
    if now != target.server_version:
        yield f"the server is {now} now and was {target.server_version}"
    if sorted(site.target.heads or ()) != sorted(target.heads):
        yield f"it is at {_rows(site.target.heads or ())} now and was at {_rows(target.heads)}"
    if site.pending != tuple(one.id for one in target.revisions):
        yield f"pending is now {', '.join(site.pending) or 'nothing'}"
    if sorted(site.probed.found.expected_heads) != sorted(target.expected_heads):
        yield f"it would end at {_rows(site.probed.found.expected_heads)}"
    files = {revision.id: revision.checksum for revision in site.graph.revisions}
    for one in target.revisions:
        if files.get(one.id) != one.checksum:
            yield f"the file of revision {one.id} has changed"
    # one that was run on a scratch is held to its file: what it executes may hold the hour
    listed = {
        one.revision.id: tuple(s.sql for s in masked(one).statements)
        for one in site.listings
        if one.not_inspectable is None
    }
    for one in target.revisions:
        if listed.get(one.id, one.statements) != one.statements:
            yield f"revision {one.id} would run other statements now"


def _rows(heads: Iterable[str]) -> str:
    return ", ".join(sorted(heads)) or "base"


def require_same_verdict(saved: SavedPlan, findings: Iterable[ReportedFinding]) -> None:
    """Raise `RefusedError` where judging finds more, or worse, than it did for the plan: sizes have changed."""
    for found in findings:
        before = saved.severities.get((found.rule, found.revision, found.statement, found.objects))
        if found.severity == "note" or found.allowed is not None:
            continue
        if before is None or _RANK[found.severity] > _RANK.get(before, 0):
            was = f"was a {before}" if before else "was not found"
            where = f" in revision {found.revision}" if found.revision else ""
            raise _changed(
                f"{found.rule}{where} is now of severity {found.severity} and {was}: {found.message}"
            )


def _changed(fault: str) -> RefusedError:
    return RefusedError(f"the saved plan no longer fits: {fault}", hint=_AGAIN)
