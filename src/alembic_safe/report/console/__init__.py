"""Results for people at a terminal, by rich: `render` is the way in, one view a file."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from rich.console import RenderableType

from alembic_safe.model.identified import IdentifyResult, StampResult
from alembic_safe.model.recovery import RecoverResult
from alembic_safe.model.rehearsals import RehearseResult
from alembic_safe.model.results import (
    ApplyResult,
    BackupResult,
    CheckResult,
    DoctorResult,
    ExplainResult,
    HistoryResult,
    InitResult,
    PlanResult,
    PruneResult,
    RestoreResult,
    Result,
    StatusResult,
)
from alembic_safe.report.console.applied import applied
from alembic_safe.report.console.backups import backups
from alembic_safe.report.console.check import check
from alembic_safe.report.console.doctor import doctor
from alembic_safe.report.console.explain import explain
from alembic_safe.report.console.history import history
from alembic_safe.report.console.identity import identified, stamped
from alembic_safe.report.console.init import initialised
from alembic_safe.report.console.page import DOUBTFUL, View, line, page
from alembic_safe.report.console.plan import plan
from alembic_safe.report.console.pruned import pruned
from alembic_safe.report.console.recovered import recovered
from alembic_safe.report.console.rehearsed import rehearsed
from alembic_safe.report.console.restored import restored
from alembic_safe.report.console.status import status
from alembic_safe.report.wording import clean

_VIEWS: dict[type, Callable[[Any, View], Iterator[RenderableType]]] = {
    PlanResult: plan,
    ApplyResult: applied,
    StatusResult: status,
    HistoryResult: history,
    BackupResult: backups,
    PruneResult: pruned,
    RecoverResult: recovered,
    RestoreResult: restored,
    InitResult: initialised,
    CheckResult: check,
    ExplainResult: explain,
    DoctorResult: doctor,
    IdentifyResult: identified,
    StampResult: stamped,
    RehearseResult: rehearsed,
}


def render(result: Result, view: View) -> str:
    """A result as text that ends with a line end; empty where there is nothing to say besides its error.

    The error of a result is not part of it: it is said on standard error (see `failures`).
    """
    parts = list(_VIEWS[type(result)](result, view))
    parts += [line(("notice: ", DOUBTFUL), clean(text)) for text in getattr(result, "notices", ())]
    return page(view, parts) if parts else ""


__all__ = ["View", "render"]
